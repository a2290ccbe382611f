"""What the ledger says of generated sessions on one mailbox, beside what the server did in truth."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect import Capture
from pop2dissect.cli import main
from pop2dissect.document.mailboxes import remarks
from pop2dissect.ledger import LedgerEntry, ledger
from tests.ledger.post_office import PostOffice
from tests.support import wire
from tests.support.conversation import SECOND
from tests.support.network import Network, Turn
from tests.support.truth import capture_path


def read(tmp_path: Path, office: PostOffice) -> Capture:
    packets = sorted(office.packets, key=lambda packet: packet.time)
    tmp_path.mkdir(exist_ok=True)
    return pop2dissect.read(wire.save(tmp_path / "x.pcap", packets))


def deletions(capture: Capture) -> list[LedgerEntry]:
    return [entry for mailbox in capture.mailboxes for entry in mailbox.entries if entry.kind == "deletion"]


def verdicts(capture: Capture, session: int) -> list[tuple[bool | None, str]]:
    return [(one.committed, one.released.ground.value) for one in capture.session(session).messages]


def test_every_count_announcement_deletion_and_release_in_order_of_time(tmp_path: Path) -> None:
    office = PostOffice(2)
    office.session(delete={2})
    office.session()
    (mailbox,) = read(tmp_path, office).mailboxes
    assert (mailbox.name, mailbox.users, str(mailbox.server)) == ("/var/spool/mail/smith", ("smith",), "10.9.0.2:109")
    assert mailbox.sessions == (1, 2)
    assert mailbox.counts == (2, 1)
    kinds = [(entry.session, entry.kind, entry.number) for entry in mailbox.entries if entry.octets != 0]
    assert kinds == [
        (1, "count", None),
        (1, "announcement", 1),
        (1, "announcement", 2),
        (1, "deletion", 2),
        (1, "release", None),
        (2, "count", None),
        (2, "announcement", 1),
        (2, "release", None),
    ]
    times = [entry.time for entry in mailbox.entries]
    assert all(time is not None for time in times)
    assert times == sorted(times, key=lambda time: time or 0)


def test_a_count_that_is_smaller_by_what_was_deleted_shows_that_it_took_effect(tmp_path: Path) -> None:
    office = PostOffice(3)
    office.session(delete={1, 3})
    office.session()
    capture = read(tmp_path, office)
    assert [entry.outcome for entry in deletions(capture)] == ["took effect"] * 2
    assert verdicts(capture, 1) == [(True, "shown"), (False, "shown"), (True, "shown")]


def test_the_next_count_concludes_what_a_quit_that_no_one_heard_left_open(tmp_path: Path) -> None:
    office = PostOffice(3)
    office.session(delete={1, 2}, ending="unheard quit", effective=True)
    office.session()
    capture = read(tmp_path, office)
    assert verdicts(capture, 1)[:2] == [(True, "concluded")] * 2
    released = capture.session(1).messages[0].released
    assert "session 1 counted 3, session 2 counts 1" in released.because
    count = capture.mailboxes[0].entries[-1]
    assert count.session == 2
    assert set(capture.session(2).exchanges[1].replies[0].frames) <= set(released.frames)


def test_the_same_message_under_the_same_number_concludes_that_nothing_was_deleted(tmp_path: Path) -> None:
    office = PostOffice(3)
    office.session(delete={1, 2}, ending="unheard quit", effective=False)
    office.session()
    assert verdicts(read(tmp_path, office), 1)[:2] == [(False, "concluded")] * 2


def test_a_server_that_says_yes_and_keeps_the_message_is_contradicted(tmp_path: Path) -> None:
    office = PostOffice(3)
    office.session(delete={2}, effective=False)
    office.session()
    capture = read(tmp_path, office)
    assert verdicts(capture, 1)[1] == (None, "contradicted")
    assert "but session 2 gets the same message again" in capture.session(1).messages[1].released.because
    assert [entry.outcome for entry in deletions(capture)] == ["did not"]
    assert capture.mailboxes[0].contradicted


def test_a_server_that_deletes_without_quit_is_contradicted(tmp_path: Path) -> None:
    office = PostOffice(3)
    office.session(delete={2}, ending="no quit", effective=True)
    office.session()
    capture = read(tmp_path, office)
    assert verdicts(capture, 1)[1] == (None, "contradicted")
    assert "data.delete_uncommitted" in {finding.id for finding in capture.session(1).findings}


def test_a_mark_that_a_message_was_read_makes_it_no_other_message(tmp_path: Path) -> None:
    office = PostOffice()
    office.messages = [b"Subject: a\r\nStatus:   \r\n\r\nb\r\n"]
    office.session(delete={1}, effective=False)
    office.messages = [b"Subject: a\r\nStatus: RO\r\n\r\nb\r\n"]
    office.session()
    assert verdicts(read(tmp_path, office), 1) == [(None, "contradicted")]


def test_new_mail_that_takes_the_place_of_what_was_deleted_leaves_it_open(tmp_path: Path) -> None:
    office = PostOffice(2)
    office.session(delete={1}, ending="unheard quit", effective=True)
    office.deliver()
    office.session(read=())
    capture = read(tmp_path, office)
    assert [entry.outcome for entry in deletions(capture)] == ["not shown"]
    assert verdicts(capture, 1)[0] == (None, "unknown")


def test_copies_of_one_message_are_not_taken_for_each_other(tmp_path: Path) -> None:
    office = PostOffice()
    office.messages = [b"Subject: a\r\n\r\nb\r\n"] * 2
    office.session(delete={1})
    office.deliver()
    office.session()
    assert [entry.outcome for entry in deletions(read(tmp_path, office))] == ["not shown"]


def test_when_others_delete_besides_nothing_is_shown(tmp_path: Path) -> None:
    office = PostOffice(4)
    office.session(delete={1}, ending="unheard quit", effective=False)
    office.remove(2)
    office.remove(2)
    office.session(read=())
    assert [entry.outcome for entry in deletions(read(tmp_path, office))] == ["not shown"]


def test_sessions_at_the_same_time_are_named_and_show_nothing(tmp_path: Path) -> None:
    office = PostOffice(3)
    start = office.time
    office.session(read=(), lasts=30 * SECOND)
    office.session(delete={1}, start=start + SECOND, lasts=SECOND)
    office.session()
    capture = read(tmp_path, office)
    assert capture.mailboxes[0].at_once == ((1, 2),)
    (entry,) = deletions(capture)
    assert (entry.outcome, entry.because) == ("not shown", "session 1 had the mailbox open at the same time")


def test_a_session_between_without_a_count_may_have_deleted(tmp_path: Path) -> None:
    office = PostOffice(3)
    office.session(delete={1})
    office.session(delete={1}, lose=[b"#2 messages in /var/spool/mail/smith\r\n"])
    office.session(read=())
    first, *_ = deletions(read(tmp_path, office))
    assert first.outcome == "not shown"
    assert "session 2" in first.because


@pytest.mark.parametrize("effective", [True, False])
def test_an_acknowledgement_that_was_lost_is_concluded_only_where_just_that_many_are_gone(
    tmp_path: Path, effective: bool
) -> None:
    office = PostOffice(1)
    office.session(delete={1}, effective=effective, lose=[b"ACKD\r\n"])
    office.session(read=())
    (message,) = read(tmp_path, office).session(1).messages
    shown = (message.disposed.value, message.disposed.ground.value, message.committed)
    assert shown == (("deleted", "concluded", True) if effective else ("unknown", "unknown", None))


def test_a_name_that_is_no_path_is_another_mailbox_for_each_user(tmp_path: Path) -> None:
    one, other = PostOffice(2, "INBOX", user="smith"), PostOffice(1, "INBOX", user="bovik-the-second")
    one.session(delete={1}, ending="unheard quit", effective=False)
    other.time = one.time
    other.session(read=())
    one.packets += other.packets
    capture = read(tmp_path, one)
    assert [mailbox.users for mailbox in capture.mailboxes] == [("smith",), ("bovik-the-second",)]
    assert [entry.outcome for entry in deletions(capture)] == ["not shown"]


def test_a_path_is_the_same_mailbox_for_all_users(tmp_path: Path) -> None:
    one, other = PostOffice(2, "/mail/shared", user="smith"), PostOffice(1, "/mail/shared", user="bovik-the-second")
    one.session(delete={1}, ending="unheard quit", effective=True)
    other.time = one.time
    other.session(read=())
    one.packets += other.packets
    capture = read(tmp_path, one)
    assert [mailbox.users for mailbox in capture.mailboxes] == [("smith", "bovik-the-second")]
    assert verdicts(capture, 1)[0] == (True, "concluded")


@pytest.mark.parametrize("name", ["incident_small", "many_sessions"])
def test_the_ledger_of_a_recorded_capture_agrees_with_all_later_counts(name: str) -> None:
    capture = pop2dissect.read(capture_path(name))
    told = 0
    for mailbox in capture.mailboxes:
        counts = [entry for entry in mailbox.entries if entry.kind == "count"]
        assert [(entry.session, entry.messages) for entry in counts] == [
            (session.id, folder.messages)
            for session in sorted(capture, key=lambda session: session.start)
            for folder in session.folders
            if session.server == mailbox.server and folder.named == mailbox.name and folder.messages is not None
        ]
        for before, after in pairwise(counts):
            asked = {
                entry.number: entry
                for entry in mailbox.entries
                if entry.session == before.session and entry.kind == "deletion"
            }
            outcomes = {entry.outcome for entry in asked.values()}
            left = (before.messages or 0) - len(asked)
            if outcomes == {"took effect"}:
                assert left <= (after.messages or 0) < (before.messages or 0)
                told += len(asked)
            elif outcomes:
                assert outcomes == {"not shown"}
                unreleased = {entry.committed and entry.committed.value for entry in asked.values()} == {False}
                assert (after.messages or 0) >= (before.messages or 0) or (unreleased and after.messages != left)
    assert told == {"incident_small": 22, "many_sessions": 223}[name]


def test_a_message_that_was_gone_without_quit_in_a_recorded_capture() -> None:
    """UW's server keeps the mark of ACKD when the line drops, and does not list the message again."""
    capture = pop2dissect.read(capture_path("incident_small"))
    assert verdicts(capture, 40) == [(None, "contradicted"), (None, "contradicted"), (False, "shown")]


