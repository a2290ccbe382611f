"""The report against what really happened, read from its HTML alone; its determinism, and what it must not show."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pop2dissect.cli import ExitStatus, main
from pop2dissect.document.claims import read_claims
from pop2dissect.findings.catalogue import CATALOGUE
from pop2dissect.findings.meaning import MEANING, TECHNIQUES, facts_of
from tests.html.pages import OPTIONS, ReadPage, make_report
from tests.support.conversation import SECOND, START, Conversation, merge
from tests.support.hardcases import hard_case
from tests.support.programs import need
from tests.support.truth import capture_path, load_truth
from tests.support.wire import save


@pytest.mark.parametrize("name", ["fetchmail_fold", "brute_force", "ipv6_socat", "ip_fragments"])
def test_the_octets_are_those_that_the_programs_recorded(name: str, tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path(name), "--show-passwords"))
    truth = load_truth(name)["sessions"]
    recorded = [
        (session["c2s"]["sent_by_client"]["sha256"], session["s2c"]["written_by_server"]["sha256"]) for session in truth
    ]
    read = [
        tuple(hashlib.sha256(session.octets(side)).hexdigest() for side in "cs") for session in page.sessions.values()
    ]
    assert sorted(read) == sorted(recorded)
    for session in truth:
        for message in session["messages"]:
            assert message["sha256"] in page.text


def test_each_line_lies_where_the_page_says(read_incident: ReadPage) -> None:
    lines = 0
    for session in read_incident.sessions.values():
        octets = {"client": session.octets("c"), "server": session.octets("s")}
        for *_, who, said, _, _, place in session.rows:
            start, end = map(int, place.split("–"))
            if said.isascii() and "\\" not in said and not re.match(r"message |\(|HELO|SSH", said):
                assert octets[who][start:end].rstrip(b"\r\n") == said.encode()
                lines += 1
    assert lines > 500


def test_each_line_is_in_the_frames_that_the_page_cites(read_incident: ReadPage) -> None:
    tshark = subprocess.run(
        [
            *(need("tshark"), "-r", capture_path("incident_small"), "-Y", "tcp.len > 0", "-T", "fields"),
            *("-e", "frame.number", "-e", "tcp.payload", "-o", "tcp.desegment_tcp_streams:FALSE"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    payload = dict(line.split("\t")[:2] for line in tshark.stdout.splitlines())
    checked = 0
    for session in read_incident.sessions.values():
        for *_, said, _, frames, _ in session.rows:
            if frames.isdigit() and said.isascii() and "\\" not in said and not re.match(r"message |\(", said):
                assert said.split(" ********")[0].encode() in bytes.fromhex(payload[frames])
                checked += 1
    assert checked > 500


def test_the_course_of_events_tells_the_break_in(read_incident: ReadPage) -> None:
    truth = load_truth("incident_small")
    text = read_incident.text
    events = text[text.index("5 Course of events") : text.index("6 Sessions")]
    assert events.count("203.0.113.66") == 1
    for harmless in ("198.51.100.101", "198.51.100.102", "198.51.100.107"):
        assert harmless not in events
    attacker = [entry["what"] for entry in truth["story"] if "attacker" in entry["actor"]]
    folders = [match.group(1) for what in attacker if (match := re.match(r'FOLD (\S+): "', what))]
    assert len(folders) == 8
    asked = [events.index(f'Asks for the folder "{folder}"') for folder in folders if folder.startswith(("/", "~"))]
    assert asked == sorted(asked)
    assert len(asked) == 7  # and .rhosts, which was asked for by its path
    for sentence in (
        "Opens 15 connections on which no data is sent",
        "over 25 connections",
        'Logs in at 198.51.100.20:109 as "bertil"; the server accepts.',
        'the server answers "#1 messages in /etc/passwd"',
        'Reads 9 messages of "/var/spool/mail/bertil"',
        "9 deleted, the deletions committed.",
        '(1,014 characters); the server answers "#0 messages in',
    ):
        assert sentence in events, sentence
    assert re.search(r'"/etc/passwd", 1,219 bytes\. 41 2237 ', events)


def test_facts_stand_apart_from_interpretation(read_incident: ReadPage) -> None:
    text = read_incident.text
    facts = text[text.index("3 Findings") : text.index("4 What the findings may mean")]
    assert "Harmless causes" not in facts
    titles = (
        "1. Account compromised",
        "Passwords guessed",
        "2. Exploit sent",
        "Machine code",
        "3. Files read",
        "Other findings",
    )
    order = [facts.index(title) for title in (*titles, "Login refused")]
    assert order == sorted(order)
    meaning = text[text.index("4 What the findings may mean") : text.index("5 Course of events")]
    assert "The folder was emptied" in meaning
    assert "The default of many mail programs" in meaning
    assert "T1070.008 Indicator Removal: Clear Mailbox Data" in meaning


def test_every_finding_has_a_meaning() -> None:
    assert list(MEANING) == [declaration.id for declaration in CATALOGUE]
    assert set(TECHNIQUES) == {technique for declaration in CATALOGUE for technique in declaration.techniques}


def test_facts_leave_the_harmless_causes_out(read_incident: ReadPage) -> None:
    from pop2dissect import read

    capture = read(capture_path("incident_small"))
    for finding in [*capture.findings, *(one for session in capture.sessions for one in session.findings)]:
        assert facts_of(finding) != finding.detail
        assert "Harmless" not in facts_of(finding)


def test_frames_are_cited_in_their_order_and_one_is_one(read_incident: ReadPage) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", read_incident.text))
    assert not re.search(r"frames \d+(?![\d,-])", text)
    cited = [re.findall(r"\d+", cited) for cited in re.findall(r" frames? (\d[\d, -]*\d|\d)", text)]
    assert len(cited) > 50
    assert all([*map(int, one)] == sorted(map(int, one)) for one in cited)


def test_the_head_and_the_evidence(incident: Path, read_incident: ReadPage) -> None:
    capture = capture_path("incident_small")
    text = read_incident.text
    digest = hashlib.sha256(capture.read_bytes()).hexdigest()
    for fact in (
        "2026-117",
        "A. Sample",
        "JD/1",
        "From the switch.",
        f"SHA-256 before reading {digest} SHA-256 after reading {digest}",
        f"{capture.stat().st_size:,} bytes",
        "Ethernet (1)",
        "262,144 bytes",
        "4,018",
        "2026-11-23 08:44:28.327334 UTC = 2026-11-23 09:44:28.327334 CET",
        "--tz Europe/Berlin",
        "bruteforce_failures 5 yes",
        "Europe/Berlin",
    ):
        assert fact in text, fact
    truth = load_truth("incident_small")
    assert truth["packets"] == 4018


def test_the_claims_are_the_json_document(incident: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claims = read_claims(incident.read_bytes())
    assert claims.intact
    assert main(["--quiet", "--json", str(capture_path("incident_small"))]) == ExitStatus.DONE
    assert json.loads(claims.document) == json.loads(capsys.readouterr().out)


def test_the_same_input_gives_the_same_octets(tmp_path: Path) -> None:
    pages = []
    for number, seed in enumerate("12"):
        path = tmp_path / "report.html"
        subprocess.run(
            [sys.executable, "-m", "pop2dissect", "--report", path, *OPTIONS, capture_path("fetchmail_fold")],
            env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        pages.append(path.rename(tmp_path / str(number)).read_bytes())
    assert pages[0] == pages[1]
    assert b"2023-11-14 22:13:20 UTC" in pages[0]


def test_a_wrong_source_date_epoch_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    path = tmp_path / "report.html"
    assert main(["--report", str(path), str(capture_path("rfc937_normal"))]) == ExitStatus.USAGE
    assert "SOURCE_DATE_EPOCH" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.parametrize("name", ["brute_force", "imap_proxy_helo", "not_pop2_on_109", "raw_split_pipelined"])
def test_no_password_is_in_it(name: str, tmp_path: Path) -> None:
    path = make_report(tmp_path, capture_path(name))
    page = ReadPage(path)
    sent = [octets for session in page.sessions.values() for octets in (session.octets("c"), session.octets("s"))]
    truth = load_truth(name)["sessions"]
    passwords = {
        password.strip()
        for session in truth
        for password in (session.get("password"), session.get("password_on_wire"))
        if password and len(password.strip()) > 5
    } - {"password", *(session.get("user") for session in truth)}  # these are words of their own
    assert passwords or name == "not_pop2_on_109"
    document = read_claims(path.read_bytes()).document
    for password in passwords:
        assert password not in page.text
        assert password not in document
        assert not any(password.encode() in octets for octets in sent)


def test_passwords_are_shown_when_asked_for(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("brute_force"), "--show-passwords"))
    passwords = {session["password"] for session in load_truth("brute_force")["sessions"]}
    assert passwords
    for password in passwords:
        assert password in page.text


def test_what_the_capture_lacks_is_said(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("derived_gap_in_message")))
    assert re.search(r"Gap: [\d,]+ bytes of the server at offset [\d,]+: not captured", page.text)
    assert "bytes missing)" in page.sessions[1].text
    assert "; incomplete" in page.sessions[1].text
    assert "missing from the captures, in 1 gap." in page.text


def test_conflicts_are_shown_but_not_those_of_a_password(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("derived_conflicting_overlap")))
    assert re.search(
        r"Conflict: two copies of [\d,]+ bytes? of the \w+ at offset [\d,]+ differ: frame \d+ kept, ", page.text
    )


def test_a_clock_that_goes_back_is_said(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("derived_time_backwards")))
    assert "In 1 session the clock went backwards" in page.text


def test_drops_that_the_file_tells(tmp_path: Path) -> None:
    capture = save(tmp_path / "talk.pcapng", Conversation().handshake().server(b"+ POP2 x\r\n").close().packets)
    # An Interface Statistics Block with isb_ifdrop (draft-ietf-opsawg-pcapng, section 4.6).
    statistics = struct.pack("<IIIIIHHQHHI", 5, 40, 0, 0, 0, 5, 8, 17, 0, 0, 40)
    capture.write_bytes(capture.read_bytes() + statistics)
    page = ReadPage(make_report(tmp_path, capture))
    assert "Drops and damage 17 packets were dropped by the interface while capturing" in page.text


def test_octets_that_were_captured_again(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("impaired_loss5_reorder10_dup5_srv")))
    assert re.search(r"\d bytes were captured more than once\.", page.text)


def test_a_cut_capture(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("derived_truncated_file")))
    assert "Truncated or damaged yes, see below" in page.text
    assert "1 capture is truncated or damaged" in page.text


def test_sessions_that_are_not_pop2(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("not_pop2_on_109")))
    for session in page.sessions.values():
        assert session.rows
    said = " ".join(row[-4] for session in page.sessions.values() for row in session.rows)
    assert "SSH-" in said or "HTTP" in said


def test_only_the_sessions_that_were_asked_for(tmp_path: Path) -> None:
    page = ReadPage(make_report(tmp_path, capture_path("incident_small"), "--session", "41"))
    assert list(page.sessions) == [41]
    assert "S40-" not in page.text


def test_several_captures(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    captures = [str(capture_path("rfc937_example1")), str(capture_path("rfc937_example2"))]
    assert main(["--quiet", "--report", str(path), *captures]) == ExitStatus.DONE
    page = ReadPage(path)
    frames = {row[-2].split(":")[0] for session in page.sessions.values() for row in session.rows if row[-2]}
    assert frames == {"1", "2"}
    assert page.text.count("SHA-256 before reading") == 2


def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "report.html"
    path.write_text("mine")
    assert main(["--report", str(path), str(capture_path("rfc937_normal"))]) == ExitStatus.USAGE
    assert path.read_text() == "mine"
    assert "is not overwritten" in capsys.readouterr().err


def test_a_capture_without_sessions(tmp_path: Path) -> None:
    capture = save(tmp_path / "none.pcap", Conversation().unanswered().packets)
    page = ReadPage(make_report(tmp_path, capture))
    assert "No connection carried data." in page.text
    assert "There are no findings." in page.text


def test_a_plain_run_does_not_import_jinja() -> None:
    code = (
        "import sys, pop2dissect.cli as cli; cli.main(['--quiet', sys.argv[1]]);"
        "sys.exit(any(name in sys.modules for name in ('jinja2', 'markupsafe')))"
    )
    run = subprocess.run([sys.executable, "-c", code, capture_path("rfc937_normal")], capture_output=True, check=False)
    assert run.returncode == 0


def test_times_that_were_not_captured(tmp_path: Path) -> None:
    text = ReadPage(make_report(tmp_path, capture_path("oneway_c2s_only"))).text
    assert "time not captured" in text
    assert not re.search(r"(captured|;|·) UTC", text)


def test_options_for_the_head_without_a_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--examiner", "A. Sample", str(capture_path("rfc937_normal"))]) == ExitStatus.USAGE
    assert "--examiner is for the head of a report" in capsys.readouterr().err


def test_settings_that_are_not_the_usual_ones_are_marked(tmp_path: Path) -> None:
    options = ("--threshold", "bruteforce_failures=7", "--limit", "conflicts=12", "--check-checksums", "--port", "1109")
    text = ReadPage(make_report(tmp_path, capture_path("rfc937_normal"), *options)).text
    for fact in (
        "bruteforce_failures 7 no, set by an option",
        "bruteforce_passwords 3 yes",
        "conflicts 12 no, set by an option",
        "Checksums verified",
        "Server ports 1109",
    ):
        assert fact in text, fact


def test_every_setting_of_the_run_is_said(tmp_path: Path) -> None:
    need("tshark")
    options = ("--engine", "tshark", "--tshark-option", "ip.check_checksum:FALSE", "--any-port", "--overlap", "last")
    text = ReadPage(make_report(tmp_path, capture_path("rfc937_normal"), *options)).text
    for fact in (
        "Packets read and decoded by tshark",
        "Preferences given to tshark ip.check_checksum (values are not recorded)",
        "Servers on other ports looked for by their greetings",
        "Of two copies that differ the last counts",
        "The captures were read once and not changed. tshark read the files, decoded the packets",
        "those of connections to any other port whose server greets as one of POP2, POP (RFC 918), POP3 does",
        "Where two copies of the same bytes differ, the last one is used.",
        "“pop2dissect verify” cannot derive them again",
    ):
        assert fact in text, fact
    assert "packet by packet" not in text


def test_the_rule_of_a_finding_is_the_one_that_was_used(tmp_path: Path) -> None:
    options = ("--threshold", "bruteforce_failures=8", "--threshold", "bruteforce_seconds=7200")
    text = ReadPage(make_report(tmp_path, capture_path("brute_force"), *options)).text
    assert "Raised when At least 8 refused logins with at least 3 different passwords" in text
    assert "within 2 hours, over any number" in text
    assert "At least 5 refused" not in text


def test_the_method_names_the_protocols_that_were_spoken(tmp_path: Path) -> None:
    text = ReadPage(make_report(tmp_path, capture_path("rfc918_normal"))).text
    assert not re.search(r"ACK[DS]|NACK|FOLD|RFC 937|POP2 announces", text)
    assert "Commands and replies were read according to RFC 918 (POP), allowing" in text
    assert "deleted (RDEL, RCVD), committed" in text
    (tmp_path / "other").mkdir()
    text = ReadPage(make_report(tmp_path / "other", capture_path("rfc937_normal"))).text
    assert "Commands and replies were read according to RFC 937 (POP2), allowing" in text
    assert "RFC 918 announces" not in text


def test_connections_that_are_hard_to_put_together(tmp_path: Path) -> None:
    cases = [hard_case(seed, start=START + seed * 60 * SECOND) for seed in range(1, 61)]
    page = ReadPage(make_report(tmp_path, save(tmp_path / "hard.pcap", merge(*(case.packets for case in cases)))))
    compared = 0
    for case in cases:
        shown = [
            session for session in page.sessions.values() if f"{case.client[0]}:{case.client[1]} →" in session.text
        ]
        if case.whole and len(shown) == 1:
            assert shown[0].octets("s") == case.truth.server, case.deeds
            client = shown[0].octets("c")
            if "********" in shown[0].text:
                assert len(client) == len(case.truth.client), case.deeds
            else:
                assert client == case.truth.client, case.deeds
            compared += 1
    assert compared >= 30


def test_verify_takes_the_report_and_sees_a_changed_octet(
    incident: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = str(capture_path("incident_small"))
    assert main(["verify", str(incident), capture]) == ExitStatus.DONE
    changed = tmp_path / "changed.html"
    changed.write_bytes(incident.read_bytes().replace(b"Somebody who did not know", b"Somebody who did  know"))
    capsys.readouterr()
    assert main(["verify", str(changed), capture]) != ExitStatus.DONE
    assert "it was changed after it was made" in capsys.readouterr().out
