"""The errors that pop2dissect raises on purpose, all of one small family.

Damage *inside* a capture is not an error: what precedes it is analysed, and the damage is stated
in :attr:`pop2dissect.capture.record.CaptureInfo.warnings`.
"""

from __future__ import annotations


class Pop2DissectError(Exception):
    """Base of every error that pop2dissect raises on purpose; its text is one sentence for a person."""

    def __init__(
        self, sentence: str = "", *, path: str | None = None, frame: int | None = None, offset: int | None = None
    ) -> None:
        super().__init__(sentence)
        self.path = path
        """The file that it is about, as it was given; None where it is about none, or about several."""
        self.frame = frame
        """The frame reference that it is about."""
        self.offset = offset
        """In bytes from the start of the file."""


class CaptureError(Pop2DissectError):
    """A capture cannot be read at all: it is missing, unreadable, or no capture file."""


class OutputError(Pop2DissectError, OSError):
    """A file cannot be written; the text names it, and says why."""


class UsageError(Pop2DissectError):
    """What was asked for cannot be done: an option's value, a session that does not exist."""


class ExistingFileError(UsageError, FileExistsError):
    """A file is to be written that exists."""


class SettingError(UsageError, ValueError):
    """A setting has a value that it cannot have; the text names the setting and what it can be."""


class MissingProgramError(UsageError):
    """What was asked for needs another program that is missing or too old; the text says how to install it."""


class MissingLibraryError(UsageError):
    """What was asked for needs an optional library that is not installed; the text says how to install it."""


class MissingFileSystemError(CaptureError, MissingLibraryError):
    """A capture cannot be read because it is given by a URL, and a library that its scheme needs is not installed."""


class MissingDecompressorError(CaptureError, MissingLibraryError):
    """A capture cannot be read because it is compressed, and the library that unpacks it is not installed."""
