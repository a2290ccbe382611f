"""The annotated capture: the sessions' frames, unchanged, and what is said of them."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.capture.record import capture_index, frame_number
from pop2dissect.cli import ExitStatus, main
from pop2dissect.errors import CaptureError
from pop2dissect.export.annotate import Annotation
from pop2dissect.export.flows import Flows
from pop2dissect.pipeline import Dissection
from pop2dissect.settings import Settings
from tests.capture.files import END_OF_OPTIONS, enhanced, interface, option, pcap_header, pcap_record, read, section
from tests.export.exports import export, hostile_capture
from tests.scenarios.test_ground_truth import ports_of
from tests.support.conversation import Conversation, merge
from tests.support.impairments import one_way
from tests.support.programs import need
from tests.support.truth import capture_names, capture_path
from tests.support.wire import encode, save


def tshark_frames(tshark: str, path: Path) -> list[list[str]]:
    """Give, for each frame: time, length, captured length, MD5, comment."""
    fields = ("frame.time_epoch", "frame.len", "frame.cap_len", "frame.md5_hash", "frame.comment")
    command = [tshark, "-n", "-r", path, "-o", "frame.generate_md5_hash:TRUE", "-T", "fields"]
    listing = subprocess.run(
        [*command, *(argument for field in fields for argument in ("-e", field))],
        check=False,  # it ends with 2 where the capture is cut short
        capture_output=True,
        text=True,
    )
    return [line.split("\t") for line in listing.stdout.splitlines()]


@pytest.mark.parametrize(
    "name",
    [
        *("ip_fragments", "port_reuse", "snaplen96", "format_gzip", "format_bigendian", "format_nanosecond"),
        *("cooked_any_sll", "derived_time_backwards", "format_pcapng", "derived_truncated_file"),
    ],
)
def test_tshark_sees_the_same_frames(name: str, tmp_path: Path, tshark: str) -> None:
    """Each frame has the octets, lengths and time of the frame that its comment names, and they are in its order."""
    capinfos = need("capinfos")
    path = tmp_path / "annotated.pcapng"
    export("--annotate", path, capture_path(name))
    subprocess.run([capinfos, path], check=True, stdout=subprocess.DEVNULL)
    originals = tshark_frames(tshark, capture_path(name))
    annotated = tshark_frames(tshark, path)
    assert annotated
    numbers = [int(comment.split("frame ")[1].split(",")[0]) for *_, comment in annotated]
    assert numbers == sorted(numbers)
    assert [frame[:4] for frame in annotated] == [originals[number - 1][:4] for number in numbers]


@pytest.mark.parametrize("name", capture_names())
def test_every_packet_of_every_session_is_there(name: str) -> None:
    settings = Settings(ports=frozenset(ports_of(name)))
    flows = Flows()
    sessions = pop2dissect.read(capture_path(name), settings.ports).sessions
    for session in sessions:
        flows.add(session)
    with Dissection(capture_path(name), settings) as dissection:
        frames = list(flows.frames(dissection))
    for session in sessions:
        own = [frame for frame in frames if frame.session == session.id]
        assert sum(frame.part_of is None for frame in own) == session.packets
        carrying = {frame.number for frame in own}
        for exchange in session.exchanges:
            assert carrying.issuperset(exchange.frames)
            assert all(carrying.issuperset(reply.frames) for reply in exchange.replies)
    assert len({frame.number for frame in frames}) == len(frames)


@pytest.mark.parametrize("name", ["incident_small", "ip_fragments", "gaps_span_missed_3pct", "derived_no_handshake"])
def test_the_annotated_capture_tells_the_same_story(name: str, tmp_path: Path) -> None:
    export("--annotate", tmp_path / "a.pcapng", capture_path(name))
    before, after = (pop2dissect.read(path).sessions for path in (capture_path(name), tmp_path / "a.pcapng"))
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        assert (one.client, one.start, one.end, one.packets) == (other.client, other.start, other.end, other.packets)
        assert (one.user, one.login, one.ending) == (other.user, other.login, other.ending)
        for direction in ("client", "server"):
            assert one.stream(direction).sha256() == other.stream(direction).sha256()
            assert one.stream(direction).gaps == other.stream(direction).gaps
        assert [message.sha256 for message in one.messages] == [message.sha256 for message in other.messages]
        assert [exchange.raw for exchange in one.exchanges] == [exchange.raw for exchange in other.exchanges]


def test_link_types_and_interfaces_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "annotated.pcapng"
    export("--annotate", path, capture_path("format_pcapng"))
    before, after = read(capture_path("format_pcapng"))[0], read(path)[0]
    frames = {frame: rest for frame, *rest in before}
    named = [int(text.split("frame ")[1].split(",")[0]) for text in comments(path)]
    assert [rest for _, *rest in after] == [frames[number] for number in named]


def comments(path: Path) -> list[str]:
    """Read the comments of a little-endian pcapng file."""
    octets, position, found = path.read_bytes(), 0, []
    while position < len(octets):
        kind, length = struct.unpack_from("<II", octets, position)
        if kind == 6:
            captured = struct.unpack_from("<I", octets, position + 20)[0]
            at, own = position + 28 + (captured + 3 & ~3), []
            while (code := struct.unpack_from("<HH", octets, at)) != (0, 0):
                if code[0] == 1:
                    own.append(octets[at + 4 : at + 4 + code[1]].decode())
                at += 4 + (code[1] + 3 & ~3)
            found.append(own[-1])
        position += length
    return found


def test_comments_say_what_frames_carry(tmp_path: Path) -> None:
    path = tmp_path / "annotated.pcapng"
    export("--annotate", path, capture_path("rfc937_normal"))
    said = comments(path)
    assert len(said) == 19
    assert said[0].splitlines()[1:] == [
        "no payload: SYN",
        "session 1, 192.0.2.10:1025 to 192.0.2.109:109: POP2, user Fred, login accepted, ended: quit, "
        "handshake complete, frames 1 to 19, 19 packets",
    ]
    assert said[3].splitlines()[:2] == [
        "pop2dissect: frame 4, session 1, server to client",
        "greeting + POP2 Server Ready",
    ]
    assert "command HELO Fred ********" in said[4]
    assert "finding auth.cleartext" in said[4]
    assert "of 537 of message 13, kept (ACKS)" in said[9]


def test_passwords_are_masked_in_comments_unless_asked_for(tmp_path: Path) -> None:
    path = capture_path("wrong_password")
    export("--annotate", tmp_path / "masked.pcapng", path)
    export("--annotate", tmp_path / "shown.pcapng", "--show-passwords", path)
    assert "wrong-guess" not in "".join(comments(tmp_path / "masked.pcapng"))
    assert "wrong-guess" in "".join(comments(tmp_path / "shown.pcapng"))


def test_hostile_text_is_harmless_in_comments(tmp_path: Path) -> None:
    export("--annotate", tmp_path / "a.pcapng", hostile_capture(tmp_path))
    said = comments(tmp_path / "a.pcapng")
    assert any("HELO ../../" in text for text in said)
    assert all(character.isprintable() or character == "\n" for text in said for character in text)
    assert max(map(len, said)) < 60_000


def test_only_the_chosen_sessions(tmp_path: Path) -> None:
    export("--annotate", tmp_path / "a.pcapng", "--session", "3", capture_path("port_reuse"))
    said = comments(tmp_path / "a.pcapng")
    session = pop2dissect.read(capture_path("port_reuse")).session(3)
    assert len(said) == session.packets
    assert all(", session 3, " in text for text in said)


def test_a_frame_with_many_commands_has_a_bounded_comment(tmp_path: Path) -> None:
    talk = Conversation(mss=60_000).handshake().server(b"+ POP2 x\r\n").client(b"READ " + b"9" * 900 + b"\r\n")
    talk.client(b"NOOP \xe2\x82\xac\xe2\x82\xac\r\n" * 3000).close()
    save(tmp_path / "x.pcap", talk.packets)
    export("--annotate", tmp_path / "a.pcapng", tmp_path / "x.pcap")
    assert any("more lines" in text for text in comments(tmp_path / "a.pcapng"))


def test_options_of_packets_and_interfaces_are_kept_whatever_their_order(tmp_path: Path) -> None:
    frames = encode(Conversation().handshake().server(b"+ POP2 x\r\n").client(b"QUIT\r\n").close().packets)
    stamps = [frame.time for frame in frames]
    order = ">"
    about = (
        option(2, b"eth7", order)
        + option(8, struct.pack(">Q", 10**9), order)
        + option(9, b"\x09", order)
        + option(14, struct.pack(">q", 3600), order)
        + END_OF_OPTIONS
    )
    flags = option(1, b"was here", order) + option(2, struct.pack(">I", 0x10203), order) + END_OF_OPTIONS
    unused = interface(113, order)
    octets = section(order) + unused + interface(1, order, snap_length=500, options=about)
    for frame, stamp in zip(frames, stamps, strict=True):
        octets += enhanced(frame.octets, stamp - 3600 * 10**9, 1, order, options=flags)
    (tmp_path / "x.pcapng").write_bytes(octets)
    export("--annotate", tmp_path / "a.pcapng", tmp_path / "x.pcapng")
    made = (tmp_path / "a.pcapng").read_bytes()
    assert option(2, b"eth7") + option(8, struct.pack("<Q", 10**9)) + option(9, b"\x09") in made
    assert option(14, struct.pack("<q", 3600)) in made
    assert made.count(option(1, b"was here") + option(2, struct.pack("<I", 0x10203))) == len(frames)
    assert [(time, octets, length) for _, time, _, octets, length in read(tmp_path / "a.pcapng")[0]] == [
        (frame.time, frame.octets, frame.original) for frame in frames
    ]


def test_nanoseconds_of_a_variant_of_pcap_are_kept(tmp_path: Path) -> None:
    """AIX writes nanoseconds under the usual magic number."""
    frames = encode(Conversation().handshake().server(b"+ POP2 x\r\n").client(b"QUIT\r\n").close().packets)
    octets = pcap_header(version=(2, 2), network=6)
    for frame in frames:
        seconds, rest = divmod(frame.time, 10**9)
        octets += pcap_record(frame.octets, seconds, rest + 7)
    (tmp_path / "aix.pcap").write_bytes(octets)
    export("--annotate", tmp_path / "a.pcapng", tmp_path / "aix.pcap")
    assert [time for _, time, *_ in read(tmp_path / "a.pcapng")[0]] == [frame.time + 7 for frame in frames]


def test_several_captures_are_merged_in_the_order_of_time(tmp_path: Path) -> None:
    """Each direction from a tap of its own: together they are the conversation."""
    talk = Conversation().handshake().server(b"+ POP2 x\r\n").client(b"HELO a b\r\n").server(b"#0\r\n").close()
    save(tmp_path / "c.pcap", one_way(talk.packets, talk.address("client")))
    save(tmp_path / "s.pcapng", one_way(talk.packets, talk.address("server")), nanoseconds=True)
    export("--annotate", tmp_path / "a.pcapng", tmp_path / "c.pcap", tmp_path / "s.pcapng")
    times = [time for _, time, *_ in read(tmp_path / "a.pcapng")[0]]
    assert len(times) == len(talk.packets)
    assert times == sorted(times)
    said = comments(tmp_path / "a.pcapng")
    assert said[0].startswith("pop2dissect: frame 1:1, session 1, client to server")
    assert said[1].startswith("pop2dissect: frame 2:1, session 1, server to client")
    with Dissection([tmp_path / "c.pcap", tmp_path / "s.pcapng"]) as dissection:
        merged = [(capture_index(s.frame) + 1, frame_number(s.frame)) for s in dissection.segments()]
    assert [text.split("frame ")[1].split(",")[0] for text in said] == [f"{c}:{f}" for c, f in merged]


def test_a_session_among_others_on_the_same_ports(tmp_path: Path) -> None:
    one = Conversation(seed=1).handshake().server(b"+ POP2 x\r\n").close()
    two = Conversation(seed=2, start=one.end + 10**9).handshake().server(b"+ POP2 y\r\n").close()
    save(tmp_path / "x.pcap", merge(one.packets, two.packets))
    export("--annotate", tmp_path / "a.pcapng", "--session", "2", tmp_path / "x.pcap")
    assert [time for _, time, *_ in read(tmp_path / "a.pcapng")[0]] == [p.time // 1000 * 1000 for p in two.packets]


@pytest.mark.parametrize("options", [(), ("--session", "41"), ("--client", "203.0.113.66")])
def test_every_frame_that_a_finding_cites_is_there_by_its_number(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of a scan are of connections without data, and of no session."""
    capture = str(capture_path("incident_small"))
    export("--annotate", tmp_path / "a.pcapng", *options, capture)
    capsys.readouterr()
    assert main(["--quiet", *options, "--json", capture]) == ExitStatus.DONE
    result = json.loads(capsys.readouterr().out)
    found = [*result["findings"], *(one for session in result["sessions"] for one in session["findings"])]
    there = {int(said.split("frame ")[1].split(",")[0]): said for said in comments(tmp_path / "a.pcapng")}
    for one in found:
        for frame in one["frames"]:
            assert f"finding {one['id']}" in there[frame]


