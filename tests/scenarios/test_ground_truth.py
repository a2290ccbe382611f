"""What the tool says of each recorded capture equals what the two ends recorded of themselves.

Where a capture cannot show all of it (packets never captured, the snap length, one direction only, a
file cut short), what it does show must be right, and what is missing must be stated. Such captures
are named here, with the reason; all others are compared whole.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

import pop2dissect
from pop2dissect.session import Exchange, Ground, Message, Session
from pop2dissect.tcp import Conflict
from tests.support.truth import capture_names, capture_path, load_truth

PARTIAL = {
    "client_vanishes_srv": "the server wrote more than reached the wire",
    "derived_conflicting_overlap": "forged segments; which copy an end took, the wire cannot tell",
    "derived_gap_in_message": "one segment was never captured",
    "derived_truncated_file": "the file is cut",
    "format_pcapng_from_snaplen96": "cut by the snap length",
    "gaps_span_missed_3pct": "3 % of the packets were never captured",
    "midstream_start": "the capture starts and stops in the middle of sessions",
    "oneway_c2s_only": "the server's packets were never captured",
    "snaplen96": "cut by the snap length",
}
"""Captures that cannot show the whole truth."""

NEVER_READ = {"raw_errors", "not_pop2_on_109"}
"""Captures in which the server gave up inside of a line: the truth has what it read, the wire has more."""

WIRE_SAYS_OTHERWISE = {("incident_small", 39, 7): b"FOLD /root/.rhosts"}
"""(capture, session, turn) -> the command on the wire. Here the truth file has a shorter path than frame 2248 carries;
the octets and the hash of the whole stream, in the same truth file, agree with the wire."""

DISPOSITIONS = {"ACKS": "kept", "ACKD": "deleted", "NACK": "refused", None: "unacknowledged"}
NAMES = [name for name in capture_names() if not name.startswith(("rfc918", "rfc937"))]


def ports_of(name: str) -> tuple[int, ...]:
    return (10109,) if name == "inetd_port_10109" else (109,)


def pairs(name: str) -> list[tuple[dict[str, Any], Session]]:
    """Return each session of the truth with the one that was found between the same ports, in order of time."""
    found: dict[tuple[str, int], list[Session]] = defaultdict(list)
    for session in pop2dissect.read(capture_path(name), ports_of(name)).sessions:
        found[session.client.ip, session.client.port].append(session)
    truth = sorted(load_truth(name)["sessions"], key=lambda session: session["accepted_at"])
    result = []
    for expected in truth:
        ours = found[expected["client"]["addr"], expected["client"]["port"]]
        if ours:
            result.append((expected, ours.pop(0)))
        else:
            wire = expected["wire_check"]
            assert name in PARTIAL or wire["c2s"]["octets"] + wire["s2c"]["octets"] == 0
    return result


def text(recorded: str | None) -> str | None:
    """Read a text of the truth, which has octets as Latin-1, the way the tool does."""
    if recorded is None:
        return None
    try:
        return recorded.encode("latin-1").decode()
    except UnicodeDecodeError:
        return recorded


def reply_lines(exchange: Exchange) -> list[bytes]:
    return [reply.raw for reply in exchange.replies if reply.kind not in ("data", "close")]


@pytest.mark.parametrize("name", NAMES)
def test_streams(name: str) -> None:
    for expected, session in pairs(name):
        for direction, stream in (("c2s", session.client_stream), ("s2c", session.server_stream)):
            wire = expected["wire_check"][direction]
            assert stream.octets == sum(span.length for span in stream.spans)
            if wire["equals"]:
                assert (stream.octets, stream.sha256()) == (wire["octets"], wire["sha256"])
                assert stream.missing == 0 or name in PARTIAL
            else:
                assert name in PARTIAL or stream.sha256() == wire["sha256"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PARTIAL])
def test_sessions_whole(name: str) -> None:
    for expected, session in pairs(name):
        if session.protocol != "POP2":
            assert expected.get("user") is None
            continue
        where = f"{name}, session {expected['index']} of the truth"
        turns = expected["turns"]
        assert session.user == text(expected.get("user")), where
        assert session.login == {True: "accepted", False: "refused"}.get(expected.get("login_ok"), "none"), where
        if name not in NEVER_READ:
            assert (session.password or "") == (text(expected.get("password")) or ""), where
        # Commands behind the truth's last turn were sent, but the server had closed and never read them.
        assert len(session.exchanges) >= len(turns), where
        assert all(not reply_lines(exchange) for exchange in session.exchanges[len(turns) :]), where
        for turn, exchange in zip(turns, session.exchanges, strict=False):
            command = turn["command"]
            if command is None:
                assert exchange.raw is None, where
            elif name in NEVER_READ:
                assert exchange.raw is not None
                head = command.encode("latin-1").rstrip(b"\r\n")
                assert exchange.raw.startswith(head) or head == b"", where
            else:
                recorded = WIRE_SAYS_OTHERWISE.get((name, expected["index"], turn["n"]))
                assert exchange.raw == (recorded or command.encode("latin-1").rstrip(b"\r\n")), where
            if turn["kind"] == "message":
                assert [reply.kind for reply in exchange.replies] == ["data"], where
            else:
                assert reply_lines(exchange) == [line.encode("latin-1") for line in turn["replies"]], where


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PARTIAL])
def test_messages_whole(name: str) -> None:
    for expected, session in pairs(name):
        assert [
            (
                message.mailbox,
                message.number,
                message.declared_octets,
                message.octets,
                message.sha256,
                message.disposition,
                message.complete,
            )
            for message in session.messages
        ] == [
            (
                text(message["folder"]),
                message["number"],
                message["declared"],
                message["octets"],
                message["sha256"],
                DISPOSITIONS[message["disposition"]],
                message["complete"],
            )
            for message in expected["messages"]
        ], f"{name}, session {expected['index']} of the truth"


CONTRADICTED = {"format_gzip": {3, 5}, "raw_read_nack": {3, 5}, "incident_small": {40}}
"""Sessions that end without QUIT; the server stores the mark of ACKD nevertheless, and the next one counts less."""


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PARTIAL])
def test_deletions_are_committed_by_an_accepted_quit_or_fold_and_nothing_else(name: str) -> None:
    for expected, session in pairs(name):
        commits = [
            turn["n"]
            for turn in expected["turns"]
            if (turn["command"] or "").upper().startswith(("QUIT", "FOLD"))
            and turn.get("replies")
            and turn["replies"][0][0] in "+#"
        ]
        for recorded, message in zip(expected["messages"], session.messages, strict=True):
            deleted = recorded["disposition"] == "ACKD"
            committed = deleted and any(turn > recorded["turn"] for turn in commits)
            if message.released.ground is Ground.CONTRADICTED:
                assert (committed, message.committed) == (False, None)
                assert session.id in CONTRADICTED[name]
            else:
                assert message.committed == committed


@pytest.mark.parametrize("name", sorted(PARTIAL))
def test_sessions_in_part(name: str) -> None:
    """Each command, reply line and whole message that is stated is one of the truth's, in its order."""
    for expected, session in pairs(name):
        where = f"{name}, session {expected['index']} of the truth"
        commands = [turn["command"].encode("latin-1").rstrip(b"\r\n") for turn in expected["turns"] if turn["command"]]
        stated = [exchange.raw for exchange in session.exchanges if exchange.raw is not None and not exchange.missing]
        unread = stated[-1:] if stated[-1:] == [b"QUIT"] else []  # sent when the server had closed already
        assert is_subsequence(stated, commands) or is_subsequence(stated[: len(stated) - len(unread)], commands), where
        lines = [line.encode("latin-1") for turn in expected["turns"] for line in turn.get("replies", [])]
        whole = [
            reply.raw
            for exchange in session.exchanges
            for reply in exchange.replies
            if reply.kind not in ("data", "close") and not reply.missing
        ]
        assert is_subsequence(whole, lines), where
        hashes = {(message["octets"], message["sha256"]) for message in expected["messages"]}
        if name != "derived_conflicting_overlap":
            for message in session.messages:
                assert not message.complete or (message.octets, message.sha256) in hashes, where
        for exchange in session.exchanges:
            assert "protocol.reply_injection" not in exchange.violations, where
            assert "protocol.length_mismatch" not in exchange.violations or name == "client_vanishes_srv", where


