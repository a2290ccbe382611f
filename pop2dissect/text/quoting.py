"""How sentences quote what somebody sent, and list things."""

from __future__ import annotations

from collections.abc import Sequence

from pop2dissect.patterns import expression

PLAIN = expression(r"[A-Za-z0-9_.@+~/#{}:%*-]{1,60}")
"""A name that needs no quotation marks."""

MAX_QUOTED = 60
"""Characters quoted of what somebody sent."""

MAX_UNPRINTABLE = 12
"""The same where it is not text: on a terminal each takes four or more."""

MAX_LISTED = 6
"""Things of a kind that a sentence lists."""


def quoted(text: str) -> str:
    """Quote what somebody sent, cut where it is long."""
    most = MAX_QUOTED
    if len(text) > MAX_UNPRINTABLE and not text[:MAX_QUOTED].isprintable():
        strange = [place for place, character in enumerate(text[:MAX_QUOTED]) if not character.isprintable()]
        most = strange[MAX_UNPRINTABLE] if len(strange) > MAX_UNPRINTABLE else MAX_QUOTED
    return f'"{text}"' if len(text) <= most else f'"{text[:most]}…" ({len(text):,} characters)'


def named(name: str) -> str:
    """Return a name as it is where it is plain, else quoted, so that it cannot be taken for words of ours."""
    return name if PLAIN.fullmatch(name) else quoted(name.replace("\\", "\\\\").replace('"', '\\"'))


def listed(things: Sequence[str]) -> str:
    """List things in a sentence: the first few, and how many more there are."""
    if len(things) > MAX_LISTED:
        return ", ".join(things[:MAX_LISTED]) + f", and {len(things) - MAX_LISTED:,} more"
    return ", ".join(things)
