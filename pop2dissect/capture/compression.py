"""Unpacks compressed captures as streams, in bounded memory, giving all that precedes any damage."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from pop2dissect.errors import MissingDecompressorError
from pop2dissect.optional import how_to_install

CHUNK = 1 << 16
"""Octets of compressed data read at a time."""
ZSTD_PIECE = 512
"""Octets given to zstandard at a time: its interface has no limit on what they unpack to, so this is one.

At worst, blocks of 4 octets that say "128 KiB of the same octet" (RFC 8878, section 3.1.1.2), it is 16 MiB.
"""
XZ_MEMORY = 256 << 20
"""Octets of memory that unpacking xz may need; ``xz -9`` needs 65 MiB. More may be an attack."""

_MAGICS = {
    b"\x1f\x8b": "gzip",  # RFC 1952, section 2.3.1
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",  # the .xz file format, section 2.1.1.1
    b"\x28\xb5\x2f\xfd": "zstd",  # RFC 8878, section 3.1.1
    b"\x04\x22\x4d\x18": "lz4",  # LZ4 frame format
}
MAGIC_OCTETS = max(map(len, _MAGICS))


def compression_of(head: bytes) -> str | None:
    """Name the compression format of a file that begins with these octets, if it is in one."""
    return next((name for magic, name in _MAGICS.items() if head.startswith(magic)), None)


class DamagedInputError(Exception):
    """Compressed data cannot be unpacked any further; the text says why."""


class Source(Protocol):
    """Where octets come from: a raw file, a pipe, a decompressor."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer, or part of it, with what is there now; 0 means that nothing more will come."""


class Member(Protocol):
    """Unpacks one of the compressed streams that may follow each other in a file, as :mod:`bz2` does."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing comes out before more goes in."""

    @property
    def unused_data(self) -> bytes | None:
        """What followed the end of the stream; lz4 has None for nothing."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Unpack, into at most ``max_length`` octets."""


class Unpacked:
    """A source of unpacked octets; raises DamagedInputError where the compressed data is damaged or cut."""

    def __init__(self, source: Source, name: str) -> None:
        """Unpack a source in the format that :func:`compression_of` named.

        Raises MissingDecompressorError where that needs an optional library that is not installed.
        """
        self._name = name
        self._codec = _CODECS[name]()
        self._source = source
        self._member: Member | None = None
        self._input = b""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill at least a part of the buffer; give the number of octets, 0 at the end of the last member."""
        while True:
            if self._member is None or self._member.eof:
                if not self._next_member():
                    return 0
            elif self._member.needs_input:
                self._input = self._read()
                if not self._input:
                    raise DamagedInputError(f"the {self._name} data ends before its end mark")
            octets = self._decompress(len(buffer))
            if octets:
                buffer[: len(octets)] = octets
                return len(octets)

    def _decompress(self, limit: int) -> bytes:
        assert self._member is not None
        data, self._input = self._input, b""
        try:
            return self._member.decompress(data, limit)
        except self._codec.errors as error:
            raise DamagedInputError(f"the {self._name} data is damaged ({error})") from error

    def _next_member(self) -> bool:
        """Begin the next member; zero octets between and after members are padding (as from tapes)."""
        data = (self._member and self._member.unused_data) or b""
        while not (data := data.lstrip(b"\0")):
            data = self._read()
            if not data:
                return False
        self._member = self._codec.member()
        self._input = data
        return True

    def _read(self) -> bytes:
        buffer = bytearray(CHUNK)
        return bytes(buffer[: self._source.readinto(memoryview(buffer)) or 0])


class _Codec(NamedTuple):
    member: Callable[[], Member]
    errors: tuple[type[Exception], ...]


def _gzip() -> _Codec:
    import zlib

    return _Codec(_GzipMember, (zlib.error,))


def _bzip2() -> _Codec:
    import bz2

    return _Codec(bz2.BZ2Decompressor, (OSError, ValueError))


def _xz() -> _Codec:
    import lzma

    return _Codec(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY), (lzma.LZMAError,))


def _zstd() -> _Codec:
    try:
        import zstandard
    except ImportError:
        raise _missing("zstd", "zstandard") from None
    return _Codec(lambda: _ZstdMember(zstandard.ZstdDecompressor().decompressobj()), (zstandard.ZstdError,))


def _lz4() -> _Codec:
    try:
        import lz4.frame
    except ImportError:
        raise _missing("lz4", "lz4") from None
    return _Codec(lz4.frame.LZ4FrameDecompressor, (RuntimeError,))


def _missing(name: str, library: str) -> MissingDecompressorError:
    return MissingDecompressorError(
        f"it is compressed with {name}, which needs the library {library}: {how_to_install('compression')}"
    )


_CODECS: dict[str, Callable[[], _Codec]] = {
    "gzip": _gzip,
    "bzip2": _bzip2,
    "xz": _xz,
    "zstd": _zstd,
    "lz4": _lz4,
}


class _GzipMember:
    """A gzip member through :mod:`zlib`; where it is damaged, all before the damage still comes out."""

    def __init__(self) -> None:
        import zlib

        self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._error = zlib.error
        self._failure: Exception | None = None
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        if self._failure is not None:
            raise self._failure
        data = self._inflate.unconsumed_tail + data
        before = self._inflate.copy()
        try:
            octets = self._inflate.decompress(data, max_length)
        except self._error as error:
            self._failure = error
            return self._until_damage(before, data)
        self.needs_input = len(octets) < max_length and not self._inflate.unconsumed_tail
        return octets

    def _until_damage(self, inflate: Any, data: bytes) -> bytes:
        """Unpack again octet by octet: zlib gives out nothing of a call that fails."""
        octets = bytearray()
        self.needs_input = False
        with suppress(self._error):
            for position in range(len(data)):
                octets += inflate.decompress(data[position : position + 1])
        return bytes(octets)


class _ZstdMember:
    """A zstd frame through the library zstandard, whose own interface cannot limit the output."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self._input = memoryview(b"")
        self._output = memoryview(b"")

    @property
    def eof(self) -> bool:
        return bool(self._frame.eof) and not self._output

    @property
    def needs_input(self) -> bool:
        return not self._output and not self._input

    @property
    def unused_data(self) -> bytes:
        return bytes(self._frame.unused_data) + bytes(self._input)

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        if data:
            self._input = memoryview(bytes(self._input) + data)
        while not self._output and self._input and not self._frame.eof:
            piece, self._input = self._input[:ZSTD_PIECE], self._input[ZSTD_PIECE:]
            self._output = memoryview(self._frame.decompress(piece))
        octets, self._output = bytes(self._output[:max_length]), self._output[max_length:]
        return octets
