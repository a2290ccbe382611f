"""How well a segment fits a connection."""

from __future__ import annotations

from pop2dissect.decode.segment import ACK, FIN, SYN, Segment
from pop2dissect.tcp import Connection
from pop2dissect.tcp.fit import Flow, answers, misfit, place_of
from tests.support.conversation import Conversation

FAR = 1 << 26


def flow(talk: Conversation, side: str, *segments: Segment) -> Flow:
    """Return one direction of a connection that has segments."""
    connection = Connection(talk.key("client"), segments[0])
    for segment in segments:
        connection.add(connection.client if segment.key == talk.key("client") else connection.server, segment)
    return Flow(connection, connection.client if side == "client" else connection.server)


def better(segment: Segment, one: Flow, other: Flow) -> bool:
    """Whether a segment fits one connection better than another."""
    where = place_of(segment)
    return misfit(one, segment, where, False) < misfit(other, segment, where, False)


def test_of_two_that_fit_the_one_of_which_more_is_known() -> None:
    talk = Conversation()
    known = flow(talk, "client", talk.segment("client", 0), talk.segment("server", 0))
    half = flow(talk, "client", talk.segment("client", -1, flags=SYN))
    assert better(talk.segment("client", 0, b"x"), known, half)
    assert not better(talk.segment("client", 0, b"x"), half, known)


def test_of_two_that_fit_the_one_whose_next_byte_it_is() -> None:
    talk = Conversation()
    due = flow(talk, "client", talk.segment("client", -1, flags=SYN))
    one_off = flow(talk, "client", talk.segment("client", 0, flags=SYN))
    assert better(talk.segment("client", 0, b"x"), due, one_off)
    ended = flow(talk, "client", talk.segment("client", -1, flags=SYN), talk.segment("client", 0, flags=FIN))
    begun = flow(talk, "client", talk.segment("client", 1, flags=SYN))
    assert better(talk.segment("client", 1), ended, begun)


def test_a_fin_after_lost_bytes_tells_what_is_due() -> None:
    talk = Conversation()
    lost = flow(talk, "client", talk.segment("client", -1, flags=SYN), talk.segment("client", 300, flags=FIN))
    begun = flow(talk, "client", talk.segment("client", 299, flags=SYN))
    assert better(talk.segment("client", 301), lost, begun)


def test_what_only_one_segment_told_of_an_end_is_no_misfit_far_away() -> None:
    talk = Conversation()
    asked = flow(talk, "client", talk.segment("client", -1, flags=SYN), talk.segment("server", FAR, flags=SYN))
    other = flow(talk, "client", talk.segment("client", 5000, b"x", heard=0), talk.segment("server", 0, b"y"))
    assert better(talk.segment("client", 0), asked, other)


def test_an_answer_has_the_number_that_was_acknowledged_or_comes_early() -> None:
    talk = Conversation()
    syn, ack = talk.segment("client", -1, flags=SYN), talk.segment("client", 0, heard=0)
    fitting, odd = (talk.segment("server", at, flags=SYN | ACK) for at in (-1, 50))
    early = flow(talk, "server", syn, ack)
    late = flow(talk, "server", syn, *[ack] * 20)
    assert [answers(early, one) for one in (fitting, odd)] == [True, True]
    assert [answers(late, one) for one in (fitting, odd)] == [True, False]
