"""Every filter, in every output: what is wanted is in it, and nothing of what is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import pop2dissect
from pop2dissect.cli import ExitStatus, main
from pop2dissect.cli.outputs.declared import FILES, PRINTED
from pop2dissect.errors import SettingError
from pop2dissect.filters import FILTERS, ORDERS, Filters, nanoseconds
from pop2dissect.session import Session
from tests.support.conversation import START, Conversation, Packet
from tests.support.network import PASSWORDS
from tests.support.truth import ROOT
from tests.support.wire import save

DAY = 86_400 * 10**9


def _mail(who: str) -> bytes:
    return (
        f"Subject: about {who}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: application/octet-stream; name="{who}.bin"\r\n'
        f'Content-Disposition: attachment; filename="{who}.bin"\r\n\r\n{who}\r\n'
    ).encode()


def _reads(who: str, acknowledges: bytes, client: str, server: str, start: int) -> Conversation:
    mail = _mail(who)
    talk = Conversation((client, 1025), (server, 109), start=start).handshake()
    talk.server(b"+ POP2 ready\r\n").client(f"HELO {who} pass{who}\r\n".encode())
    talk.server(f"#1 messages in /mail/{who}\r\n".encode()).client(b"READ 1\r\n")
    talk.server(f"={len(mail)} characters in message 1\r\n".encode()).client(b"RETR\r\n").server(mail)
    talk.client(acknowledges + b"\r\n").server(b"=0 no more\r\n").client(b"QUIT\r\n").server(b"+ bye\r\n")
    return talk.close("server")


def _is_refused(who: str, number: int) -> Conversation:
    talk = Conversation(("10.9.3.3", 1100 + number), ("10.9.0.2", 109), start=START + (60 + number) * 10**9)
    talk.handshake().server(b"+ POP2 ready\r\n").client(f"HELO {who} {PASSWORDS[2 * number]}\r\n".encode())
    return talk.server(b"- Bad login\r\n").close("server")


WHOSE: Mapping[str, set[int]] = {"annalisa": {1}, "emiliano": {2, 3, 4, 5, 6}, "10.9.4.4": {7}, "odette": {8}}
"""A word of each group of sessions that stands nowhere else in the capture, and their numbers."""


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> str:
    talks = [_reads("annalisa", b"ACKS", "10.9.1.1", "10.9.0.2", START)]
    talks += [_is_refused("emiliano", number) for number in range(5)]
    ssh = Conversation(("10.9.4.4", 1025), ("10.9.0.2", 109), start=START + 90 * 10**9).handshake()
    talks.append(ssh.server(b"SSH-2.0-this\r\n").client(b"SSH-2.0-other\r\n").close("server"))
    talks.append(_reads("odette", b"ACKD", "10.9.2.2", "10.9.0.7", START + DAY))
    probe = Conversation(("10.9.5.5", 1025), ("10.9.0.8", 109), start=START + 100 * 10**9).refused()
    packets: list[Packet] = sorted((one for talk in [*talks, probe] for one in talk.packets), key=lambda one: one.time)
    return str(save(tmp_path_factory.mktemp("filters") / "several.pcap", packets))


class Case(NamedTuple):
    """A filter as it is given, and what is left."""

    given: dict[str, Any]
    wanted: set[str]
    probes: int = 0

    @property
    def options(self) -> list[str]:
        pairs = [(name, one) for name, value in self.given.items() for one in _several(value)]
        return [word for name, one in pairs for word in (f"--{name}", str(one))]


def _several(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


CASES = [
    Case({"session": "1,7-8"}, {"annalisa", "10.9.4.4", "odette"}),
    Case({"session": [1, 8]}, {"annalisa", "odette"}),
    Case({"user": ["?nnalisa", "od*"]}, {"annalisa", "odette"}),
    Case({"user": "annalis?"}, {"annalisa"}),
    Case({"client": ["10.9.1.1:1025", "10.9.3.0/24"]}, {"annalisa", "emiliano"}),
    Case({"client": "10.9.2.2"}, {"odette"}),
    Case({"client": "10.9.0.0/16"}, set(WHOSE), probes=1),
    Case({"server": "10.9.0.8/29"}, set(), probes=1),
    Case({"server": "10.9.0.7:109"}, {"odette"}),
    Case({"since": "1985-02-19T15:00:00Z"}, {"odette"}),
    Case({"until": "1985-02-18T16:00:30+01:00"}, {"annalisa"}),
    Case({"protocol": "ssh"}, {"10.9.4.4"}),
    Case({"login": "refused"}, {"emiliano"}),
    Case({"login": ["accepted", "none"]}, {"annalisa", "10.9.4.4", "odette"}),
    Case({"mailbox": "/mail/o*"}, {"odette"}),
    Case({"subject": "ABOUT ANN"}, {"annalisa"}),
    Case({"finding": "auth.brute*"}, {"emiliano"}),
    Case({"severity": "high"}, {"emiliano"}),
    Case({"user": "odett?", "client": "10.9.1.1"}, set()),
    Case({"client": "10.9.0.0/16", "login": "accepted", "sort": "deleted", "top": 1}, {"odette"}),
    Case({"sort": "user"}, set(WHOSE), probes=1),
]


def test_every_filter_has_a_case() -> None:
    assert {name for case in CASES for name in case.given} == {*FILTERS, "sort", "top"}


Outputs = dict[str, str]
EVERYTHING = {"": [], "--findings": ["--findings", "--all"]}
"""Of an output that leaves out what repeats itself, the option with which it does not."""


AS_TEXT = [one for one in PRINTED if not one.needs_terminal]
"""What the panes of the others show, these show too."""


def outputs_of(capture: str, options: list[str], folder: Path) -> Outputs:
    """Return all that is made of a capture with these options: by the outputs' names, everything as text."""
    outputs = {}
    for option in ("", *(one.options[-1] for one in AS_TEXT if one.metavar is None)):
        with redirect_stdout(StringIO()) as printed:
            assert main([*EVERYTHING.get(option, [option]), *options, capture]) == ExitStatus.DONE
        outputs[option] = printed.getvalue()
    files = [word for one in FILES for word in (one.options[-1], str(folder / one.name))]
    with redirect_stdout(StringIO()):
        assert main([*files, *options, capture]) == ExitStatus.DONE
    return {**outputs, **{one.options[-1]: _read(folder / one.name) for one in FILES}}


