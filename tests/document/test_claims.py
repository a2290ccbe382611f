"""The claims in a page and the seal over it."""

from __future__ import annotations

import base64
import hashlib
import lzma
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.document import claims
from pop2dissect.errors import UsageError
from tests.support.pages import page_with, sealed

DOCUMENT = '{"schema": "pop2dissect/1", "text": "</script><b>\\u202e"}'


def test_a_sealed_page_gives_its_document_and_is_intact() -> None:
    found = claims.read_claims(sealed(page_with(DOCUMENT)))
    assert found == claims.Claims(DOCUMENT, intact=True)


def test_the_document_is_plain_xz_to_other_programs_and_always_the_same() -> None:
    element = "".join(claims.element([DOCUMENT]))
    assert element == "".join(claims.element([DOCUMENT]))
    content = element.partition(">")[2].removesuffix("</script>")
    assert "<" not in content
    assert lzma.decompress(base64.b64decode(content)).decode() == DOCUMENT


def test_the_seal_is_the_hash_of_the_page_with_zeros_in_its_place() -> None:
    unsealed = page_with(DOCUMENT)
    expected = hashlib.sha256(unsealed.encode()).hexdigest()
    assert f'data-sha256="{expected}"'.encode() in sealed(unsealed)


@given(st.lists(st.integers(min_value=0), max_size=20))
def test_pieces_make_no_difference(cuts: list[int]) -> None:
    page = page_with(DOCUMENT * 20)
    places = sorted({0, len(page), *(cut % len(page) for cut in cuts)})
    file = BytesIO()
    claims.write_sealed([page[first:last] for first, last in pairwise(places)], file)
    assert file.getvalue() == sealed(page)
    places = sorted({0, len(DOCUMENT), *(cut % len(DOCUMENT) for cut in cuts)})
    element = claims.element(DOCUMENT[first:last] for first, last in pairwise(places))
    content = "".join(element).partition(">")[2].removesuffix("</script>")
    assert lzma.decompress(base64.b64decode(content)).decode() == DOCUMENT


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_octet_is_noticed(place: int, difference: int) -> None:
    octets = bytearray(sealed(page_with(DOCUMENT)))
    octets[place % len(octets)] ^= difference
    try:
        found = claims.read_claims(bytes(octets))
    except UsageError:
        return
    assert not found.intact


@pytest.mark.parametrize(
    "content",
    [b"", b"<p>no claims</p>", sealed(page_with(DOCUMENT)) * 2, b"\xff\xfe"],
)
def test_a_page_without_one_set_of_claims_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match="holds no claims"):
        claims.read_claims(content)


def test_a_page_is_sealed_once() -> None:
    with pytest.raises(ValueError, match="no unsealed claims"):
        sealed(sealed(page_with(DOCUMENT)).decode())
    with pytest.raises(ValueError, match="no unsealed claims"):
        sealed("<p>nothing</p>")


def test_claims_that_unpack_to_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    large = sealed(page_with("x" * 100_000))
    monkeypatch.setattr(claims, "MAX_DOCUMENT", 1000)
    with pytest.raises(UsageError, match="too large"):
        claims.read_claims(large)
