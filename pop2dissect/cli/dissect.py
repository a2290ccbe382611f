"""The main command: captures in, every output that is asked for out."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain

from pop2dissect.capture.paths import named_warnings
from pop2dissect.capture.url import without_credentials
from pop2dissect.cli.guard import guarded
from pop2dissect.cli.interrupt import Interrupt
from pop2dissect.cli.options import settings_of
from pop2dissect.cli.outputs.asked import needs_end, outputs_for
from pop2dissect.cli.outputs.base import Head, Live, Run
from pop2dissect.cli.status import ExitStatus
from pop2dissect.cli.streams import complain
from pop2dissect.document.digests import Digests
from pop2dissect.document.display_filters import openable
from pop2dissect.errors import UsageError
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style, style_for
from pop2dissect.text.values import zone_named


def dissect(options: argparse.Namespace, arguments: Sequence[str], interrupt: Interrupt) -> ExitStatus:
    """Do what the options of the main command ask for; the ``arguments`` are those that they were parsed from."""
    live = "-" in options.captures
    if live and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("standard input is a terminal and no capture; try tcpdump -U -w - | pop2dissect -")
    settings = settings_of(options)
    to_the_end = needs_end(options)
    if not to_the_end:
        settings = replace(settings, as_they_end=True)
    style, zone = _prepare_output(options.color), zone_named(options.tz)
    if live:
        interrupt.end_input_only()
    with (
        Dissection(options.captures, settings, jobs=options.jobs, dask=options.dask) as dissection,
        ExitStack() as held,
    ):
        held.enter_context(guarded([info.file for info in dissection.captures]))
        look = Look(
            style,
            zone=zone,
            show_passwords=options.show_passwords,
            several_captures=len(dissection.captures) > 1,
            captures=openable(dissection.captures),
            everything=options.all,
            conversations=options.conversations,
        )
        digests = held.enter_context(Digests(dissection.captures))
        redaction = Redaction(options.show_passwords)
        case = Head(options.case, options.examiner, options.exhibit, tuple(options.note), options.report_scope)
        run = Run(dissection, look, digests, redaction, [*map(without_credentials, arguments)], case)
        outputs = [held.enter_context(output) for output in outputs_for(run, options)]
        for output in outputs if live else ():
            if isinstance(output, Live):
                output.watch()
        for session in _with_progress(dissection, dissection.wanted(redaction.session), options.quiet):
            for output in outputs:
                output.add(session)
            if dissection.selection.is_complete and not to_the_end:
                break
        for output in outputs:
            output.finish()
        sys.stdout.flush()
        unread = [info for info in dissection.captures if not info.format]
        if not options.quiet:
            shown = any(output.shows_warnings for output in outputs)
            infos, others = (unread, ()) if shown else (dissection.captures, dissection.warnings)
            for warning in (*chain.from_iterable(map(named_warnings, infos)), *others):
                complain(warning)
    return ExitStatus.UNREADABLE if unread else ExitStatus.DONE


def _prepare_output(color: str) -> Style:
    """Make standard output ready for any text, and choose its style."""
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if columns is None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # the same bytes on any machine
    style = style_for(sys.stdout, color, dict(os.environ), columns)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    return style


def _with_progress(dissection: Dissection, sessions: Iterator[Session], quiet: bool) -> Iterator[Session]:
    if quiet or not sys.stderr.isatty():
        return sessions
    from pop2dissect.terminal.progress import watched

    return watched(dissection, sessions)
