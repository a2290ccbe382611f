"""The report as one HTML file that needs nothing else: for an examiner, a court, and another examiner.

View-models are made in the small modules here and hold no HTML; the templates hold no logic but loops,
and escape all that they are given.
"""

from __future__ import annotations

from pop2dissect.html.case import Case
from pop2dissect.html.report import Choices, Report

__all__ = ["Case", "Choices", "Report"]
