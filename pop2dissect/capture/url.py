"""URLs of captures: which text is one, and how one is shown without what it lets in by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from pop2dissect.patterns import expression

_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]+://"
_URL = expression(rf"(?:[A-Za-z][A-Za-z0-9+.-]*::)*{_SCHEME}")
"""Also chained, as fsspec has it: ``simplecache::s3://bucket/key``."""
_WEB = expression(r"https?://", re.IGNORECASE)
_USER = expression(r"(?<=://)(?:[^\s/?#]*(?=@)|(?!\[)[^/@?#\s]*:(?!\d*(?:[/?#]|$))[^@]*(?=@))")
"""User and password (RFC 3986, section 3.2.1), also where what should be escaped in a password is not."""
_VALUE = expression(r"(?<=[?&;#])([^=&;#]*)=([^&;#]+)")
_BARE = expression(r"(?<=[?&;])([^=&;#]+)(?=[&;#]|$)")
_HARMLESS = frozenset({"versionid", "generation", "snapshot"})
"""Fields of a query that say which version of an object is meant. Of all others the values may let in: signatures,
tokens and keys have no names that could be listed."""
_HIDDEN = "***"
_SHORTEST = 3
"""Characters of what is replaced wherever it stands in a sentence: less stands in too many words."""


def is_url(path: str) -> bool:
    """Whether a path is a URL, which is opened through fsspec."""
    return _URL.match(path) is not None


def without_credentials(text: str) -> str:
    """Return a URL as it may be shown: without user, password and the values of its query. Other text stays."""
    if "://" not in text:
        return text
    return "::".join(map(_one, text.split("::")))


def _one(url: str) -> str:
    url = _USER.sub(_HIDDEN, url, count=1)
    url = _VALUE.sub(lambda found: found[0] if found[1].lower() in _HARMLESS else f"{found[1]}={_HIDDEN}", url)
    return _BARE.sub(_HIDDEN, url) if _WEB.match(url) else url  # elsewhere a question mark is part of a pattern


def clean(sentence: str, url: str) -> str:
    """Return what a library says of a URL without what the URL lets in by, wherever and however it stands there."""
    sentence = sentence.replace(url, without_credentials(url))
    for secret in sorted(_secrets(url), key=len, reverse=True):
        sentence = sentence.replace(secret, _HIDDEN)
    return re.sub(rf"{_SCHEME}[^\s'\"]+", lambda found: without_credentials(found[0]), sentence)


def _secrets(url: str) -> Iterator[str]:
    for part in url.split("::"):
        users = [found[0] for found in _USER.finditer(part)]
        values = [found[2] for found in _VALUE.finditer(part) if found[1].lower() not in _HARMLESS]
        values += [found[1] for found in _BARE.finditer(part)] if _WEB.match(part) else []
        for secret in (*users, *(half for user in users for half in user.split(":", 1)), *values):
            yield from (one for one in (secret, unquote(secret)) if len(one) >= _SHORTEST)
