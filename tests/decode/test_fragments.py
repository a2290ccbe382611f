from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.capture.record import Record
from pop2dissect.decode import Decoder, Segment
from pop2dissect.decode.fragments import FRAGMENT_COST
from pop2dissect.limits import Limits
from tests.decode.build import CLIENT6, OUTER, PACKET, SERVER6, cut, ethernet, ipv4, ipv6, record, tcp, udp
from tests.decode.tshark import opinion, opinions, write_pcapng

POP2 = frozenset({109})
TEXT = random.Random(937).randbytes(60)
WHOLE = tcp(TEXT)  # 80 octets
WHOLE6 = tcp(TEXT, CLIENT6, SERVER6)
SECOND = 1_000_000_000
MISSING = "fragments are missing"


def fragment4(
    octets: bytes, offset: int, more: bool, identification: int = 1, protocol: int = 6, *, decoy: bool = False
) -> bytes:
    field = offset // 8 | more << 13
    if decoy:
        octets = bytes(octet ^ 0xFF for octet in octets)
    return ethernet(ipv4(octets, fragment=field, identification=identification, protocol=protocol))


def fragment6(
    octets: bytes,
    offset: int,
    more: bool,
    identification: int = 1,
    following: int = 6,
    *,
    decoy: bool = False,
) -> bytes:
    if decoy:
        octets = bytes(octet ^ 0xFF for octet in octets)
    header = pack(">BxHI", following, offset | more, identification)
    return ethernet(ipv6(header + octets, following=44), 0x86DD)


def part4(start: int, end: int, identification: int = 1, *, decoy: bool = False) -> bytes:
    return fragment4(WHOLE[start:end], start, end < len(WHOLE), identification, decoy=decoy)


def part6(start: int, end: int, identification: int = 1, *, decoy: bool = False) -> bytes:
    return fragment6(WHOLE6[start:end], start, end < len(WHOLE6), identification, decoy=decoy)


def records(frames: Iterable[bytes], step: int = 0) -> list[Record]:
    return [record(octets, frame=frame, time=frame * step) for frame, octets in enumerate(frames, 1)]


def run(decoder: Decoder, given_records: Iterable[Record]) -> list[Segment]:
    segments = [segment for segment in map(decoder.decode, given_records) if segment is not None]
    decoder.finish()
    return segments


def payload(segment: Segment) -> bytes:
    return segment.data[segment.start : segment.start + segment.captured]


def incomplete(reason: str, frame: int = 1) -> list[str]:
    return [f"1 fragmented datagram was not put together (frame {frame}): {reason}"]


PARTS = [(0, 16), (16, 24), (24, 64), (64, 80)]


@given(st.data())
@pytest.mark.parametrize("version", [4, 6])
def test_any_order_and_any_copies_give_the_datagram(version: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, 9), min_size=1)))
    places = [0, *(8 * at for at in cuts), 80]
    pieces = list(pairwise(places))
    order = data.draw(st.permutations(pieces))
    order += data.draw(st.lists(st.sampled_from(pieces), max_size=3))
    copies = data.draw(st.permutations(range(len(order))))
    order = [order[index] for index in copies]
    decoder = Decoder(POP2)
    sent = records((part4 if version == 4 else part6)(*piece) for piece in order)
    (segment,) = run(decoder, sent)
    assert decoder.warnings() == []
    assert payload(segment) == TEXT
    assert segment.length == 60
    first_seen = [order.index(piece) + 1 for piece in pieces]
    assert segment.fragments == tuple(sorted(first_seen))
    assert segment.frame == segment.fragments[-1]
    plain = Decoder(POP2).decode(record(ethernet(ipv4(WHOLE)) if version == 4 else ethernet(ipv6(WHOLE6), 0x86DD)))
    assert plain is not None
    assert segment[2:8] == plain[2:8]


