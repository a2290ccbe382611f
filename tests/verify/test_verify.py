"""An earlier result holds against its captures, and any change of either is noticed and named."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.cli import ExitStatus, main
from pop2dissect.cli.outputs.declared import FILES
from pop2dissect.errors import UsageError
from pop2dissect.export.kinds import EXPORTS
from pop2dissect.export.recorded import manifest_path
from pop2dissect.verify import ResultError, Verification, verify
from pop2dissect.verify.claims import differences
from pop2dissect.verify.result import read_result
from tests.support.pages import page_with, sealed
from tests.support.truth import capture_path

SMALL = capture_path("rfc937_normal")
DOCS = Path(__file__).parents[2] / "docs" / "exports.md"
NAMES = [
    *("fetchmail_fold", "gaps_span_missed_3pct", "derived_conflicting_overlap", "not_pop2_on_109", "port_scans"),
    *("derived_truncated_file", "format_gzip", "midstream_start"),
]


@pytest.fixture
def result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    return document(tmp_path, capsys, SMALL)


def document(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: object) -> Path:
    assert main(["--quiet", "--json", *map(str, arguments)]) == 0
    path = folder / "result.json"
    path.write_text(capsys.readouterr().out)
    return path


def differing(verification: Verification) -> list[str]:
    return [claim.name for claim in verification.claims if not claim.holds]


def changed(path: Path, change: Any) -> Verification:
    """Verify a result in which something was changed, written as before."""
    from pop2dissect.document.json_text import to_text

    recorded = json.loads(path.read_text())
    change(recorded)
    path.write_text(to_text(recorded) + "\n")
    return verify(str(path), [str(SMALL)])


@pytest.mark.parametrize("name", NAMES)
def test_a_result_holds(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = document(tmp_path, capsys, capture_path(name))
    verification = verify(str(path), [str(capture_path(name))])
    assert verification.holds
    assert verification.notes == []
    recorded = json.loads(path.read_text())
    names = {claim.name for claim in verification.claims}
    for session in recorded["sessions"]:
        assert {f"session {session['id']}", f"session {session['id']}, client's stream"} <= names
        assert {f"session {session['id']}, message {message['index']}" for message in session["messages"]} <= names
        assert {f"session {session['id']}, exchange {one['index']}" for one in session["exchanges"]} <= names


@pytest.mark.parametrize(
    "options",
    [
        ["--session", "2"],
        ["--show-passwords"],
        ["--overlap", "last"],
        ["--threshold", "weak_length=9"],
        ["--any-port"],
        ["--check-checksums"],
        ["--limit", "conflicts=7"],
        ["--port", "109", "--port", "110"],
    ],
)
def test_it_is_derived_with_the_recorded_settings_and_says_so(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = document(tmp_path, capsys, *options, capture_path("derived_no_handshake"))
    verification = verify(str(path), [str(capture_path("derived_no_handshake"))])
    assert verification.holds
    assert len(verification.notes) == 1
    assert verification.notes[0].startswith("recorded setting: ")


def test_several_captures_are_known_by_their_hashes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = capture_path("port_reuse"), capture_path("fetchmail_keep_acks")
    path = document(tmp_path, capsys, one, other)
    assert verify(str(path), [str(other), str(one)]).holds
    with pytest.raises(UsageError, match="about 2 captures, but 1 was given"):
        verify(str(path), [str(one)])


def test_a_changed_octet_of_a_message_is_named(result: Path, tmp_path: Path) -> None:
    octets = bytearray(SMALL.read_bytes())
    place = octets.index(b"workstation on your desk")
    octets[place] ^= 1
    (tmp_path / "forged.pcap").write_bytes(octets)
    verification = verify(str(result), [str(tmp_path / "forged.pcap")])
    assert differing(verification) == ["capture 1", "session 1, message 1", "session 1, server's stream"]
    assert any("is not, byte for byte, the one" in note for note in verification.notes)
    (message,) = [claim for claim in verification.claims if claim.name == "session 1, message 1"]
    assert any(sentence.startswith("sha256 is recorded as ") for sentence in message.differences)
    assert any("The workstation" in sentence and "derived as" in sentence for sentence in message.differences)


def test_any_changed_octet_of_the_capture_is_noticed(result: Path, tmp_path: Path) -> None:
    whole = SMALL.read_bytes()
    random_number = random.Random(7)
    for place in random_number.sample(range(len(whole)), 60):
        octets = bytearray(whole)
        octets[place] ^= 1 << random_number.randrange(8)
        (tmp_path / "forged.pcap").write_bytes(octets)
        status = main(["verify", "--quiet", str(result), str(tmp_path / "forged.pcap")])
        assert status in (ExitStatus.DIFFERS, ExitStatus.UNREADABLE), place


@pytest.mark.parametrize("captures", [b'"captupes": [', b'"captures": [5, '])
def test_a_result_that_does_not_say_what_it_is_about(captures: bytes, result: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_bytes(result.read_bytes().replace(b'"captures": [', captures, 1))
    assert main(["verify", str(damaged), str(SMALL)]) == ExitStatus.UNREADABLE


def test_any_changed_octet_of_the_result_is_noticed(
    result: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the settings and names that nothing can prove are differences, and those are told in notes."""
    whole = result.read_bytes()
    random_number = random.Random(8)
    for place in random_number.sample(range(len(whole)), 120):
        octets = bytearray(whole)
        octets[place] ^= 1 << random_number.randrange(7)
        (tmp_path / "forged.json").write_bytes(octets)
        status = main(["verify", str(tmp_path / "forged.json"), str(SMALL)])
        told = capsys.readouterr().out
        assert status in (ExitStatus.DIFFERS, ExitStatus.UNREADABLE) or "note " in told, place


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda r: r["sessions"][0].update(user="Barney"), ["session 1"]),
        (lambda r: r["sessions"][0]["messages"][0].update(disposition="deleted"), ["session 1, message 1"]),
        (lambda r: r["sessions"][0]["exchanges"][2]["frames"].append(99), ["session 1, exchange 2"]),
        (lambda r: r["sessions"][0]["exchanges"].pop(), ["session 1, exchange 5"]),
        (lambda r: r["sessions"][0]["streams"]["server"].update(octets=1), ["session 1, server's stream"]),
        (lambda r: r["sessions"][0].update(packets=True), ["session 1"]),
        (lambda r: r["captures"][0].update(sha256="0" * 64), ["capture 1"]),
        (lambda r: r["summary"].update(users=2), ["summary"]),
        (lambda r: r["findings"].append({"id": "auth.spray"}), ["finding 1 (auth.spray)"]),
        (lambda r: r.update(sessions=[]), ["session 1"]),
        (lambda r: r["sessions"].append({"id": 7}), ["session 7"]),
        (lambda r: r["sessions"].append("nonsense"), ["place 2 of the sessions"]),
        (lambda r: r.update(sessions=None), ["sessions", "session 1"]),
        (lambda r: r.update(extra=1), ["member extra"]),
        (lambda r: r.update(warnings=["all is well"]), ["warnings"]),
        (lambda r: r["sessions"][0].pop("login"), ["session 1"]),
        (lambda r: r["sessions"][0].update(messages="none"), ["session 1, messages"]),
    ],
)
def test_a_changed_claim_is_named(change: Any, named: list[str], result: Path) -> None:
    verification = changed(result, change)
    assert differing(verification) == named
    assert all(claim.differences for claim in verification.claims if claim.name in named)


