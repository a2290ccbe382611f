"""Packets to TCP segments: link layers, tunnels, IPv4 and IPv6, fragments."""

from pop2dissect.decode.decoder import Decoder
from pop2dissect.decode.fragments import Overlap
from pop2dissect.decode.problems import Problem, Problems, Verdict
from pop2dissect.decode.segment import Segment, reverse_key

__all__ = [
    "Decoder",
    "Overlap",
    "Problem",
    "Problems",
    "Segment",
    "Verdict",
    "reverse_key",
]
