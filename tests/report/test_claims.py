"""The claims in a page and the seal over it."""

from __future__ import annotations

import base64
import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.errors import UsageError
from pop2dissect.report import claims

DOCUMENT = '{"schema": "pop2dissect/1", "text": "</script><b>\\u202e"}'


def page(document: str = DOCUMENT) -> str:
    return f"<!doctype html><p>Fünf Nachrichten</p>{claims.element(document)}<p>Ende</p>\n"


def test_a_sealed_page_gives_its_document_and_is_intact() -> None:
    found = claims.read_claims(claims.seal(page()).encode())
    assert found == claims.Claims(DOCUMENT, intact=True)


def test_the_document_is_plain_gzip_to_other_programs_and_always_the_same() -> None:
    element = claims.element(DOCUMENT)
    assert element == claims.element(DOCUMENT)
    content = element.partition(">")[2].removesuffix("</script>")
    assert "<" not in content
    assert gzip.decompress(base64.b64decode(content)).decode() == DOCUMENT


def test_the_seal_is_the_hash_of_the_page_with_zeros_in_its_place() -> None:
    unsealed = page()
    expected = hashlib.sha256(unsealed.encode()).hexdigest()
    assert f'data-sha256="{expected}"' in claims.seal(unsealed)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_octet_is_noticed(place: int, difference: int) -> None:
    octets = bytearray(claims.seal(page()).encode())
    octets[place % len(octets)] ^= difference
    try:
        found = claims.read_claims(bytes(octets))
    except UsageError:
        return
    assert not found.intact


@pytest.mark.parametrize(
    "content",
    [b"", b"<p>no claims</p>", (claims.seal(page()) * 2).encode(), b"\xff\xfe"],
)
def test_a_page_without_one_set_of_claims_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match="holds no claims"):
        claims.read_claims(content)


def test_a_page_is_sealed_once() -> None:
    with pytest.raises(ValueError, match="no unsealed claims"):
        claims.seal(claims.seal(page()))
    with pytest.raises(ValueError, match="no unsealed claims"):
        claims.seal("<p>nothing</p>")


def test_claims_that_unpack_to_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = claims.seal(page("x" * 100_000)).encode()
    monkeypatch.setattr(claims, "MAX_DOCUMENT", 1000)
    with pytest.raises(UsageError, match="too large"):
        claims.read_claims(sealed)
