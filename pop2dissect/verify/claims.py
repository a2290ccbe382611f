"""Takes two documents apart into claims, and compares them claim by claim.

A result may be forged, so all text that is given here is harmless for a terminal already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from pop2dissect.patterns import expression
from pop2dissect.text.safe import fit, terminal_safe

MAX_DIFFERENCES = 20
"""Differences that are listed for one claim."""
_SHOWN = 70
"""Cells of a value that are shown."""
_SECRET = expression(r"(?:^|\.)(?:password|arguments|kept_hex|other_hex)\b|^line$")
"""Fields that may hold a password, where a result shows passwords: their values are not repeated."""
_MISSING = object()

_Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that a result says, and how what the captures show differs from it."""

    subject: str
    """Whom it is about: ``capture 1``, ``session 3``, ``summary``."""
    part: str
    """What of that: ``message 2``; empty for the subject itself."""
    differences: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """The captures show the same."""
        return not self.differences

    @property
    def name(self) -> str:
        """How it is called."""
        return f"{self.subject}, {self.part}" if self.part else self.subject


def document_claims(recorded: _Values, derived: _Values, *, secret: bool = False) -> Iterator[Claim]:
    """Compare two documents of schema pop2dissect/1. Of ``recorded`` nothing is trusted.

    With ``secret``, passwords are shown in them; they are not repeated.
    """
    yield from _listed(recorded, derived, "captures", lambda place, _: f"capture {place + 1}", ("path",))
    yield from _one(recorded, derived, "warnings")
    yield from _sessions(recorded.get("sessions"), derived["sessions"], secret)
    yield from _listed(recorded, derived, "probes", lambda place, _: f"probe {place + 1}")
    yield from _listed(recorded, derived, "findings", _finding)
    yield from _listed(recorded, derived, "incidents", lambda place, _: f"incident {place + 1}")
    yield from _listed(recorded, derived, "mailboxes", lambda place, _: f"mailbox {place + 1}")
    yield from _one(recorded, derived, "summary")
    yield from _unknown(recorded, derived)


def manifest_claims(recorded: _Values, derived: _Values, *, secret: bool = False) -> Iterator[Claim]:
    """Compare two manifests."""
    yield from _listed(recorded, derived, "captures", lambda place, _: f"capture {place + 1}", ("path",))
    yield from _one(recorded, derived, "warnings")
    yield from _listed(recorded, derived, "files", lambda _, entry: f"file {_text(entry.get('file'))}", secret=secret)
    yield from _unknown(recorded, derived)


def differences(recorded: object, derived: object, path: str = "", *, secret: bool = False) -> Iterator[str]:
    """Yield in sentences how two values differ, down to single fields; with ``secret`` without passwords."""
    if isinstance(recorded, dict) and isinstance(derived, dict):
        for name in [*derived, *(name for name in recorded if name not in derived)]:
            below = f"{path}.{terminal_safe(name)}" if path else terminal_safe(name)
            yield from differences(recorded.get(name, _MISSING), derived.get(name, _MISSING), below, secret=secret)
    elif isinstance(recorded, list) and isinstance(derived, list) and _has_parts(derived):
        if len(recorded) != len(derived):
            yield f"{path}: {len(recorded)} are recorded, {len(derived)} are derived"
        for place, (one, other) in enumerate(zip(recorded, derived, strict=False)):
            yield from differences(one, other, f"{path}[{place}]", secret=secret)
    elif not _same(recorded, derived):
        if secret and _SECRET.search(path):
            yield f"{path} is not what is recorded"
        else:
            yield f"{path or 'it'} is recorded as {shown(recorded)}, derived as {shown(derived)}"


