"""Every manifest obeys the published schema."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import jsonschema_rs
import pytest

from pop2dissect.cli.outputs.declared import FILES
from pop2dissect.export.kinds import EXPORTS, export_class
from pop2dissect.export.recorded import manifest_path
from tests.export.exports import export, hostile_capture
from tests.support.truth import capture_path

MANIFEST, DOCUMENT = (
    json.loads(files(package).joinpath(name).read_text("utf-8"))
    for package, name in (("pop2dissect.export", "manifest.schema.json"), ("pop2dissect.document", "schema.json"))
)
SCHEMA = jsonschema_rs.Draft202012Validator(MANIFEST, registry=jsonschema_rs.Registry([(DOCUMENT["$id"], DOCUMENT)]))
NAMES = ["fetchmail_fold", "gaps_span_missed_3pct", "derived_conflicting_overlap", "midstream_start", "port_scans"]


@pytest.mark.parametrize("option", ["--export-mail", "--export-attachments", "--export-streams"])
@pytest.mark.parametrize("name", [*NAMES, "hostile"])
def test_manifests_obey_the_schema(name: str, option: str, tmp_path: Path) -> None:
    capture = hostile_capture(tmp_path) if name == "hostile" else capture_path(name)
    export(option, tmp_path / "out", capture)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    SCHEMA.validate(manifest)
    assert {entry["file"] for entry in manifest["files"]} == {
        path.name for path in (tmp_path / "out").glob("session-*")
    }


@pytest.mark.parametrize("kind", EXPORTS)
def test_each_kind_of_export_has_its_class_its_option_and_a_manifest(kind: str, tmp_path: Path) -> None:
    assert export_class(kind).kind == kind
    (option,) = [one.options[-1] for one in FILES if one.home == f"export.{EXPORTS[kind]}"]
    export(option, tmp_path / "out", capture_path("rfc937_normal"))
    manifest = json.loads(manifest_path(tmp_path / "out").read_text())
    SCHEMA.validate(manifest)
    assert manifest["kind"] == kind
    assert len(manifest["files"]) >= (kind != "attachments")


def test_the_schema_refuses_what_is_none() -> None:
    assert not SCHEMA.is_valid({})
    jsonschema_rs.meta.validate(MANIFEST)


def test_the_report_has_the_same_exhibits_under_the_same_names(tmp_path: Path) -> None:
    options = [f"--export-{what}={tmp_path / what}" for what in ("mail", "attachments", "streams")]
    export(*options, "--report", tmp_path / "report.html", capture_path("fetchmail_fold"))
    page = re.sub(r"<script.*?</script>", "", (tmp_path / "report.html").read_text("utf-8"), flags=re.DOTALL)
    entries = [
        entry
        for what in ("mail", "attachments", "streams")
        for entry in json.loads((tmp_path / what / "manifest.json").read_text())["files"]
    ]
    index = page[page.index('<section id="exhibits">') :]
    rows = {row.split("<td>")[1].split("<")[0]: row for row in index.split("<tr>") if "<td>" in row}
    named = [entry for entry in entries if "exhibit" in entry]
    assert len({entry["exhibit"] for entry in named}) == len(named) > 20
    for entry in named:
        assert entry.get("stream_sha256", entry["sha256"]) in rows[entry["exhibit"]]