def test_white_space_is_noticed_too(result: Path) -> None:
    result.write_text(result.read_text().replace('"users": 1', '"users":  1'))
    verification = verify(str(result), [str(SMALL)])
    assert differing(verification) == ["the form"]
    assert "see line " in verification.claims[-1].differences[0]


def test_a_result_of_another_version_is_compared_claim_by_claim(result: Path) -> None:
    result.write_text(result.read_text().replace('"version": "', '"version": "9.'))
    verification = verify(str(result), [str(SMALL)])
    assert verification.holds
    assert 'made by version "9.' in verification.notes[0]
    assert not any(claim.name == "the form" for claim in verification.claims)


def test_another_name_of_the_capture_is_told(result: Path, tmp_path: Path) -> None:
    shutil.copy(SMALL, tmp_path / "copy.pcap")
    verification = verify(str(result), [str(tmp_path / "copy.pcap")])
    assert verification.holds
    assert "was given as" in verification.notes[0]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"{",
        b"{}",
        b'{"schema": "pop2dissect/2"}',
        b'{"schema": "pop2dissect/1", "schema": "pop2dissect/1"}',
        b'{"schema": "pop2dissect/1", "settings": {"ports": [0]}}',
        b'{"schema": "pop2dissect/1", "settings": {"ports": ["x"], "overlap": "first"}}',
        b'{"schema": NaN}',
        b"{" + b'"a":[' * 100_000,
        b'{"a": ' + b"1" * 10_000 + b"}",
        b'{"a": 1}\n{"a": 2}\n',
        b"\xff\xd8\xff",
        b'{"a": "\xff"}',
        b"<html></html>",
    ],
)
def test_what_is_no_result_is_one_sentence(octets: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r").write_bytes(octets)
    assert main(["verify", str(tmp_path / "r"), str(SMALL)]) == ExitStatus.UNREADABLE
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    with pytest.raises(ResultError):
        read_result(str(tmp_path / "missing"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, JSON)
def test_differences_are_found_exactly_where_there_are_any(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (not list(differences(one, other))) == same


@given(st.dictionaries(st.sampled_from(["sessions", "captures", "findings", "summary", "probes", "x"]), JSON))
def test_any_document_is_compared(recorded: dict[str, Any]) -> None:
    from pop2dissect.verify.claims import document_claims

    derived = {"captures": [], "warnings": [], "sessions": [], "probes": [], "findings": [], "summary": {}}
    assert all(isinstance(claim.name, str) for claim in document_claims(recorded, derived))


def test_secrets_are_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = document(tmp_path, capsys, "--show-passwords", capture_path("wrong_password"))
    path.write_text(path.read_text().replace("gravel-kettle-9", "gravel-kettle-8"))
    assert main(["verify", str(path), str(capture_path("wrong_password"))]) == ExitStatus.DIFFERS
    printed = capsys.readouterr().out
    assert "DIFFERS" in printed
    assert "gravel-kettle" not in printed


def test_text_of_a_forged_result_is_harmless(result: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result.write_text(result.read_text().replace('"user": "Fred"', r'"user": "\u001b[2J\u202e"'))
    main(["verify", str(result), str(SMALL)])
    printed = capsys.readouterr().out
    assert "\\x1b[2J" in printed
    assert "\x1b" not in printed and "\u202e" not in printed


def test_captures_come_from_files(result: Path) -> None:
    with pytest.raises(UsageError, match="have to be files"):
        verify(str(result), ["-"])


def test_the_documentation_shows_what_comes_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = re.search(r"\$ pop2dissect verify result.json capture.pcap\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert shown is not None
    shutil.copy(capture_path("fetchmail_fold"), tmp_path / "capture.pcap")
    monkeypatch.chdir(tmp_path)
    path = document(tmp_path, capsys, "capture.pcap")
    path.write_text(path.read_text().replace('"disposition": "deleted"', '"disposition": "kept"'))
    assert main(["verify", "result.json", "capture.pcap"]) == ExitStatus.DIFFERS
    assert capsys.readouterr().out == shown.group(1)


# Reports -----------------------------------------------------------------------------------------------


def page(folder: Path, document: str) -> Path:
    path = folder / "report.html"
    path.write_bytes(sealed(page_with(document, "<!doctype html><p>1 message was deleted</p>")))
    return path


def test_a_page_holds(result: Path, tmp_path: Path) -> None:
    verification = verify(str(page(tmp_path, result.read_text())), [str(SMALL)])
    assert verification.holds
    assert verification.claims[0].name == "the page"


def test_a_changed_page_is_named(result: Path, tmp_path: Path) -> None:
    path = page(tmp_path, result.read_text())
    path.write_text(path.read_text().replace("1 message was", "0 messages were"))
    assert differing(verify(str(path), [str(SMALL)])) == ["the page"]


def test_forged_claims_do_not_hold_even_under_a_new_seal(result: Path, tmp_path: Path) -> None:
    path = page(tmp_path, result.read_text().replace('"user": "Fred"', '"user": "Barney"'))
    assert differing(verify(str(path), [str(SMALL)])) == [
        "session 1",
        "session 1, finding 1 (auth.cleartext)",
        "mailbox 1",
    ]


def test_the_report_itself_holds_and_no_octet_of_it_can_change_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "real.html"
    assert main(["--quiet", "--report", str(path), str(SMALL)]) == 0
    whole = path.read_bytes()
    assert verify(str(path), [str(SMALL)]).holds
    start = whole.index(b'<script type="application/json" id="pop2dissect-claims"')
    random_number = random.Random(9)
    for place in random_number.sample(range(len(whole)), 30):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            assert "the page" in differing(verify(str(path), [str(SMALL)])), place
        except ResultError:
            assert place >= start, place


# Exports -----------------------------------------------------------------------------------------------


def exported(folder: Path, option: str = "--export-mail", *arguments: str, capture: Path = SMALL) -> Path:
    assert main(["--quiet", option, str(folder / "out"), *arguments, str(capture)]) == 0
    return folder / "out"


FOLDERS = ["--export-mail", "--export-attachments", "--export-streams", "--csv", "--parquet", "--zeek-logs"]
OPTIONS = {one.name: one.options[-1] for one in FILES if one.home.startswith("export.")}


@pytest.mark.parametrize("option", OPTIONS.values())
def test_an_export_holds(option: str, tmp_path: Path) -> None:
    assert set(EXPORTS.values()) == {one.home.removeprefix("export.") for one in FILES if one.options[-1] != "--report"}
    moved = tmp_path / "moved.pcap"
    shutil.copy(SMALL, moved)
    out = exported(tmp_path, option)
    assert verify(str(out), [str(SMALL)]).holds
    verification = verify(str(manifest_path(out)), [str(moved)])
    assert verification.holds and "was given as" in verification.notes[0]
    assert sorted(path.name for path in tmp_path.iterdir() if "out" not in path.name) == ["moved.pcap"]


@pytest.mark.parametrize("option", OPTIONS.values())
def test_an_export_is_made_again_with_its_settings(option: str, tmp_path: Path) -> None:
    capture = capture_path("derived_conflicting_overlap")
    settings = ["--show-passwords", "--overlap", "last", "--session", "1", "--limit", "conflicts=7"]
    verification = verify(str(exported(tmp_path, option, *settings, capture=capture)), [str(capture)])
    assert verification.holds
    assert len(verification.notes) == 4


def test_an_export_of_a_pipe_holds_against_the_file_that_was_in_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    feeder = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(SMALL.read_bytes()))
    feeder.start()
    options = [word for name in ("mbox", "dfxml", "case") for word in (f"--export-{name}", str(tmp_path / name))]
    assert main(["--quiet", *options, str(tmp_path / "pipe")]) == 0
    feeder.join()
    for name in ("mbox", "dfxml", "case"):
        assert verify(str(tmp_path / name), [str(SMALL)]).holds


@pytest.mark.parametrize("option", ["--export-mail", "--export-streams", "--csv"])
def test_any_changed_file_of_an_export_is_named(option: str, tmp_path: Path) -> None:
    folder = exported(tmp_path, option)
    for path in sorted(folder.iterdir()):
        octets = path.read_bytes()
        path.write_bytes(octets[:-2] + bytes([octets[-2] ^ 1]) + octets[-1:])
        try:
            named = differing(verify(str(folder), [str(SMALL)]))
            assert named and any(path.name in name or path.name == "manifest.json" for name in named)
        except ResultError:
            assert path.name == "manifest.json"
        path.unlink()
        if path.name != "manifest.json":
            assert any(path.name in name for name in differing(verify(str(folder), [str(SMALL)])))
        path.write_bytes(octets)
    assert verify(str(folder), [str(SMALL)]).holds


@pytest.mark.parametrize("option", [option for option in OPTIONS.values() if option not in FOLDERS])
def test_a_changed_file_is_named(option: str, tmp_path: Path) -> None:
    out = exported(tmp_path, option)
    whole = out.read_bytes()
    for octets in (whole[:-1], whole + b"\n", whole[:9] + bytes([whole[9] ^ 1]) + whole[10:]):
        out.write_bytes(octets)
        assert differing(verify(str(out), [str(SMALL)])) == ["file out, as it is now"]
    out.unlink()
    assert differing(verify(str(out), [str(SMALL)])) == ["file out, as it is now"]
    out.write_bytes(whole)
    manifest = manifest_path(out)
    manifest.write_text(manifest.read_text().replace(f'"octets": {len(whole)}', '"octets": 1'))
    assert differing(verify(str(out), [str(SMALL)])) == ["file out"]
    manifest.write_text(manifest.read_text().replace('"out"', '"../out"'))
    with pytest.raises(ResultError, match="which file it is about"):
        verify(str(out), [str(SMALL)])


@pytest.mark.parametrize("option", FOLDERS)
def test_whatever_else_lies_in_a_folder_is_named_and_nothing_is_waited_for(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = exported(tmp_path, option, capture=capture_path("fetchmail_fold"))
    (tmp_path / "elsewhere").write_bytes(b"x")
    names = sorted(path.name for path in folder.iterdir() if path.name != "manifest.json")
    (folder / names[0]).rename(tmp_path / "moved")
    (folder / names[0]).symlink_to(tmp_path / "moved")
    (folder / names[1]).unlink()
    os.mkfifo(folder / names[1])
    (folder / names[2]).unlink()
    (folder / "extra\x1b").write_bytes(b"x")
    os.mkfifo(folder / "pipe")
    (folder / "null").symlink_to("/dev/zero")
    (folder / "deep").mkdir()
    assert main(["verify", "--quiet", str(folder), str(capture_path("fetchmail_fold"))]) == ExitStatus.DIFFERS
    told = capsys.readouterr().out
    for name, what in [
        (names[0], "it cannot be read: it is a link"),
        (names[1], "it cannot be read: it is not a regular file"),
        (names[2], "it is missing"),
        *((extra, "it is in the folder, but not of the export") for extra in ("extra\\x1b", "pipe", "null", "deep")),
    ]:
        assert f"DIFFERS  file {name}, as it is now: {what}" in told
    assert told.splitlines()[-1].startswith("7 of ")


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_a_manifest_that_is_a_pipe_or_a_device_is_not_read(make: Any, tmp_path: Path) -> None:
    make(tmp_path / "manifest.json")
    with pytest.raises(ResultError, match="cannot be read: it is "):
        verify(str(tmp_path), [str(SMALL)])
    with pytest.raises(ResultError, match="cannot be read: it is not a regular file"):
        verify("/dev/zero", [str(SMALL)])


def test_an_export_without_its_manifest_is_not_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = exported(tmp_path, "--export-mbox")
    manifest_path(out).unlink()
    assert main(["verify", str(out), str(SMALL)]) == ExitStatus.UNREADABLE
    assert "out.manifest.json" in capsys.readouterr().err


def test_a_changed_manifest_is_named(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    path = folder / "manifest.json"
    whole = path.read_text()
    path.write_text(whole.replace('"disposition": "kept"', '"disposition": "deleted"'))
    assert differing(verify(str(folder), [str(SMALL)])) == ["file session-0001-message-01.eml"]
    path.write_text(whole.replace(SMALL.name, "other.pcap"))
    assert differing(verify(str(folder), [str(SMALL)])) == ["file SHA256SUMS, as it is now"]


def test_a_manifest_cannot_lead_elsewhere(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("x")
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("session-0001-message-01.eml", "../secret"))
    named = differing(verify(str(folder), [str(SMALL)]))
    assert "a file beside the manifest" in named
