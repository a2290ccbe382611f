"""A program or a notebook sees what the user of the command line sees."""

from __future__ import annotations

import ast
import copy
import dataclasses
import doctest
import gzip
import importlib
import json
import pickle
import runpy
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.cli import ExitStatus, main
from pop2dissect.session import Session
from tests.support.truth import ROOT, capture_path


def with_link_type(tmp_path: Path, link_type: int) -> Path:
    """Return a capture that says of itself that it has another link type."""
    octets = bytearray(capture_path("brute_force").read_bytes())
    octets[20:24] = link_type.to_bytes(4, "little" if octets[0] == 0xD4 else "big")
    path = tmp_path / "other_link_type.pcap"
    path.write_bytes(octets)
    return path


def test_warnings_are_kept(tmp_path: Path) -> None:
    capture = pop2dissect.read(with_link_type(tmp_path, 147))
    assert not capture.sessions
    assert capture.general_warnings == capture.warnings
    assert "link type 147 is not supported" in capture.warnings[0]
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(capture_path("brute_force").read_bytes()[:-5])
    warnings = pop2dissect.read([cut, with_link_type(tmp_path, 147)]).warnings
    assert len(warnings) == 2
    assert "link type 147" in warnings[1]


def test_the_same_warnings_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = with_link_type(tmp_path, 147)
    assert main(["--jsonl", str(path)]) == ExitStatus.DONE
    said = [line.removeprefix("pop2dissect: ") for line in capsys.readouterr().err.splitlines()]
    assert said == pop2dissect.read(path).warnings


def test_warnings_go_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = with_link_type(tmp_path, 147)
    warnings = pop2dissect.read(path).warnings
    assert not list(pop2dissect.iter_sessions(path))
    assert [(one.name, one.levelname, one.getMessage()) for one in caplog.records] == [
        ("pop2dissect", "WARNING", warning) for warning in warnings * 2
    ]


def test_half_open_connections_are_kept() -> None:
    capture = pop2dissect.read(ROOT / "samples/findings/dos.syn_flood.pcap")
    assert [row.server.port for row in capture.half_open] == [109]
    assert [one.id for one in capture.findings] == ["dos.syn_flood"]


def test_a_capture_is_a_collection_of_its_sessions() -> None:
    capture = pop2dissect.read(capture_path("many_sessions"))
    assert len(capture) == len(capture.sessions) == len(list(capture))
    assert list(capture) == capture.sessions
    assert all(capture.session(session.id) is session for session in capture)
    with pytest.raises(KeyError):
        capture.session(0)
    capture.sessions = capture.sessions[1:]
    with pytest.raises(KeyError):
        capture.session(1)


def test_sessions_are_found_by_what_is_true_of_them() -> None:
    capture = pop2dissect.read(capture_path("incident_small"))

    def same(found: list[Session], numbers: list[int]) -> bool:
        return bool(numbers) and [one.id for one in found] == numbers

    for session in capture.sessions[::17]:
        if session.user is not None:
            assert same(capture.find(user=session.user), [one.id for one in capture if one.user == session.user])
        ip = session.client.ip
        assert same(capture.find(client=ip), [one.id for one in capture if one.client.ip == ip])
        assert session in capture.find(client=f"{ip}:{session.client.port}", server=session.server.ip)
        later = [one.id for one in capture if one.start >= session.start]
        assert same(capture.find(since=session.start), later)
        assert len(capture.find(until=session.start)) == len(capture) - len(later)
    refused = capture.find(login="refused", protocol="POP2")
    assert refused
    assert {(one.login, one.protocol) for one in refused} == {("refused", "POP2")}
    assert capture.find(user="nobody of that name") == []


def test_rows_lead_back_to_their_sessions() -> None:
    capture = pop2dissect.read(capture_path("incident_small"))
    largest = capture.tables.messages.nlargest(5, "octets")
    found = capture.sessions_of(largest)
    assert [one.id for one in found] == list(dict.fromkeys(largest["session"]))
    assert max(message.octets for one in capture for message in one.messages) in [
        one.octets for one in found[0].messages
    ]
    findings = capture.tables.findings  # of some that span sessions it is not known which
    assert len(capture.sessions_of(findings)) == findings["session"].nunique()
    assert pop2dissect.plots.gantt(found).get_ylabel() == "session, user, client"


def test_times_are_moments() -> None:
    capture = pop2dissect.read(capture_path("rfc937_normal"))
    start = datetime(1985, 2, 18, 15, tzinfo=UTC)
    zone = timezone(timedelta(hours=-8))
    for moment in (start, start.astimezone(zone), "1985-02-18T15:00:00Z", "1985-02-18T07:00:00-08:00"):
        assert len(capture.find(since=moment, until=start + timedelta(seconds=1))) == 1
        assert capture.find(until=moment) == []
    for nothing in (datetime(1985, 2, 18), "1985-02-18", "yesterday"):
        with pytest.raises(ValueError, match=r"zone|isoformat"):
            capture.find(since=nothing)