def _read(path: Path) -> str:
    if path.name == "parquet":
        return "".join(pd.read_parquet(one).to_csv() for one in sorted(path.glob("*.parquet")))
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return "".join(f"{one.name}\n{one.read_bytes().decode('latin-1')}" for one in files if one.is_file())


def mentions(outputs: Outputs) -> dict[str, set[str]]:
    """Return in which outputs the word of each group stands."""
    return {who: {name for name, text in outputs.items() if who in text} for who in WHOSE}


@pytest.fixture(scope="module")
def everywhere(capture: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """In which outputs the word of each group stands where nothing is left out: of a message's reader in all."""
    found = mentions(outputs_of(capture, [], tmp_path_factory.mktemp("everywhere")))
    assert (
        found["annalisa"]
        == found["odette"]
        == {"", *(one.options[-1] for one in (*FILES, *AS_TEXT) if one.metavar != "N")}
    )
    assert all({"", "--json", "--jsonl", "--verbose-tree", "--csv", "--report"} <= names for names in found.values()), (
        found
    )
    return found


FIRST = [next(case for case in CASES if name in case.given) for name in (*FILTERS, "sort")]
"""One of each filter."""


@pytest.mark.parametrize("case", FIRST, ids=lambda case: " ".join(case.options))
def test_every_output_has_what_is_wanted_and_nothing_else(
    case: Case, capture: str, everywhere: dict[str, set[str]], tmp_path: Path
) -> None:
    outputs = outputs_of(capture, case.options, tmp_path)
    assert mentions(outputs) == {who: names if who in case.wanted else set() for who, names in everywhere.items()}

    numbers = {number for who in case.wanted for number in WHOSE[who]}
    document = json.loads(outputs["--json"])
    assert [one["id"] for one in document["sessions"]] == sorted(numbers)
    assert len(document["probes"]) == case.probes
    assert document["settings"]["filters"].keys() == case.given.keys() - {"session"}
    in_order = (
        [one for who in ("annalisa", "emiliano", "odette", "10.9.4.4") for one in sorted(WHOSE[who])]
        if case.given.get("sort")
        else range(1, 9)
    )
    assert [json.loads(line)["id"] for line in outputs["--jsonl"].splitlines()] == [
        one for one in in_order if one in numbers
    ]
    for option in ("export_mail", "export_streams"):
        assert json.loads((tmp_path / option / "manifest.json").read_text())["settings"] == document["settings"]


def test_programs_get_the_same_sessions(capture: str) -> None:
    everything = pop2dissect.read(capture)
    for case in CASES:
        numbers = {number for who in case.wanted for number in WHOSE[who]}
        some = pop2dissect.read(capture, **case.given)
        assert {one.id for one in some} == numbers
        assert len(some.probes) == case.probes
        for incident in some.incidents:
            assert numbers & set(incident.sessions)
            for link in incident.findings:
                findings = some.findings if link.session is None else some.session(link.session).findings
                assert findings[link.place - 1].id == link.id
        assert {one.id for one in everything.find(**case.given)} == numbers
        assert {one.id for one in pop2dissect.iter_sessions(capture, **case.given)} == numbers


@pytest.mark.parametrize("case", CASES[::5], ids=lambda case: " ".join(case.options))
def test_a_result_of_some_sessions_is_verified_with_the_same_filters(case: Case, capture: str, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    result.write_text(pop2dissect.read(capture, **case.given).to_json())
    assert main(["verify", str(result), capture]) == ExitStatus.DONE
    altered = json.loads(result.read_text())
    altered["settings"]["filters"]["user"] = ["nobody"]
    result.write_text(json.dumps(altered))
    assert main(["verify", str(result), capture]) == (ExitStatus.DIFFERS if case.wanted else ExitStatus.DONE)


WRONG = [
    ({"session": "3-1"}, "session: '3-1' is not the number of a session"),
    ({"session": []}, "session must not be empty"),
    ({"client": "10.9.1"}, "client: '10.9.1' is not an address, an address with a port"),
    ({"since": "1985-02-18T15:00"}, "since: a time needs a zone: 1985-02-18T15:00:00Z is 1985-02-18 15:00:00 in UTC"),
    ({"until": "yesterday"}, "until: must be a time with its zone, such as"),
    ({"until": ["1985-02-18T15:00Z", "1985-02-19T15:00Z"]}, "until can be given once, not 2 times"),
    ({"protocol": "POP4"}, "protocol: 'POP4' is none of POP2, "),
    ({"login": "acepted"}, "did you mean accepted?"),
    ({"finding": "auth.brutefource"}, "did you mean auth.bruteforce?"),
    ({"severity": "hi"}, "severity: 'hi' is none of info, low, medium, high, critical"),
    ({"user": 7.5}, "user: must be text, not 7.5"),
    ({"sort": "size"}, "sort must be number or severity or"),
    ({"top": 0}, "top must be a whole number from 1, not 0"),
    ({"usr": "x"}, "there is no filter 'usr'; did you mean user?"),
]


@pytest.mark.parametrize(("given", "sentence"), WRONG)
def test_a_wrong_value_says_what_can_be(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingError) as raised:
        Filters.of(given)
    assert sentence in str(raised.value)


def test_a_session_that_is_not_there_is_said(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    for numbers, what in (("9", "session 9"), ("1,20-30", "session from 20 to 30")):
        assert main(["--json", "--session", numbers, capture]) == ExitStatus.USAGE
        assert capsys.readouterr().err == f"pop2dissect: there is no {what}: 8 sessions were found\n"


def test_nothing_left_is_said(capture: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--jsonl", "--user", "nobody", capture]) == ExitStatus.DONE
    assert capsys.readouterr() == ("", "pop2dissect: none of the 8 sessions is wanted: user nobody\n")
    assert main(["--follow", "1", "--session", "2", capture]) == ExitStatus.USAGE
    assert capsys.readouterr().err == "pop2dissect: --follow 1 is about that session alone: leave --session out\n"


def test_times_are_exact() -> None:
    assert nanoseconds("1985-02-18T15:00:00.000000001Z") == START + 1
    assert nanoseconds("1985-02-18T16:00:00,5+01:00") == START + 500_000_000


@pytest.mark.parametrize("order", ORDERS)
def test_orders_sort_what_people_are_shown(order: str) -> None:
    capture = pop2dissect.read(ROOT / "samples/findings/auth.bruteforce.pcap")
    sessions = capture.find(sort=order)
    assert {one.id for one in sessions} == {one.id for one in capture}
    keys: dict[str, Callable[[Session], Any]] = {
        "number": lambda one: one.id,
        "duration": lambda one: -one.duration,
        "user": lambda one: one.user or "\uffff",
        "bytes": lambda one: -sum(message.octets for message in one.messages),
    }
    if order in keys:
        assert sessions == sorted(capture, key=lambda one: (keys[order](one), one.id))