def test_sessions_come_in_the_order_of_their_ends_however_few_may_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = capture_path("many_sessions")
    as_they_end = list(pop2dissect.iter_sessions(path))
    assert not any(session.settled for session in as_they_end)
    for most in (1, 300, 1 << 20):
        monkeypatch.setattr(ledger, "MAX_WAITING", most)
        sessions = list(pop2dissect.iter_sessions(path, as_they_end=False))
        assert [session.id for session in sessions] == [session.id for session in as_they_end]
        assert all(session.settled for session in sessions) is (most == 1 << 20)


@pytest.mark.parametrize(
    ("options", "recorded"), [(["--json"], False), (["--json", "--as-they-end"], True), (["--jsonl"], None)]
)
def test_whether_verdicts_have_what_later_sessions_show_is_recorded(
    options: list[str], recorded: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*options, str(capture_path("incident_small"))]) == 0
    out = capsys.readouterr().out
    document = json.loads(out) if recorded is not None else {"sessions": list(map(json.loads, out.splitlines()))}
    settled = recorded is False
    assert document.get("settings", {}).get("as_they_end") is recorded
    assert {session["settled"] for session in document["sessions"]} == {settled}
    grounds = {message["committed_ground"] for session in document["sessions"] for message in session["messages"]}
    assert ("contradicted" in grounds) is settled
    assert bool(document.get("mailboxes")) is settled


