"""The pages of the report as Markdown, from the same view-models as those of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from pop2dissect.document.claims import COMMENT
from pop2dissect.html.markup import thousands
from pop2dissect.html.page import PageView
from pop2dissect.html.sessions import SessionView
from pop2dissect.html.times import Stamp
from pop2dissect.markdown.escape import Markup, code, finalized, prose

_NUMBERS = 30
"""Sessions of one finding that are named."""


class MarkdownForm:
    """A page of Markdown, which has what is printed of the HTML page."""

    envelope = COMMENT

    def session(self, view: SessionView, zone: str, *, printed: bool) -> str:
        """Render a session; one that is not printed is left out."""
        return _environment().get_template("session.md.j2").render(view=view, zone=zone) if printed else ""

    def page(self, view: PageView, sessions: Iterable[str], claims: Iterable[str]) -> Iterator[str]:
        """Render the page around the sessions, piece by piece."""
        named = {field.name: getattr(view, field.name) for field in fields(view)}
        template = _environment().get_template("report.md.j2")
        return template.generate(named, sessions=map(Markup, sessions), claims=map(Markup, claims))


def _when(time: Stamp) -> Markup:
    """Write a time in UTC, and where another zone was asked for in that too."""
    if not time.utc:
        return Markup("time not captured")
    return Markup(f"{time.utc} UTC" + (f" = {time.local}" if time.local else ""))


def _sessions(numbers: tuple[int, ...]) -> Markup:
    """Name sessions."""
    more = f" … ({len(numbers):,} in all)" if len(numbers) > _NUMBERS else ""
    noun = "session" if len(numbers) == 1 else "sessions"
    return Markup(f"{noun} {', '.join(map(str, numbers[:_NUMBERS]))}{more}")


def _frames(frames: str) -> Markup:
    """Cite frames."""
    return Markup(f"frame{'s' if ',' in frames or '-' in frames else ''} {frames}")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return the templates, which escape all that is put into them."""
    made = Environment(
        loader=FunctionLoader(
            lambda name: files("pop2dissect.markdown").joinpath("templates", name).read_text("utf-8")
        ),
        autoescape=False,  # of HTML; ``finalized`` escapes for Markdown
        finalize=finalized,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(
        wire=code,
        whole=lambda text: code(text, len(text)),
        prose=prose,
        n=lambda number: Markup(thousands(number)),
        when=_when,
        sessions=_sessions,
        frames=_frames,
    )
    return made
