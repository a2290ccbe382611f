"""What is fuzzed: a function a part of the program, which takes any octets and checks what must always hold.

A target may raise nothing at all. What a part is allowed to raise (``CaptureError`` of the readers) its
target catches; a broken invariant is an ``AssertionError``.
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from fuzz.lanes import LANES, read_by, track_by
from fuzz.whole import program
from pop2dissect.assemble.assemble import assemble
from pop2dissect.capture import CaptureReader
from pop2dissect.capture.record import Record
from pop2dissect.choices import OverlapPolicy
from pop2dissect.decode import Decoder
from pop2dissect.decode.decoder import LAYERS
from pop2dissect.decode.packet import LINK_TYPE
from pop2dissect.decode.problems import WRONG_CHECKSUMS
from pop2dissect.decode.segment import FlowKey, Segment, reverse_key
from pop2dissect.document.sessions import session_text
from pop2dissect.errors import CaptureError
from pop2dissect.html.octets import LIMITS
from pop2dissect.html.page import session_markup
from pop2dissect.html.sessions import session_row, session_view
from pop2dissect.mail import parse_mail
from pop2dissect.session import Session
from pop2dissect.tcp import Stream, Tracker
from pop2dissect.text.rendering import Rendering

PORTS = frozenset({109})
LINK_TYPES = sorted(name - LINK_TYPE for name in LAYERS if name >= LINK_TYPE)
KEY = bytes((10, 0, 0, 1, 10, 0, 0, 2)) + (40000).to_bytes(2) + (109).to_bytes(2)
_POLICIES: tuple[OverlapPolicy, ...] = ("first", "last")

Target = Callable[[bytes], None]


def readers(octets: bytes) -> None:
    """Read a capture: with and without the port filter, which may leave out only what is not wanted."""
    with tempfile.NamedTemporaryFile(dir=_shared_memory()) as file:
        file.write(octets)
        file.flush()
        try:
            everything, packets = _read(file.name, None)
        except CaptureError:
            return
        filtered, counted = _read(file.name, PORTS)
    assert packets == counted >= len(everything), "the port filter changes the number of packets"
    frames = {record.frame for record in filtered}
    assert frames <= {record.frame for record in everything}
    for record in everything:
        assert record.start >= 0 and record.start + record.captured <= len(record.data)
        assert record.captured <= record.original
        if record.frame not in frames:
            assert Decoder(PORTS).decode(record) is None, f"frame {record.frame} is wanted but was left out"


def lanes(octets: bytes) -> None:
    """Read a capture in all ways, of which one may be compiled: each must say the same."""
    for ports in (None, PORTS):
        plain, *others = (read_by(scanner, octets, ports) for scanner in LANES.values())
        for other in others:
            assert other == plain
        tracked, *taken_over = (track_by(scanner, octets, ports) for scanner in LANES.values())
        for other_tracked in taken_over:
            assert other_tracked[:3] == tracked[:3]


def _read(path: str, ports: frozenset[int] | None) -> tuple[list[Record], int]:
    with CaptureReader([path], ports=ports) as reader:
        return list(reader), reader.captures[0].packets


def _shared_memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def decoder(octets: bytes) -> None:
    """Decode packets of any link type; the shortcut for plain ones must give what the walk over the layers gives."""
    shortcut, walk = Decoder(None), Decoder(None, verify_checksums=True)
    for record in _records(octets):
        segment = shortcut.decode(record)
        walked = walk.decode(record)
        if walked is not None:
            walked = walked._replace(doubts=tuple(doubt for doubt in walked.doubts if doubt not in WRONG_CHECKSUMS))
        assert segment == walked, "the shortcut and the walk differ"
        if segment is not None:
            assert 0 <= segment.captured <= segment.length
            assert segment.start >= 0 and segment.start + segment.captured <= len(segment.data)
            assert len(segment.key) in (12, 36)
            assert segment == Decoder(PORTS).decode(record) or segment.fragments or 109 not in _ports(segment)
    for one in (shortcut, walk):
        one.finish()
        one.warnings()


def _ports(segment: Segment) -> tuple[int, int]:
    return FlowKey.of(segment.key)[2:]


def _records(octets: bytes) -> Iterator[Record]:
    """Cut octets into packets: link type, length and what the snap length cut, then the frame."""
    at = frame = 0
    while at + 4 <= len(octets):
        link_type = LINK_TYPES[octets[at] % len(LINK_TYPES)]
        length = int.from_bytes(octets[at + 1 : at + 3])
        length = min(length, len(octets) - at - 4)
        frame += 1
        yield Record(frame, frame * 10**9, link_type, octets, at + 4, length, length + octets[at + 3])
        at += 4 + length


def reassembler(octets: bytes) -> None:
    """Put segments together; spans and gaps must tile the stream, and each span hold its frame's octets."""
    segments = list(_segments(octets))
    payloads = {segment.frame: bytes(segment.data[: segment.captured]) for segment in segments}
    for policy in _POLICIES:
        for connection in Tracker(PORTS, policy).connections(segments):
            assert connection.streams is not None
            for stream in connection.streams:
                _check_stream(stream, payloads)