def test_the_time_is_that_of_the_fragment_that_completed_it() -> None:
    (segment,) = run(Decoder(POP2), records((part4(16, 80), part4(0, 16)), SECOND))
    assert (segment.frame, segment.time, segment.fragments) == (2, 2 * SECOND, (1, 2))


def test_datagrams_are_told_apart() -> None:
    frames = [
        part4(0, 40, 1),
        part4(0, 40, 2),
        part6(0, 40),
        part6(40, 80),
        part4(40, 80, 2),
        part4(40, 80, 1),
    ]
    decoder = Decoder(POP2)
    segments = run(decoder, records(frames))
    assert [segment.fragments for segment in segments] == [(3, 4), (2, 5), (1, 6)]
    assert all(payload(segment) == TEXT for segment in segments)


def test_what_stays_incomplete_is_reported() -> None:
    decoder = Decoder(POP2)
    assert run(decoder, records([part4(0, 16), part4(24, 80), part4(0, 40, 9), part6(40, 80)])) == []
    assert decoder.warnings() == [f"3 fragmented datagrams were not put together (first frame 1): {MISSING}"]
    (problem,) = decoder.problems.values()
    assert problem.frames == [1, 3, 4]
    decoder.finish()
    assert problem.count == 3, "reported once"


@pytest.mark.parametrize(
    ("frame", "reported"),
    [
        (fragment4(tcp(ports=(5, 109)), 0, True), True),
        (fragment4(tcp(ports=(109, 5)), 0, True), True),
        (fragment4(tcp(ports=(5, 6))[:32], 0, True), False),
        (fragment4(b"\0" * 8, 8, True), True),  # the ports are in what is missing
        (fragment4(udp(b"", 109), 0, True, protocol=17), False),
        (fragment4(b"\0" * 8, 0, True, protocol=1), False),
        (fragment4(b"\0" * 8, 0, True, protocol=47), True),
        (fragment6(b"\0" * 8, 0, True, following=58), False),
        (fragment6(b"\0" * 8, 0, True, following=60), True),
    ],
)
def test_only_losses_that_may_be_wanted_are_reported(frame: bytes, reported: bool) -> None:
    decoder = Decoder(POP2)
    if len(frame) % 8 != 2 and b"HELO" in frame:  # 39 octets of TCP: cut to a multiple of 8
        frame = fragment4(frame[34:66], 0, True)
    assert run(decoder, records([frame])) == []
    assert decoder.warnings() == (incomplete(MISSING) if reported else [])


def test_late_copies_of_a_complete_datagram_are_passed_by() -> None:
    """As where a switch port is captured both ways: every fragment comes twice."""
    decoder = Decoder(POP2)
    frames = [part4(0, 40), part4(0, 40), part4(40, 80), part4(40, 80), part4(0, 40)]
    (segment,) = run(decoder, records(frames))
    assert segment.fragments == (1, 3)
    assert decoder.warnings() == []


def test_an_identification_is_used_again() -> None:
    other = tcp(b"y" * 60)
    frames = [part4(0, 40), part4(40, 80), fragment4(other[:40], 0, True), fragment4(other[40:], 40, False)]
    decoder = Decoder(POP2)
    one, two = run(decoder, records(frames))
    assert (payload(one), payload(two)) == (TEXT, b"y" * 60)
    assert two.fragments == (3, 4)
    assert decoder.warnings() == []


