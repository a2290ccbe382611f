"""Texts spooled in the order in which they come, to be read in the order of their numbers: on disk if they are long.

Sessions end in another order than they begin. Their texts wait here, so that the sessions themselves
need not, and memory does not grow with them.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from pop2dissect.writing import named

_IN_MEMORY = 16 << 20
"""Bytes up to which no file is made."""


def _where() -> str:
    return f"a temporary file in {tempfile.gettempdir()}" if tempfile.tempdir else "a temporary file"


class OctetSpool:
    """For bytes. A context manager; they are given back once :meth:`octets_in_order` is called."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 (closed by close)
        self._numbers = array("Q")
        self._offsets = array("Q", [0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._numbers)

    def close(self) -> None:
        """Let go of all that was spooled."""
        self._file.close()

    def put(self, number: int, octets: bytes) -> None:
        """Spool bytes under a number."""
        with named(_where):
            self._file.write(octets)
        self._numbers.append(number)
        self._offsets.append(self._offsets[-1] + len(octets))

    def octets_in_order(self) -> Iterator[bytes]:
        """Yield all of them in the order of their numbers."""
        with named(_where):
            for place in sorted(range(len(self._numbers)), key=self._numbers.__getitem__):
                start, end = self._offsets[place], self._offsets[place + 1]
                self._file.seek(start)  # which writes what is still held
                yield self._file.read(end - start)


class Spool(OctetSpool):
    """For texts of any characters, surrogates too."""

    def add(self, number: int, text: str) -> None:
        """Spool a text under its number."""
        self.put(number, text.encode("utf-8", "surrogatepass"))

    def in_order(self) -> Iterator[str]:
        """Yield all texts in the order of their numbers."""
        for octets in self.octets_in_order():
            yield octets.decode("utf-8", "surrogatepass")
