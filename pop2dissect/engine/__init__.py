"""Engines: captures -> TCP segments. The native one reads and decodes here; the other leaves both to tshark.

Whatever the engine, the same segments come out, and all that follows is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from pop2dissect.capture.fast import Continued
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.choices import EngineName, OverlapPolicy
from pop2dissect.decode.segment import Segment
from pop2dissect.limits import DEFAULT, Limits

__all__ = ["Engine", "open_engine"]


class Engine(Protocol):
    """The TCP segments of one or more captures, in the order of time. To be iterated once, and closed."""

    captures: list[CaptureInfo]
    """The facts about each capture, in reading order; final once all segments have been read."""

    def __iter__(self) -> Iterator[Segment]: ...

    def continued(self) -> Continued | None:
        """Let what continues conversations be taken before it is a segment; None where that cannot be.

        To be asked before the iteration, by who takes all connections from there.
        """
        ...

    @property
    def octets_read(self) -> int:
        """Octets of all captures, as stored, that have been read so far: for showing progress."""
        ...

    def warnings(self) -> list[str]:
        """Return a sentence for each kind of packet that could not be decoded, in order of appearance."""
        ...

    def close(self) -> None:
        """End the iteration, and let go of files and programs. Segments already given stay valid."""
        ...


def open_engine(
    name: EngineName,
    paths: Sequence[str],
    *,
    ports: frozenset[int] | None,
    overlap: OverlapPolicy = "first",
    limits: Limits = DEFAULT,
    verify_checksums: bool = False,
    tshark_options: Sequence[str] = (),
    jobs: int | None = 1,
    dask: str | None = None,
) -> Engine:
    """Open captures for the segments from or to one of the ports; None stands for every port.

    With ``verify_checksums``, segments whose checksums are wrong say so. Of ``overlap`` and ``limits``, the tshark
    engine does not apply what concerns fragments of IP: tshark keeps the first copy, and has limits of its own.
    ``tshark_options`` are preferences for the tshark engine, as ``-o`` of tshark takes them; it has processes of its
    own. With the native one, ``jobs`` processes read several captures, or scan parts of a large one ahead
    (None: as many as pay), or the workers of the Dask cluster read them whose scheduler is at the address ``dask``.
    Raises CaptureError where no capture can be read, and MissingProgramError where tshark is asked for but missing or
    too old.
    """
    if name == "tshark":
        from pop2dissect.engine.tshark import TsharkEngine

        return TsharkEngine(paths, ports=ports, verify_checksums=verify_checksums, options=tshark_options)
    from pop2dissect.engine.native import NativeEngine

    return NativeEngine(
        paths,
        ports=ports,
        overlap=overlap,
        limits=limits,
        verify_checksums=verify_checksums,
        jobs=jobs,
        dask=dask,
    )
