"""What can be chosen, for the layers between the setting and those that do it, and what is chosen by default."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

DEFAULT_PORT: Final = 109
"""The TCP port that is looked at unless others are asked for: RFC 937, "The Protocol"; registered as ``pop2``."""

EngineName: TypeAlias = Literal["native", "tshark"]
"""Who reads the captures and decodes the packets."""

OverlapPolicy: TypeAlias = Literal["first", "last"]
"""Which of two copies of the same octets counts."""

ReportScope: TypeAlias = Literal["findings", "noteworthy", "all"]
"""What of a report's sessions is printed: none, those in which something grave was done, or all."""
