"""What the sieve leaves out changes nothing of what a decoder makes of the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pop2dissect.capture import CaptureReader
from pop2dissect.decode import Decoder
from pop2dissect.decode.sieve import Sieve
from pop2dissect.limits import DEFAULT
from tests.support.archive import write_archive


@pytest.mark.parametrize("ports", [frozenset({109, 110}), None])
def test_decoding_gives_the_same_without_what_it_leaves_out(tmp_path: Path, ports: frozenset[int] | None) -> None:
    paths = write_archive(tmp_path, 6)
    with CaptureReader(paths) as reader:
        records = list(reader)
    sieve = Sieve(ports, DEFAULT)
    kept = [record for record in records if sieve.keeps(record)[0]]
    assert 0 < len(kept) < len(records)
    outcomes = []
    for some in (records, kept):
        decoder = Decoder(ports)
        segments = [segment for record in some if (segment := decoder.decode(record)) is not None]
        decoder.finish()
        outcomes.append((segments, decoder.warnings()))
    assert outcomes[0] == outcomes[1]
    assert any(segment.fragments for segment in outcomes[0][0])
