"""The plugin on conversations that are written down here: framing, other protocols, settings, damage."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from struct import pack, unpack

import pytest

from tests.support import impairments
from tests.support.conversation import Conversation, Packet
from tests.support.programs import need
from tests.support.truth import capture_path
from tests.support.wire import save
from tests.wireshark.joined import join
from tests.wireshark.plugin_support import PLUGIN, Dissected, dissect, dissect_joined, export_mail, run_tshark

GREETING = b"+ POP2 dog-house.example server ready\r\n"
MAIL = b"From: a@dog-house.example\r\nSubject: tea\r\n\r\n" + b"At four o'clock, as ever.\r\n" * 120

pytestmark = pytest.mark.usefixtures("tshark")

Save = Callable[[Conversation | list[Packet]], Path]


@pytest.fixture
def saved(tmp_path: Path) -> Save:
    """Write a conversation, or packets, to a capture."""

    def write(talk: Conversation | list[Packet]) -> Path:
        return save(tmp_path / "talk.pcap", talk.packets if isinstance(talk, Conversation) else talk)

    return write


def logged_in(**options: object) -> Conversation:
    return (
        Conversation(**options)  # type: ignore[arg-type]
        .handshake()
        .server(GREETING)
        .client(b"HELO smith secret\r\n")
        .server(b"#1 messages\r\n")
    )


def one_message(talk: Conversation, declared: int = len(MAIL), data: bytes = MAIL) -> Conversation:
    return talk.client(b"READ 1\r\n").server(b"=%d characters\r\n" % declared).client(b"RETR\r\n").server(data)


def farewell(talk: Conversation) -> Conversation:
    return talk.client(b"ACKS\r\n").server(b"=0 no more\r\n").client(b"QUIT\r\n").server(b"+ bye\r\n").close("server")


def whole_talk(**options: object) -> Conversation:
    return farewell(one_message(logged_in(**options)))


def check_whole_talk(found: Dissected) -> None:
    turns = [found.turns[number] for number in range(7)]
    assert [turn.command for turn in turns] == [
        None, b"HELO smith secret", b"READ 1", b"RETR", b"ACKS", b"QUIT", None,
    ]  # fmt: skip
    assert [turn.replies for turn in turns] == [
        [GREETING.strip()], [b"#1 messages"], [b"=%d characters" % len(MAIL)], [], [b"=0 no more"], [b"+ bye"], [],
    ]  # fmt: skip
    assert turns[3].messages == [(MAIL, True)]
    assert not found.unasked
    assert not found.notes


@pytest.mark.parametrize(
    "options",
    [(), ("-2",), ("-o", "tcp.desegment_tcp_streams:FALSE"), ("-o", "tcp.reassemble_out_of_order:TRUE")],
    ids=["one-pass", "two-pass", "no-tcp-reassembly", "out-of-order"],
)
@pytest.mark.parametrize("size", [1, 7, 1460])
def test_any_segments(saved: Save, size: int, options: tuple[str, ...]) -> None:
    capture = saved(impairments.split(whole_talk().packets, size))
    check_whole_talk(dissect(capture, *options)[0])


@pytest.mark.parametrize("isn", [2**32 - 1, 2**32 - 20, 2**32 - 1000, 2**31 - 500])
def test_sequence_numbers_wrap_around(saved: Save, isn: int) -> None:
    check_whole_talk(dissect(saved(whole_talk(client_isn=isn, server_isn=isn)))[0])


def test_lines_need_no_carriage_return_and_keywords_no_capitals(saved: Save) -> None:
    talk = Conversation().handshake().server(GREETING).client(b"helo smith secret\n").server(b"#0\n")
    found = dissect(saved(talk.client(b"quit\n").server(b"+ bye\n").close()))[0]
    assert found.turns[1].command == b"helo smith secret"
    assert set(found.notes) == {"pop2.protocol.bare_lf"}
    listed = run_tshark("-r", saved(talk), "-Y", "pop2.command", "-T", "fields", "-e", "pop2.command")
    assert listed.stdout.split() == [b"HELO", b"QUIT"]


@pytest.mark.parametrize("options", [(), ("-2",)], ids=["one-pass", "two-pass"])
@pytest.mark.parametrize("wrong", [-500, -1, 1, 9])
def test_wrong_length(saved: Save, wrong: int, options: tuple[str, ...]) -> None:
    talk = one_message(logged_in(), len(MAIL) + wrong)
    found = dissect(saved(farewell(talk)), *options)[0]
    *_, last = found.turns[3].messages
    assert last == (MAIL, True)
    assert found.turns[4].replies == [b"=0 no more"]
    assert found.turns[5].replies == [b"+ bye"]
    assert "pop2.protocol.length_mismatch" in found.notes
    assert not found.unasked


def test_more_octets_than_announced_in_a_later_segment(saved: Save) -> None:
    talk = one_message(logged_in(), len(MAIL)).server(b"and one more line\r\n")
    found = dissect(saved(farewell(talk)), "-2")[0]
    assert found.turns[3].messages == [(MAIL + b"and one more line\r\n", True)]
    assert found.turns[4].replies == [b"=0 no more"]


@pytest.mark.parametrize("data", [b"+ POP2 is fun\r\n", b"=12 is a dozen\r\n", b"- ", b"#", b"\n", b"\r\n.\r\n"])
def test_data_that_looks_like_replies(saved: Save, data: bytes, tmp_path: Path) -> None:
    capture = saved(farewell(one_message(logged_in(), len(data), data)))
    assert dissect(capture)[0].turns[3].messages == [(data, True)]
    assert export_mail(capture, tmp_path / "mail") == [data]


def test_a_deleted_message_is_answered_by_the_end(saved: Save) -> None:
    talk = one_message(logged_in(), 2, b"+ Sayonara\r\n").close("server")
    found = dissect(saved(talk))[0]
    assert found.turns[3].replies == [b"+ Sayonara"]
    assert not found.turns[3].messages


def test_an_error_can_have_two_lines(saved: Save) -> None:
    talk = Conversation().handshake().server(GREETING).client(b"HELO smith guess\r\n").server(b"- Bad login\r\n")
    found = dissect(saved(talk.client(b"QUIT\r\n").server(b"+ Sayonara\r\n").close()))[0]
    assert found.turns[1].replies == [b"- Bad login", b"+ Sayonara"]
    assert found.turns[2].command == b"QUIT"
    assert not found.turns[2].replies
    assert found.notes == ["pop2.protocol.pipelining"] or not found.notes


@pytest.mark.parametrize("options", [(), ("-2",)], ids=["one-pass", "two-pass"])
def test_pipelining(saved: Save, options: tuple[str, ...]) -> None:
    commands = b"HELO smith secret\r\nREAD 1\r\nRETR\r\nACKS\r\nQUIT\r\n"
    answers = b"#1\r\n=%d\r\n" % len(MAIL) + MAIL + b"=0\r\n+ bye\r\n"
    talk = Conversation().handshake().server(GREETING).client(commands).server(answers).close()
    found = dissect(saved(talk), *options)[0]
    assert found.turns[1].replies == [b"#1"]
    assert found.turns[3].messages == [(MAIL, True)]
    assert found.turns[5].replies == [b"+ bye"]
    assert set(found.notes) == {"pop2.protocol.pipelining"}


@pytest.mark.parametrize(
    ("said", "note"),
    [
        (b"RETR\r\n", "pop2.protocol.state"),
        (b"XYZZY\r\n", "pop2.protocol.unknown_command"),
        (b"READ one\r\n", "pop2.protocol.syntax"),
        (b"FOLD\r\n", "pop2.protocol.syntax"),
        (b"FOLD " + b"a" * 600 + b"\r\n", "pop2.protocol.long_line"),
        (b"FOLD \xe9t\xe9\r\n", "pop2.protocol.non_ascii"),
        (b"FOLD a\0b\r\n", "pop2.protocol.terminal_escape"),
        (b"FOLD " + b"\x90" * 1200, "pop2.line.unterminated"),
    ],
)
def test_what_is_wrong_is_said(saved: Save, said: bytes, note: str) -> None:
    talk = logged_in().client(said).server(b"- no\r\n").close("server")
    found = dissect(saved(talk))[0]
    assert note in found.notes
    assert found.turns[2].command == said.rstrip(b"\r\n")
    assert found.turns[2].replies == [b"- no"]


def test_server_text_that_nobody_asked_for(saved: Save) -> None:
    found = dissect(saved(logged_in().server(b"#99 messages\r\n").close("server")))[0]
    assert found.unasked == [b"#99 messages"]
    assert found.notes == ["pop2.protocol.reply_injection"]


def test_a_command_before_the_greeting(saved: Save) -> None:
    talk = Conversation().handshake().client(b"HELO smith secret\r\n").server(GREETING).server(b"#0\r\n").close()
    found = dissect(saved(talk))[0]
    assert "pop2.protocol.pre_greeting" in found.notes
    assert found.turns[0].replies == [GREETING.strip()]
    assert found.turns[1].replies == [b"#0"]


def test_the_middle_of_a_session(saved: Save) -> None:
    talk = Conversation().picked_up().client(b"RETR\r\n").server(MAIL)
    found = dissect(saved(farewell(talk)), "-2")[0]
    assert found.turns[1].messages == [(MAIL, True)]
    assert found.turns[2].replies == [b"=0 no more"]
    assert not found.notes


@pytest.mark.parametrize("greeting", [GREETING, b"+OK POP2 Server (ready).\r\n"])
def test_any_port_by_the_greeting(saved: Save, greeting: bytes) -> None:
    talk = Conversation(server=("10.9.0.2", 2109)).handshake().server(greeting).client(b"QUIT\r\n").server(b"+ bye\r\n")
    found = dissect(saved(talk.close()))[0]
    assert found.turns[1].replies == [b"+ bye"]


def test_ports_are_a_setting(saved: Save) -> None:
    talk = Conversation(server=("10.9.0.2", 2109)).picked_up().client(b"READ 1\r\n").server(b"=7\r\n").close()
    assert not dissect(saved(talk))
    assert dissect(saved(talk), "-o", "pop2.ports:109,2100-2110")[0].turns[1].replies == [b"=7"]


@pytest.mark.parametrize(
    ("first", "protocol"),
    [
        (b"SSH-2.0-dropbear_2022.83\r\n", "ssh"),
        (b"220 mail.example ESMTP\r\n", "smtp"),
        (b"\x7fELF something else", "data"),
    ],
)
def test_other_protocols_are_left_to_others(saved: Save, first: bytes, protocol: str) -> None:
    capture = saved(Conversation().handshake().server(first).close())
    assert not dissect(capture)
    found = run_tshark("-r", capture, "-Y", "tcp.len > 0", "-T", "fields", "-e", "frame.protocols").stdout
    assert found.decode().strip().endswith(f":{protocol}")


def test_pop3_is_left_to_others(saved: Save) -> None:
    talk = Conversation().handshake().server(b"+OK ready\r\n").client(b"USER a\r\n").server(b"+OK\r\n")
    capture = saved(talk.client(b"STAT\r\n").server(b"+OK 1 200\r\n").close())
    found = run_tshark("-r", capture, "-Y", "pop", "-T", "fields", "-e", "pop.request.command").stdout
    assert found.split() == [b"STAT"]


SECRETS = {
    "HELO": b"HELO smith secret\r\n",
    "quoted": b"HELO smith\\ the\\ first  secret\r\n",
    "tab": b"HELO smith\tsecret\r\n",
    "mistyped": b"HELLO smith secret\r\n",
    "of another protocol": b"LOGIN smith secret\r\n",
    "longer than a line": b"HELO smith " + b"secret" * 500 + b"\r\n",
}


@pytest.mark.parametrize("said", SECRETS.values(), ids=SECRETS)
def test_passwords_are_hidden(saved: Save, said: bytes) -> None:
    pieces = [said[at : at + 600] for at in range(0, len(said), 600)]
    talk = Conversation().handshake().server(GREETING)
    for piece in pieces:
        talk = talk.client(piece)
    capture = saved(talk.server(b"- no\r\n").close("server"))
    for output in (
        ("-O", "pop2"),
        (),
        ("-T", "fields", "-e", "pop2.line", "-e", "pop2.password", "-e", "_ws.col.Info"),
    ):
        hidden = run_tshark("-r", capture, "-Y", "pop2", *output).stdout
        assert b"secret" not in hidden
        assert b"********" in hidden
        assert b"secret" in run_tshark("-r", capture, "-o", "pop2.hide_passwords:FALSE", "-Y", "pop2", *output).stdout


def test_the_commands_know_their_replies_in_the_second_pass(saved: Save) -> None:
    names = ["frame.number", "response_in", "request_in", "state", "state.next", "data.octets", "data.declared"]
    wanted = [text for name in names for text in ("-e", name if "frame" in name else f"pop2.{name}")]
    shown = ("-Y", "pop2.command == RETR || pop2.data", "-T", "fields", *wanted)
    listed = run_tshark("-r", saved(whole_talk()), "-2", *shown).stdout.decode()
    request, *_, data = [line.split("\t") for line in listed.splitlines()]
    assert int(request[1]) > int(request[0])
    assert request[3] == "ITEM"
    assert data[2] == request[0]
    assert data[4:] == ["NEXT", str(len(MAIL)), str(len(MAIL))]


def test_sessions_are_listed(saved: Save) -> None:
    listed = run_tshark("-q", "-r", saved(whole_talk()), "-X", "lua_script1:sessions").stdout.decode().splitlines()
    assert listed[1].split()[-5:] == ["smith", "accepted", "5", "1", str(len(MAIL))]


def test_expert_information_is_counted_without_a_tree(saved: Save) -> None:
    counted = run_tshark("-q", "-z", "expert", "-r", saved(whole_talk())).stdout
    assert b"Password in clear text" in counted


def test_loading_it_twice_does_no_harm(saved: Save) -> None:
    check_whole_talk(dissect(saved(whole_talk()), "-X", f"lua_script:{PLUGIN}")[0])


HARD_OPTIONS = {
    "one-pass": (),
    "two-pass": ("-2",),
    "no-tcp-reassembly": ("-o", "tcp.desegment_tcp_streams:FALSE"),
    "out-of-order": ("-o", "tcp.reassemble_out_of_order:TRUE"),
    "errors-shown": ("-o", "tcp.no_subdissector_on_error:FALSE", "-2"),
}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """Put many damaged copies of captures into one: octets changed, frames cut, or editcap's own errors."""
    folder = tmp_path_factory.mktemp("fuzzed")
    captures = {}
    for name in ("fetchmail_fold", "wrong_declared_sizes", "rfc918_cases", "raw_split_pipelined", "tcp_oddities"):
        octets = capture_path(name).read_bytes()
        for seed in range(6):
            path = folder / f"{name}-{seed}.pcap"
            path.write_bytes(changed(octets, random.Random(seed), snap_length=(65535, 90)[seed % 2]))
            captures[path.stem] = path
    joined = folder / "joined.pcapng"
    return joined, join(captures, joined)


