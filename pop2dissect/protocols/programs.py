"""Programs told by what they say: lines that one of them alone has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from pop2dissect.patterns import expression
from pop2dissect.protocols.base import ReplyKind, ReplyLine, Turn
from pop2dissect.session import Software
from pop2dissect.text.values import decode_text

TURNS_LOOKED_AT = 64
"""Turns whose replies are compared with what servers are known to say."""


class Words(NamedTuple):
    """A reply line that tells a program."""

    product: str
    pattern: bytes
    """Of the line in full. A group holds the version."""
    evidence: str


class Table(NamedTuple):
    """Lines that tell programs."""

    any_of_them: re.Pattern[bytes]
    """Fits what one of the rows fits: hardly any line, so that the rows need not be tried one by one."""
    rows: tuple[Words, ...]


def words(*rows: tuple[str, bytes, str]) -> Table:
    """Return a table of rows with a product, a pattern and what the line is."""
    patterns = b"|".join(b"(?:%b)" % pattern for _, pattern, _ in rows)
    return Table(expression(patterns, re.DOTALL), tuple(Words(*row) for row in rows))


def server_by_words(turns: Iterable[Turn], table: Table, *, greeting_decides: bool = False) -> Software | None:
    """Name the server of a session by what it said; nothing where programs contradict one another.

    Where the greeting decides, it and a line with a version count whatever else is said.
    """
    found: Software | None = None
    for turn in islice(turns, TURNS_LOOKED_AT):
        for reply in turn.replies:
            one = _by_words(reply.raw, table) if isinstance(reply, ReplyLine) and not reply.missing else None
            if one is None:
                continue
            is_greeting = found is None and isinstance(reply, ReplyLine) and reply.kind is ReplyKind.GREETING
            if greeting_decides and (one.version or is_greeting):
                return one
            if found is not None and found.product != one.product:
                return None
            found = found or one
    return found


def _by_words(line: bytes, table: Table) -> Software | None:
    if table.any_of_them.fullmatch(line) is None:
        return None
    for product, pattern, evidence in table.rows:
        match = re.fullmatch(pattern, line, re.DOTALL)
        if match is not None:
            version = decode_text(match.group(1)) if match.re.groups and match.group(1) else None
            return Software(product, version, f"{evidence}: {decode_text(line)[:100]}")
    return None