@pytest.mark.parametrize("names", [["incident_small"], ["rfc937_normal", "fetchmail_fold"], ["wrong_password"]])
def test_files_are_those_of_the_command_line(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "500000000")
    paths = [str(capture_path(name)) for name in names]
    capture = pop2dissect.read(paths)
    assert main(["--json", *paths]) == ExitStatus.DONE
    assert capture.to_json() == capsys.readouterr().out

    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    assert capture.export_mail(ours / "mail") == ours / "mail"
    assert capture.annotate(ours / "a.pcapng") == ours / "a.pcapng"
    assert capture.report(ours / "r.html", case="7", notes=["x"]) == ours / "r.html"
    outputs = ["--export-mail", str(theirs / "mail"), "--annotate", str(theirs / "a.pcapng")]
    assert main([*outputs, "--report", str(theirs / "r.html"), "--case", "7", "--note", "x", *paths]) == ExitStatus.DONE
    files = sorted(path.relative_to(theirs) for path in theirs.rglob("*") if path.is_file())
    assert sorted(path.relative_to(ours) for path in ours.rglob("*") if path.is_file()) == files
    for name in files:
        if name.suffix != ".html":  # which names the command line
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name
    assert "none: made by a program in Python" in (ours / "r.html").read_text()
    for result in (ours / "r.html", ours / "mail", theirs / "r.html"):
        assert capture.verify(result).holds


@pytest.mark.parametrize("name", ["incident_small", "big_messages"])
def test_captures_are_kept_and_compared(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(
        gzip.decompress(octets) if (octets := capture_path(name).read_bytes())[:2] == b"\x1f\x8b" else octets
    )
    capture = pop2dissect.read(path)
    kept = pickle.dumps(capture)
    again = pop2dissect.read(path)
    path.unlink()
    back = pickle.loads(kept)
    assert back == capture == again == copy.deepcopy(capture)
    assert back.follow(1) == capture.follow(capture.session(1))
    for one, other in zip(capture, back, strict=True):
        assert one.client_stream.read(0, 1 << 20) == other.client_stream.read(0, 1 << 20)
    other = back.sessions[0].server_stream
    other.spans[0] = other.spans[0]._replace(data=b"x" * other.spans[0].length)
    assert back != capture
    facts = dataclasses.asdict(capture.sessions[0])
    assert facts["client"] == {"ip": capture.sessions[0].client.ip, "port": capture.sessions[0].client.port}


def test_a_conversation_is_followed(capsys: pytest.CaptureFixture[str]) -> None:
    path = capture_path("incident_small")
    capture = pop2dissect.read(path)
    for options in ([], ["--show-passwords"]):
        assert main(["--follow", "46", *options, str(path)]) == ExitStatus.DONE
        assert capture.follow(46, show_passwords=bool(options)) == capsys.readouterr().out
    with pytest.raises(KeyError):
        capture.follow(0)


def test_passwords_are_masked_unless_asked_for(tmp_path: Path) -> None:
    capture = pop2dissect.read(capture_path("rfc937_normal"))
    password = capture.sessions[0].password
    assert password is not None
    assert f'"{password}"' not in capture.to_json()
    assert json.loads(capture.to_json(show_passwords=True))["sessions"][0]["password"] == password
    assert password not in capture.report(tmp_path / "r.html").read_text()


def test_a_capture_that_changed_is_not_hashed(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(capture_path("rfc937_normal").read_bytes())
    capture = pop2dissect.read(path)
    path.write_bytes(capture_path("rfc937_example1").read_bytes())
    with pytest.raises(pop2dissect.CaptureError, match="was changed after it was read") as raised:
        capture.to_json()
    assert raised.value.path == str(path)


def test_errors_say_what_they_are_about(tmp_path: Path) -> None:
    missing = tmp_path / "missing.pcap"
    with pytest.raises(pop2dissect.CaptureError) as raised:
        pop2dissect.read(missing)
    assert (raised.value.path, raised.value.offset, raised.value.frame) == (str(missing), None, None)
    short = tmp_path / "short.pcap"
    short.write_bytes(capture_path("rfc937_normal").read_bytes()[:13])
    with pytest.raises(pop2dissect.CaptureError) as raised:
        pop2dissect.read(short)
    assert (raised.value.path, raised.value.offset) == (str(short), 13)


def test_a_missing_library_is_no_fault_of_a_capture() -> None:
    assert not issubclass(pop2dissect.MissingLibraryError, pop2dissect.CaptureError)
    code = (
        "import sys; sys.modules['pandas'] = None; import pop2dissect\n"
        f"capture = pop2dissect.read({str(capture_path('rfc937_normal'))!r})\n"
        "try: capture.tables.sessions\n"
        "except pop2dissect.CaptureError: print('capture')\n"
        "except pop2dissect.MissingLibraryError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'matplotlib>=" in done.stdout


def test_every_public_name_is_there_and_is_known_to_type_checkers() -> None:
    tree = ast.parse(Path(pop2dissect.__file__).read_text())
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    declared = {
        alias.name: node.module for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert {*declared, "__version__"} == set(pop2dissect.__all__) <= set(dir(pop2dissect))
    for name, home in declared.items():
        assert getattr(pop2dissect, name) is getattr(importlib.import_module(str(home)), name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pop2dissect.nothing  # noqa: B018


def test_the_import_costs_nothing_and_plots_are_there_when_asked_for() -> None:
    code = (
        "import sys, pop2dissect\n"
        "print(sorted(name for name in sys.modules if name.startswith('pop2dissect')))\n"
        "print('matplotlib' in sys.modules, pop2dissect.plots.ladder.__name__, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['pop2dissect', 'pop2dissect.version']", "False ladder True"]


EXAMPLES = sorted(
    str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in (ROOT / "pop2dissect").rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", EXAMPLES)
def test_the_examples_in_docstrings_are_true(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("MPLBACKEND", "agg")
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert result.attempted
    assert not result.failed


def test_a_program_of_a_user_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """Type checkers look at it in .ci/run."""
    program = runpy.run_path(str(ROOT / "tests/data/user_script.py"))
    assert program["main"]([str(capture_path("rfc937_normal"))]) == 0
    assert "Fred" in capsys.readouterr().out


def test_there_are_examples() -> None:
    assert "pop2dissect" in EXAMPLES
