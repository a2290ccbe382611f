"""Findings as text: the most severe first, each with what proves it; those that repeat themselves in a few lines."""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pop2dissect.document.display_filters import finding_command
from pop2dissect.incidents import Incident
from pop2dissect.session import Finding, Severity
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style
from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count, frame_list, frame_runs, moment

_SHOWN_GRAVE = 20
"""Findings of one kind that are written out; more are only counted, with their sessions."""
_SHOWN = 2
"""The same of a lower severity: every login of POP2 sends a password in clear text."""
_KINDS = 8
"""Kinds of findings that a first look shows."""
_FEW_RUNS = 5
"""Runs of sessions that it names."""
_RUNS = 12
"""Runs of sessions that are listed of those: the JSON document has them all, and a screen has no room for them."""
_INDENT = " " * 10


@dataclass(slots=True)
class _Kind:
    """Findings of one kind and severity."""

    first: list[Finding] = field(default_factory=list)
    """Those that are written out: the earliest, in order."""
    found: int = 0
    others: array[int] = field(default_factory=lambda: array("Q"))
    """Sessions of those that are not."""
    every: array[int] = field(default_factory=lambda: array("Q"))
    """Sessions of all of them, in the order in which they were found."""

    @property
    def sessions(self) -> list[int]:
        """The sessions that they are about, each once, in order."""
        return sorted(set(self.every))


class FindingsDigest:
    """Takes findings in any order, and keeps of each kind no more than is shown."""

    def __init__(self, all_of_them: bool = False) -> None:
        self._all = all_of_them
        """None is only counted."""
        self._kinds: dict[tuple[Severity, str], _Kind] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        """Add findings, of a session or spanning several."""
        for finding in findings:
            kind = self._kinds.get((finding.severity, finding.id))
            if kind is None:
                kind = self._kinds[finding.severity, finding.id] = _Kind()
            kind.found += 1
            kind.every.extend(finding.sessions)
            insort(kind.first, finding, key=_begin)  # sessions come in the order in which they ended
            if not self._all and len(kind.first) > (_SHOWN_GRAVE if finding.severity.is_grave else _SHOWN):
                kind.others.extend(kind.first.pop().sessions)

    def lines(self, look: Look) -> Iterator[str]:
        """Yield the lines; none where nothing was found."""
        if not self._kinds:
            return
        style = look.style
        yield f"{style.heading}Findings{style.off}"
        for (severity, name), kind in sorted(self._kinds.items(), key=_rank):
            colour = style.severity(severity)
            times = f", {kind.found:,} times" if kind.found > 1 else ""
            title, *more = _wrapped(f"{terminal_safe(kind.first[0].title)} ({name}){times}", style)
            yield f"{colour}{severity:>8}{style.off}  {style.bold}{title[len(_INDENT) :]}{style.off}"
            yield from (f"{style.bold}{line}{style.off}" for line in more)
            for finding in kind.first:
                yield from _wrapped(terminal_safe(finding.detail), style)
                yield from (f"{style.dim}{line}{style.off}" for line in _wrapped(_citation(finding, look), style))
                if command := finding_command(finding, look):  # in one line, so that it can be copied
                    yield f"{style.dim}{_INDENT}{terminal_safe(command)}{style.off}"
            if kind.found > len(kind.first):
                yield from (f"{style.dim}{line}{style.off}" for line in _wrapped(_rest(kind), style))
        yield ""

    def brief(self, look: Look, sessions: int, incidents: Sequence[Incident]) -> Iterator[str]:
        """Yield a line or two of each kind of which no incident tells; ``sessions`` is how many there are in all."""
        told = {link.id for incident in incidents for link in incident.findings}
        style = look.style
        kinds = [
            (severity, name, kind)
            for (severity, name), kind in sorted(self._kinds.items(), key=_rank)
            if name not in told or severity < Severity.MEDIUM
        ]
        telling = sum(severity > Severity.INFO for severity, *_ in kinds)
        most = len(kinds) if look.everything else min(telling, _KINDS)
        for severity, name, kind in kinds[:most]:
            text = f"{terminal_safe(kind.first[0].title)} ({name}){_where(kind, sessions)}"
            yield from labelled(severity, text, look)
            if severity.is_grave or sessions == 1:
                for line in _wrapped(terminal_safe(kind.first[0].seen), style):
                    yield f"{style.dim}{line}{style.off}"
        if len(kinds) > most:
            yield style.clip(f"{_INDENT}and {count(len(kinds) - most, 'kind')} more (--all shows them)")

    def worst(self, sessions: int) -> dict[int, tuple[Severity, str]]:
        """Return the sessions that findings stand out in, each with severity and title of the gravest of those.

        What is so in most of ``sessions`` does not stand out, nor what is of low severity.
        """
        worst: dict[int, tuple[Severity, str]] = {}
        for (severity, _), kind in sorted(self._kinds.items(), key=_rank, reverse=True):
            if severity.is_grave or (severity >= Severity.MEDIUM and len(kind.sessions) * 2 < sessions):
                worst.update(dict.fromkeys(kind.sessions, (severity, terminal_safe(kind.first[0].title))))
        return worst


