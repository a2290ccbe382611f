"""What the examiner says about the report: the case, and when the report was made."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from pop2dissect.errors import UsageError
from pop2dissect.text.values import SECOND


@dataclass(frozen=True, slots=True)
class Case:
    """The head of the report, as the options give it; what is None is left out."""

    case: str | None = None
    examiner: str | None = None
    exhibit: str | None = None
    """The designation under which the captures are kept."""
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return names and values for the table at the head."""
        named = (("Case", self.case), ("Examiner", self.examiner), ("Exhibit", self.exhibit))
        return (*((name, value) for name, value in named if value), *(("Note", note) for note in self.notes))


def time_of_making(environment: Mapping[str, str] | None = None) -> int:
    """Return the time in ns that the report names as that of its making.

    It is SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/) where that is set,
    so that the report can be made again byte for byte; else the present, to the second. Raises
    UsageError where it is set to something that is not a number of seconds.
    """
    fixed = (os.environ if environment is None else environment).get("SOURCE_DATE_EPOCH")
    if not fixed:
        return int(time.time()) * SECOND
    if not (fixed.isascii() and fixed.isdigit() and len(fixed) <= 12):
        raise UsageError("SOURCE_DATE_EPOCH is set to something that is not a number of seconds since 1970")
    return int(fixed) * SECOND