def is_subsequence(part: list[bytes], whole: list[bytes]) -> bool:
    remaining = iter(whole)
    return all(item in remaining for item in part)


def test_a_gap_in_a_message_is_stated_exactly() -> None:
    first = pairs("derived_gap_in_message")[0][1]
    broken = first.messages[1]
    assert (broken.declared_octets, broken.octets, broken.missing_octets) == (9982, 9982 - 1448, 1448)
    assert [message.complete for message in first.messages] == [True, False] + [True] * 9


def test_a_one_way_capture_knows_the_size_of_what_it_did_not_see() -> None:
    for expected, session in pairs("oneway_c2s_only"):
        assert session.user == text(expected["user"])
        assert session.login_verdict.ground in (Ground.UNKNOWN, Ground.CONCLUDED)
        assert [(message.octets, message.missing_octets) for message in session.messages] == [
            (0, message["octets"]) for message in expected["messages"]
        ]
        assert [message.disposition for message in session.messages] == [
            DISPOSITIONS[message["disposition"]] for message in expected["messages"]
        ]


@pytest.mark.parametrize("name", ["snaplen96", "format_pcapng_from_snaplen96"])
def test_the_snap_length_leaves_every_size_known(name: str) -> None:
    for expected, session in pairs(name):
        assert [(message.declared_octets, message.octets + message.missing_octets) for message in session.messages] == [
            (message["declared"], message["octets"]) for message in expected["messages"]
        ]