def _check_stream(stream: Stream, payloads: dict[int, bytes]) -> None:
    tiles = sorted((span.offset, span.end) for span in stream.spans)
    tiles = sorted(tiles + [(gap.offset, gap.offset + gap.length) for gap in stream.gaps])
    assert all(start < end for start, end in tiles), "a span or gap is empty"
    assert all(one[1] == other[0] for one, other in pairwise(tiles)), "spans and gaps do not tile the stream"
    assert not tiles or (tiles[0][0] == 0 and tiles[-1][1] == stream.length)
    assert len(stream.read(0, stream.length)) == stream.octets
    for span in stream.spans:
        assert payloads[span.frame][span.start : span.start + span.length] == stream.read(span.offset, span.end)
    for conflict in stream.conflicts:
        assert conflict.kept != conflict.other and len(conflict.kept) == len(conflict.other) == conflict.length
        assert stream.read(conflict.offset, conflict.offset + conflict.length) == conflict.kept


def _segments(octets: bytes) -> Iterator[Segment]:
    """Make segments of one pair of ports: eight octets each say which, those after them are the payload."""
    frame, at, time = 0, 0, 0
    while at + 8 <= len(octets):
        head = octets[at : at + 8]
        frame += 1
        time += head[7] * 10**8
        length = head[1] % 32
        payload = octets[at + 8 : at + 8 + length]
        distance = int.from_bytes(head[2:4], signed=True) << (head[6] & 31)
        acknowledged = int.from_bytes(head[4:6], signed=True) << (head[6] >> 6 << 2)
        yield Segment(
            frame=frame,
            time=time,
            key=KEY if head[0] & 0x40 else reverse_key(KEY),
            seq=distance & 0xFFFFFFFF,
            ack=acknowledged & 0xFFFFFFFF,
            flags=head[0] & 0x3F,
            window=8192,
            urgent=head[5],
            data=payload,
            start=0,
            captured=len(payload),
            length=len(payload) + (head[1] >> 5 if head[0] & 0x80 else 0),
            fragments=(),
        )
        at += 8 + length


def dissector(octets: bytes) -> None:
    """Dissect and report a conversation; offsets must be in order and inside of the streams."""
    for connection in Tracker(PORTS).connections(_talk(octets)):
        session = assemble(connection)
        session_text(session, Rendering(show_passwords=True))
        _in_the_report(session)
        end = 0
        for exchange in session.exchanges:
            assert exchange.start <= exchange.end <= session.client_stream.length
            for reply in exchange.replies:
                assert end <= reply.start <= reply.end <= session.server_stream.length
                end = reply.end
        for message in session.messages:
            assert message.octets + message.missing_octets + len(message.skipped) == message.end - message.start
            assert len(message.content()) == message.octets


def _in_the_report(session: Session) -> None:
    """Show it in the report: all that is carried of it is what was captured, and no octet can act on a browser."""
    context = Rendering(show_passwords=True)
    view = session_view(session, session_row(session, [], context), [], LIMITS[0], context, brief=False)
    for side, stream in (("c", session.client_stream), ("s", session.server_stream)):
        for start, text in json.loads(view.octets)[side]["o"]:
            octets = base64.b64decode(text)
            assert octets == stream.read(start, start + len(octets))
            assert stream.missing_between(start, start + len(octets)) == 0
    assert not _ACTIVE.search(session_markup(view, "", printed=True))


_ACTIVE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _talk(octets: bytes) -> Iterator[Segment]:
    """Let two ends say lines in turn: an octet says who, what is missing and how much was heard, a line follows."""
    said = {True: 0, False: 0}
    for frame, piece in enumerate(octets.split(b"\xff"), 1):
        how, payload = (piece[0], piece[1:]) if piece else (0, b"")
        client = bool(how & 1)
        length = len(payload) + (how >> 5 if how & 2 else 0)
        if not how & 4:
            yield Segment(
                frame=frame,
                time=frame * 10**9,
                key=KEY if client else reverse_key(KEY),
                seq=1 + said[client],
                ack=1 + max(0, said[not client] - (how >> 4 if how & 8 else 0)),
                flags=0x10,
                window=8192,
                urgent=0,
                data=payload,
                start=0,
                captured=len(payload),
                length=length,
                fragments=(),
            )
        said[client] += length


def mail(octets: bytes) -> None:
    """Take a message apart; its parts must lie inside of it."""
    parsed = parse_mail(octets)
    for attachment in parsed.attachments:
        assert attachment.octets >= 0
        assert len(attachment.sha256) == 64


TARGETS: dict[str, Target] = {
    "readers": readers,
    "lanes": lanes,
    "decoder": decoder,
    "reassembler": reassembler,
    "dissector": dissector,
    "mail": mail,
    "program": program,
}
