"""Runs the command in the test's own process, and a capture whose every name is hostile."""

from __future__ import annotations

import base64
from pathlib import Path

from pop2dissect.cli import main
from tests.support.hostile import everywhere
from tests.support.wire import save

EVIL = (
    "../../../../tmp/owned",
    "..\\..\\owned.exe",
    "C:\\owned",
    "CON",
    "a\x00b\x1b[31m\u202egnp.exe",
    "<script>alert(1)</script>",
    "=cmd|'/c calc'!A1",
    "x" * 10_000 + ".pdf",
    "\U0001f4a9" * 200,
    "",
    "..",
)


def export(*arguments: object) -> None:
    assert main(["--quiet", *map(str, arguments)]) == 0


def hostile_mail() -> bytes:
    parts = "".join(
        f'--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{name}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n\r\n{base64.b64encode(f'content {place}'.encode()).decode()}\r\n"
        for place, name in enumerate(name.replace("\\", "\\\\") for name in EVIL)
    )
    return (
        f"Subject: {EVIL[0]}{EVIL[4]}\r\nFrom: {EVIL[5]}\r\nTo: {EVIL[6]}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n{parts}--b--\r\n'
    ).encode()


def hostile_capture(folder: Path) -> Path:
    """Write a capture of which user, folder, reply texts, subject, addresses and file names are hostile."""
    talk = everywhere(EVIL[4].encode(), hostile_mail(), path=b"../../../etc/")
    return save(folder / "hostile.pcap", talk.packets)
