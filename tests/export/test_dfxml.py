"""The DFXML document: what it says lies in the capture lies there."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.export.exports import export, hostile_capture
from tests.support.truth import capture_path, load_truth

NAMESPACE = "{http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML}"
ORDER = ["filename", "name_type", "filesize", "byte_runs", "hashdigest"]
"""Of a file object's parts, as the schema has them."""


def files(path: Path, *arguments: object) -> list[ET.Element]:
    export("--export-dfxml", path, *arguments)
    root = ET.fromstring(path.read_bytes())
    names = [child.tag.removeprefix(NAMESPACE) for child in root]
    assert names[:3] == ["metadata", "creator", "source"]
    assert set(names[3:]) <= {"fileobject"}
    return root.findall(f"{NAMESPACE}fileobject")


def text(element: ET.Element, name: str) -> str:
    return element.findtext(NAMESPACE + name) or ""


@pytest.mark.parametrize("name", ["fetchmail_fold", "popclient_keep_delete", "impaired_reorder30_cli", "format_pcapng"])
def test_the_runs_cut_out_of_the_capture_give_the_recorded_messages(name: str, tmp_path: Path) -> None:
    path = capture_path(name)
    image = path.read_bytes()
    found = []
    for element in files(tmp_path / "x.xml", path):
        parts = [child.tag.removeprefix(NAMESPACE) for child in element]
        assert parts == [part for part in ORDER if part in parts]
        runs = [{key: int(value) for key, value in run.items()} for run in element.iter(f"{NAMESPACE}byte_run")]
        if not runs:
            continue
        octets = b"".join(image[run["img_offset"] :][: run["len"]] for run in runs)
        assert [run["file_offset"] for run in runs] == [sum(r["len"] for r in runs[:at]) for at in range(len(runs))]
        assert len(octets) == int(text(element, "filesize"))
        assert hashlib.sha256(octets).hexdigest() == text(element, "hashdigest")
        if text(element, "filename").endswith(".eml"):
            found.append(text(element, "hashdigest"))
    recorded = [message["sha256"] for session in load_truth(name)["sessions"] for message in session["messages"]]
    assert sorted(found) == sorted(recorded)


@pytest.mark.parametrize("name", ["format_gzip", "ip_fragments"])
def test_where_the_octets_do_not_lie_in_the_file_no_runs_are_stated(name: str, tmp_path: Path) -> None:
    listed = files(tmp_path / "x.xml", capture_path(name))
    assert sum(text(element, "filename").endswith(".eml") for element in listed) > 5
    for element in listed:
        runs = list(element.iter(f"{NAMESPACE}byte_run"))
        assert not runs or name == "ip_fragments"
        assert not runs or sum(int(run.get("len", 0)) for run in runs) == int(text(element, "filesize"))


def test_the_capture_itself_is_listed_with_its_hash(tmp_path: Path) -> None:
    path = capture_path("rfc937_normal")
    first = files(tmp_path / "x.xml", path)[0]
    assert text(first, "filename") == str(path)
    assert text(first, "hashdigest") == hashlib.sha256(path.read_bytes()).hexdigest()


def test_hostile_names_leave_the_document_sound(tmp_path: Path) -> None:
    capture = hostile_capture(tmp_path)
    odd = capture.rename(tmp_path / "<&>'\"\x01.pcap")
    names = [text(element, "filename") for element in files(tmp_path / "x.xml", odd)]
    assert names[0].endswith("<&>'\"\\x01.pcap")
    assert all(name.isprintable() for name in names)