def labelled(severity: Severity, text: str, look: Look) -> Iterator[str]:
    """Yield a text behind its severity, which has a colour of its own."""
    style = look.style
    first, *more = _wrapped(text, style)
    yield f"{style.severity(severity)}{severity:>8}{style.off}  {first[len(_INDENT) :]}"
    yield from more


def _where(kind: _Kind, sessions: int) -> str:
    """Return in which sessions findings of a kind are, and how many they are."""
    found = kind.sessions
    if not found:
        return ""
    times = f", {kind.found:,} times" if kind.found > len(found) > 0 else ""
    if len(found) == sessions:
        return f"{times}, in {'the session' if sessions == 1 else f'all {sessions:,} sessions'}"
    runs = frame_runs(found)
    named = f": {', '.join(runs)}" if len(runs) <= _FEW_RUNS else ""
    return f"{times}, in {len(found):,} of {count(sessions, 'session')}{named}"


def _begin(finding: Finding) -> tuple[int, tuple[int, ...]]:
    return finding.time or 0, finding.sessions


def _rank(item: tuple[tuple[Severity, str], _Kind]) -> tuple[int, int, str]:
    (severity, name), kind = item
    return -severity.rank, min(finding.time or 0 for finding in kind.first), name


def _citation(finding: Finding, look: Look) -> str:
    pieces = []
    if finding.sessions:
        noun = "session" if len(finding.sessions) == 1 else "sessions"
        pieces.append(f"{noun} {frame_list(sorted(finding.sessions))}")
    if finding.time is not None:
        when = moment(finding.time, look.zone)
        pieces.append(f"{when.date} {when.short_clock} {when.zone}")
    if finding.frames:
        noun = "frame" if len(finding.frames) == 1 else "frames"
        pieces.append(f"{noun} {frame_list(sorted(finding.frames), look.several_captures)}")
    return f"[{'; '.join(pieces)}]"


def _rest(kind: _Kind) -> str:
    """Name the sessions of the findings that are not written out, the first of them where they are many."""
    sessions = sorted(set(kind.others))
    more = f"and {count(kind.found - len(kind.first), 'time')} more"
    if not sessions:
        return more
    runs = frame_runs(sessions)
    noun = "session" if len(sessions) == 1 else "sessions"
    if len(runs) <= _RUNS + 1:
        return f"{more}, in {noun} {', '.join(runs)}"
    return f"{more}, in {len(sessions):,} sessions: {', '.join(runs[:_RUNS])} ... (--all lists all)"


def _wrapped(text: str, style: Style) -> Iterator[str]:
    """Yield the indented text: on a terminal in lines of its width, else in one line."""
    return wrapped(text, style.width, _INDENT, _INDENT)