def test_what_does_not_fit_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MAX_ENTRIES", 100)
    capture = pop2dissect.read(capture_path("incident_small"))
    assert sum(len(mailbox.entries) for mailbox in capture.mailboxes) <= 100
    assert "the mailbox ledger leaves out" in " ".join(capture.warnings)


def test_the_ledger_is_in_the_document_the_tables_the_text_and_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = capture_path("incident_small")
    capture = pop2dissect.read(path)
    document = json.loads(capture.to_json())
    assert [one["mailbox"] for one in document["mailboxes"]] == [mailbox.name for mailbox in capture.mailboxes]
    gone = [entry for one in document["mailboxes"] for entry in one["entries"] if entry["session"] == 40]
    assert [entry["committed_ground"] for entry in gone if entry["kind"] == "deletion"] == ["contradicted"] * 2
    table = capture.tables.mailboxes
    assert len(table) == sum(len(mailbox.entries) for mailbox in capture.mailboxes)
    assert table["outcome"].value_counts().to_dict() == {"took effect": 22, "not shown": 2, "did not": 0}
    assert main([str(path)]) == 0
    text = capsys.readouterr().out
    assert "24 deletions in 7 mailboxes that several sessions opened: 22 took effect by later counts" in text
    assert "/var/spool/mail/oskar on 198.51.100.20:109: messages 1-2 of session 40: open whether deleted" in text
    page = capture.report(tmp_path / "x.html").read_text()
    assert "messages 1-2 of session 40: open whether deleted" in page
    assert "6 (s40), 4 (s49)" in page


def lived(seed: int) -> PostOffice:
    """Return a mailbox with a life of its own: mail comes, servers and lines fail; nobody else deletes."""
    chance = random.Random(seed)
    office = PostOffice(chance.randrange(6))
    for _ in range(8):
        numbers = range(1, len(office.messages) + 1)
        ending = chance.choice(["quit", "quit", "no quit", "unheard quit"])
        office.session(
            delete=[number for number in numbers if chance.random() < 0.5],
            ending=ending,  # type: ignore[arg-type]
            effective=chance.choice([None, None, True, False]),
            lose=[b"ACKD\r\n"] if chance.random() < 0.2 else [],
        )
        office.deliver(chance.choice([0, 0, 1, 2]))
    return office


