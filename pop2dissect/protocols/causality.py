"""What a sender can have known when it sent an octet, told by TCP's acknowledgement numbers.

A server cannot answer a command before it has received it, and every segment says how much its sender
had received. So the first octet of the server whose segment acknowledges a whole command is where the
reply to it can begin at the earliest, whatever the clock or an announced length say.
"""

from __future__ import annotations

from pop2dissect.tcp.stream import Stream


class Causality:
    """Relates offsets of a sender's stream to offsets of the stream that it was receiving.

    Ask in ascending order of offsets: the answers are found in one walk over the spans.
    """

    __slots__ = ("_index", "_sender")

    def __init__(self, sender: Stream) -> None:
        self._sender = sender
        self._index = 0

    def first_after(self, received: int, known_to_receiver: int | None) -> int | None:
        """Return where the sender's octets begin that it sent after it had received ``received`` octets.

        Where the capture lacks octets just there, ``known_to_receiver`` decides: how much the other end
        had received when it sent the last of those. None where no acknowledgement tells; the end of the
        stream where nothing was sent afterwards.
        """
        spans = self._sender.spans
        index, number = self._index, len(spans)
        while index < number:
            acknowledged = spans[index][4]
            if acknowledged is not None and acknowledged >= received:
                break
            index += 1
        self._index = index
        latest = spans[index][0] if index < number else self._sender.length
        earliest = spans[index - 1][0] + spans[index - 1][1] if index else 0
        if index == number and index and spans[index - 1].acknowledged is None:
            return None
        if earliest == latest:
            return latest
        if known_to_receiver is not None and earliest <= known_to_receiver <= latest:
            return known_to_receiver
        return earliest

    def received_at(self, offset: int) -> int | None:
        """Return how much the sender had received when it sent the octet at ``offset``; None if unknown."""
        index = self._sender.span_index(offset)
        spans = self._sender.spans
        if index < len(spans) and spans[index].offset <= offset:
            return spans[index].acknowledged
        return None
