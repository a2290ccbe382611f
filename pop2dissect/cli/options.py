"""The options: what may stand on the command line, and what it means. Nothing else parses arguments."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, get_args

from pop2dissect.capture.fast import LANE
from pop2dissect.choices import ReportScope
from pop2dissect.cli.outputs.declared import FILES, PRINTED
from pop2dissect.errors import UsageError
from pop2dissect.filters import FILTERS, ORDERS, Filters, meant
from pop2dissect.settings import SETTINGS, Choice, Settings, Switch
from pop2dissect.version import __version__

_DESCRIPTION = """\
Says what happened in POP2 sessions in packet captures, with --port 110 in
those of POP3: who logged in, which folders and messages were read, kept and
deleted, and which frames prove it."""

_EPILOG = """\
examples:
  pop2dissect capture.pcap                 sessions, what was said, findings
  pop2dissect --session 3 -V capture.pcap  every field of session 3
  pop2dissect --follow 3 capture.pcap      the conversation of session 3
  pop2dissect --json capture.pcap | jq '.sessions[].user'
  pop2dissect '/archive/2026-*/*.pcap.gz'  several captures, read as one
  tcpdump -i eth0 -U -w - tcp port 109 | pop2dissect --jsonl -

exit status:
  0    done (a damaged capture gives what precedes the damage, and a warning)
  1    a capture could not be read at all (what the others give is reported), or
       the result to be verified could not
  2    wrong usage, or a session that does not exist
  3    a file or standard output, which is named, could not be written
  4    verify: the captures do not show all that the result says
  70   a fault of the program itself, or too little memory
  130  ended by Ctrl-C; 143 by SIGTERM, 129 by SIGHUP. What a live capture had
       given was still reported

Passwords are masked unless --show-passwords is given. Frames are counted from
1, as in Wireshark; of several captures they are cited as capture:frame.
The pages that are named here (docs/...) and sample captures are in the folders
that python -m pop2dissect.shipped names.
"""


class Parser(argparse.ArgumentParser):
    """Raises UsageError, and leaves it to the caller to end the program."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, which says what may have been meant."""
        unknown = re.search(r"unrecognized arguments: (--[^\s=]+)", message)
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        near = ""
        if unknown:
            near = meant(unknown[1], self._option_string_actions)
        elif choice:
            near = meant(choice[1], re.findall(r"[\w-]+", choice[2]))
        raise UsageError(f"{message}{near}; see {self.prog} --help")


def parser() -> Parser:
    """Make the parser of the main command."""
    made = Parser(
        prog="pop2dissect",
        usage="pop2dissect [options] CAPTURE...\n"
        "       pop2dissect findings [options] CAPTURE...\n"
        "       pop2dissect findings --catalogue\n"
        "       pop2dissect browse [options] CAPTURE...\n"
        "       pop2dissect extract -o EXTRACT CAPTURE...\n"
        "       pop2dissect verify RESULT CAPTURE...\n"
        "       pop2dissect wireshark {install,path,uninstall}",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument(
        "captures",
        nargs="+",
        metavar="CAPTURE",
        help="pcap or pcapng files, also compressed; directories; extracts; globs; URLs of these; - for standard input",
    )
    reading = made.add_argument_group("what is read")
    add_settings(reading)
    add_workers(reading)
    _add_filters(
        made.add_argument_group(
            "which sessions are wanted",
            "In every output. Of one option given several times one must be true.",
        )
    )
    _add_output(made.add_argument_group("what is printed"))
    _add_files(made.add_argument_group("what is written into files", "Existing files are never overwritten."))
    _add_head(made.add_argument_group("what stands at the head of a report"))
    _add_style(made.add_argument_group("how it is printed"))
    made.add_argument("--version", action="version", version=f"pop2dissect {__version__} ({LANE})")
    return made


def add_settings(group: argparse._ActionsContainer, names: Iterable[str] = SETTINGS) -> None:
    """Add the options of settings."""
    for name in names:
        setting = SETTINGS[name]
        how: dict[str, Any]
        match setting:
            case Switch():
                how = {"action": "store_true"}
            case Choice():
                how = {"choices": tuple(setting.choices)}
            case _:
                how = {"type": _typed(setting.part), "metavar": setting.metavar, "action": "append"}
        group.add_argument(setting.option, dest=name, default=None, help=setting.help, **how)


def add_workers(group: argparse._ActionsContainer) -> None:
    """Add the options that say who reads captures; they change nothing of a result."""
    group.add_argument(
        "--jobs",
        type=_positive,
        metavar="N",
        help="processes that read captures (default: one for each processor, where there is enough to read)",
    )
    group.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="have the workers of a Dask cluster read captures: its scheduler's address, or local for one of --jobs "
        "workers on this machine",
    )


