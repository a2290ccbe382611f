"""The same bytes come out wherever it runs; ``python -m fuzz.environments`` asks more places, and every output."""

from __future__ import annotations

import os
import resource
from functools import partial

from fuzz.environments import Where, violations
from tests.support.truth import capture_path

CAPTURES = [capture_path("rfc937_normal"), capture_path("fetchmail_fold")]


def test_the_same_bytes_come_out_wherever_it_runs() -> None:
    lacking = Where(
        "20 descriptors, no home, no temporary folder, another zone, locale, hash seed, folder, order of options",
        variables=(
            *((name, None) for name in os.environ),
            *(("LC_ALL", "C"), ("PYTHONUTF8", "0"), ("TMPDIR", "/nowhere")),
            *(("PYTHONHASHSEED", "7"), ("TZ", "Asia/Kathmandu"), ("COLUMNS", "30")),
        ),
        folder=True,
        swapped=True,
        prepare=partial(resource.setrlimit, resource.RLIMIT_NOFILE, (20, 20)),
    )
    assert list(violations(CAPTURES, [lacking], ["json", "export_case", "annotate", "export_streams", "csv"])) == []


def test_what_differs_would_be_noticed() -> None:
    none = partial(resource.setrlimit, resource.RLIMIT_NOFILE, (3, 3))
    assert list(violations(CAPTURES[:1], [Where("no descriptors", prepare=none)], ["json"]))