def changed(capture: bytes, chance: random.Random, snap_length: int) -> bytes:
    """Change an octet in a hundred of a capture's frames, mostly in what TCP carries, and cut some."""
    written, at = bytearray(capture[:24]), 24
    while at < len(capture):
        time, (captured, original) = capture[at : at + 8], unpack("<II", capture[at + 8 : at + 16])
        frame = bytearray(capture[at + 16 : at + 16 + captured])
        at += 16 + captured
        for _ in range(max(1, len(frame) // 100)):
            first = 54 if len(frame) > 54 and chance.random() < 0.8 else 0
            frame[chance.randrange(first, len(frame))] = chance.choice(b"\0\r\n #+-=0129AaRr\\\xff")
        frame = frame[:snap_length]
        written += time + pack("<II", len(frame), original) + frame
    return bytes(written)


@pytest.mark.parametrize("options", HARD_OPTIONS)
def test_fuzzed_captures_raise_no_lua_error(options: str, fuzzed: tuple[Path, dict[str, int]]) -> None:
    found = dissect_joined(*fuzzed, *HARD_OPTIONS[options])
    assert sum(len(streams) for streams in found.values()) > 50, "the plugin must have something to read"


def test_errors_of_editcap_raise_no_lua_error(tmp_path: Path) -> None:
    path = tmp_path / "errors.pcap"
    editcap = [need("editcap"), "--seed", "109", "-E", "0.02", "-o", "54"]
    subprocess.run([*editcap, str(capture_path("incident_small")), str(path)], check=True)
    assert dissect(path, "-2")


@pytest.fixture(scope="module")
def impaired(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """Put a conversation, impaired in many ways, into one capture."""
    folder = tmp_path_factory.mktemp("impaired")
    packets, captures = whole_talk().packets, {}
    for impair in (impairments.lost, impairments.duplicated, impairments.reordered, impairments.not_captured):
        for seed in range(8):
            name = f"{impair.__name__}-{seed}"
            captures[name] = save(folder / f"{name}.pcap", impair(packets, seed))
    joined = folder / "joined.pcapng"
    return joined, join(captures, joined)


@pytest.mark.parametrize("options", HARD_OPTIONS)
def test_what_is_called_complete_is(options: str, impaired: tuple[Path, dict[str, int]]) -> None:
    complete = 0
    for streams in dissect_joined(*impaired, *HARD_OPTIONS[options]).values():
        for turn in (turn for found in streams.values() for turn in found.turns.values()):
            wholes = [data for data, is_complete in turn.messages if is_complete]
            assert all(data == MAIL for data in wholes)
            complete += len(wholes)
    assert complete > 5
