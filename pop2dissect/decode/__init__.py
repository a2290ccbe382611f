"""Packets to TCP segments: link layers, tunnels, IPv4 and IPv6, fragments."""

from pop2dissect.decode.decoder import MAX_LAYERS, Decoder
from pop2dissect.decode.fragments import FragmentLimits, Overlap
from pop2dissect.decode.problems import Problem, Problems, Verdict
from pop2dissect.decode.segment import Segment, reverse_key

__all__ = [
    "MAX_LAYERS",
    "Decoder",
    "FragmentLimits",
    "Overlap",
    "Problem",
    "Problems",
    "Segment",
    "Verdict",
    "reverse_key",
]