def _same(one: object, other: object) -> bool:
    """Whether two values are the same, their types too: 1 is not true."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return one == other


def _has_parts(values: list[Any]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def shown(value: object) -> str:
    """Return a value in short, harmless for a terminal."""
    if value is _MISSING:
        return "missing"
    if isinstance(value, str):
        return f'"{_text(value)}"'
    try:
        text = json.dumps(value, default=_plain)
    except RecursionError:
        text = "something nested deep"
    return fit(terminal_safe(text), _SHOWN)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def _text(value: object) -> str:
    return fit(terminal_safe(str(value)), _SHOWN)


def _claim(subject: str, part: str, found: Iterator[str]) -> Claim:
    listed = [sentence for _, sentence in zip(range(MAX_DIFFERENCES), found, strict=False)]
    if next(found, None) is not None:
        listed.append("and more")
    return Claim(subject, part, tuple(listed))


def _one(recorded: _Values, derived: _Values, name: str) -> Iterator[Claim]:
    yield _claim(name, "", differences(recorded.get(name, _MISSING), derived.get(name, _MISSING)))


def _listed(
    recorded: _Values,
    derived: _Values,
    name: str,
    call: Callable[[int, _Values], str],
    ignored: tuple[str, ...] = (),
    subject: str = "",
    secret: bool = False,
) -> Iterator[Claim]:
    """Compare the members of two lists of objects, each a claim. With ``subject`` they are parts of that."""
    ours, theirs = derived.get(name), recorded.get(name)
    if not isinstance(theirs, list) or not isinstance(ours, list):
        yield _claim(subject or name, name if subject else "", differences(theirs, ours))
        return
    for place in range(max(len(ours), len(theirs))):
        one = theirs[place] if place < len(theirs) else _MISSING
        other = ours[place] if place < len(ours) else _MISSING
        known = other if isinstance(other, dict) else one if isinstance(one, dict) else {}
        title = call(place, known)
        names = (subject, title) if subject else (title, "")
        if one is _MISSING:
            yield Claim(*names, ("it is not recorded, but the captures show it",))
        elif other is _MISSING:
            yield Claim(*names, ("it is recorded, but the captures do not show it",))
        else:
            yield _claim(*names, differences(_without(one, ignored), _without(other, ignored), secret=secret))


def _without(value: object, ignored: tuple[str, ...]) -> object:
    return {name: own for name, own in value.items() if name not in ignored} if isinstance(value, dict) else value


def _finding(place: int, finding: _Values) -> str:
    return f"finding {place + 1} ({_text(finding.get('id'))})"


_PARTS = ("exchanges", "messages", "findings", "streams")


def _sessions(recorded: object, derived: list[_Values], secret: bool) -> Iterator[Claim]:
    sessions = recorded if isinstance(recorded, list) else []
    if sessions is not recorded:
        yield Claim("sessions", "", ("they are not recorded as a list",))
    by_number: dict[object, _Values] = {}
    for place, session in enumerate(sessions):
        number = session.get("id") if isinstance(session, dict) else None
        if type(number) is not int or number in by_number:
            yield Claim(
                f"place {place + 1} of the sessions", "", ("it is not a session, or one that is recorded twice",)
            )
        else:
            by_number[number] = session
    for session in derived:
        own = by_number.pop(session["id"], None)
        if own is None:
            yield Claim(f"session {session['id']}", "", ("it is not recorded, but the captures show it",))
        else:
            yield from _session(f"session {session['id']}", own, session, secret)
    for number in by_number:
        yield Claim(f"session {number}", "", ("it is recorded, but the captures do not show it",))


def _session(subject: str, recorded: _Values, derived: _Values, secret: bool) -> Iterator[Claim]:
    yield _claim(subject, "", differences(_without(recorded, _PARTS), _without(derived, _PARTS), secret=secret))
    yield from _listed(recorded, derived, "exchanges", lambda place, _: f"exchange {place}", (), subject, secret)
    yield from _listed(recorded, derived, "messages", lambda place, _: f"message {place + 1}", (), subject, secret)
    streams = recorded.get("streams")
    for end in ("client", "server"):
        own = streams.get(end, _MISSING) if isinstance(streams, dict) else _MISSING
        yield _claim(subject, f"{end}'s stream", differences(own, derived["streams"][end], secret=secret))
    yield from _listed(recorded, derived, "findings", _finding, (), subject, secret)


def _unknown(recorded: _Values, derived: _Values) -> Iterator[Claim]:
    for name in recorded:
        if name not in derived:
            yield Claim(f"member {_text(name)}", "", ("no result of this version has such a part",))
