"""What happened, to be opened step by step: from an incident to its sessions, to their lines, to the octets.

It is plain HTML without a script, so it opens wherever the notebook is shown. Passwords are masked in all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import islice

from pop2dissect.api import Capture
from pop2dissect.document.facts import brief_facts
from pop2dissect.document.lines import Line, session_lines
from pop2dissect.incidents import Incident
from pop2dissect.masking import Mask, Redaction, within
from pop2dissect.notebook.html import MAX_ROWS, dim, findings_table, html_safe, more, page
from pop2dissect.session import Session
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.values import count, rfc3339

MAX_OCTETS = 256
"""Of a line or a message; the message itself and ``stream()`` have all of them."""
_ROW = 16


class Story:
    """Shows the incidents of a capture in a notebook; each opens to its sessions, lines and octets."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def __repr__(self) -> str:
        return "\n".join(f"{one.number}. {one.severity}: {one.sentence}" for one in self._incidents())

    def _incidents(self) -> list[Incident]:
        redaction = Redaction(False)
        for session in self._capture:
            redaction.session(session)
        return redaction.incidents(self._capture.incidents)

    def _repr_html_(self) -> str:
        told: dict[int, int] = {}
        incidents = self._incidents()
        shown = "".join(_incident(self._capture, one, told) for one in incidents[:MAX_ROWS])
        nothing = "" if incidents else "<p>Nothing happened that an examiner should look at.</p>"
        return page(
            f"<p><b>{count(len(incidents), 'incident')}</b></p>", shown, nothing, more(len(incidents), "incidents")
        )


def _incident(capture: Capture, incident: Incident, told: dict[int, int]) -> str:
    """Show an incident; a session that belongs to several is shown in the first."""
    own = [number for number in incident.sessions if told.setdefault(number, incident.number) == incident.number]
    before = sorted({told[number] for number in incident.sessions} - {incident.number})
    sessions = [_session(capture.session(number)) for number in own[:MAX_ROWS]]
    if before:
        elsewhere = f"other sessions: see incident {', '.join(map(str, before))}"
        sessions.append(f"<p>{dim([elsewhere])}</p>")
    follows = "" if incident.follows is None else f" (after incident {incident.follows})"
    title = f'{incident.number}. <span class="{incident.severity}">{incident.severity}</span>: '
    return _opens(title + html_safe(incident.sentence + follows), "".join(sessions) + more(len(own), "sessions"))


def _session(session: Session) -> str:
    redaction, rendering, mask = Redaction(False), Rendering(), Mask(session)
    seen = redaction.session(session)
    facts = [f"{seen.client} → {seen.server}", rfc3339(seen.start), *brief_facts(seen, rendering)]
    lines = list(islice(session_lines(seen, mask), MAX_ROWS + 1))
    talk = "".join(_line(session, line, mask, rendering) for line in lines[:MAX_ROWS])
    rest = f"<p>{dim(['… and more lines'])}</p>" if len(lines) > MAX_ROWS else ""
    return _opens(f"<b>Session {session.id}</b> {dim(facts)}", findings_table(seen.findings) + talk + rest)


def _line(session: Session, line: Line, mask: Mask, rendering: Rendering) -> str:
    sign = "→" if line.direction == "client" else "←"
    said = f'<span class="{line.direction}"><span class="wire">{sign} {html_safe(line.text[:120])}</span></span> '
    about = dim([f"octets {line.start:,} to {line.end:,}", rendering.cited(line.frames)])
    return _opens(said + about, f"<pre>{escape(chr(10).join(_dump(session, line, mask)))}</pre>")


def _dump(session: Session, line: Line, mask: Mask) -> Iterator[str]:
    """Yield the octets as hexadecimal and as text, those of passwords as stars."""
    stream, end = session.stream(line.direction), min(line.end, line.start + MAX_OCTETS)
    secrets = within(mask.of(line.direction), line.start, end)
    hidden = {place for first, last in secrets for place in range(first, last)}
    octets: Mapping[int, str] = {
        place: "**" if place in hidden else stream.octet_at(place).hex() or "  " for place in range(line.start, end)
    }
    for start in range(line.start, end, _ROW):
        row = [octets[place] for place in range(start, min(start + _ROW, end))]
        text = "".join(one if len(one) == 1 else "." for one in map(_letter, row))
        yield f"{start:8}  {' '.join(row):{3 * _ROW}} {text}"
    if line.end > end:
        yield f"… and {line.end - end:,} more"


def _letter(pair: str) -> str:
    if pair in ("**", "  "):
        return pair[0]
    letter = chr(int(pair, 16))
    return letter if " " <= letter <= "~" else "."


def _opens(title: str, inside: str) -> str:
    return f'<details><summary>{title}</summary><div class="inside">{inside}</div></details>'
