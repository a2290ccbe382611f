"""How the results were reached, and what they cannot say: in plain words, with this report's own figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pop2dissect.capture.record import CaptureInfo, capture_index
from pop2dissect.document.totals import Totals
from pop2dissect.protocols import protocol_of, subjects
from pop2dissect.protocols.identify import NONE
from pop2dissect.session import Session
from pop2dissect.settings import SETTINGS, Settings
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.quoting import listed
from pop2dissect.text.values import SECOND, count


class Paragraph(NamedTuple):
    """A paragraph with a heading of a few words."""

    heading: str
    text: str


def method(settings: Settings, protocols: Sequence[str]) -> Iterator[Paragraph]:
    """Yield how the results were reached: with these settings, and in these protocols."""
    yield Paragraph("Reading", " ".join(_reading(settings)))
    yield Paragraph(
        "Reassembly",
        "The bytes that each side sent were put in order by TCP's sequence numbers, so that retransmitted, duplicate "
        "and out-of-order packets make no difference. Where two copies of the same bytes differ, the "
        f"{settings.overlap} one is used. A position in such a stream is given by its offset, the number of bytes "
        "before it: “bytes 18–27” are those from offset 18 up to but not including offset 27.",
    )
    yield Paragraph("Dissection", " ".join(_dissection(protocols)))
    yield Paragraph(
        "Findings",
        "Findings are produced by rules, and each is listed with its rule. A finding states what was seen. It is not a "
        "judgement: what it may mean, and which harmless causes look the same, is set out in a section of its own.",
    )
    yield Paragraph(
        "Checking",
        "Each frame can be looked up in the capture with any other program; Wireshark numbers frames in the same way. "
        "Hashes are SHA-256 of exactly the bytes named; bytes missing from the capture are left out. This file also "
        f"holds the results as data: {_verifying(settings)}",
    )


def _reading(settings: Settings) -> Iterator[str]:
    if settings.engine == "tshark":
        yield (
            "The captures were read once and not changed. tshark read the files, decoded the packets and "
            "reassembled IP fragments; everything from the TCP segments on was done by pop2dissect."
        )
    else:
        yield "The captures were read once, packet by packet, and not changed."
    yield "A frame's number is its place in the file, counted from 1, as Wireshark counts."
    ports = SETTINGS["ports"].shown(settings.ports)
    asked = f"server {'port' if len(settings.ports) == 1 else 'ports'} {ports}"
    if settings.any_port:
        yield (
            f"Packets of TCP connections to {asked} were examined, as were those of connections to any other port "
            f"whose server greets as one of {listed(_post_office())} does; all others were skipped."
        )
    else:
        yield f"Packets of TCP connections to {asked} were examined; all others were skipped."
    if settings.check_checksums:
        yield (
            "Checksums of IPv4 headers and of TCP were verified; a copy with a wrong checksum is used only where there "
            "is no other."
        )
    if settings.filters:
        yield f"Only the sessions that were asked for are reported: {settings.filters.words()}."


def _post_office() -> list[str]:
    return [protocol.name for protocol in subjects() if not protocol.either]


def _dissection(protocols: Sequence[str]) -> Iterator[str]:
    protocols = [protocol for protocol in protocols if protocol != NONE.name]
    words = [protocol_of(protocol).words for protocol in protocols]
    rules = [one.rules for one in words if one.rules]
    others = [protocol for protocol, one in zip(protocols, words, strict=True) if not one.rules]
    if rules:
        yield (
            f"Commands and replies were read according to {' and '.join(rules)}, allowing for the known habits of "
            "real programs. Replies are matched to commands by their order and by what each side had acknowledged."
        )
        yield from (one.framing for one in words if one.framing)
    if others:
        yield f"Of other protocols ({', '.join(others)}) only the lines are shown; what they mean was not examined."
    if not words:
        yield "No session carried anything to dissect."


def _verifying(settings: Settings) -> str:
    if settings.tshark_options:
        return (
            "“pop2dissect verify” cannot derive them again, because the values of the preferences that were given to "
            "tshark are not recorded."
        )
    return "“pop2dissect verify” derives them again from the capture and reports every difference."


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
    yield Paragraph("Truncation", _cuts(captures, sessions))
    yield Paragraph("Clock", _clock(sessions))
    yield Paragraph(
        "Identity",
        "An address names a host or what stands for it (a proxy, a router that translates addresses), not a person. "
        "A user's name says which account was used, not who used it. Which program was used is inferred from its "
        "words and habits, which can be imitated. Message headers are what the sender wrote.",
    )
    deletions = [rule for protocol in totals.protocols if (rule := protocol_of(protocol).words.deletion)]
    if deletions:
        yield Paragraph(
            "Deletions", " ".join([*sorted(deletions), "Whether the server really did so is not on the wire."])
        )
    if masked:
        yield Paragraph(
            "Passwords",
            "Passwords are masked: as ******** in text, and byte by byte as ** among the bytes. The positions of "
            "lines and the hash of what a client sent still depend on them; handle the report accordingly.",
        )
    if warnings:
        yield Paragraph("Not decoded", " ".join(f"{text[:1].upper()}{text[1:]}." for text in warnings))


def _gaps(totals: Totals) -> str:
    rule = (
        "Bytes count as missing where later bytes were captured, or where the other side acknowledged them. What "
        "neither shows cannot be known to be missing."
    )
    if not totals.gaps:
        return f"No byte of these sessions is known to be missing. {rule}"
    return (
        f"{count(totals.missing, 'byte is', 'bytes are')} missing from the captures, in {count(totals.gaps, 'gap')}. "
        f"Each gap is listed with its session, and lines and messages with missing bytes say so. {rule}"
    )


def _conflicts(totals: Totals, settings: Settings) -> str:
    rule = f"Where two copies of the same bytes differ, the {settings.overlap} one is used here, and both are shown."
    if not totals.conflicts:
        return f"No two copies of the same bytes differ. {rule}"
    return (
        f"{count(totals.conflicts, 'place was', 'places were')} captured in two versions that differ; which of them "
        f"the receiver accepted cannot be known from the capture alone. {rule}"
    )


def _cuts(captures: Sequence[CaptureInfo], sessions: Sequence[Session]) -> str:
    cut = sum(info.truncated for info in captures)
    begun = sum(session.handshake != "complete" for session in sessions)
    open_ended = sum(session.ending == "incomplete" for session in sessions)
    pieces = [
        f"{count(cut, 'capture is', 'captures are')} truncated or damaged; what follows is not in the results."
        if cut
        else "No capture is truncated or damaged."
    ]
    if begun:
        pieces.append(f"The start of {count(begun, 'session')} was not captured in full.")
    if open_ended:
        pieces.append(f"The end of {count(open_ended, 'session')} was not captured.")
    pieces.append("A pcap file does not say how many packets the recording program dropped; a pcapng file may.")
    return " ".join(pieces)


def _clock(sessions: Sequence[Session]) -> str:
    backwards = sum(_goes_back(session) for session in sessions)
    text = (
        "Times are those that the recording program wrote into the captures, by the clock of its machine; the captures "
        "do not show whether that clock was right. They are given in UTC"
    )
    if backwards:
        return (
            f"{text}. In {count(backwards, 'session')} the clock went backwards by more than a second; events are "
            "listed there in the order of the conversation, not of the clock."
        )
    return f"{text}. In no session did the clock go backwards by more than a second."


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
