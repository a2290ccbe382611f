"""``pop2dissect verify``: which claims of an earlier result hold."""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from itertools import groupby

from pop2dissect.capture.paths import find_captures
from pop2dissect.cli.guard import guarded
from pop2dissect.cli.options import Parser, add_debug
from pop2dissect.cli.status import ExitStatus
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count
from pop2dissect.verify import Claim, ResultError, Verification, verify
from pop2dissect.verify.claims import shown

_DESCRIPTION = """\
Derives every claim of an earlier result again from the captures, with the
settings that it records, and says which hold and which differ."""

_EPILOG = """\
RESULT is a JSON document (--json), a report (--report), or the folder,
file or manifest of an export (--export-mail, --csv, --annotate and the like):
it is made again and compared; missing and extra files are named.

exit status:
  0  all claims hold
  1  the result or a capture cannot be read; it may be damaged
  2  wrong usage, or another number of captures than the result is about
  3  standard output could not be written
  4  some claims differ
  70, 130, 143, 129  as for pop2dissect without verify
"""


def verify_parser() -> Parser:
    """Make the parser of ``pop2dissect verify``."""
    made = Parser(
        prog="pop2dissect verify", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=RawDescriptionHelpFormatter
    )
    made.add_argument("result", metavar="RESULT", help="what is to be verified")
    made.add_argument("captures", nargs="+", metavar="CAPTURE", help="the captures that it was made of, in any order")
    made.add_argument("--quiet", action="store_true", help="name differences only")
    add_debug(made)
    return made


def run_verify(arguments: Sequence[str]) -> ExitStatus:
    """Run ``pop2dissect verify``; ``arguments`` are those after the verb."""
    options = verify_parser().parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        with guarded([one.file for one in find_captures(options.captures)]):
            verification = verify(options.result, options.captures)
    except ResultError as error:
        print(f"pop2dissect: {terminal_safe(str(error))}", file=sys.stderr)
        return ExitStatus.UNREADABLE
    sys.stdout.writelines(line + "\n" for line in _lines(verification, options.quiet))
    sys.stdout.flush()
    return ExitStatus.DONE if verification.holds else ExitStatus.DIFFERS


def _lines(verification: Verification, quiet: bool) -> Iterator[str]:
    """Yield of each subject whether all of it holds, else which claims differ, and how."""
    if not quiet:
        result = verification.result
        yield f"{result.form} {terminal_safe(str(result.path))}, made by pop2dissect {shown(result.version)}"
        for place, given in enumerate(verification.captures, 1):
            yield f"capture {place} {terminal_safe(given.shown)}, SHA-256 {given.sha256}"
        yield ""
        yield from (f"note     {note}" for note in verification.notes)
    for subject, group in groupby(verification.claims, key=lambda claim: claim.subject):
        claims = list(group)
        differing = [claim for claim in claims if not claim.holds]
        for claim in differing:
            yield from (f"DIFFERS  {claim.name}: {difference}" for difference in claim.differences)
        if not quiet and len(differing) < len(claims):
            yield f"holds    {subject}{_parts(claims, differing)}"
    wrong = sum(not claim.holds for claim in verification.claims)
    total = count(len(verification.claims), "claim")
    if wrong or not quiet:
        yield f"{wrong} of {total} {'differs' if wrong == 1 else 'differ'}" if wrong else f"all of {total} hold"


def _parts(claims: Sequence[Claim], differing: Sequence[Claim]) -> str:
    """Return how many parts of a subject hold."""
    if differing:
        return f": the other {count(len(claims) - len(differing), 'claim')}"
    kinds = [claim.part.split()[0] for claim in claims if claim.part]
    named = [count(kinds.count(kind), kind) for kind in ("exchange", "message", "finding") if kind in kinds]
    return f", with {', '.join([*named, 'both streams'])}" if any(kind.endswith("'s") for kind in kinds) else ""