def test_a_capture_that_changes_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(capture_path("fetchmail_keep_acks").read_bytes())
    with Dissection(path) as dissection:
        annotation = Annotation(dissection.captures, dissection.settings, show_passwords=False)
        for session in dissection:
            annotation.add(session)
    with path.open("r+b") as file:
        file.truncate(20_000)
    with pytest.raises(CaptureError, match="changed while they were read"):
        list(annotation.pieces([]))


def test_the_limits_of_the_run_hold_at_the_second_reading_too(tmp_path: Path) -> None:
    """A section header of 17 MB is sound where the run allows it, however little of it is of use."""
    frames = encode(Conversation().handshake().server(b"+ POP2 x\r\n").client(b"QUIT\r\n").close().packets)
    comment = option(1, bytes(60_000)) * 290
    octets = section(options=comment + END_OF_OPTIONS) + interface()
    octets += b"".join(enhanced(frame.octets, frame.time // 1000) for frame in frames)
    (tmp_path / "x.pcapng").write_bytes(octets)
    export("--limit", "block_octets=64000000", "--annotate", tmp_path / "a.pcapng", tmp_path / "x.pcapng")
    assert len(comments(tmp_path / "a.pcapng")) == len(frames)


def test_standard_input_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pop2dissect", "--annotate", str(tmp_path / "a.pcapng"), "-"]
    with capture_path("rfc937_normal").open("rb") as capture:
        done = subprocess.run(command, check=False, stdin=capture, capture_output=True, text=True)
    assert done.returncode == 2
    assert "standard input cannot be annotated" in done.stderr
    assert not (tmp_path / "a.pcapng").exists()


def test_a_capture_that_cannot_be_read_does_not_keep_others_from_being_annotated(tmp_path: Path) -> None:
    paths = [tmp_path / "a.pcapng", capture_path("port_reuse"), tmp_path / "none.pcap"]
    assert main(["--quiet", "--annotate", *map(str, paths)]) == ExitStatus.UNREADABLE
    assert len(comments(tmp_path / "a.pcapng")) == 73


def test_a_format_that_only_tshark_reads_is_refused_in_a_sentence(
    tmp_path: Path, tshark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    editcap = need("editcap")
    subprocess.run([editcap, "-F", "snoop", capture_path("port_reuse"), tmp_path / "x.snoop"], check=True)
    path = str(tmp_path / "a.pcapng")
    assert main(["--quiet", "--engine", "tshark", "--annotate", path, str(tmp_path / "x.snoop")]) == 2
    assert "has to be made pcapng first" in capsys.readouterr().err
    assert not (tmp_path / "a.pcapng").exists()
