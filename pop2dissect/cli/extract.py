"""``pop2dissect extract``: the packets that matter of an archive, for all questions that follow."""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pop2dissect.anyport import is_small
from pop2dissect.archive.extract import Extraction, prepared, unreadable
from pop2dissect.archive.hands import hands
from pop2dissect.archive.worth import hands_for, processors
from pop2dissect.capture.extract.facts import Facts
from pop2dissect.capture.paths import cannot_be_read, printable
from pop2dissect.cli.options import Parser, add_debug, add_settings, add_workers, given_settings
from pop2dissect.cli.status import ExitStatus
from pop2dissect.cli.streams import complain
from pop2dissect.errors import CaptureError
from pop2dissect.pipeline import ports_looked_at
from pop2dissect.settings import Settings
from pop2dissect.terminal.progress import Done, shown_while
from pop2dissect.text.values import count

_DESCRIPTION = """\
Reads captures one by one, and keeps the packets that matter in a folder of
Parquet files. pop2dissect EXTRACT then gives what pop2dissect CAPTURE... gives,
without reading the captures again; any other program can read it too."""

_EPILOG = """\
A run that was interrupted goes on where it was, and a later one reads only
captures that are new or were changed.

exit status:
  0  done
  1  a capture could not be read at all, which is recorded
  2  wrong usage, or a folder that is no extract
  3  the extract could not be written
  70, 130, 143, 129  as for pop2dissect without extract
"""


def extract_parser() -> Parser:
    """Make the parser of ``pop2dissect extract``."""
    made = Parser(
        prog="pop2dissect extract",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    made.add_argument("captures", nargs="+", metavar="CAPTURE", help="files, also compressed; directories; globs")
    made.add_argument("-o", "--output", required=True, metavar="EXTRACT", help="a new folder, or an earlier extract")
    add_settings(made, ("ports", "any_port", "limits"))
    add_workers(made)
    made.add_argument("--quiet", action="store_true", help="nothing but errors")
    add_debug(made)
    return made


def run_extract(arguments: Sequence[str]) -> ExitStatus:
    """Run ``pop2dissect extract``; ``arguments`` are those after the verb."""
    options = extract_parser().parse_args(arguments)
    settings = Settings(**given_settings(options))
    ports = ports_looked_at(settings, options.captures)
    extraction = prepared(options.captures, Path(options.output), ports, settings.limits)
    count = options.jobs or processors() if options.dask else hands_for(options.jobs, *extraction.to_read)
    with hands(count, options.dask if extraction.unread else None) as workers:
        for _ in _watched(extraction, extraction.run(workers, ports, settings.limits), options.quiet):
            pass
    extraction.finish(small=is_small(options.captures))
    unread = unreadable(extraction.captures)
    if not options.quiet:
        for facts in unread:
            complain(str(cannot_be_read(facts.path, CaptureError(facts.problem or ""))))
        print("\n".join(_summary(extraction)))
    sys.stdout.flush()
    return ExitStatus.UNREADABLE if unread else ExitStatus.DONE


def _watched(extraction: Extraction, facts: Iterable[Facts], quiet: bool) -> Iterator[Facts]:
    done = Done(*extraction.to_read)
    with shown_while(done.line, wanted=not quiet and sys.stderr.isatty()):
        for one in facts:
            done.add(one.size or 0)
            yield one


def _summary(extraction: Extraction) -> Iterator[str]:
    captures, unread = extraction.captures, extraction.unread
    yield f"{count(len(captures), 'capture')} in {printable(str(extraction.folder))}: {len(unread)} read now"
    packets = sum(facts.info.get("packets", 0) for facts in captures)
    kept = sum(facts.kept for facts in captures)
    yield f"{kept:,} of {count(packets, 'packet')} kept"
    if extraction.earlier:
        yield f"{count(extraction.earlier, 'capture')} of earlier runs come first, which were not named this time"
