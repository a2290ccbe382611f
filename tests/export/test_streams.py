"""Exported streams, and the maps that say which frame carried what."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.export.exports import export
from tests.support.truth import capture_path, load_truth


def exported(name: str, folder: Path, *options: str) -> list[dict[str, Any]]:
    export(*options, "--export-streams", folder, capture_path(name))
    files: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text())["files"]
    return files


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


@pytest.mark.parametrize("name", ["fetchmail_keep_acks", "raw_split_pipelined", "ip_fragments", "tcp_oddities"])
def test_streams_are_what_the_ends_recorded(name: str, tmp_path: Path) -> None:
    files = exported(name, tmp_path / "s", "--show-passwords")
    recorded = [
        digest
        for session in load_truth(name)["sessions"]
        for digest in (session["c2s"]["sent_by_client"]["sha256"], session["s2c"]["written_by_server"]["sha256"])
    ]
    found = [
        hashlib.sha256((tmp_path / "s" / e["file"]).read_bytes()).hexdigest() for e in files if e["content"] == "octets"
    ]
    assert sorted(found) == sorted(recorded)


def test_each_row_is_what_its_frame_carried(tmp_path: Path, tshark: str) -> None:
    exported("raw_split_pipelined", tmp_path / "s", "--show-passwords")
    fields = ("-T", "fields", "-e", "frame.number", "-e", "tcp.payload")
    command = [tshark, "-r", capture_path("raw_split_pipelined"), "-o", "tcp.desegment_tcp_streams:FALSE", *fields]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    payloads = dict(line.split("\t") for line in listing.splitlines())
    checked = 0
    for path in (tmp_path / "s").glob("*.map.csv"):
        content = path.with_name(path.name.replace(".map.csv", ".bin")).read_bytes()
        position = 0
        for row in rows(path):
            assert row["kind"] == "octets"
            assert int(row["file_offset"]) == int(row["stream_offset"]) == position
            octets = content[position : position + int(row["octets"])]
            assert payloads[row["frames"]] == octets.hex()
            position += len(octets)
            checked += 1
        assert position == len(content)
    assert checked > 100


def test_passwords_are_stars_and_nothing_else_is(tmp_path: Path) -> None:
    shown = exported("wrong_password", tmp_path / "shown", "--show-passwords")
    masked = exported("wrong_password", tmp_path / "masked")
    passwords = {session["password_on_wire"].encode("latin-1") for session in load_truth("wrong_password")["sessions"]}
    seen = 0
    for plain, hidden in zip(shown, masked, strict=True):
        assert plain["file"] == hidden["file"]
        one, other = ((tmp_path / kind / plain["file"]).read_bytes() for kind in ("shown", "masked"))
        if plain["content"] == "map":
            continue
        assert plain["direction"] == "server" or not any(password in other for password in passwords)
        assert hidden["stream_sha256"] == plain["sha256"]
        differing = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        assert all(other[at] == ord("*") for at in differing)
        table = rows(tmp_path / "masked" / hidden["file"].replace(".bin", ".map.csv"))
        stars = [row for row in table if row["kind"] == "masked"]
        for row in stars:
            first = int(row["file_offset"])
            assert one[first : first + int(row["octets"])] in passwords
            seen += 1
        assert hidden["masked_octets"] == sum(int(row["octets"]) for row in stars)
    assert seen == 4


def test_gaps_and_conflicts_are_in_the_map(tmp_path: Path) -> None:
    (entry, *_) = [e for e in exported("derived_gap_in_message", tmp_path / "g") if e.get("missing_octets")]
    table = rows(tmp_path / "g" / entry["file"].replace(".bin", ".map.csv"))
    (gap,) = [row for row in table if row["kind"] == "gap"]
    assert [[int(gap["stream_offset"]), int(gap["octets"])]] == entry["gaps"]
    after = table[table.index(gap) + 1]
    assert int(after["stream_offset"]) - int(after["file_offset"]) == int(gap["octets"]) == 1448
    conflicting = exported("derived_conflicting_overlap", tmp_path / "c")
    found = sum(
        row["kind"] == "conflict"
        for e in conflicting
        if e["content"] == "map"
        for row in rows(tmp_path / "c" / e["file"])
    )
    assert found == sum(len(e["conflicts"]) for e in conflicting if e["content"] == "octets") > 0


def test_fragments_are_all_cited(tmp_path: Path) -> None:
    exported("ip_fragments", tmp_path / "s")
    cited = [row["frames"].split() for path in (tmp_path / "s").glob("*server.map.csv") for row in rows(path)]
    assert max(map(len, cited)) == 3
