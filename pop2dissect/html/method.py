"""How the results were reached, and what they cannot say: in plain words, with this report's own figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pop2dissect.capture.record import CaptureInfo, capture_index
from pop2dissect.document.totals import Totals
from pop2dissect.pipeline import Settings
from pop2dissect.session import Session
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.values import SECOND, count


class Paragraph(NamedTuple):
    """A paragraph with a heading of a few words."""

    heading: str
    text: str


METHOD = (
    Paragraph(
        "Reading",
        "The captures were read once, packet by packet, and not changed. A frame's number is its place in the file, "
        "counted from 1, as Wireshark counts. Packets of TCP connections to the server ports that were asked for were "
        "taken; all others were passed over.",
    ),
    Paragraph(
        "Reassembly",
        "The octets of each connection were put in order by TCP's sequence numbers, for client and server apart, so "
        "that packets that came late, twice or out of order make no difference. A place in such a stream is named by "
        "its offset: the number of octets before it. “Octets 18–27” are those from offset 18 up to, "
        "and without, offset 27.",
    ),
    Paragraph(
        "Dissection",
        "Commands and replies were read by RFC 937 (POP2) or RFC 918 (POP), with the known habits of real programs. "
        "A reply is laid to the command that it answers by the order of the conversation and by what each side had "
        "acknowledged. The protocol announces the length of each message; its octets are those that were on the wire "
        "between RETR and the next reply.",
    ),
    Paragraph(
        "Findings",
        "Findings are rules over the sessions; each is listed with its rule. A finding says what was seen. It is not "
        "a judgement: what it may mean, and what harmless thing looks the same, stands in a section of its own.",
    ),
    Paragraph(
        "Checking",
        "Frames can be looked up in the capture with any other program; in Wireshark, a frame is found by its number. "
        "Hashes are SHA-256 of exactly the octets named, those that the capture lacks left out. The file holds the "
        "results as data too: “pop2dissect verify” derives them again from the capture and names what differs.",
    ),
)


def limitations(
    captures: Sequence[CaptureInfo],
    sessions: Sequence[Session],
    totals: Totals,
    settings: Settings,
    warnings: Sequence[str],
    *,
    masked: bool,
) -> Iterator[Paragraph]:
    """Yield what the results cannot say."""
    yield Paragraph("Gaps", _gaps(totals))
    yield Paragraph("Conflicts", _conflicts(totals, settings))
    yield Paragraph("Cuts", _cuts(captures, sessions))
    yield Paragraph("Clock", _clock(sessions))
    yield Paragraph(
        "Identity",
        "An address names a host or what stands for it (a proxy, a router that translates addresses), not a person. "
        "A user's name says which account was used, not who used it. Which program talked is told by its words and "
        "habits, and can be imitated. Headers of messages are what the sender wrote.",
    )
    yield Paragraph(
        "Deletions",
        "By RFC 937 a message is deleted when the mailbox is released, by QUIT or another FOLD, after ACKD. Whether "
        "the server really did so is not on the wire.",
    )
    if masked:
        yield Paragraph(
            "Passwords",
            "Passwords are masked: as ******** in text, and octet for octet as ** among the octets. The places of "
            "lines, and the hash of what a client sent, still depend on them; handle the report accordingly.",
        )
    if warnings:
        yield Paragraph("Not decoded", " ".join(f"{text[:1].upper()}{text[1:]}." for text in warnings))


def _gaps(totals: Totals) -> str:
    rule = (
        "Octets count as missing where later ones were captured, or where the other side acknowledged them. What "
        "neither shows cannot be known to be missing."
    )
    if not totals.gaps:
        return f"No octet of these sessions is known to be missing. {rule}"
    return (
        f"{count(totals.missing, 'octet')} in {count(totals.gaps, 'gap')} are missing from the captures. Each is named "
        f"with its session; lines and messages with missing octets say so. {rule}"
    )


def _conflicts(totals: Totals, settings: Settings) -> str:
    rule = f"Where two copies of the same octets differ, the {settings.overlap} one counts here, and both are shown."
    if not totals.conflicts:
        return f"No two copies of the same octets differ. {rule}"
    return (
        f"{count(totals.conflicts, 'place was', 'places were')} captured in two versions that differ; which of them "
        f"the receiver took cannot be known from the capture alone. {rule}"
    )


def _cuts(captures: Sequence[CaptureInfo], sessions: Sequence[Session]) -> str:
    cut = sum(info.truncated for info in captures)
    begun = sum(session.handshake != "complete" for session in sessions)
    open_ended = sum(session.ending == "incomplete" for session in sessions)
    pieces = [
        f"{count(cut, 'capture is', 'captures are')} cut short or damaged; what follows is not in the results."
        if cut
        else "No capture is cut short or damaged."
    ]
    if begun:
        pieces.append(f"Of {count(begun, 'session')} the beginning was not captured as a whole.")
    if open_ended:
        pieces.append(f"Of {count(open_ended, 'session')} no end was captured.")
    pieces.append("A pcap file does not say how many packets the recording program dropped; a pcapng file may.")
    return " ".join(pieces)


def _clock(sessions: Sequence[Session]) -> str:
    backwards = sum(_goes_back(session) for session in sessions)
    text = (
        "Times are those that the recording program wrote into the captures, by the clock of its machine; whether that "
        "clock was right, they do not say. They are given in UTC"
    )
    if backwards:
        return (
            f"{text}. In {count(backwards, 'session')} it went backwards by more than a second: "
            "there the order of events is that of the conversation and not of the clock."
        )
    return f"{text}. In no session did it go backwards by more than a second."


def _goes_back(session: Session) -> bool:
    """Whether a packet was stamped more than a second before one that stands ahead of it in the capture.

    Less is common where a capture merges the packets of several network cards.
    """
    spans = sorted((span.frame, span.time) for stream in _streams(session) for span in stream.spans)
    return any(
        later < earlier - SECOND and capture_index(frame) == capture_index(before)
        for (before, earlier), (frame, later) in pairwise(spans)
    )


def _streams(session: Session) -> tuple[Stream, Stream]:
    return session.client_stream, session.server_stream
