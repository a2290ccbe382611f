"""The engine that needs no other program: captures are read and packets decoded here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from pop2dissect.archive.worth import hands_for, processors
from pop2dissect.capture import CaptureReader, parts
from pop2dissect.capture.fast import Continued
from pop2dissect.choices import OverlapPolicy
from pop2dissect.decode import Decoder
from pop2dissect.decode.segment import Segment
from pop2dissect.limits import Limits


class NativeEngine:
    """As :class:`pop2dissect.engine.Engine`. Raises CaptureError where no capture can be read."""

    def __init__(
        self,
        paths: Sequence[str],
        *,
        ports: frozenset[int] | None,
        overlap: OverlapPolicy,
        limits: Limits,
        verify_checksums: bool,
        jobs: int | None,
        dask: str | None,
    ) -> None:
        self._held = ExitStack()
        self._reader = self._held.enter_context(CaptureReader(paths, ports=ports, limits=limits))
        if jobs != 1 or dask is not None:
            self._share_out(jobs, dask, ports, limits)
        self._decoder = Decoder(ports, overlap=overlap, limits=limits, verify_checksums=verify_checksums)
        self.captures = self._reader.captures
        self._verify_checksums = verify_checksums

    def _share_out(self, jobs: int | None, dask: str | None, ports: frozenset[int] | None, limits: Limits) -> None:
        """Have several processes read the captures, or scan parts of the only one, if it pays; or a cluster."""
        files, octets = self._reader.files(), self._reader.divisible
        if octets and dask is None:
            count = hands_for(jobs, -(-octets // parts.PART_OCTETS), octets)
            if count > 1:
                from pop2dissect.archive.workers import Processes

                self._reader.divide(self._held.enter_context(Processes(count)).submit)
            return
        count = jobs or processors() if dask else hands_for(jobs, len(files), sum(files))
        if count > 1 or (dask and files):
            from pop2dissect.archive.hands import reading_ahead

            self._reader.leave_to(self._held.enter_context(reading_ahead(count, dask, ports, limits)))

    def __iter__(self) -> Iterator[Segment]:
        yield from filter(None, map(self._decoder.decode, self._reader))
        self._decoder.finish()

    def continued(self) -> Continued | None:
        """Let the scan take what continues conversations; None where it cannot, or checksums are to be verified."""
        return None if self._verify_checksums else self._reader.continued()

    @property
    def octets_read(self) -> int:
        """Octets of all captures, as stored, that have been read so far."""
        return self._reader.octets_read

    def warnings(self) -> list[str]:
        """Return a sentence for each kind of packet that could not be decoded."""
        return self._decoder.warnings()

    def close(self) -> None:
        """Close the files; what maps there are stay until no segment refers to them."""
        self._held.close()
