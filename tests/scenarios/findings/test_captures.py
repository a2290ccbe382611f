"""What is found in the recorded captures, judged by what their truth files say happened: all of it, and no more."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.findings.found import findings_of
from tests.support.truth import capture_names, capture_path, load_truth

# Beside logins, which are counted by the truth files. An entry is what a person reading the truth expects.
EXPECTED: dict[str, dict[str, int]] = {
    # Thirty logins, of which the last is right.
    "brute_force": {"auth.bruteforce": 1, "auth.success_after_fail": 1},
    # Mailboxes of at least five messages that popclient or fetchmail emptied, as they do by default.
    "cooked_any_sll": {"data.mass_delete": 1},
    "derived_gap_in_message": {"data.mass_delete": 1},
    "derived_no_handshake": {"data.mass_delete": 1},
    "fetchmail_delete_ackd": {"data.mass_delete": 1},
    "format_nanosecond": {"data.mass_delete": 1},
    "format_pcapng": {"data.mass_delete": 1},
    "format_pcapng_from_snaplen96": {"data.mass_delete": 1},
    "ip_fragments": {"data.mass_delete": 1},
    "ipv6_socat": {"data.mass_delete": 1},
    "popclient_keep_delete": {"data.mass_delete": 1},
    "snaplen96": {"data.mass_delete": 1},
    "derived_conflicting_overlap": {"tcp.overlap_conflict": 1},
    # 27 sessions, each with one FOLD.
    "fold_probes": {
        # /etc/passwd, /var/mail/odette, /etc/shadow, /dev/null, /proc/self/environ, /etc/hostname, hosts, group
        "file.absolute": 8,
        # ../../etc/passwd, ~odette/mbox, ~root/.ssh/..., ../marlowe/archive, archive%00.txt, ~hjalmar/..., ~brigid/...
        "file.traversal": 7,
        # Opened: passwd twice, .bashrc, group. Not: authorized_keys, shadow, /dev/null, /proc/self/environ.
        "file.sensitive": 8,
        # passwd twice, .bashrc, hostname, hosts, group
        "file.read_confirmed": 6,
        "data.read_other_user": 1,
        "proxy.fold_remote": 1,
        "file.probe_sweep": 1,
        # The last: "Mailbox expunged from under me!" in answer to FOLD.
        "data.delete_uncommitted": 1,
        "protocol.state": 1,
    },
    "format_gzip": {"data.delete_uncommitted": 2, "protocol.state": 1},
    "raw_read_nack": {"data.delete_uncommitted": 2, "protocol.state": 1},
    # The fourth session pipelines.
    "gaps_span_missed_3pct": {"protocol.pipelining": 1},
    "impaired_loss5_reorder10_dup5_cli": {"protocol.pipelining": 1},
    "impaired_loss5_reorder10_dup5_srv": {"protocol.pipelining": 1},
    "impaired_reorder30_cli": {"protocol.pipelining": 1},
    "imap_proxy_helo": {"proxy.helo": 3},
    "incident_small": {
        "recon.scan": 1,
        "recon.port_scan": 1,
        "recon.banner_grab": 3,
        "auth.bruteforce": 2,
        "auth.success_after_fail": 1,
        "file.absolute": 1,
        "file.sensitive": 1,
        "file.read_confirmed": 1,
        "file.traversal": 1,
        "data.read_other_user": 1,
        "exploit.overlong": 1,
        "exploit.nop_sled": 1,
        "protocol.non_ascii": 1,
        "service.other_protocol": 1,
        # The intruder's of bertil's INBOX, and imre's own with popclient; oskar leaves without QUIT.
        "data.mass_delete": 2,
        "data.delete_uncommitted": 1,
    },
    # Five who left after ACKD without QUIT; two who emptied a mailbox of at least five messages.
    "many_sessions": {"data.delete_uncommitted": 5, "data.mass_delete": 2},
    # Five clients of other protocols that talk to ipop2d, and an HTTP server.
    # The POP3 client sends USER and PASS.
    "not_pop2_on_109": {
        "protocol.unknown_command": 5,
        "protocol.pipelining": 3,
        "protocol.non_ascii": 2,
        "protocol.terminal_escape": 2,
        "protocol.long_line": 1,
        # One of the five begins with a ClientHello.
        "protocol.nul": 1,
        "tls.on_plain_port": 1,
        "service.other_protocol": 1,
    },
    # Five, one that did not even read the greeting, and nmap's.
    # nmap: SYN, FIN and Xmas scans.
    "port_scans": {"recon.banner_grab": 7, "recon.port_scan": 1},
    "raw_errors": {
        "protocol.syntax": 8,
        "protocol.state": 6,
        "protocol.unknown_command": 6,
        "protocol.non_ascii": 2,
        "protocol.terminal_escape": 2,
        "protocol.long_line": 3,
        # HELO with users of 290, 700 and 900 letters, FOLD with 1,015 and 5,000.
        "exploit.overlong": 5,
        # READ -1, READ 99999999999999999999; a line that begins with NUL.
        "exploit.number_wrap": 2,
        "protocol.nul": 1,
        "recon.banner_grab": 1,
    },
    "raw_split_pipelined": {
        "protocol.pipelining": 4,
        "protocol.pre_greeting": 1,
        "protocol.bare_lf": 1,
        "protocol.state": 1,
    },
    "rfc918_cases": {"protocol.state": 1, "service.other_protocol": 1},
    # 600 READs at once, two 8-bit credentials (one with a control character), RETR and READ out of place.
    "tcp_oddities": {
        "protocol.pipelining": 1,
        "protocol.non_ascii": 2,
        "protocol.terminal_escape": 1,
        "protocol.state": 2,
    },
    "wrong_declared_sizes": {"proxy.helo": 8, "protocol.length_mismatch": 8, "protocol.pipelining": 3},
}

# Captures that hold less, or other logins, than their truth, which is of the whole sessions: passwords, refusals.
LOGINS = {
    "not_pop2_on_109": (1, 0),
    "derived_truncated_file": (2, 0),
    "inetd_port_10109": (0, 0),
    "midstream_start": (2, 0),
    "rfc918_cases": (10, 1),
    "rfc918_normal": (1, 0),
    "rfc937_example1": (1, 0),
    "rfc937_example2": (1, 0),
    "rfc937_example3": (1, 0),
    "rfc937_normal": (1, 0),
}


@pytest.mark.parametrize("name", capture_names())
def test_all_of_it_and_no_more(name: str) -> None:
    found = Counter(finding.id for finding in findings_of(capture_path(name)))
    sessions = load_truth(name)["sessions"]
    passwords, refused = LOGINS.get(
        name,
        (
            sum(bool(session.get("password_on_wire")) for session in sessions),
            sum(bool(session.get("password_on_wire")) and session["login_ok"] is False for session in sessions),
        ),
    )
    expected = Counter(EXPECTED.get(name, {})) + Counter({"auth.cleartext": passwords, "auth.failed": refused})
    assert found == expected


@pytest.mark.parametrize("name", ["inetd_port_10109", "not_pop2_on_109", "mixed_traffic", "incident_small"])
def test_a_post_office_protocol_elsewhere_and_nothing_else(name: str) -> None:
    elsewhere = [one for one in findings_of(capture_path(name), any_port=True) if one.id == "service.elsewhere"]
    where = {"inetd_port_10109": "10.109.0.2:10109 speaks POP2", "not_pop2_on_109": "[fd00:109::2]:2109 speaks POP3"}
    assert len(elsewhere) == (name in where)
    assert all(where[name] in finding.detail for finding in elsewhere)
