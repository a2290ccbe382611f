"""What a newcomer gets wrong, and the sentence that each mistake gets."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from pop2dissect.cli import ExitStatus, main
from tests.support.network import Network, login
from tests.support.truth import capture_path
from tests.support.wire import save

SAMPLE = str(capture_path("rfc937_normal"))
ELSEWHERE = str(capture_path("inetd_port_10109"))


class Mistake(NamedTuple):
    """What was typed, in a folder with ``empty/``, ``text.txt``, ``there.html``, ``tls.pcap`` and ``none.pcap``."""

    typed: list[str]
    status: ExitStatus
    sentence: str
    """On standard error, or, where it begins so, as a warning of the output."""


MISTAKES = [
    Mistake([], ExitStatus.USAGE, "the following arguments are required: CAPTURE; see pop2dissect --help"),
    Mistake([""], ExitStatus.UNREADABLE, '"" cannot be read: a file without a name was asked for'),
    Mistake(["missing.pcap"], ExitStatus.UNREADABLE, "missing.pcap cannot be read: there is no such file"),
    Mistake(["no*.pcapng"], ExitStatus.UNREADABLE, "no*.pcapng cannot be read: there is no such file, and none that"),
    Mistake(["empty"], ExitStatus.UNREADABLE, "empty cannot be read: the directory has no capture files in it"),
    Mistake(["text.txt"], ExitStatus.UNREADABLE, "text.txt cannot be read: it is neither pcap nor pcapng"),
    Mistake(["--json", "missing.pcap", SAMPLE], ExitStatus.UNREADABLE, "missing.pcap cannot be read: there is no such"),
    Mistake(["missing.pcap", SAMPLE], ExitStatus.UNREADABLE, "missing.pcap cannot be read: there is no such file"),
    Mistake(["verfy", "r.json", SAMPLE], ExitStatus.USAGE, "'verfy', and no such command; did you mean verify?"),
    Mistake(["finding", SAMPLE], ExitStatus.USAGE, "and no such command; did you mean findings?"),
    Mistake(["--findings"], ExitStatus.USAGE, "the following arguments are required: CAPTURE"),
    Mistake(["findings", "--catalogue", SAMPLE], ExitStatus.USAGE, f"unrecognized arguments: {SAMPLE}"),
    Mistake(["--sesion", "1", SAMPLE], ExitStatus.USAGE, "arguments: --sesion; did you mean --session?"),
    Mistake(["--overlap", "frist", SAMPLE], ExitStatus.USAGE, "did you mean first?; see pop2dissect --help"),
    Mistake(["--sort", "severty", SAMPLE], ExitStatus.USAGE, "did you mean severity?"),
    Mistake(["--severity", "hgih", SAMPLE], ExitStatus.USAGE, "argument --severity: 'hgih' is none of info, low"),
    Mistake(["--protocol", "POP", SAMPLE], ExitStatus.USAGE, "argument --protocol: 'POP' is none of POP2"),
    Mistake(["--since", "2026-11-23", SAMPLE], ExitStatus.USAGE, "a time needs a zone: 2026-11-23T00:00:00Z is"),
    Mistake(["--session", "2", SAMPLE], ExitStatus.USAGE, "there is no session 2: 1 session was found"),
    Mistake(["--tz", "Berlin", SAMPLE], ExitStatus.USAGE, "there is no time zone 'Berlin'; give an IANA name"),
    Mistake(["--json", "--stats", SAMPLE], ExitStatus.USAGE, "argument --stats: not allowed with argument --json"),
    Mistake(["--json", "--all", SAMPLE], ExitStatus.USAGE, "--all is for the text output: --json has nothing to do"),
    Mistake(["--conversations", "--stats", SAMPLE], ExitStatus.USAGE, "--conversations is for the text output"),
    Mistake(["--case", "7", SAMPLE], ExitStatus.USAGE, "--case is for the head of a report; give --report FILE.html"),
    Mistake(["--report", "there.html", SAMPLE], ExitStatus.USAGE, "there.html already exists and is not overwritten"),
    Mistake(["--export-mail", "full", SAMPLE], ExitStatus.USAGE, "the directory full is not empty, and existing files"),
    Mistake(["--csv", "text.txt", SAMPLE], ExitStatus.USAGE, "text.txt already exists and is not a directory"),
    Mistake(["--report", "text.txt/r.html", SAMPLE], ExitStatus.UNWRITABLE, "text.txt/r.html cannot be written: Not a"),
    Mistake(["--tshark-option", "a:b", SAMPLE], ExitStatus.USAGE, "--tshark-option needs --engine tshark"),
    Mistake([ELSEWHERE], ExitStatus.DONE, "  ! mail may be fetched on ports that were not looked at: 1 connection on"),
    Mistake([ELSEWHERE], ExitStatus.DONE, "--port 10109 looks there, --any-port wherever a post office protocol is"),
    Mistake(["--port", "2109", "none.pcap"], ExitStatus.DONE, "no connection to a server on port 2109 carried data"),
    Mistake(["tls.pcap"], ExitStatus.DONE, "what was said in another protocol, which is only named: session 1"),
    Mistake(["--user", "nobody", SAMPLE], ExitStatus.DONE, "  ! none of the 1 session is wanted: user nobody"),
    Mistake(["short.pcap"], ExitStatus.DONE, "the file ends inside the record of frame"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mistakes")
    (made / "empty").mkdir()
    (made / "full").mkdir()
    for name in ("text.txt", "there.html", "full/there"):
        (made / name).write_text("no capture")
    save(made / "none.pcap", Network().call().handshake().packets)
    hello = bytes.fromhex("160301004a010000460301") + bytes(64)
    tls = Network().call().handshake().client(hello).server(b"\x16\x03\x01\x00\x02\x02\x00").close("server")
    save(made / "tls.pcap", tls.packets)
    (made / "short.pcap").write_bytes(save(made / "whole.pcap", Network().session(login()).packets).read_bytes()[:-9])
    return made


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: " ".join(mistake.typed)[-60:])
def test_each_mistake_gets_a_sentence(
    mistake: Mistake, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(mistake.typed) == mistake.status
    printed = capsys.readouterr()
    if mistake.status is ExitStatus.DONE:
        assert mistake.sentence in printed.out
        assert printed.err == ""
    else:
        (line,) = printed.err.splitlines()
        assert line.startswith("pop2dissect: ")
        assert mistake.sentence in line


def test_a_library_that_is_not_installed_is_named_with_how_to_get_it(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pyarrow'] = None; from pop2dissect.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "--parquet", str(tmp_path), SAMPLE], capture_output=True, text=True, check=False
    )
    assert done.returncode == ExitStatus.USAGE
    assert re.search(r"needs pyarrow.*: pip install '", done.stderr)


def test_folders_that_are_missing_are_made_for_files_and_folders_alike(tmp_path: Path) -> None:
    for option, name in (
        ("--report", "r.html"),
        ("--export-mbox", "m"),
        ("--export-mail", "mail"),
        ("--csv", "tables"),
    ):
        assert main([option, str(tmp_path / option / "new" / name), SAMPLE]) == ExitStatus.DONE
        assert (tmp_path / option / "new" / name).exists()


def test_what_could_not_be_read_is_in_the_data(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert main(["--json", "missing.pcap", SAMPLE]) == ExitStatus.UNREADABLE
    captures = json.loads(capsys.readouterr().out)["captures"]
    assert captures[0]["warnings"] == ["missing.pcap cannot be read: there is no such file"]
    assert captures[1]["warnings"] == []
