"""No mail is exported that nobody sent: out of order, repeated or lost segments must not glue mails together."""

from __future__ import annotations

import random
from pathlib import Path
from struct import unpack

import pytest

from tests.support.truth import capture_path
from tests.wireshark.joined import join
from tests.wireshark.plugin_support import export_mail

pytestmark = pytest.mark.usefixtures("tshark")

NAMES = ("fetchmail_fold", "raw_read_nack", "wrong_declared_sizes", "raw_split_pipelined", "derived_no_handshake")
SEEDS = 12
OPTIONS = {
    "default": (),
    "two-pass": ("-2",),
    "out-of-order": ("-o", "tcp.reassemble_out_of_order:TRUE"),
    "errors-shown": ("-o", "tcp.no_subdissector_on_error:FALSE"),
}


def disordered(capture: bytes, chance: random.Random) -> bytes:
    """Let the packets of a capture overtake each other, of both sides, and repeat or leave out some; times stay."""
    records, at = [], 24
    while at < len(capture):
        end = at + 16 + unpack("<I", capture[at + 8 : at + 12])[0]
        records.append(capture[at:end])
        at = end
    reach = chance.choice((2, 4, 10, 30))
    lost, repeated = chance.choice((0, 0.03)), chance.choice((0, 0.1))
    kept = [
        (place + chance.random() * reach, record) for place, record in enumerate(records) if chance.random() >= lost
    ]
    kept += [
        (place + chance.random() * reach * 2, record)
        for place, record in enumerate(records)
        if chance.random() < repeated
    ]
    kept.sort(key=lambda one: one[0])
    times = [records[min(place, len(records) - 1)][:8] for place in range(len(kept))]
    return capture[:24] + b"".join(time + record[8:] for time, (_, record) in zip(times, kept, strict=True))


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> set[bytes]:
    """Return what is exported from the captures as they were recorded; test_plugin_truth.py holds that to be right."""
    folder = tmp_path_factory.mktemp("sent")
    joined = folder / "joined.pcapng"
    join({name: capture_path(name) for name in NAMES}, joined)
    return set(export_mail(joined, folder / "mail"))


@pytest.fixture(scope="module")
def jumble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Put many disordered copies of captures into one."""
    folder = tmp_path_factory.mktemp("jumble")
    captures = {}
    for name in NAMES:
        octets = capture_path(name).read_bytes()
        for seed in range(SEEDS):
            path = folder / f"{name}-{seed}.pcap"
            path.write_bytes(disordered(octets, random.Random(f"{name} {seed}")))
            captures[path.stem] = path
    joined = folder / "joined.pcapng"
    join(captures, joined)
    return joined


@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_exported_was_sent(options: str, jumble: Path, sent: set[bytes], tmp_path: Path) -> None:
    exported = export_mail(jumble, tmp_path / "mail", *OPTIONS[options])
    assert len(exported) > 50
    assert [mail for mail in exported if mail not in sent] == []