@pytest.mark.parametrize("overlap", ["first", "last"])
def test_overlaps_of_ipv4_follow_the_policy_and_are_noted(overlap: str) -> None:
    decoder = Decoder(POP2, overlap="first" if overlap == "first" else "last")
    frames = [part4(0, 48), part4(24, 64, decoy=True), part4(64, 80)]
    (segment,) = run(decoder, records(frames))
    inverse = bytes(octet ^ 0xFF for octet in TEXT)
    middle = TEXT[4:28] if overlap == "first" else inverse[4:28]
    assert payload(segment) == TEXT[:4] + middle + inverse[28:44] + TEXT[44:]
    assert segment.fragments == (1, 2, 3)
    assert decoder.warnings() == [
        f"1 packet was decoded with a doubt (frame 2): overlapping fragments differ, and what came {overlap} was taken"
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_overlaps_of_ipv4_that_agree_are_no_matter(order: Sequence[int]) -> None:
    frames = [part4(0, 48), part4(24, 64), part4(56, 80)]
    decoder = Decoder(POP2)
    (segment,) = run(decoder, records(frames[index] for index in order))
    assert payload(segment) == TEXT
    assert decoder.warnings() == []


def test_overlaps_between_other_ports_are_no_problem() -> None:
    whole = tcp(TEXT, ports=(1, 2))
    frames = [fragment4(whole[:48], 0, True), fragment4(whole[40:], 40, False, decoy=True)]
    decoder = Decoder(POP2)
    assert run(decoder, records(frames)) == []
    assert decoder.warnings() == []


@pytest.mark.parametrize("decoy", [False, True])
def test_overlaps_of_ipv6_discard_the_datagram(decoy: bool) -> None:
    """RFC 5722, section 4: with all its fragments, those yet to come as well."""
    decoder = Decoder(POP2)
    frames = [part6(0, 48), part6(24, 64, decoy=decoy), part6(48, 80), part6(0, 48), part6(48, 80)]
    assert run(decoder, records(frames)) == []
    assert decoder.warnings() == incomplete("its fragments overlap, which IPv6 forbids (RFC 5722)")


@pytest.mark.parametrize(
    "late",
    [
        fragment4(b"\0" * 8, 80, True),
        fragment4(b"\0" * 8, 80, False),
        fragment4(b"\0" * 8, 40, False),
    ],
)
@pytest.mark.parametrize("end_first", [True, False])
def test_fragments_that_disagree_on_the_end_are_noted(late: bytes, end_first: bool) -> None:
    decoder = Decoder(POP2)
    frames = [part4(40, 80), late, part4(0, 40)] if end_first else [late, part4(40, 80), part4(0, 40)]
    segments = run(decoder, records(frames))
    if end_first:
        (segment,) = segments
        assert payload(segment) == TEXT
        assert segment.fragments == (1, 2, 3)
        assert decoder.warnings() == [
            "1 packet was decoded with a doubt (frame 2): fragments disagree on where their datagram ends"
        ]


def test_an_end_before_what_came_is_refused() -> None:
    decoder = Decoder(POP2)
    frames = [part4(40, 64), fragment4(b"\0" * 8, 8, False), part4(64, 80), part4(0, 40)]
    (segment,) = run(decoder, records(frames))
    assert payload(segment) == TEXT
    assert decoder.problems


def test_ends_of_ipv6_that_disagree_discard_the_datagram() -> None:
    decoder = Decoder(POP2)
    assert run(decoder, records([part6(40, 80), fragment6(b"\0" * 8, 80, False), part6(0, 40)])) == []
    assert decoder.warnings() == incomplete("its fragments overlap, which IPv6 forbids (RFC 5722)")


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (fragment4(b"\0" * 9, 0, True), "a fragment that others follow is not a multiple of 8 octets long"),
        (fragment4(b"", 8, False), "a fragment is empty"),
        (
            fragment4(b"\0" * 32, 65_512, False),
            "a fragment reaches beyond the largest datagram of 65,535 octets",
        ),
        (fragment6(b"\0" * 9, 0, True), "a fragment that others follow is not a multiple of 8 octets long"),
    ],
)
def test_malformed_fragments(frame: bytes, reason: str) -> None:
    decoder = Decoder(POP2)
    assert run(decoder, records([frame])) == []
    assert decoder.warnings() == [f"1 packet could not be decoded (frame 1): {reason}"]


