"""The command line: arguments in, output and an exit status out."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pop2dissect.cli.interrupt import Interrupt
from pop2dissect.cli.options import Parser, check, head_of, parser, selected_sessions, settings_of
from pop2dissect.cli.outputs import Run, needs_end, outputs_for
from pop2dissect.cli.status import ExitStatus
from pop2dissect.cli.streams import complain, discard_output, settle_streams
from pop2dissect.document.digests import Digests
from pop2dissect.errors import CaptureError, OutputError, Pop2DissectError, UsageError
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.style import Style, style_for
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count, zone_named

__all__ = ["ExitStatus", "main"]

_GC_THRESHOLD = 200_000
"""Objects between two runs of the garbage collector. Dissection makes many objects and hardly any cycles, and with
Python's default of 700 a fifth of the time is spent on looking for them. What was imported is not looked at at all."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give its exit status. ``argv`` is without the command's name, by default the process's."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, 50, 50)
    with Interrupt() as interrupt:
        try:
            settle_streams()
            status = _run(arguments, interrupt)
            sys.stdout.flush()
        except KeyboardInterrupt:
            discard_output()
            status = ExitStatus.INTERRUPTED
        except SystemExit:  # of --help and the like
            return _ended()
        except Exception as error:
            if "--debug" in arguments:
                traceback.print_exc()
            status = _failed(error)
        return status if interrupt.number is None else interrupt.status


def _ended() -> int:
    """Write what --help and the like print."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _failed(error)
    return ExitStatus.DONE


def _run(arguments: Sequence[str], interrupt: Interrupt) -> ExitStatus:
    if arguments[:1] == ["wireshark"]:
        return _wireshark(arguments[1:])
    if arguments[:1] == ["verify"]:
        from pop2dissect.cli.verify import run_verify

        return run_verify(arguments[1:])
    return _dissect(arguments, interrupt)


def _failed(error: Exception) -> ExitStatus:
    """Say what went wrong; give the exit status that stands for it."""
    match error:
        case BrokenPipeError():  # whoever read the output has seen enough
            discard_output()
            return ExitStatus.DONE
        case CaptureError():
            status, sentence = ExitStatus.UNREADABLE, str(error)
        case OutputError():
            status, sentence = ExitStatus.UNWRITABLE, str(error)
        case Pop2DissectError():
            status, sentence = ExitStatus.USAGE, str(error)
        case OSError():
            name = error.filename or "the output"
            status, sentence = ExitStatus.UNWRITABLE, f"{name} cannot be written: {error.strerror or error}"
        case MemoryError():
            status, sentence = ExitStatus.INTERNAL, "there is not enough memory for this"
        case _:
            sentence = f"this is a fault of pop2dissect, please report it: {_fault(error)} (--debug shows more)"
            status = ExitStatus.INTERNAL
    discard_output()
    _complain(sentence)
    return status


def _complain(sentence: str) -> None:
    complain(f"pop2dissect: {terminal_safe(sentence)}")


def _fault(error: Exception) -> str:
    """Return what went wrong where, but not the error's text: it may hold what is to be masked."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"


def _wireshark(arguments: Sequence[str]) -> ExitStatus:
    verbs = Parser(
        prog="pop2dissect wireshark",
        description="Puts the POP2 plugin where Wireshark and tshark look for it.",
    )
    verbs.add_argument("verb", choices=("install", "path", "uninstall"))
    verb = verbs.parse_args(arguments).verb
    from pop2dissect.wireshark.install import run

    print(run(verb))
    return ExitStatus.DONE


def _dissect(arguments: Sequence[str], interrupt: Interrupt) -> ExitStatus:
    options = parser().parse_args(arguments)
    check(options)
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
        run = Run(dissection, look, selected, arguments, digests, head_of(options), redaction)
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
                _complain(warning)
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
