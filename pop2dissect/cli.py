"""The command line: arguments in, output and an exit status out."""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn, Self

from pop2dissect import __version__
from pop2dissect.errors import CaptureError, Pop2DissectError, UsageError
from pop2dissect.pipeline import POP2_PORT, Dissection, Settings
from pop2dissect.report.follow import conversation
from pop2dissect.report.spool import Spool
from pop2dissect.report.style import Style, style_for
from pop2dissect.report.table import Table
from pop2dissect.report.terminal import (
    SESSION_COLUMNS,
    captures_text,
    findings_text,
    probes_text,
    session_row,
    sessions_text,
    totals_text,
)
from pop2dissect.report.timeline import Look, session_timeline
from pop2dissect.report.totals import Totals
from pop2dissect.report.tree import session_tree
from pop2dissect.report.values import count, zone_named
from pop2dissect.session import Session


class ExitStatus(IntEnum):
    """What the command's exit status means."""

    DONE = 0
    """Also where a capture is cut short or damaged: what precedes the damage was analysed, and that is said."""
    UNREADABLE = 1
    """A capture could not be read at all."""
    USAGE = 2
    """The options or arguments are wrong, or a session that does not exist was asked for."""
    UNWRITABLE = 3
    """The output could not be written."""
    INTERNAL = 70
    """A fault of the program itself (EX_SOFTWARE, as sysexits.h has it)."""
    INTERRUPTED = 130
    """Ended by the user (128 + SIGINT), as shells have it. What a live capture had given was still reported."""


_DESCRIPTION = """\
Says what happened on TCP port 109 in packet captures: who logged in, which folders
and messages were read, kept and deleted, and which frames prove it."""

_EPILOG = """\
examples:
  pop2dissect capture.pcap                   facts, sessions, and what was said in each
  pop2dissect --session 3 -V capture.pcap    every field of session 3, with frames and octets
  pop2dissect --follow 3 capture.pcap        the conversation of session 3 as text
  pop2dissect --json capture.pcap | jq '.sessions[].user'
  pop2dissect '/archive/2026-*/*.pcap.gz'    several captures, read as one in order of time
  tcpdump -i eth0 -U -w - tcp port 109 | pop2dissect --jsonl -

exit status:
  0  done (a damaged capture gives what precedes the damage, and a warning)
  1  a capture could not be read at all
  2  wrong usage, or a session that does not exist
  3  the output could not be written
  130  interrupted

Passwords are masked unless --show-passwords is given. Frames are counted from 1, as in
Wireshark; of several captures they are cited as capture:frame.
"""

