"""The main command: captures in, every output that is asked for out."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from pop2dissect.cli.interrupt import Interrupt
from pop2dissect.cli.options import selected_sessions, settings_of
from pop2dissect.cli.outputs.asked import needs_end, outputs_for
from pop2dissect.cli.outputs.base import Head, Run
from pop2dissect.cli.status import ExitStatus
from pop2dissect.cli.streams import complain
from pop2dissect.document.digests import Digests
from pop2dissect.errors import UsageError
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style, style_for
from pop2dissect.text.values import count, zone_named


def dissect(options: argparse.Namespace, arguments: Sequence[str], interrupt: Interrupt) -> ExitStatus:
    """Do what the options of the main command ask for; the ``arguments`` are those that they were parsed from."""
    live = "-" in options.captures
    if live and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("standard input is a terminal and no capture; try tcpdump -U -w - | pop2dissect -")
    settings, selected = settings_of(options), selected_sessions(options)
    to_the_end = needs_end(options)
    if not to_the_end:
        settings = replace(settings, as_they_end=True)
    style, zone = _prepare_output(options.color), zone_named(options.tz)
    if live:
        interrupt.end_input_only()
    with Dissection(options.captures, settings) as dissection, ExitStack() as held:
        look = Look(
            style,
            zone=zone,
            show_passwords=options.show_passwords,
            several_captures=len(dissection.captures) > 1,
        )
        digests = held.enter_context(Digests(dissection.captures))
        redaction = Redaction(options.show_passwords)
        case = Head(options.case, options.examiner, options.exhibit, tuple(options.note))
        run = Run(dissection, look, selected, digests, redaction, arguments, case)
        outputs = [held.enter_context(output) for output in outputs_for(run, options)]
        sessions = map(redaction.session, _with_progress(dissection, options.quiet))
        for session in _chosen(sessions, selected, to_the_end):
            for output in outputs:
                output.add(session)
        for output in outputs:
            output.finish()
        sys.stdout.flush()
        if not options.quiet and not any(output.shows_warnings for output in outputs):
            for warning in (*(text for info in dissection.captures for text in info.warnings), *dissection.warnings):
                complain(warning)
    return ExitStatus.DONE


def _prepare_output(color: str) -> Style:
    """Make standard output ready for any text, and choose its style."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if columns is None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # the same bytes on any machine
    style = style_for(sys.stdout, color, dict(os.environ), columns)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    return style


def _with_progress(dissection: Dissection, quiet: bool) -> Iterable[Session]:
    if quiet or not sys.stderr.isatty():
        return dissection
    from pop2dissect.terminal.progress import watched

    return watched(dissection)


def _chosen(sessions: Iterable[Session], selected: Sequence[int] | None, to_the_end: bool) -> Iterator[Session]:
    """Pass on the sessions that were asked for, all by default. Raises UsageError at the end if one does not exist.

    Reading stops when all of them were found, unless it is to go on to the end.
    """
    missing = set(selected or ())
    seen = 0
    for session in sessions:
        seen += 1
        if selected is None or session.id in selected:
            missing.discard(session.id)
            yield session
            if selected and not missing and not to_the_end:
                return
    if missing:
        raise UsageError(f"there is no session {min(missing)}: {count(seen, 'session was', 'sessions were')} found")
