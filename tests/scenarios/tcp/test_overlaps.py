"""The overlaps of the classic papers: both policies give what those document, and every conflict is reported.

Fragments: U. Shankar and V. Paxson, "Active Mapping: Resisting NIDS Evasion without Altering Traffic" (2003),
figure 2, drawn once more by J. Novak, "Target-Based Fragmentation Reassembly" (2005), figure 1, for the
policies First, Last, BSD, Linux, Solaris and Windows. Segments: J. Novak and S. Sturges, "Target-Based TCP
Stream Reassembly" (2007), which names the ways in which a later segment can overlap an earlier one.
This program has the policies First and Last; First is what Windows and Mac OS do with segments.
"""

from __future__ import annotations

import random

import pytest

from pop2dissect.decode import Decoder
from pop2dissect.decode.segment import SYN
from tests.decode.build import ethernet, ipv4, record, tcp
from tests.support.conversation import Conversation
from tests.tcp.build import track, whole

# Number, first block, length in blocks of eight octets; in the order of arrival. Of the papers' figure.
ACTIVE_MAPPING = [(1, 0, 3), (2, 4, 2), (3, 6, 3), (4, 1, 4), (5, 6, 3), (6, 9, 3)]
FIRST = "111422333666"
LAST = "144442555666"

# What a segment can do to an earlier one: the earlier has blocks 2 to 5, the later these; and what comes out.
RELATIONS = {
    "begins before, ends in it": ((1, 3), "BAAAA", "BBBAA"),
    "begins before, ends with it": ((1, 5), "BAAAA", "BBBBB"),
    "begins before, ends after": ((1, 6), "BAAAAB", "BBBBBB"),
    "begins with it, ends in it": ((2, 2), " AAAA", " BBAA"),
    "the same": ((2, 4), " AAAA", " BBBB"),
    "begins with it, ends after": ((2, 5), " AAAAB", " BBBBB"),
    "begins and ends in it": ((3, 2), " AAAA", " ABBA"),
    "begins in it, ends with it": ((4, 2), " AAAA", " AABB"),
    "begins in it, ends after": ((4, 3), " AAAAB", " AABBB"),
}


def blocks(text: str) -> bytes:
    return b"".join(letter.encode() * 8 for letter in text)


@pytest.mark.parametrize(("policy", "result"), [("first", FIRST), ("last", LAST)])
def test_segments_of_the_figure(policy: str, result: str) -> None:
    talk = Conversation()
    segments = [
        talk.segment("client", -1, flags=SYN),
        *(talk.segment("client", 8 * at, blocks(str(number) * length)) for number, at, length in ACTIVE_MAPPING),
    ]
    (connection,) = track(segments, policy)
    assert connection.streams is not None
    stream = connection.streams[0]
    assert whole(stream) == blocks(result)
    reported = {
        (at // 8, kept, other)
        for conflict in stream.conflicts
        for at, kept, other in zip(
            range(conflict.offset, conflict.offset + conflict.length), conflict.kept, conflict.other, strict=True
        )
    }
    copies = [(block, str(number)) for number, at, length in ACTIVE_MAPPING for block in range(at, at + length)]
    differing = {(block, ord(result[block]), ord(copy)) for block, copy in copies if result[block] != copy}
    assert reported == differing


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("policy", ["first", "last"])
def test_segments_of_every_relation(relation: str, policy: str) -> None:
    (at, length), first, last = RELATIONS[relation]
    talk = Conversation()
    (connection,) = track(
        [
            talk.segment("client", -1, flags=SYN),
            talk.segment("client", 16, blocks("AAAA")),
            talk.segment("client", 8 * at, blocks("B" * length)),
        ],
        policy,
    )
    assert connection.streams is not None
    expected = (first if policy == "first" else last).strip()
    assert whole(connection.streams[0]) == blocks(expected)
    assert connection.streams[0].conflicts


@pytest.mark.parametrize(("policy", "result"), [("first", FIRST), ("last", LAST)])
def test_fragments_of_the_figure(policy: str, result: str) -> None:
    """The blocks are those of a TCP segment, whose header they must not touch: so they begin at block 3."""
    header = tcp(b"")
    filler = header + bytes(24 - len(header))
    decoder = Decoder(None, overlap="last" if policy == "last" else "first")
    fragments = [(0, filler)] + [(24 + 8 * at, blocks(str(n) * length)) for n, at, length in ACTIVE_MAPPING]
    segment = None
    for frame, (offset, octets) in enumerate(fragments, 1):
        more = 0 if frame == len(fragments) else 0x2000
        made = decoder.decode(record(ethernet(ipv4(octets, fragment=more | offset // 8)), frame=frame))
        segment = made or segment
    assert segment is not None
    payload = bytes(segment.data[segment.start : segment.start + segment.captured])
    assert payload[4:] == blocks(result)
    assert segment.doubts == (f"overlapping fragments differ, and what came {policy} was taken",)
    assert segment.fragments == tuple(range(1, 8))


def test_any_order_of_any_overlaps_reports_every_octet_that_differs() -> None:
    chance = random.Random(1)
    for _ in range(200):
        talk = Conversation(client_isn=2**32 - 20)
        pieces = [(chance.randrange(40), chance.choice([b"a", b"b"]) * chance.randrange(1, 12)) for _ in range(6)]
        (connection,) = track(
            [talk.segment("client", -1, flags=SYN), *(talk.segment("client", *piece) for piece in pieces)]
        )
        assert connection.streams is not None
        stream = connection.streams[0]
        copies: dict[int, set[int]] = {}
        for at, octets in pieces:
            for offset, octet in enumerate(octets, at):
                copies.setdefault(offset, set()).add(octet)
        reported = {
            conflict.offset + n
            for conflict in stream.conflicts
            for n in range(conflict.length)
            if conflict.kept[n] != conflict.other[n]
        }
        assert reported == {offset for offset, octets in copies.items() if len(octets) > 1}
