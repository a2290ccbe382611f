"""The command as a user meets it: options, exit statuses, one-sentence errors, and nothing that should not be seen."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import IO

import jsonschema_rs
import pytest

import pop2dissect
from pop2dissect.capture.fast import LANE
from pop2dissect.cli import ExitStatus, main
from pop2dissect.text.safe import cell_width
from tests.support.hostile import everywhere
from tests.support.truth import capture_names, capture_path, load_truth
from tests.support.wire import save

SAMPLE = str(capture_path("rfc937_normal"))
SCHEMA = jsonschema_rs.Draft202012Validator(
    json.loads(files("pop2dissect.document").joinpath("schema.json").read_text())
)
RECORDED = [name for name in capture_names() if not name.startswith(("rfc918", "rfc937"))]
MODES = (["--conversations"], ["-V"], ["--json"], ["--jsonl"])


@cache
def recorded(name: str, *options: str) -> str:
    """Run the command, once, on a recorded capture; give what it prints."""
    port = "10109" if name == "inetd_port_10109" else "109"
    with contextlib.redirect_stdout(io.StringIO()) as output:
        assert main(["--quiet", "--port", port, *options, str(capture_path(name))]) == ExitStatus.DONE
    return output.getvalue()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == ExitStatus.DONE
    return capsys.readouterr().out


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pop2dissect", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def passwords(name: str) -> Iterator[str]:
    for session in load_truth(name)["sessions"]:
        for key in ("password", "password_on_wire"):
            password = session.get(key) or ""
            if len(password) > 5:
                yield password.strip()


def test_the_default_output(capsys: pytest.CaptureFixture[str]) -> None:
    output = run(capsys, SAMPLE)
    assert "HELO Fred ********" in output
    assert "message 13, 537 bytes" in output
    assert "[frame 5]" in output
    assert "\x1b" not in output


CONCLUDED_LATER = {"format_gzip": {3, 5}, "raw_read_nack": {3, 5}, "incident_small": {40}}
"""Sessions whose deletions took effect without QUIT, as only a later session shows: the lines of --jsonl do not."""


@pytest.mark.parametrize("name", RECORDED)
def test_every_document_obeys_the_schema(name: str) -> None:
    output = recorded(name, "--json")
    document = json.loads(output)
    SCHEMA.validate(document)
    assert output.isascii()
    lines = recorded(name, "--jsonl").splitlines()
    sessions = sorted((json.loads(line) for line in lines), key=lambda session: session["id"])
    concluded_later = {
        entry["session"]
        for mailbox in document["mailboxes"]
        for entry in mailbox["entries"]
        if entry.get("outcome") != "not shown" and entry.get("committed_ground") in ("concluded", "contradicted")
    }
    assert concluded_later == CONCLUDED_LATER.get(name, set())
    for early, late in zip(sessions, document["sessions"], strict=True):
        assert not early.pop("settled")
        late.pop("settled")  # false too where more sessions than may wait came before that was shown
        assert (early == late) is (early["id"] not in concluded_later)


@pytest.mark.parametrize("name", RECORDED)
def test_passwords_are_masked_in_every_output(name: str) -> None:
    secrets = "|".join(map(re.escape, set(passwords(name))))
    if not secrets:
        return
    shown = re.compile(f'HELO +\\S+ +(?:{secrets})|"password": "(?:{secrets})"|Password: (?:{secrets})')
    capture = pop2dissect.read(capture_path(name), [10109 if name == "inetd_port_10109" else 109])
    followed = [capture.follow(session) for session in capture.sessions[:40]]
    for output in (*(recorded(name, *mode) for mode in MODES), *followed):
        assert shown.search(output) is None


def test_show_passwords_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(capture_path("fetchmail_fold"))
    for mode in ([], ["-V"], ["--json"], ["--follow", "1"]):
        assert "gravel-kettle-9" not in run(capsys, *mode, path)
        assert "gravel-kettle-9" in run(capsys, "--show-passwords", *mode, path)
    assert "gravel" not in repr(pop2dissect.read(path).sessions)


def hostile(tmp_path: Path) -> str:
    evil = "\x1b[2J\x1b]0;owned\x07\u202eexe.\u2066\x9b31m\x00".encode()
    mail = b"Subject: " + evil + b"\r\nFrom: " + evil + b"\r\n\r\nx\r\n"
    return str(save(tmp_path / "hostile.pcap", everywhere(evil, mail).packets))


@pytest.mark.parametrize("mode", [[], ["-V"], ["--follow", "1"]])
def test_captured_text_cannot_touch_the_terminal(
    mode: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = run(capsys, *mode, hostile(tmp_path))
    assert "exe." in output
    wrong = {c for c in output if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")} - {"\n"}
    assert wrong == set()


def test_colours_change_nothing_but_colours(capsys: pytest.CaptureFixture[str]) -> None:
    plain = run(capsys, SAMPLE)
    coloured = run(capsys, "--color", "always", SAMPLE)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_lines_are_fitted_to_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    path = str(capture_path("raw_errors"))
    plain = run(capsys, "--color", "never", "--conversations", path)
    assert max(map(len, plain.splitlines())) == 80
    assert "[frame 6]" in plain
    header = next(line for line in plain.splitlines() if line.lstrip().startswith("#"))
    assert header.split() == ["#", "start", "client", "user", "login", "notes"]


def test_zones(capsys: pytest.CaptureFixture[str]) -> None:
    assert "15:00:00" in run(capsys, SAMPLE)
    assert "16:00:00" in run(capsys, "--tz", "Europe/Berlin", SAMPLE)


def test_one_session_of_many(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(capture_path("popclient_keep_delete"))
    document = json.loads(run(capsys, "--json", "--session", "2", path))
    assert [session["id"] for session in document["sessions"]] == [2]
    assert "S2-M1: deleted (ACKD), committed" in run(capsys, "--session", "2", path)


def test_of_a_capture_that_cannot_be_read_nothing_else_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["missing.pcap", SAMPLE]) == ExitStatus.UNREADABLE
    printed = capsys.readouterr()
    assert printed.err == "pop2dissect: missing.pcap cannot be read: there is no such file\n"
    lines = printed.out.splitlines()
    assert lines[:2] == ["missing.pcap", "  ! missing.pcap cannot be read: there is no such file"]
    assert lines[2].startswith(f"{SAMPLE}  pcap, ")


def test_several_captures_name_their_frames(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(run(capsys, "--json", SAMPLE, str(capture_path("fetchmail_fold"))))
    SCHEMA.validate(document)
    assert document["sessions"][0]["first_frame"] == "1:1"
    assert document["sessions"][1]["first_frame"].startswith("2:")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["/no/such/file.pcap"], ExitStatus.UNREADABLE),
        ([__file__], ExitStatus.UNREADABLE),
        (["--session", "99", SAMPLE], ExitStatus.USAGE),
        (["--tz", "Nowhere/Land", SAMPLE], ExitStatus.USAGE),
        (["--follow", "99", SAMPLE], ExitStatus.USAGE),
        (["--jsonl", "--session", "99", SAMPLE], ExitStatus.USAGE),
        (["--session", "none", SAMPLE], ExitStatus.USAGE),
        (["--port", "0", SAMPLE], ExitStatus.USAGE),
        (["--port", "pop2", SAMPLE], ExitStatus.USAGE),
        (["--json", "--follow", "1", SAMPLE], ExitStatus.USAGE),
        (["--no-such-option", SAMPLE], ExitStatus.USAGE),
        (["wireshark", "explode"], ExitStatus.USAGE),
        ([], ExitStatus.USAGE),
    ],
)
def test_errors_are_one_sentence(arguments: list[str], status: ExitStatus, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == status
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith("pop2dissect: ")


def test_the_status_of_the_process_is_that_of_the_command() -> None:
    done = command("/no/such/file.pcap")
    assert done.returncode == ExitStatus.UNREADABLE
    assert done.stderr.count("\n") == 1


def test_a_fault_of_the_program_is_one_sentence_without_anything_captured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str) -> None:
        raise KeyError("gravel-kettle-9")

    monkeypatch.setattr("pop2dissect.cli.dissect.zone_named", fail)
    assert main([SAMPLE]) == ExitStatus.INTERNAL
    output, error = capsys.readouterr()
    assert output == ""
    assert re.fullmatch(r"pop2dissect: .*: KeyError in test_cli\.py, line \d+ \(--debug shows more\)\n", error)
    assert main(["--debug", SAMPLE]) == ExitStatus.INTERNAL
    error = capsys.readouterr().err
    assert error.startswith("Traceback ")
    assert error.endswith("(--debug shows more)\n")


def test_too_little_memory_is_no_fault_of_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str) -> None:
        raise MemoryError

    monkeypatch.setattr("pop2dissect.cli.dissect.zone_named", fail)
    assert main([SAMPLE]) == ExitStatus.INTERNAL
    assert capsys.readouterr().err == "pop2dissect: there is not enough memory for this\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_output_that_cannot_be_written() -> None:
    for mode in MODES:
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "pop2dissect", *mode, SAMPLE],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == ExitStatus.UNWRITABLE
        assert done.stderr == "pop2dissect: standard output cannot be written: No space left on device\n"


def test_warnings_are_said_where_the_output_does_not_show_them(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(capture_path("derived_truncated_file"))
    for mode in (["--json"], ["--jsonl"]):
        assert main([*mode, path]) == ExitStatus.DONE
        assert "the file ends inside the record of frame 179" in capsys.readouterr().err
        assert main(["--quiet", *mode, path]) == ExitStatus.DONE
        assert capsys.readouterr().err == ""
    assert main([path]) == ExitStatus.DONE
    assert capsys.readouterr().err == ""


def test_a_damaged_capture_gives_its_results_and_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    output = run(capsys, str(capture_path("derived_truncated_file")))
    assert "! " in output
    assert "Session 2" in output


def test_the_same_octets_come_out_whatever_the_hash_seed() -> None:
    path = str(capture_path("incident_small"))
    for mode in ([], ["--json"]):
        outputs = {command(*mode, path, PYTHONHASHSEED=seed).stdout for seed in ("0", "1")}
        assert len(outputs) == 1


def test_the_plain_command_loads_nothing_heavy() -> None:
    code = (
        "import sys; from pop2dissect.cli import main; main(sys.argv[1:]);"
        "print({name.partition('.')[0] for name in sys.modules}"
        " & {'pandas', 'matplotlib', 'numpy', 'email', 'dpkt', 'jinja2'})"
    )
    done = subprocess.run([sys.executable, "-c", code, SAMPLE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_reader_that_has_seen_enough() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "pop2dissect", str(capture_path("incident_small"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == ExitStatus.DONE
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_live_pipe_gives_a_session_as_soon_as_it_is_over() -> None:
    octets = capture_path("many_sessions").read_bytes()[:-1000]
    with subprocess.Popen(
        [sys.executable, "-m", "pop2dissect", "--jsonl", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        writer = threading.Thread(target=feed, args=(process.stdin, octets))
        writer.start()
        first = json.loads(process.stdout.readline())
        assert process.poll() is None
        assert first["protocol"] == "POP2"
        process.kill()
        writer.join(20)


def test_a_live_pipe_shows_each_session_as_it_ends_and_then_the_story() -> None:
    octets = capture_path("many_sessions").read_bytes()
    for options, begin in (
        ([], rb"08:48:20 UTC  session 1  .* 1 message, ended: quit\n"),
        (["--conversations"], b"Session 1 "),
    ):
        with subprocess.Popen(
            [sys.executable, "-m", "pop2dissect", *options, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            told = threading.Event()
            writer = threading.Thread(target=feed_all, args=(process.stdin, octets[:-1000], told))
            writer.start()
            assert re.match(begin, process.stdout.readline())
            assert process.poll() is None
            told.set()
            story = process.stdout.read().partition(b"\n-  pcap")[2]
            writer.join(20)
            assert b"What happened\n" in story
            assert b"\nSession 1 " not in story


@pytest.mark.skipif(os.name == "nt", reason="signals are another thing there")
@pytest.mark.parametrize("mode", MODES)
def test_an_interrupted_live_capture_is_reported(mode: list[str]) -> None:
    octets = capture_path("raw_read_nack").read_bytes()[:-40]
    with subprocess.Popen(
        [sys.executable, "-m", "pop2dissect", "--quiet", *mode, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        feed(process.stdin, octets)
        await_drained(process.stdin)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        output = process.stdout.read()
        assert process.stderr.read() == b""
        assert process.wait(20) == ExitStatus.INTERRUPTED
    assert output.count(b"HELO marlowe ********") >= 6


def test_reading_stops_once_what_was_asked_for_is_found() -> None:
    """What follows the session is not waited for."""
    octets = capture_path("many_sessions").read_bytes()[:-1000]
    for mode in (["--follow", "1"], ["--jsonl", "--session", "1"]):
        with subprocess.Popen(
            [sys.executable, "-m", "pop2dissect", *mode, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            writer = threading.Thread(target=feed, args=(process.stdin, octets))
            writer.start()
            assert process.wait(20) == ExitStatus.DONE
            writer.join(20)


def test_a_terminal_is_no_capture() -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pop2dissect", "-"], stdin=slave, capture_output=True, text=True, check=False
        )
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode == ExitStatus.USAGE
    assert done.stderr.startswith("pop2dissect: standard input is a terminal")


ON_TERMINALS = ("incident_small", "not_pop2_on_109", "ipv6_socat", "raw_errors", "port_scans")


@pytest.mark.parametrize("columns", [60, 80, 100, 140])
def test_lines_fit_a_terminal(
    columns: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    for path in (*(str(capture_path(name)) for name in ON_TERMINALS), hostile(tmp_path)):
        monkeypatch.delenv("NO_COLOR", raising=False)
        shown = run(capsys, path)
        assert "\x1b[" in shown
        text = re.sub(r"\x1b\[[0-9;]*m", "", shown)
        too_wide = [line for line in text.splitlines() if cell_width(line) > columns]
        assert too_wide == []
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[" not in run(capsys, path)


@pytest.mark.parametrize("columns", [60, 80])
def test_the_tree_is_wrapped_on_a_terminal_and_nothing_is_lost(
    columns: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(capture_path("raw_errors"))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", on_a_terminal(["-V", path], columns))
    tree = shown[shown.index("Session 1:") : shown.rindex(" sessions (")]
    assert [line for line in tree.splitlines() if cell_width(line) > columns] == []
    whole = run(capsys, "-V", path)
    whole = whole[whole.index("Session 1:") : whole.rindex(" sessions (")]
    assert "".join(tree.split()) == "".join(whole.split())


def on_a_terminal(arguments: list[str], columns: int, **environment: str) -> str:
    """Run the command on a terminal of so many columns; give what it showed."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pop2dissect", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": "24", **environment},
    )
    os.close(slave)
    shown = bytearray()
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while octets := os.read(master, 65536):
            shown += octets
    os.close(master)
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(20) == ExitStatus.DONE
    return shown.decode().replace("\r\n", "\n")


