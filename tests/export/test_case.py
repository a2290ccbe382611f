"""The CASE/UCO graph: sound in itself, about the same things as the JSON document, and valid by the ontology."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.export.exports import export, hostile_capture
from tests.support.truth import capture_path, load_truth


def graph(path: Path, *arguments: object) -> list[dict[str, Any]]:
    export("--export-case", path, *arguments)
    document = json.loads(path.read_text("utf-8"))
    assert set(document) == {"@context", "@graph"}
    nodes: list[dict[str, Any]] = document["@graph"]
    return nodes


def of_type(nodes: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [node for node in nodes if node["@type"] == name]


def walk(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(inner for member in value.values() for inner in walk(member))]
    return [inner for member in value for inner in walk(member)] if isinstance(value, list) else []


@pytest.mark.parametrize(
    "name", ["incident_small", "ipv6_socat", "derived_gap_in_message", "not_pop2_on_109", "hostile"]
)
def test_every_reference_leads_to_one_node(name: str, tmp_path: Path) -> None:
    capture = hostile_capture(tmp_path) if name == "hostile" else capture_path(name)
    nodes = graph(tmp_path / "case.jsonld", capture)
    inside = walk(nodes)
    defined = [node["@id"] for node in inside if "@type" in node and "@id" in node]
    assert len(set(defined)) == len(defined)
    referred = {node["@id"] for node in inside if set(node) == {"@id"}}
    assert referred <= {node["@id"] for node in nodes}
    prefixes = json.loads((tmp_path / "case.jsonld").read_text())["@context"]
    names = {key for node in inside for key in node if not key.startswith("@")}
    assert {key.partition(":")[0] for key in names} <= set(prefixes)


def test_messages_have_the_recorded_hashes_and_the_ranges_of_their_streams(tmp_path: Path) -> None:
    nodes = graph(tmp_path / "case.jsonld", capture_path("fetchmail_fold"))
    hashes = [
        member["uco-types:hashValue"]["@value"]
        for message in of_type(nodes, "uco-observable:EmailMessage")
        for member in walk(message)
        if member.get("@type") == "uco-types:Hash"
    ]
    recorded = [m["sha256"] for session in load_truth("fetchmail_fold")["sessions"] for m in session["messages"]]
    assert sorted(hashes) == sorted(recorded)
    extracted = [
        node
        for node in of_type(nodes, "uco-observable:ObservableRelationship")
        if node["uco-core:kindOfRelationship"] == "Extracted_From"
    ]
    sizes = [node["uco-core:hasFacet"][0]["uco-observable:rangeSize"] for node in extracted]
    assert sorted(sizes) == sorted(m["octets"] for s in load_truth("fetchmail_fold")["sessions"] for m in s["messages"])


def test_passwords_are_in_it_only_when_asked_for(tmp_path: Path) -> None:
    path = capture_path("wrong_password")
    graph(tmp_path / "masked.jsonld", path)
    graph(tmp_path / "shown.jsonld", "--show-passwords", path)
    assert "wrong-guess" not in (tmp_path / "masked.jsonld").read_text()
    assert "wrong-guess" in (tmp_path / "shown.jsonld").read_text()


def test_identifiers_follow_from_the_evidence(tmp_path: Path) -> None:
    one = graph(tmp_path / "1.jsonld", capture_path("rfc937_normal"))
    same = graph(tmp_path / "2.jsonld", capture_path("rfc937_normal"))
    other = graph(tmp_path / "3.jsonld", capture_path("port_reuse"))
    assert one == same
    assert not {node["@id"] for node in one} & {node["@id"] for node in other}


def test_the_ontology_accepts_it(tmp_path: Path) -> None:
    pytest.importorskip("case_utils", reason="of the extra test")
    graph(tmp_path / "case.jsonld", "--show-passwords", capture_path("rfc937_normal"))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from case_utils.case_validate import main; main()",
            "--built-version",
            "case-1.4.0",
            tmp_path / "case.jsonld",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "Conforms: True" in done.stdout