@pytest.mark.parametrize("seed", range(25))
def test_what_it_says_is_what_happened(tmp_path: Path, seed: int) -> None:
    office = lived(seed)
    capture = read(tmp_path, office)
    (mailbox,) = capture.mailboxes
    assert list(mailbox.counts) == office.counts
    for entry in deletions(capture):
        truth = office.gone[entry.session - 1]
        assert entry.outcome == "not shown" or truth is (entry.outcome == "took effect")
    for session in capture:
        for message in session.messages:
            if message.released.ground == "concluded" and message.disposition == "deleted":
                assert message.committed is office.gone[session.id - 1]


def test_the_lives_show_all_that_there_is_to_show(tmp_path: Path) -> None:
    seen = {
        (entry.outcome, entry.committed and entry.committed.ground.value)
        for seed in range(25)
        for entry in deletions(read(tmp_path / str(seed), lived(seed)))
    }
    assert seen >= {
        (outcome, ground) for outcome in ("took effect", "did not") for ground in ("shown", "concluded", "contradicted")
    }


def pop3(net: Network, *turns: Turn, client: str = "192.0.2.10", end: str = "+OK") -> Network:
    """Hold a session of POP3 as fred."""
    login: list[Turn] = [("USER fred", "+OK"), ("PASS lantern-7", "+OK")]
    goodbye: list[Turn] = [("QUIT", end)] if end else []
    return net.session(*login, *turns, *goodbye, client=client, greeting="+OK POP3 ready", end="server")


UIDL = ("UIDL", b"+OK\r\n1 aaa\r\n2 bbb\r\n.\r\n")
FETCH_1: Turn = ("RETR 1", b"+OK\r\nSubject: x\r\n\r\n.\r\n")


def test_what_was_deleted_without_having_been_fetched_counts(tmp_path: Path) -> None:
    net = pop3(Network(), ("STAT", "+OK 3 60"), ("DELE 1", "+OK"), ("DELE 2", "+OK"))
    capture = pop2dissect.read(wire.save(tmp_path / "x.pcap", pop3(net, ("STAT", "+OK 1 20")).packets))
    (mailbox,) = capture.mailboxes
    assert mailbox.outcomes() == {"took effect": 2}
    unheard = pop3(Network(), ("STAT", "+OK 3 60"), ("DELE 1", "+OK"), ("DELE 2", "+OK"), end="")
    capture = pop2dissect.read(wire.save(tmp_path / "x.pcap", pop3(unheard, ("STAT", "+OK 1 20")).packets))
    assert [one.released.ground for one in capture.sessions[0].deletions] == ["contradicted"] * 2
    assert capture.sessions[0].messages == []


def test_a_unique_id_that_is_listed_again_is_still_there(tmp_path: Path) -> None:
    net = pop3(Network(), ("STAT", "+OK 2 40"), UIDL, ("DELE 1", "+OK"))
    capture = pop2dissect.read(wire.save(tmp_path / "x.pcap", pop3(net, ("STAT", "+OK 2 40"), UIDL).packets))
    (deletion,) = [entry for entry in capture.mailboxes[0].entries if entry.kind == "deletion"]
    assert (deletion.outcome, deletion.because) == ("did not", "session 2 lists a message of the same unique-id")
    net = pop3(Network(), ("STAT", "+OK 2 40"), UIDL, ("DELE 1", "+OK"))
    other = ("UIDL", b"+OK\r\n1 bbb\r\n2 ccc\r\n.\r\n")
    capture = pop2dissect.read(wire.save(tmp_path / "x.pcap", pop3(net, ("STAT", "+OK 2 40"), other).packets))
    assert capture.mailboxes[0].outcomes() == {"not shown": 1}


def test_a_message_that_several_clients_had_is_named_with_what_each_did(tmp_path: Path) -> None:
    net = pop3(Network(), ("STAT", "+OK 2 40"), UIDL, FETCH_1)
    again = pop3(net, ("STAT", "+OK 2 40"), UIDL, FETCH_1)
    assert pop2dissect.read(wire.save(tmp_path / "x.pcap", again.packets)).mailboxes[0].shared == ()
    both = pop3(again, ("STAT", "+OK 2 40"), UIDL, ("DELE 1", "+OK"), client="203.0.113.9")
    capture = pop2dissect.read(wire.save(tmp_path / "x.pcap", both.packets))
    (shared,) = capture.mailboxes[0].shared
    assert shared.identifier == "aaa"
    assert [(act.what, act.session, act.client) for act in shared.acts] == [
        ("fetched", 1, "192.0.2.10"),
        ("fetched", 2, "192.0.2.10"),
        ("deleted", 3, "203.0.113.9"),
    ]
    assert 'message of unique-id "aaa": fetched in session 1 from 192.0.2.10' in "\n".join(
        remarks(capture.mailboxes[0])
    )