def test_a_cut_fragment_ends_what_is_captured() -> None:
    one, two, three = records([part4(0, 40), part4(40, 64), part4(64, 80)])
    two = cut(two, two.captured - 10)
    decoder = Decoder(POP2)
    for order in ((one, two, three), (three, two, one), (two, three, one)):
        (segment,) = run(decoder, order)
        assert segment.length == 60
        assert payload(segment) == TEXT[:34]
    assert decoder.warnings() == []


def test_a_copy_fills_what_was_cut() -> None:
    one, two, three, again = records([part4(0, 40), part4(40, 64), part4(64, 80), part4(48, 72)])
    decoder = Decoder(POP2)
    (segment,) = run(decoder, (one, cut(two, two.captured - 16), again, three))
    assert payload(segment) == TEXT
    (segment,) = run(decoder, (one, again, cut(two, two.captured - 16), three))
    assert payload(segment) == TEXT
    assert decoder.warnings() == []


def test_a_cut_in_the_tcp_header_is_a_problem() -> None:
    one, two = records([part4(0, 16), part4(16, 80)])
    decoder = Decoder(POP2)
    assert run(decoder, (one, cut(two, two.captured - 62))) == []
    assert decoder.warnings() == ["1 packet could not be decoded (frame 2): the snap length cut the TCP header"]


def test_old_fragments_are_given_up() -> None:
    decoder = Decoder(POP2, limits=Limits(fragment_seconds=30))
    one, two = records([part4(0, 40), part4(40, 80)])
    assert decoder.decode(one) is None
    assert decoder.decode(two._replace(time=31 * SECOND)) is None
    assert decoder.warnings() == incomplete(MISSING)
    assert run(Decoder(POP2), (one, two._replace(time=60 * SECOND))) != []


