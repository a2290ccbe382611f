"""Captures: files, pipes and directories of them -> packet records. :class:`CaptureReader` is the entry."""

from pop2dissect.capture.reader import CaptureReader
from pop2dissect.capture.record import FRAME_BITS, Buffer, CaptureInfo, Record, capture_index, frame_number

__all__ = ["FRAME_BITS", "Buffer", "CaptureInfo", "CaptureReader", "Record", "capture_index", "frame_number"]
