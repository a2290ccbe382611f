"""Attachments, and names that want to be elsewhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pop2dissect
from tests.export.exports import EVIL, export, hostile_capture
from tests.support.truth import capture_path


def test_attachments_are_those_of_the_messages(tmp_path: Path) -> None:
    path = capture_path("popclient_keep_delete")
    export("--export-attachments", tmp_path / "a", path)
    entries = json.loads((tmp_path / "a" / "manifest.json").read_text())["files"]
    expected = [
        (session.id, message.index, part.filename, part.sha256)
        for session in pop2dissect.read(path).sessions
        for message in session.messages
        for part in message.mail.attachments
    ]
    assert [(e["session"], e["message"], e["filename"], e["sha256"]) for e in entries] == expected
    for entry in entries:
        assert hashlib.sha256((tmp_path / "a" / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]


def test_hostile_names_lead_nowhere_and_overwrite_nothing(tmp_path: Path) -> None:
    capture = hostile_capture(tmp_path)
    folder = tmp_path / "deep" / "er" / "out"
    export(
        "--export-attachments", folder / "a", "--export-mail", folder / "m", "--export-streams", folder / "s", capture
    )
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - {capture}
    assert {path.parent for path in made} == {folder / "a", folder / "m", folder / "s"}
    entries = json.loads((folder / "a" / "manifest.json").read_text())["files"]
    assert len(entries) == len(EVIL)
    assert [(folder / "a" / entry["file"]).read_bytes() for entry in entries] == [
        f"content {place}".encode() for place in range(len(EVIL))
    ]
    names = [path.name for path in made]
    assert all(name.isprintable() and len(name.encode()) < 200 for name in names)
    assert len({name.casefold() for name in names if name.startswith("session")}) == len(EVIL) + 1 + 4
    table = (folder / "a" / "manifest.csv").read_text("utf-8")
    assert "\x1b" not in table and "\0" not in table and "\u202e" not in table
    assert "\r\n=" not in table and ",=" not in table and ',"=' not in table