def test_forged_segments_are_reported_with_both_versions() -> None:
    ((_, session),) = pairs("derived_conflicting_overlap")
    conflicts = session.client_stream.conflicts + session.server_stream.conflicts
    assert conflicts
    for conflict in conflicts:
        assert len(conflict.kept) == len(conflict.other) == conflict.length
        assert conflict.kept != conflict.other
        assert conflict.kept_frame != conflict.other_frame
    # What the ends really exchanged is among the versions that were kept: choosing for each conflict gives it.
    truth = [message["sha256"] for message in load_truth("derived_conflicting_overlap")["sessions"][0]["messages"]]
    for message, expected in zip(session.messages, truth, strict=True):
        inside = [conflict for conflict in message.stream.conflicts if message.start <= conflict.offset < message.end]
        assert any(
            hashlib.sha256(with_others(message, chosen)).hexdigest() == expected
            for count in range(len(inside) + 1)
            for chosen in combinations(inside, count)
        )


def with_others(message: Message, conflicts: Iterable[Conflict]) -> bytes:
    content = bytearray(message.content())
    for conflict in conflicts:
        first = conflict.offset - message.start
        content[first : first + conflict.length] = conflict.other
    return bytes(content)


def test_a_cut_file_says_where() -> None:
    capture = pop2dissect.read(capture_path("derived_truncated_file"))
    (info,) = capture.captures
    assert info.truncated
    assert any("178" in warning or "179" in warning for warning in info.warnings)
    assert info.packets == load_truth("derived_truncated_file")["packets"]


@pytest.mark.parametrize("name", NAMES)
def test_packets(name: str) -> None:
    (info,) = pop2dissect.read(capture_path(name), ports_of(name)).captures
    truth = load_truth(name)
    assert info.packets == truth["packets"]
    assert info.first_time is not None
    assert abs(info.first_time / 1e9 - truth["first_packet"]) < 1e-3 or name == "derived_time_backwards"
