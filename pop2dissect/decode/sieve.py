"""Tells which packets decoding can make anything of: what is left out of an extract changes nothing."""

from __future__ import annotations

from pop2dissect.capture.record import Record
from pop2dissect.decode.decoder import Decoder
from pop2dissect.decode.packet import FRAGMENT, NOTHING, Packet
from pop2dissect.decode.segment import Segment
from pop2dissect.limits import Limits


class Sieve(Decoder):
    """Decodes packets one by one, each for itself.

    A packet matters if it gives a segment, if there is something to say of it, or if it is a fragment: what comes of
    that depends on other packets, which may be in another capture.
    """

    def __init__(self, ports: frozenset[int] | None, limits: Limits) -> None:
        super().__init__(ports, limits=limits)
        self._layers = {**self._layers, FRAGMENT: self._note_fragment}
        self._is_fragment = False

    def keeps(self, record: Record) -> tuple[bool, Segment | None]:
        """Say whether a packet matters; give its segment, if it has one by itself."""
        segment = self.decode(record)
        if segment is not None:
            return True, segment
        matters = self._is_fragment or bool(self.problems)
        self._is_fragment = False
        self.problems.clear()
        return matters, None

    def _note_fragment(self, packet: Packet) -> int:
        self._is_fragment = True
        return NOTHING