def test_a_clock_set_back_keeps_fragments_together() -> None:
    one, two = records([part4(0, 40), part4(40, 80)])
    (segment,) = run(Decoder(POP2), (one._replace(time=3600 * SECOND), two))
    assert segment.time == 0


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(fragmented_datagrams=2), "more than 2 were pending (limit fragmented_datagrams)"),
        (
            Limits(fragment_octets=2 * (40 + FRAGMENT_COST) + 39),
            "more than 631 octets of fragments were pending (limit fragment_octets)",
        ),
    ],
)
def test_beyond_the_limits_the_oldest_is_given_up(limits: Limits, reason: str) -> None:
    decoder = Decoder(POP2, limits=limits)
    frames = [part4(0, 40, 1), part4(0, 40, 2), part4(0, 40, 3), part4(40, 80, 3), part4(40, 80, 1)]
    (segment,) = run(decoder, records(frames))
    assert segment.fragments == (3, 4)
    assert decoder.warnings()[0].endswith(reason)
    assert decoder.problems[reason].frames[0] == 1


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5), st.booleans(), st.integers(0, 3)), max_size=40))
def test_floods_keep_the_account_of_octets(fragments: list[tuple[int, int, bool, int]]) -> None:
    limits = Limits(fragmented_datagrams=3, fragment_octets=3000, fragment_seconds=20)
    for overlap in ("first", "last"):
        decoder = Decoder(None, overlap="first" if overlap == "first" else "last", limits=limits)
        for frame, (offset, length, more, identification) in enumerate(fragments, 1):
            for make in (fragment4, fragment6):
                octets = WHOLE[offset : offset + 8 * length]
                octets = octets[: len(octets) // 8 * 8]
                segment = decoder.decode(
                    record(make(octets, 8 * offset, more, identification), frame=frame, time=frame * SECOND)
                )
                assert segment is None or segment.captured == segment.length
                memory = decoder._reassembler
                assert memory._octets == sum(datagram.cost for datagram in memory._datagrams.values())
                assert memory._octets <= limits.fragment_octets
                assert len(memory._datagrams) <= limits.fragmented_datagrams
        decoder.finish()
        assert not decoder._reassembler._datagrams
        assert decoder._reassembler._octets == 0


def test_fragments_in_fragments() -> None:
    inner = [ipv4(WHOLE[:40], fragment=0x2000), ipv4(WHOLE[40:], fragment=5)]
    frames = []
    for number, packet in enumerate(inner):
        for start in (0, 32):
            more = start == 0
            outer = ipv4(
                packet[start : start + 32] if more else packet[start:],
                *OUTER,
                protocol=4,
                identification=number,
                fragment=start // 8 | more << 13,
            )
            frames.append(ethernet(outer))
    decoder = Decoder(POP2)
    (segment,) = run(decoder, records(frames))
    assert payload(segment) == TEXT
    assert segment.fragments == (1, 2, 3, 4)
    assert decoder.warnings() == []


def test_doubts_about_a_fragment_name_its_frame() -> None:
    bogus = ethernet(ipv4(WHOLE[40:], fragment=5, identification=1, total=2000))
    decoder = Decoder(POP2)
    (segment,) = run(decoder, records([bogus, part4(0, 40)]))
    assert payload(segment) == TEXT
    (problem,) = decoder.problems.values()
    assert "total length" in problem.reason
    assert problem.frames == [1]


def test_a_fragmented_tunnel() -> None:
    inner = ethernet(PACKET)
    vxlan = udp(b"\x08\0\0\0\0\0\1\0" + inner, 4789)
    frames = [
        ethernet(ipv4(vxlan[:48], *OUTER, protocol=17, fragment=0x2000)),
        ethernet(ipv4(vxlan[48:], *OUTER, protocol=17, fragment=6)),
    ]
    (segment,) = run(Decoder(POP2, verify_checksums=True), records(frames))
    assert payload(segment) == b"HELO smith secret\r\n"


def test_extension_headers_before_and_behind_the_fragment_header() -> None:
    options = b"\6\0\1\4\0\0\0\0"
    rest = options + WHOLE6

    def make(octets: bytes, offset: int, more: bool) -> bytes:
        header = b"\x2c\0\1\4\0\0\0\0" + pack(">BxHI", 60, offset | more, 1)
        return ethernet(ipv6(header + octets, following=0), 0x86DD)

    (segment,) = run(Decoder(POP2), records([make(rest[48:], 48, False), make(rest[:48], 0, True)]))
    assert payload(segment) == TEXT


def test_the_first_fragment_says_what_the_datagram_holds() -> None:
    """Fragments of IPv6 may differ in it (RFC 8200, section 4.5)."""
    frames = [fragment6(WHOLE6[40:], 40, False, following=58), fragment6(WHOLE6[:40], 0, True)]
    (segment,) = run(Decoder(POP2), records(frames))
    assert payload(segment) == TEXT


def test_wireshark_agrees(tshark: str, tmp_path: Path) -> None:
    frames = [part4(*piece, 1) for piece in PARTS]
    frames += [part4(*piece, 2) for piece in reversed(PARTS)]
    frames += [part6(*piece, 3) for piece in PARTS]
    frames += [part6(*PARTS[index], 4) for index in (2, 0, 3, 1)]
    sent = records(frames, 1000)
    path = tmp_path / "fragments.pcapng"
    write_pcapng(path, sent)
    ours = {segment.frame: opinion(segment) for segment in run(Decoder(POP2), sent)}
    assert len(ours) == 4
    assert ours == opinions(tshark, path)


def test_cut_packets_cannot_claim_memory() -> None:
    """Two short records that claim 64,000 octets leave a segment that keeps what was captured."""
    whole = tcp(b"y" * 64_000)
    one = record(fragment4(whole[:32_000], 0, True))
    two = record(fragment4(whole[32_000:], 32_000, False))
    (segment,) = run(Decoder(POP2), (cut(one, 60), cut(two, 60)))
    assert (segment.captured, segment.length) == (6, 64_000)
    assert len(segment.data) == 26
