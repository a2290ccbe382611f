"""Exported messages are, octet for octet, what the server is recorded to have sent."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.export.exports import export
from tests.scenarios.test_ground_truth import NAMES, PARTIAL, ports_of
from tests.support.truth import capture_path, load_truth


def exported(name: str, folder: Path, *options: str) -> list[dict[str, Any]]:
    ports = [f"--port={port}" for port in ports_of(name)]
    export(*ports, *options, "--export-mail", folder, capture_path(name))
    manifest = json.loads((folder / "manifest.json").read_text())
    files: list[dict[str, Any]] = manifest["files"]
    return files


@pytest.mark.parametrize("name", NAMES)
def test_the_files_have_the_hashes_that_were_recorded(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    files = exported(name, folder)
    recorded = [message for session in load_truth(name)["sessions"] for message in session["messages"]]
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.eml")}
    assert {entry["file"]: entry["sha256"] for entry in files} == hashes
    assert {entry["file"]: entry["octets"] for entry in files} == {
        path.name: path.stat().st_size for path in folder.glob("*.eml")
    }
    if name not in PARTIAL:
        assert sorted(hashes.values()) == sorted(message["sha256"] for message in recorded)
    elif name != "derived_conflicting_overlap":
        complete = {entry["sha256"] for entry in files if entry["status"] == "complete"}
        assert complete <= {message["sha256"] for message in recorded}
    for entry in files:
        assert ("-incomplete" in entry["file"]) == (entry["status"] == "incomplete")
        assert (entry["status"] == "complete") == (
            entry["missing_octets"] == 0 and entry["octets"] == entry["declared_octets"]
        )


def test_what_is_missing_is_said_to_be_missing_where_it_is(tmp_path: Path) -> None:
    """The capture without one segment, with the octets of the whole capture put in, gives the recorded message."""
    broken = exported("derived_gap_in_message", tmp_path / "broken")[1]
    whole = exported("popclient_keep_delete", tmp_path / "whole")[1]
    assert broken["file"] == "session-0001-message-02-incomplete.eml"
    (gap,) = broken["gaps"]
    assert gap["reason"] == "not captured"
    have = (tmp_path / "broken" / broken["file"]).read_bytes()
    original = (tmp_path / "whole" / whole["file"]).read_bytes()
    first, length = gap["file_offset"], gap["octets"]
    assert length == broken["missing_octets"] == len(original) - len(have)
    assert have[:first] + original[first : first + length] + have[first:] == original


def test_two_copies_are_both_in_the_manifest(tmp_path: Path) -> None:
    files = exported("derived_conflicting_overlap", tmp_path / "mail")
    conflicts = [(entry, conflict) for entry in files for conflict in entry["conflicts"]]
    assert conflicts
    for entry, conflict in conflicts:
        content = (tmp_path / "mail" / entry["file"]).read_bytes()
        kept = bytes.fromhex(conflict["kept_hex"])
        assert content[conflict["file_offset"] :][: conflict["length"]] == kept
        assert conflict["other_hex"] != conflict["kept_hex"]


def test_the_table_and_the_sums(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    files = exported("fetchmail_fold", folder)
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["file"] for row in rows] == [entry["file"] for entry in files]
    for row, entry in zip(rows, files, strict=True):
        assert row["sha256"] == entry["sha256"]
        assert row["frames"].split() == [str(frame) for frame in entry["frames"]]
        assert row["mailbox"] == entry["mailbox"]
        subject = entry["headers"]["subject"] or ""
        assert row["subject"] == subject or (not subject.isprintable() and row["subject"].isprintable())
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert sums == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "SHA256SUMS"
    }


def test_a_wrong_announcement_is_no_gap(tmp_path: Path) -> None:
    """Where the server went on after fewer or more octets than it announced, all that it sent is there."""
    recorded = [session["messages"] for session in load_truth("wrong_declared_sizes")["sessions"]]
    files = exported("wrong_declared_sizes", tmp_path / "mail")
    seen = set()
    for entry in files:
        message = recorded[entry["session"] - 1][entry["message"] - 1]
        assert entry["sha256"] == message["sha256"]
        difference = message["octets"] - message["declared"]
        if difference >= 0:
            assert entry["status"] == ("longer" if difference else "complete")
        else:
            went_on = entry["disposition"] != "unacknowledged"
            assert entry["status"] == ("shorter" if went_on else "incomplete")
        seen.add(entry["status"])
    assert seen == {"longer", "shorter", "incomplete"}


def test_only_chosen_sessions(tmp_path: Path) -> None:
    files = exported("fetchmail_fold", tmp_path / "mail", "--session", "2")
    assert {entry["session"] for entry in files} == {2}
