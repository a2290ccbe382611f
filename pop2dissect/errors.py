"""The errors that pop2dissect raises, all of one small family.

Damage *inside* a capture is not an error: what precedes it is analysed, and the damage is stated
in :attr:`pop2dissect.capture.record.CaptureInfo.warnings`.
"""


class Pop2DissectError(Exception):
    """Base of every error that pop2dissect raises on purpose; its text is one sentence for a person."""


class CaptureError(Pop2DissectError):
    """A capture cannot be read at all: it is missing, unreadable, or no capture file."""


class MissingLibraryError(CaptureError):
    """A capture needs an optional library that is not installed; the text says how to install it."""


class UsageError(Pop2DissectError):
    """What was asked for cannot be done: an option's value, a session that does not exist."""


class MissingProgramError(UsageError):
    """What was asked for needs another program that is missing or too old; the text says how to install it."""
