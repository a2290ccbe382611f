"""The command line: arguments in, output and an exit status out."""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from enum import IntEnum
from typing import IO

from pop2dissect import __version__
from pop2dissect.errors import CaptureError, Pop2DissectError, UsageError
from pop2dissect.pipeline import POP2_PORT, Dissection, Settings
from pop2dissect.report.follow import conversation
from pop2dissect.report.spool import Spool
from pop2dissect.report.style import Style, style_for
from pop2dissect.report.terminal import (
    SESSION_COLUMNS,
    captures_text,
    findings_text,
    probes_text,
    session_row,
    table,
    totals_text,
)
from pop2dissect.report.timeline import Look, session_timeline
from pop2dissect.report.totals import Totals
from pop2dissect.report.tree import session_tree
from pop2dissect.report.values import zone_named
from pop2dissect.session import Session


class ExitStatus(IntEnum):
    """What the command's exit status means."""

    DONE = 0
    """Also where a capture is cut short or damaged: what precedes the damage was analysed, and that is said."""
    UNREADABLE = 1
    """A capture could not be read at all."""
    USAGE = 2
    """The options or arguments are wrong."""
    INTERRUPTED = 130
    """Ended by the user (128 + SIGINT), as shells have it."""


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
  2  wrong usage
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
        _complain(error)
        return ExitStatus.UNREADABLE
    except Pop2DissectError as error:
        _complain(error)
        return ExitStatus.USAGE
    except BrokenPipeError:
        # Whoever read the output has seen enough. Python must not try to flush it again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.DONE
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED


def _complain(error: Exception) -> None:
    from pop2dissect.report.safe import terminal_safe

    print(f"pop2dissect: {terminal_safe(str(error))}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pop2dissect",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
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
    output.add_argument("-V", "--tree", action="store_true", help="every field, with frames and octets")
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
    parser.add_argument("--quiet", action="store_true", help="nothing but results: no progress")
    parser.add_argument("--version", action="version", version=f"pop2dissect {__version__}")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _wireshark(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="pop2dissect wireshark",
        description="Puts the POP2 plugin where Wireshark and tshark look for it.",
    )
    parser.add_argument("verb", choices=("install", "path", "uninstall"))
    verb = parser.parse_args(arguments).verb
    from pop2dissect.wireshark.install import run

    print(run(verb))
    return ExitStatus.DONE


def _run(options: argparse.Namespace) -> int:
    settings = Settings(frozenset(options.port or [POP2_PORT]), options.overlap)
    selected = [options.follow] if options.follow else options.session
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    style = style_for(sys.stdout, options.color, dict(os.environ), columns)
    zone = zone_named(options.tz)
    with Dissection(options.captures, settings) as dissection:
        look = Look(style, zone, options.show_passwords, len(dissection.captures) > 1)
        sessions = _chosen(_with_progress(dissection, options.quiet), selected)
        if options.json:
            _write_json(dissection, sessions, selected, look, options.captures)
        elif options.jsonl:
            _write_jsonl(sessions, look)
        elif options.follow:
            for session in sessions:
                _write(conversation(session, look))
        else:
            _write_text(dissection, sessions, look, tree=options.tree)
    sys.stdout.flush()
    return ExitStatus.DONE


def _with_progress(dissection: Dissection, quiet: bool) -> Iterable[Session]:
    if quiet or not sys.stderr.isatty():
        return dissection
    from pop2dissect.report.progress import watched

    return watched(dissection)


def _chosen(sessions: Iterable[Session], selected: Sequence[int] | None) -> Iterator[Session]:
    """Pass on the sessions that were asked for. Raises UsageError at the end if one of them does not exist."""
    missing = set(selected or ())
    for session in sessions:
        if selected is None or session.id in selected:
            missing.discard(session.id)
            yield session
    if missing:
        raise UsageError(f"there is no session {min(missing)} in what was read")


def _write(lines: Iterable[str], output: IO[str] | None = None) -> None:
    output = output or sys.stdout
    output.writelines(line + "\n" for line in lines)


def _write_text(dissection: Dissection, sessions: Iterable[Session], look: Look, *, tree: bool) -> None:
    """Write facts, table, each session, and totals; the sessions come in another order than they are written."""
    totals = Totals()
    rows: list[tuple[int, tuple[str, ...]]] = []
    findings = []
    style: Style = look.style
    with Spool() as spool:
        for session in sessions:
            totals.add(session)
            rows.append((session.id, session_row(session, look)))
            findings += session.findings
            lines = session_tree(session, look) if tree else session_timeline(session, look)
            spool.add(session.id, "\n".join(lines) + "\n\n")
        _write([*captures_text(dissection.captures, dissection.warnings, look), ""])
        if rows:
            rows.sort()
            _write([*table(SESSION_COLUMNS, [row for _, row in rows], style), ""])
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
    paths: Sequence[str],
) -> None:
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