def _add_filters(group: argparse._ArgumentGroup) -> None:
    for name, one in FILTERS.items():
        group.add_argument(
            one.option, dest=name, type=_typed(one.check), metavar=one.metavar, action="append", help=one.help
        )
    group.add_argument("--sort", choices=ORDERS, metavar="ORDER", help=f"in the order of: {', '.join(ORDERS)}")
    group.add_argument(
        "--top", type=_positive, metavar="N", help="the first N in that order (by severity without --sort)"
    )


def _add_output(group: argparse._ArgumentGroup) -> None:
    printed = group.add_mutually_exclusive_group()
    for one in PRINTED:
        if one.metavar is None:
            printed.add_argument(*one.options, action="store_true", help=one.help)
        else:
            printed.add_argument(*one.options, type=_positive, metavar=one.metavar, help=one.help)


def _add_files(group: argparse._ArgumentGroup) -> None:
    for one in FILES:
        group.add_argument(*one.options, metavar=one.metavar, help=one.help)


def _add_head(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--case", metavar="TEXT", help="the case")
    group.add_argument("--examiner", metavar="TEXT", help="who examined the captures")
    group.add_argument("--exhibit", metavar="TEXT", help="under which designation the captures are kept")
    group.add_argument("--note", metavar="TEXT", action="append", default=[], help="a note; repeatable")
    group.add_argument(
        "--report-scope",
        choices=get_args(ReportScope),
        default="noteworthy",
        help="which sessions of the report are printed in full; the screen shows all (default noteworthy)",
    )


def _add_style(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--show-passwords", action="store_true", help="show passwords, which are masked otherwise")
    group.add_argument("--tz", default="UTC", metavar="ZONE", help="zone for times: an IANA name, or local")
    group.add_argument("--all", action="store_true", help="all sessions, incidents, warnings ... and not the first few")
    group.add_argument("--conversations", action="store_true", help="what was said, also of more than three sessions")
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default auto")
    group.add_argument("--quiet", action="store_true", help="nothing but results: no progress, no warnings")
    add_debug(group)


def add_debug(group: argparse._ActionsContainer) -> None:
    """Add the option that every command has, and that its caller acts on."""
    group.add_argument(
        "--debug", action="store_true", help="where an error comes from (a traceback; may show text of the capture)"
    )


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the arguments of the main command. Raises UsageError, also for what has no effect on its own."""
    options = parser().parse_args(arguments)
    if options.report is None:
        for name in ("case", "examiner", "exhibit", "note"):
            if getattr(options, name):
                raise UsageError(f"--{name} is for the head of a report; give --report FILE.html too")
    other = next((one for one in PRINTED if getattr(options, one.name)), None)
    for name, used_by in (("conversations", ()), ("all", ("findings", "verbose_tree"))):
        if getattr(options, name) and other is not None and other.name not in used_by:
            raise UsageError(f"--{name} is for the text output: {other.options[-1]} has nothing to do with it")
    if options.follow and options.session:
        raise UsageError(f"--follow {options.follow} is about that session alone: leave --session out")
    return options


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings that the options ask for. Raises UsageError where two contradict each other."""
    filters = {name: getattr(options, name) for name in (*FILTERS, "sort", "top")}
    if options.follow:
        filters["session"] = [options.follow]
    return Settings(filters=Filters.of(filters), **given_settings(options))


def given_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that the options give, by their names."""
    given = {name: value for name in SETTINGS if (value := getattr(options, name, None)) is not None}
    return {name: SETTINGS[name].joined(parts) for name, parts in given.items()}


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _typed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Have argparse say what a ValueError says."""

    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed
