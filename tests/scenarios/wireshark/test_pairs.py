"""The plugin and the native dissector agree on which reply answers which command, and on what that shows.

On conversations that are made up: the login, the messages and the deletions, among lines that servers leave without an
answer, in whatever pieces and order the packets come; and on the hard cases of ``tests/data/cases``.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

import pop2dissect
from pop2dissect.session import Ground, Session
from tests.scenarios.wireshark.conftest import PASSES
from tests.support import impairments
from tests.support.conversation import Conversation, Packet
from tests.support.truth import ROOT
from tests.support.wire import save
from tests.wireshark.agreement import DISSECTED, disagreements, session_of
from tests.wireshark.joined import join
from tests.wireshark.plugin_support import Dissected, Turn, dissect_joined

CASES = ROOT / "tests" / "data" / "cases"
SEEDS = range(60)

ONE_STREAM = "Wireshark puts a connection of its own where a SYN has another number, forged or not"
NETWORKS = "Wireshark does not tell VLANs apart, and takes the second connection for retransmissions"
NUMBERS = "Wireshark takes a connection with the numbers of another one for retransmissions"
TUNNEL = "Wireshark 4.0 does not look into this tunnel by itself"
PROXY = "Wireshark's own dissector takes the PROXY header, and so the plugin does not count it as an exchange"
UNENDED = "a command without a line end is shown only once it is answered"
HINDSIGHT = "what follows a gap tells the native dissector what was lost; Wireshark reads on only"
ONE_SIDE = "of a server's side alone the plugin gives no reply to a command, the native dissector one to each"
FURTHER = "a second reply that nothing asked for is the last word on the login; the plugin gives it to no command"

KNOWN: dict[str, str] = {
    "K_plus_then_minus": FURTHER,
    "c5_proxy_protocol_v1": PROXY,
    "helo_unfinished": UNENDED,
    "lost_ackd": HINDSIGHT,
    "server_side_only": ONE_SIDE,
    "a2_forged_syn_mid": ONE_STREAM,
    "client_syn_minus1": ONE_STREAM,
    "client_syn_random": ONE_STREAM,
    "a3_two_vlans_same_tuple": NETWORKS,
}
"""Cases in which they differ, and why: docs/wireshark.md says it to the plugin's users."""

LATER_SYN = "Wireshark begins a connection where a SYN is captured again much later"
SERVER_ASKS = "Wireshark takes the port that the first SYN goes to for the server's, and does not ask for the plugin"

KNOWN_BEFORE_4_4 = {
    "k1_same_isn_second_session": NUMBERS,
    "f4_tzsp": TUNNEL,
    "f7_lisp": TUNNEL,
    "f9_wccp_gre": TUNNEL,
}
KNOWN_SINCE_4_4 = {
    "S_two_taps_40s": LATER_SYN,
    "late_30_all": LATER_SYN,
    "b1_split_handshake": SERVER_ASKS,
}
"""Those that differ besides, by the version of Wireshark."""

_FACTS = ("command b", "command None", "replies ", "data of ")


WAYS: tuple[Callable[[list[Packet], int], list[Packet]], ...] = (
    lambda packets, seed: packets,
    impairments.duplicated,
    impairments.keep_alives,
    impairments.zero_windows,
    lambda packets, seed: impairments.split(packets, 1 + seed),
)
"""What befalls the packets, by a seed."""


class Told(NamedTuple):
    """What a conversation comes to."""

    login: str
    deleted: int
    """Messages that the client marked as deleted."""


