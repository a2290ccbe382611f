"""Findings: what an examiner should look at first, with the frames that prove it.

>>> engine = FindingsEngine()
>>> for session in sessions:                    # doctest: +SKIP
...     session.findings = engine.examine(session)
>>> spanning = engine.conclude(probes)          # doctest: +SKIP
"""

from pop2dissect.findings.catalogue import CATALOGUE, Declaration, catalogue_lines, catalogue_rows
from pop2dissect.findings.engine import FindingsEngine
from pop2dissect.findings.thresholds import Thresholds

__all__ = ["CATALOGUE", "Declaration", "FindingsEngine", "Thresholds", "catalogue_lines", "catalogue_rows"]
