"""File names from the wire, made harmless."""

from __future__ import annotations

import unicodedata

MAX_OCTETS = 100
"""UTF-8 bytes of a name from the wire that are kept. File systems take 255, encrypting ones some 140, for all."""
_MAX_SUFFIX = 16
"""Bytes of an ending such as ``.jpeg`` that is kept where the name is cut."""
_LOOKED_AT = 1024
"""Characters at either end of a name that are looked at."""
_KEPT = frozenset("-+=@,.")
_TRIMMED = "._-+=@, "
# https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
_RESERVED = frozenset(
    {
        *("con", "prn", "aux", "nul", "conin$", "conout$"),
        *(f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"),
    }
)


def safe_name(text: str, max_octets: int = MAX_OCTETS) -> str:
    """Return a name that is harmless on any file system; empty where nothing of the text can be kept.

    It is what follows the last slash or backslash, in NFC, of letters, digits and ``-+=@,.``, with ``_`` for
    all else (controls, quotes, colons, joiners, direction overrides, marks that stand on nothing). It neither
    begins nor ends with a sign, is not a name that Windows reserves, and has at most ``max_octets`` UTF-8 bytes,
    of which a short ending stays.
    """
    text = text.replace("\\", "/").rpartition("/")[2]
    if len(text) > 2 * _LOOKED_AT:
        text = text[:_LOOKED_AT] + text[-_LOOKED_AT:]
    text = unicodedata.normalize("NFC", text)
    name = "".join(c if c in _KEPT or unicodedata.category(c)[0] in "LN" else "_" for c in text)
    while "__" in name:
        name = name.replace("__", "_")
    name = name.strip(_TRIMMED)
    if len(name.encode()) > max_octets:
        name = _shortened(name, max_octets)
    if name.partition(".")[0].casefold() in _RESERVED:
        return _first_octets(f"x-{name}", max_octets).rstrip(_TRIMMED)
    return name


def _shortened(name: str, max_octets: int) -> str:
    stem, dot, suffix = name.rpartition(".")
    ending = dot + suffix
    if not stem or len(ending.encode()) > min(_MAX_SUFFIX, max_octets // 2):
        stem, ending = name, ""
    return _first_octets(stem, max_octets - len(ending.encode())).rstrip(_TRIMMED) + ending


def _first_octets(name: str, octets: int) -> str:
    return name.encode()[:octets].decode(errors="ignore")