def await_drained(pipe: IO[bytes]) -> None:
    """Wait until a command has taken all that was written to it, which on a busy machine takes a while."""
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    for _ in range(200):
        if not any(fcntl.ioctl(pipe.fileno(), termios.FIONREAD, bytes(4))):
            return
        time.sleep(0.1)


def feed(pipe: IO[bytes], octets: bytes) -> None:
    """Write to a command that may end before it has read all."""
    with contextlib.suppress(BrokenPipeError):
        pipe.write(octets)
        pipe.flush()


def feed_all(pipe: IO[bytes], octets: bytes, end: threading.Event) -> None:
    """Write to a command, and end its input when told so."""
    feed(pipe, octets)
    end.wait(60)
    pipe.close()


def test_help_teaches() -> None:
    done = command("--help")
    assert done.returncode == 0
    for word in ("--follow", "--jsonl", "exit status", "examples", "tcpdump"):
        assert word in done.stdout
    assert command("--version").stdout == f"pop2dissect {pop2dissect.__version__} ({LANE})\n"


@pytest.mark.parametrize("arguments", [["--help"], ["verify", "--help"], ["wireshark", "--help"]])
def test_help_fits_a_terminal_of_80_columns(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert [line for line in command(*arguments).stdout.splitlines() if len(line) > 80] == []


def test_the_plugin_has_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wireshark", "path"]) == 0
    assert Path(capsys.readouterr().out.strip()).is_file()


def test_a_chosen_session_stands_alone(capsys: pytest.CaptureFixture[str]) -> None:
    path = str(capture_path("incident_small"))
    whole, chosen = run(capsys, path), run(capsys, "--session", "41", path)
    assert "Connections without payload" in whole
    assert "Connections without payload" not in chosen
    findings = run(capsys, "findings", path), run(capsys, "findings", "--session", "41", path)
    for every, some in ((whole, chosen), findings):
        assert re.search(r"session 47\b", every)
        assert not re.search(r"session 47\b", some)
        assert re.search(r"session 41\b", some)