_GC_THRESHOLD = 100_000
"""Objects between two runs of the garbage collector. Dissection makes many objects and hardly any cycles, and with
Python's default of 700 a fifth of the time is spent on looking for them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; give its exit status. ``argv`` is without the command's name, by default the process's."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    gc.set_threshold(_GC_THRESHOLD, 20, 20)
    try:
        if arguments[:1] == ["wireshark"]:
            return _wireshark(arguments[1:])
        return _run(_parser().parse_args(arguments))
    except CaptureError as error:
        return _fail(str(error), ExitStatus.UNREADABLE)
    except Pop2DissectError as error:
        return _fail(str(error), ExitStatus.USAGE)
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        _discard_output()
        return ExitStatus.DONE
    except KeyboardInterrupt:
        _discard_output()
        return ExitStatus.INTERRUPTED
    except OSError as error:
        return _fail(f"the output cannot be written: {error.strerror or error}", ExitStatus.UNWRITABLE)
    except Exception as error:
        return _fail(f"this is a fault of pop2dissect, please report it: {_fault(error)}", ExitStatus.INTERNAL)


def _fail(sentence: str, status: ExitStatus) -> ExitStatus:
    _discard_output()
    _complain(sentence)
    return status


def _complain(sentence: str) -> None:
    from pop2dissect.report.safe import terminal_safe

    print(f"pop2dissect: {terminal_safe(sentence)}", file=sys.stderr)


def _discard_output() -> None:
    """Let what is still to be written to standard output go nowhere, so that closing it at the end cannot fail."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _fault(error: Exception) -> str:
    """Say what went wrong where, but not the error's text: it may hold what is to be masked."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    return f"{type(error).__name__} in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pop2dissect",
        usage="pop2dissect [options] CAPTURE...\n       pop2dissect wireshark {install,path,uninstall}",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "captures",
        nargs="+",
        metavar="CAPTURE",
        help="pcap or pcapng files, also compressed; directories; globs; - for standard input",
    )
    parser.add_argument(
        "--port",
        type=_port,
        action="append",
        metavar="N",
        help=f"server port (default {POP2_PORT}); repeatable",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="one JSON document, schema pop2dissect/1")
    output.add_argument("--jsonl", action="store_true", help="a session a line as JSON, as soon as it ends")
    output.add_argument(
        "-V", "--verbose-tree", dest="tree", action="store_true", help="every field, with frames and octets"
    )
    output.add_argument("--follow", type=_positive, metavar="N", help="the conversation of session N as text")
    parser.add_argument("--session", type=_positive, action="append", metavar="N", help="only session N; repeatable")
    parser.add_argument(
        "--overlap",
        choices=("first", "last"),
        default="first",
        help="which copy counts where two copies of the same octets differ (default first)",
    )
    parser.add_argument("--show-passwords", action="store_true", help="show passwords, which are masked otherwise")
    parser.add_argument("--tz", default="UTC", metavar="ZONE", help="zone for times: an IANA name, or local")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default auto")
    parser.add_argument("--quiet", action="store_true", help="nothing but results: no progress, no warnings")
    parser.add_argument("--version", action="version", version=f"pop2dissect {__version__}")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _wireshark(arguments: Sequence[str]) -> int:
    parser = _Parser(
        prog="pop2dissect wireshark",
        description="Puts the POP2 plugin where Wireshark and tshark look for it.",
    )
    parser.add_argument("verb", choices=("install", "path", "uninstall"))
    verb = parser.parse_args(arguments).verb
    from pop2dissect.wireshark.install import run

    print(run(verb))
    return ExitStatus.DONE


def _run(options: argparse.Namespace) -> int:
    live = "-" in options.captures
    if live and sys.stdin.isatty():
        raise UsageError("standard input is a terminal and no capture; try tcpdump -U -w - | pop2dissect -")
    settings = Settings(frozenset(options.port or [POP2_PORT]), options.overlap)
    selected = [options.follow] if options.follow else options.session
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if columns is None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # the same octets on any machine
    style = style_for(sys.stdout, options.color, dict(os.environ), columns)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    zone = zone_named(options.tz)
    with _Interrupt(live) as interrupt, Dissection(options.captures, settings) as dissection:
        look = Look(style, zone, options.show_passwords, len(dissection.captures) > 1)
        sessions = _with_progress(dissection, options.quiet)
        if options.json:
            _write_json(dissection, _chosen(sessions, selected), selected, look)
        elif options.jsonl:
            _write_jsonl(_chosen(sessions, selected, no_more=True), look)
        elif options.follow:
            for session in _chosen(sessions, selected, no_more=True):
                _write(conversation(session, look))
        else:
            _write_text(dissection, _chosen(sessions, selected), look, tree=options.tree)
        sys.stdout.flush()
        if not options.quiet and (options.json or options.jsonl or options.follow):
            # The default output has them in it.
            for warning in (*(text for info in dissection.captures for text in info.warnings), *dissection.warnings):
                _complain(warning)
    return ExitStatus.INTERRUPTED if interrupt.happened else ExitStatus.DONE


class _Interrupt:
    """Lets Ctrl-C end a live capture, but not its analysis. A context manager.

    Whatever writes to standard input is usually interrupted too, and then writes what it still holds: it
    is given a moment for that. A second Ctrl-C ends the program.
    """

    GRACE = 1.0
    """In s."""

    def __init__(self, live: bool) -> None:
        self.happened = False
        self._live = live and threading.current_thread() is threading.main_thread()
        self._before: Any = None

    def __enter__(self) -> Self:
        if self._live and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *error: object) -> None:
        if self._before is not None:
            if hasattr(signal, "setitimer"):
                signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, _signal: int, _frame: FrameType | None) -> None:
        self.happened = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._end_input)
            signal.setitimer(signal.ITIMER_REAL, self.GRACE)
        else:
            self._end_input()

    @staticmethod
    def _end_input(*_: object) -> None:
        # A read that waits on standard input is begun anew after this, and finds its end.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, sys.stdin.fileno())
        os.close(nothing)


def _with_progress(dissection: Dissection, quiet: bool) -> Iterable[Session]:
    if quiet or not sys.stderr.isatty():
        return dissection
    from pop2dissect.report.progress import watched

    return watched(dissection)


def _chosen(sessions: Iterable[Session], selected: Sequence[int] | None, *, no_more: bool = False) -> Iterator[Session]:
    """Pass on the sessions that were asked for, all by default. Raises UsageError at the end if one does not exist.

    With ``no_more`` reading stops when all of them were found.
    """
    missing = set(selected or ())
    seen = 0
    for session in sessions:
        seen += 1
        if selected is None or session.id in selected:
            missing.discard(session.id)
            yield session
            if no_more and selected and not missing:
                return
    if missing:
        raise UsageError(f"there is no session {min(missing)}: {count(seen, 'session was', 'sessions were')} found")


def _write(lines: Iterable[str], output: IO[str] | None = None) -> None:
    output = output or sys.stdout
    output.writelines(line + "\n" for line in lines)


def _write_text(dissection: Dissection, sessions: Iterable[Session], look: Look, *, tree: bool) -> None:
    """Write facts, table, each session, and totals; the sessions come in another order than they are written."""
    totals = Totals()
    findings = []
    style: Style = look.style
    with Spool() as spool, Table(SESSION_COLUMNS, style) as table:
        for session in sessions:
            totals.add(session)
            table.add(session.id, session_row(session, look))
            findings += session.findings
            lines = session_tree(session, look) if tree else session_timeline(session, look)
            spool.add(session.id, "\n".join(lines) + "\n\n")
        _write([*captures_text(dissection.captures, dissection.warnings, look), ""])
        _write(sessions_text(table, style))
        sys.stdout.writelines(spool.in_order())
        _write(findings_text(findings, look))
        _write(probes_text(dissection.probes, look))
        _write(totals_text(totals, style))


def _write_jsonl(sessions: Iterable[Session], look: Look) -> None:
    from pop2dissect.report.document import Notation, session_object
    from pop2dissect.report.json_text import to_line

    notation = Notation(look.several_captures, look.show_passwords)
    for session in sessions:
        sys.stdout.write(to_line(session_object(session, notation)) + "\n")
        sys.stdout.flush()


def _write_json(
    dissection: Dissection,
    sessions: Iterable[Session],
    selected: Sequence[int] | None,
    look: Look,
) -> None:
    from concurrent.futures import Future, ThreadPoolExecutor

    from pop2dissect.report.document import Document, Notation, digest_of, session_text

    notation = Notation(look.several_captures, look.show_passwords)
    totals = Totals()
    with Spool() as spool, ThreadPoolExecutor(1) as executor:
        # Hashing leaves the interpreter free: it runs beside the dissection.
        digests: list[Future[str | None]] = [executor.submit(digest_of, info.path) for info in dissection.captures]
        for session in sessions:
            totals.add(session)
            spool.add(session.id, session_text(session, notation))
        document = Document(
            settings=dissection.settings,
            notation=notation,
            selected=selected,
            captures=dissection.captures,
            sha256=[digest.result() for digest in digests],
            warnings=dissection.warnings,
            probes=dissection.probes,
            totals=totals,
        )
        sys.stdout.writelines(document.pieces(spool.in_order()))
