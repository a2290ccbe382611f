"""File names from the wire can do no harm."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.export.names import MAX_OCTETS, safe_name

HOSTILE = [
    "../../../../etc/passwd",
    "..\\..\\boot.ini",
    "/absolute",
    "C:\\Windows\\system32\\cmd.exe",
    "C:stream",
    "file.txt:ads:$DATA",
    "CON",
    "con.txt",
    "aux.tar.gz",
    "COM¹.log",
    "nul",
    ".",
    "..",
    "...",
    "",
    " ",
    "name. ",
    "name.",
    "-rf",
    "~root",
    "a\0b",
    "a\x1b[31mb",
    "\u202egnp.exe",
    "line\r\nbreak",
    "$(reboot)",
    "`id`",
    "<script>alert(1)</script>",
    "\"quoted\" 'too'",
    "x" * 10_000 + ".pdf",
    "é" * 10_000,
    "e" + "\u0301" * 10_000,
    "\U0001f4a9" * 300,
    "\udc80surrogate",
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("Über uns.txt", "Über_uns.txt"),
        ("U\u0308ber.txt", "Über.txt"),
        ("漢字.doc", "漢字.doc"),
        ("../../etc/passwd", "passwd"),
        ("..\\evil.exe", "evil.exe"),
        ("con.txt", "x-con.txt"),
        ("photo.jpeg\u202e", "photo.jpeg"),
        ("a\0\0b", "a_b"),
        ("..", ""),
        ("\u202e\u200b", ""),
    ],
)
def test_names(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_name("x" * 10_000 + ".pdf")
    assert name == "x" * (MAX_OCTETS - 4) + ".pdf"
    assert len(safe_name("é" * 10_000).encode()) <= MAX_OCTETS


def check(name: str) -> None:
    assert len(name.encode()) <= MAX_OCTETS
    assert PurePosixPath(name).name == name
    assert PureWindowsPath(name).name == name
    assert PureWindowsPath(name).drive == ""
    assert name not in (".", "..")
    assert unicodedata.normalize("NFC", name) == name
    assert all(c.isprintable() and c not in " <>:\"/\\|?*$`~;&!'()[]{}#%" for c in name)
    assert not name.startswith((".", "-")) and not name.endswith((".", " "))
    assert name.partition(".")[0].lower() not in ("con", "prn", "aux", "nul", "com1", "lpt9", "com¹")


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=300), st.lists(st.sampled_from(HOSTILE)).map("".join)))
def test_any_text_gives_a_harmless_name(text: str) -> None:
    check(safe_name(text))


def test_every_character() -> None:
    for first in range(0, 0x110000, 64):
        check(safe_name("a" + "".join(map(chr, range(first, first + 64))) + "b"))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_file_system_takes_the_names(tmp_path: Path, text: str) -> None:
    name = safe_name(text)
    if name:
        (tmp_path / name).write_bytes(b"x")
        assert len(list(tmp_path.iterdir())) == 1
