"""The two ends of a connection, and the programs that talked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Direction = Literal["client", "server"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


@dataclass(slots=True, frozen=True)
class Endpoint:
    """One end of a connection."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


class Software(NamedTuple):
    """A program, and why it is thought to be that one."""

    product: str
    version: str | None
    """As the program wrote it; None where it did not say."""
    evidence: str

    def __str__(self) -> str:
        return f"{self.product} {self.version}" if self.version else self.product
