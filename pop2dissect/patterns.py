"""Regular expressions that are compiled when they are first used: a run needs few of all that there are."""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class _Later:
    """Stands for a pattern, and has its methods once it is compiled."""

    __slots__ = ("_flags", "_text", "finditer", "fullmatch", "match", "search", "sub")

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        """Compile: this is only called for what is not there yet."""
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = re.compile(self._text, self._flags)
        for slot in _METHODS:
            setattr(self, slot, getattr(compiled, slot))
        return getattr(compiled, name)


_METHODS = _Later.__slots__[2:]


def expression(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return what may be used as the pattern, but for functions of :mod:`re`, which must have the pattern itself."""
    return cast("re.Pattern[AnyStr]", _Later(text, flags))