def made_up(seed: int) -> list[Packet]:
    """Return a session in which lines are left unanswered, and what it sends is cut and joined by chance."""
    chance = random.Random(seed)
    talk = Conversation(seed=seed, client=(f"10.9.1.{seed + 1}", 40000 + seed)).handshake()
    greets = chance.random() < 0.9
    if greets:
        talk.server(b"+ POP2 host.example server ready\r\n")

    def left_unanswered() -> None:
        if chance.random() < 0.3:
            talk.client(b"\r\n" * chance.randrange(1, 3))

    if greets:  # else the plugin shows no blank line: nothing says yet which protocol it is
        left_unanswered()
    if greets and chance.random() < 0.15:
        talk.client(b"HELO smith wrong\r\n").server(b"- Bad login\r\n").close("server")
        return talk.packets
    talk.client(b"HELO smith secret\r\n").server(b"#%d messages in INBOX\r\n" % chance.randrange(1, 9))
    for number in range(1, chance.randrange(2, 6)):
        left_unanswered()
        mail = b"Subject: note %d\r\n\r\n" % number + b"text\r\n" * chance.randrange(1, 400)
        talk.client(b"READ %d\r\n" % number).server(b"=%d characters in message %d\r\n" % (len(mail), number))
        if chance.random() < 0.1:
            talk.client(b"FOLD other\r\n").server(b"#4 messages in other\r\n")
            continue
        talk.client(b"RETR\r\n").server(mail)
        mark = chance.choice([b"ACKS\r\n", b"ACKD\r\n", b"NACK\r\n"])
        talk.client(mark).server(b"=%d characters in message %d\r\n" % (chance.randrange(1, 99), number + 1))
    left_unanswered()
    if chance.random() < 0.8:
        talk.client(b"QUIT\r\n").server(b"+ Sayonara\r\n")
    talk.close("server")
    return chance.choice(WAYS)(talk.packets, seed)


def shown(session: Session) -> Told:
    """Return what the native dissector says, as far as the replies show it."""
    is_shown = session.login in ("accepted", "refused") and session.login_verdict.ground is Ground.SHOWN
    return Told(
        session.login if is_shown else "",
        sum(message.disposition == "deleted" for message in session.messages),
    )


def shown_by(found: Dissected) -> Told:
    """Return what the plugin's pairs of commands and replies say."""

    def kinds(turn: Turn) -> list[str | None]:
        return [answer.shown("reply.kind") for answer in turn.answers]

    logins = [kinds(turn) for turn in found.turns.values() if (turn.command or b"").upper().startswith(b"HELO ")]
    told = logins[-1] if logins else []
    login = "accepted" if "count" in told else "refused" if "error" in told else ""
    deleted = [turn for turn in found.turns.values() if turn.command == b"ACKD" and "error" not in kinds(turn)]
    return Told(login, len(deleted))


def differences(path: Path, streams: dict[int, Dissected]) -> list[str]:
    """Return in what the two differ on a capture."""
    sessions = [session for session in pop2dissect.read(path).sessions if session.protocol in DISSECTED]
    missed = {session.id for session in sessions}
    wrong = []
    for found in streams.values():
        session = session_of(found, sessions)
        if session is None:
            wrong += ["only the plugin sees a session"] if found.turns else []
            continue
        missed.discard(session.id)
        wrong += [text for text in disagreements(session, found) if any(fact in text for fact in _FACTS)]
        if shown(session) != shown_by(found):
            wrong.append(f"{shown(session)} for {shown_by(found)}")
    return wrong + [f"the plugin does not see session {number}" for number in sorted(missed)]


def version(tshark: str) -> tuple[int, int]:
    said = subprocess.run([tshark, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    assert found is not None
    return int(found[1]), int(found[2])


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the captures by name, the hard cases and those that are made up."""
    folder = tmp_path_factory.mktemp("pairs")
    found = {path.stem: path for path in sorted(CASES.glob("*.pcap"))}
    return found | {f"made up {seed}": save(folder / f"{seed}.pcap", made_up(seed)) for seed in SEEDS}


@pytest.mark.parametrize("passes", PASSES)
def test_both_pair_replies_and_commands_alike(
    passes: str, captures: dict[str, Path], tshark: str, tmp_path: Path
) -> None:
    markers = join(captures, tmp_path / "joined.pcapng")
    found = dissect_joined(tmp_path / "joined.pcapng", markers, *PASSES[passes])
    wrong = {name: texts for name, path in captures.items() if (texts := differences(path, found[name]))}
    known = {**KNOWN, **(KNOWN_SINCE_4_4 if version(tshark) >= (4, 4) else KNOWN_BEFORE_4_4)}
    assert {name: texts for name, texts in wrong.items() if name not in known} == {}
    assert known.keys() <= wrong.keys(), "no longer different"
