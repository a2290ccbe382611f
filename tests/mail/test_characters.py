"""Charsets are read as mail programs mean them: by the Encoding Standard of WHATWG."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.mail.characters import decode_charset
from pop2dissect.mail.notes import Notes

SUPERSETS = {
    "gb2312": "gbk",
    "GB_2312-80": "gbk",
    "x-gbk": "gbk",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "tis-620": "cp874",
    "iso-8859-11": "cp874",
}


@pytest.mark.parametrize("label", SUPERSETS)
def test_labels_stand_for_supersets(label: str) -> None:
    """Every character of the superset is read, by Python's codec of it."""
    codec = SUPERSETS[label]
    for first in range(0x80, 0x100):
        for octets in [bytes([first]), *(bytes([first, second]) for second in range(0x40, 0x100))]:
            try:
                expected = octets.decode(codec)
            except UnicodeDecodeError:
                continue
            if codec == "gbk" and octets == b"\x80":
                continue  # the euro sign in WHATWG's, nothing in Python's
            assert decode_charset(octets, label, Notes()) == expected, octets


@pytest.mark.parametrize(
    ("octets", "label"),
    [(b"\x1b$B-!\x1b(B", "iso-2022-jp"), (b"\xad\xa1", "euc-jp"), (b"\x87\x40", "shift_jis")],
)
def test_the_rows_that_were_added_to_japanese_charsets(octets: bytes, label: str) -> None:
    notes = Notes()
    assert decode_charset(octets, label, notes) == "①"
    assert notes.sentences() == ()


def test_characters_of_added_rows_do_not_change_the_others() -> None:
    octets = "日本語 カナ abc".encode("iso2022_jp") + b"\x1b$B-!\x1b(B\x1b(I\x31\x1b(B"
    assert decode_charset(octets, "iso-2022-jp", Notes()) == "日本語 カナ abc①ｱ"
    assert decode_charset("日本語".encode("euc_jp") + b"\xad\xa1\x8e\xb1a", "euc-jp", Notes()) == "日本語①ｱa"


def test_octets_without_a_character_are_controls_in_code_pages() -> None:
    assert decode_charset(b"a\x81\x80b", "iso-8859-1", Notes()) == "a\x81€b"


@given(st.binary(max_size=40), st.sampled_from([*SUPERSETS, "iso-2022-jp", "euc-jp", "utf-7", "big5", "?"]))
def test_any_octets_give_text_that_can_be_written(octets: bytes, label: str) -> None:
    decode_charset(octets, label, Notes()).encode()
