"""Runs tshark on one capture and gives its lines as they come."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence

from pop2dissect.engine.tshark.facts import complaint
from pop2dissect.engine.tshark.fields import CHECKSUM_OPTIONS, DECODE_AS, FIELDS, OPTIONS
from pop2dissect.errors import UsageError

_INVALID_OPTION = 1
"""Status of tshark where it does not understand its options (``WS_EXIT_INVALID_OPTION``)."""


def _command(tshark: str, path: str, ports: frozenset[int] | None, verify: bool, options: Sequence[str]) -> list[str]:
    wanted = "tcp" if ports is None else " || ".join(f"tcp.port == {port}" for port in sorted(ports))
    command = [tshark, "-n", "-r", path, "-Y", wanted, "-T", "fields", "-E", "occurrence=a", "-E", "separator=/t"]
    for field in FIELDS:
        command += ["-e", field]
    for port in DECODE_AS:
        command += ["-d", port]
    checksums = [f"{name}:{'TRUE' if verify else 'FALSE'}" for name in CHECKSUM_OPTIONS]
    for option in (*OPTIONS, *checksums, *options):
        command += ["-o", option]
    return command


class TsharkRun:
    """The lines of tshark about the packets of one capture that have TCP on one of the ports."""

    def __init__(
        self, tshark: str, path: str, ports: frozenset[int] | None, verify: bool, options: Sequence[str]
    ) -> None:
        self._path = path
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the run)
        self._process = subprocess.Popen(
            _command(tshark, path, ports, verify, options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def __iter__(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        return iter(self._process.stdout)

    def failure(self) -> str | None:
        """Wait for the end; give what tshark complains of where it did not succeed, else None.

        Raises UsageError where it refuses an option.
        """
        status = self._process.wait()
        if status == 0:
            return None
        self._errors.seek(0)
        said = complaint(self._errors.read(), self._path) or f"it ended with status {status}"
        if status == _INVALID_OPTION:
            raise UsageError(f"tshark refuses its options: {said}")
        return said

    def close(self) -> None:
        """End the program, if it still runs."""
        assert self._process.stdout is not None
        self._process.stdout.close()
        if self._process.poll() is None:
            self._process.kill()  # it reads only; on SIGTERM it waits until all that it has begun is written
            self._process.wait()
        self._errors.close()
