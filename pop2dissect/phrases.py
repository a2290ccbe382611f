"""What is typed to find sessions, in the search of the report as in ``browse``.

``user:bertil severity:high "of the committee" retr`` is filters by the names that :data:`pop2dissect.filters.FILTERS`
has, whose values stand in quotation marks where they have spaces, and words and phrases that must stand in what is
told of a session, upper and lower case alike. As on the command line, of one filter given several times one must be
true. The report's script (``html/phrases.js``) does the same; ``tests/support/phrases.py`` has
cases for both.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pop2dissect.filters import FILTERS, Filters
from pop2dissect.patterns import expression

_TERM: Final = expression(r'(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))')


class Query(NamedTuple):
    """What is asked of sessions."""

    filters: Filters = Filters()
    words: tuple[str, ...] = ()
    """Texts that must stand in what is told of a session, in lower case."""


def query(text: str) -> Query:
    """Parse what was typed. Raises SettingError where the value of a filter is none that can be."""
    asked: dict[str, list[str]] = {}
    words = []
    for term in _TERM.finditer(text):
        name, phrase, word = term.groups()
        value = word if phrase is None else phrase
        if name in FILTERS:
            if value:
                asked.setdefault(name, []).append(value)
        elif said := term[0] if name or phrase is None else phrase:
            words.append(said.casefold())
    return Query(Filters.of(asked), tuple(words))
