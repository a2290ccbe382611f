"""The command line: arguments in, output and an exit status out."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from pop2dissect.cli.interrupt import Interrupt
from pop2dissect.cli.options import Parser, parsed
from pop2dissect.cli.status import ExitStatus
from pop2dissect.cli.streams import complain, discard_output, settle_streams
from pop2dissect.errors import CaptureError, OutputError, Pop2DissectError, UsageError
from pop2dissect.filters import meant

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
            exec("")  # CPython ends by SIGINT if the signal came while code was run from text, until that is done again
            discard_output()
            status = ExitStatus.INTERRUPTED
        except SystemExit:  # of --help and the like
            return _ended()
        except Exception as error:
            if "--debug" in arguments:
                sys.excepthook(type(error), error, error.__traceback__)
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
    if arguments[:1] == ["extract"]:
        from pop2dissect.cli.extract import run_extract

        return run_extract(arguments[1:])
    if arguments[:1] == ["findings"] and "--catalogue" in arguments:
        return _catalogue(arguments[1:])
    if arguments[:1] in (["findings"], ["browse"]):
        arguments = [f"--{arguments[0]}", *arguments[1:]]
    _refuse_misspelt(arguments)
    options = parsed(arguments)
    from pop2dissect.cli.dissect import dissect

    return dissect(options, arguments, interrupt)


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
    complain(sentence)
    return status


def _fault(error: Exception) -> str:
    """Return what went wrong where, but not the error's text: it may hold what is to be masked."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"


def _refuse_misspelt(arguments: Sequence[str]) -> None:
    """Raise UsageError where the first argument is no file, but nearly a command."""
    first = arguments[0] if arguments else ""
    near = "" if first.startswith("-") else meant(first, ("browse", "extract", "findings", "verify", "wireshark"))
    if near and not Path(first).exists():
        raise UsageError(f"there is no file {first!r:.60}, and no such command{near}")


def _catalogue(arguments: Sequence[str]) -> ExitStatus:
    parser = Parser(prog="pop2dissect findings", description="Lists all findings that there are.")
    parser.add_argument("--catalogue", action="store_true", required=True)
    parser.parse_args(arguments)
    from pop2dissect.findings.catalogue import catalogue_lines

    print("\n".join(catalogue_lines()))
    return ExitStatus.DONE


def wireshark_parser() -> Parser:
    """Make the parser of ``pop2dissect wireshark``."""
    verbs = Parser(
        prog="pop2dissect wireshark",
        description="Puts the POP2 plugin where Wireshark and tshark look for it.",
    )
    verbs.add_argument("verb", choices=("install", "path", "uninstall"))
    return verbs


def _wireshark(arguments: Sequence[str]) -> ExitStatus:
    verb = wireshark_parser().parse_args(arguments).verb
    from pop2dissect.wireshark.install import run

    print(run(verb))
    return ExitStatus.DONE
