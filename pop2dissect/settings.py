"""Every choice that can change a result, declared once.

A field of :class:`Settings` carries what users see of it: its option, its label, what it can be, and how it is
recorded. The command line, ``--help``, the JSON document, the report and ``verify`` go through :data:`SETTINGS`, so a
new setting is one field here (and a line in schema.json).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypedDict, TypeVar

from pop2dissect.choices import DEFAULT_PORT, EngineName, OverlapPolicy
from pop2dissect.errors import SettingError
from pop2dissect.filters import Filters
from pop2dissect.findings.thresholds import Thresholds
from pop2dissect.limits import DEFAULT, Limits, Numbers

Recorded: TypeAlias = str | bool | list[int] | list[str] | dict[str, int]
"""How a setting stands in a JSON document."""

_Value = TypeVar("_Value")
_Numbers = TypeVar("_Numbers", bound=Numbers)


@dataclass(frozen=True, slots=True)
class Setting(ABC, Generic[_Value]):
    """What users see of a setting."""

    option: str
    label: str
    """For people, at the start of a line."""
    help: str

    metavar: ClassVar[str | None] = None

    @abstractmethod
    def checked(self, value: Any) -> _Value:
        """Return a value in its usual type. Raises ValueError, with what it must be, where it cannot be one."""

    @abstractmethod
    def shown(self, value: _Value) -> str:
        """Return a value in words."""

    def recorded(self, value: _Value) -> Recorded:
        """Return a value as JSON has it."""
        assert isinstance(value, str | bool)
        return value

    def recalled(self, recorded: object) -> _Value:
        """Return the value that :meth:`recorded` wrote. Nothing in it is trusted: raises ValueError."""
        return self.checked(recorded)

    def part(self, text: str) -> Any:
        """Parse a part of the value, as it stands on the command line. Raises ValueError."""
        return text

    def joined(self, parts: Any) -> Any:
        """Make a value of the parts; a value that has none is given as it is."""
        return parts


@dataclass(frozen=True, slots=True)
class Choice(Setting[str]):
    """One of several words."""

    choices: Mapping[str, str]
    """In words, what each stands for."""

    def checked(self, value: Any) -> str:
        """Return one of the choices."""
        if not (isinstance(value, str) and value in self.choices):
            raise ValueError(f"must be {' or '.join(map(repr, self.choices))}, not {value!r:.60}")
        return value

    def shown(self, value: str) -> str:
        """Return what it stands for."""
        return self.choices[value]


@dataclass(frozen=True, slots=True)
class Switch(Setting[bool]):
    """On or off."""

    on: str
    off: str

    def checked(self, value: Any) -> bool:
        """Return a truth value; numbers are none."""
        if not isinstance(value, bool):
            raise ValueError(f"must be True or False, not {value!r:.60}")
        return value

    def shown(self, value: bool) -> str:
        """Return what is done."""
        return self.on if value else self.off


@dataclass(frozen=True, slots=True)
class Ports(Setting[frozenset[int]]):
    """Ports of TCP, at least one."""

    metavar: ClassVar[str | None] = "N"

    def checked(self, value: Any) -> frozenset[int]:
        """Return a set of numbers."""
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            raise ValueError(f"must be a collection of ports, not {value!r:.60}")
        ports = list(value)
        if not ports:
            raise ValueError("must not be empty")
        for port in ports:
            if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
                raise ValueError(f"must be whole numbers from 1 to 65535, not {port!r:.60}")
        return frozenset(ports)

    def shown(self, value: frozenset[int]) -> str:
        """Return them in order."""
        return ", ".join(map(str, sorted(value)))

    def recorded(self, value: frozenset[int]) -> Recorded:
        """Return them in order."""
        return sorted(value)

    def recalled(self, recorded: object) -> frozenset[int]:
        """Return a set of numbers."""
        if not isinstance(recorded, list):
            raise ValueError("must be a list of ports")
        return self.checked(recorded)

    def part(self, text: str) -> int:
        """Parse a port."""
        digits = text.lstrip("0")
        if not (text.isascii() and text.isdigit() and 1 <= len(digits) <= 5 and int(digits) <= 65535):
            raise ValueError(f"{text!r:.60} is not a port from 1 to 65535")
        return int(digits)


@dataclass(frozen=True, slots=True)
class Named(Setting[_Numbers]):
    """Numbers with names."""

    of: type[_Numbers]
    noun: str

    metavar: ClassVar[str | None] = "NAME=N"

    def checked(self, value: Any) -> _Numbers:
        """Return the numbers; those that a mapping does not name are as by default."""
        if isinstance(value, Mapping):
            unknown = [name for name in value if name not in self.of.names()]
            if unknown:
                raise ValueError(f"have no {unknown[0]!r:.60}: they are {', '.join(self.of.names())}")
            return self.of(**value)
        if not isinstance(value, self.of):
            raise ValueError(f"must be {self.of.__name__} or a mapping of names to numbers, not {value!r:.60}")
        return value

    def shown(self, value: _Numbers) -> str:
        """Return those that are not as by default."""
        return ", ".join(f"{name} {number}" for name, number in self.unusual(value).items()) or "as by default"

    def unusual(self, value: _Numbers) -> dict[str, int]:
        """Return those that are not as by default."""
        usual = self.of().as_dict()
        return {name: number for name, number in value.as_dict().items() if number != usual[name]}

    def recorded(self, value: _Numbers) -> Recorded:
        """Return all of them."""
        return value.as_dict()

    def recalled(self, recorded: object) -> _Numbers:
        """Return all of them: none may be missing."""
        if not isinstance(recorded, dict) or recorded.keys() != set(self.of.names()):
            raise ValueError(f"are not the {self.noun}s of this version")
        return self.of(**recorded)

    def part(self, text: str) -> tuple[str, int]:
        """Parse ``NAME=N``."""
        name, _, number = text.partition("=")
        if name not in self.of.names():
            raise ValueError(f"{name!r:.60} is not a {self.noun}; there are {', '.join(self.of.names())}")
        if not (number.isascii() and number.isdigit() and len(number) < 20):
            raise ValueError(f"{text!r:.60} is not {name}=N")
        self.of(**{name: int(number)})
        return name, int(number)

    def joined(self, parts: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Return a mapping, where the last of a name counts."""
        return dict(parts)


@dataclass(frozen=True, slots=True)
class Preferences(Setting[tuple[str, ...]]):
    """Preferences of tshark. Their values may be keys that are nobody's business: their names alone are recorded."""

    metavar: ClassVar[str | None] = "NAME:VALUE"

    def checked(self, value: Any) -> tuple[str, ...]:
        """Return them in order."""
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            raise ValueError("must be a collection of preferences 'NAME:VALUE'")
        preferences = tuple(value)
        if not all(isinstance(one, str) and ":" in one[1:] for one in preferences):
            raise ValueError("must be preferences 'NAME:VALUE'")
        return preferences

    def shown(self, value: tuple[str, ...]) -> str:
        """Return their names."""
        names = ", ".join(map(name_of_preference, value))
        return f"{names} (values are not recorded)" if names else "none"

    def recorded(self, value: tuple[str, ...]) -> Recorded:
        """Return their names."""
        return [name_of_preference(one) for one in value]

    def recalled(self, recorded: object) -> tuple[str, ...]:
        """Return none: those that were given cannot be known again."""
        if recorded != []:
            raise ValueError("were given, and their values are not recorded")
        return ()

    def part(self, text: str) -> str:
        """Parse one."""
        if ":" not in text[1:]:
            raise ValueError(f"{text!r:.60} is not a preference NAME:VALUE")
        return text


def name_of_preference(option: str) -> str:
    """Return the name alone of a preference of tshark."""
    kind, _, rest = option.partition(":")
    return f"{kind}:{rest.partition(':')[0]}" if kind == "uat" else kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every choice that can change a result.

    Values are checked, and brought to the types of the fields: any collection of ports does, and a mapping of
    names to numbers in place of thresholds and limits. Raises :class:`pop2dissect.errors.SettingError`, which is a
    ValueError, where a setting cannot have a value.

    >>> Settings(ports=[109, 110], thresholds={"scan_servers": 3}).thresholds.scan_servers
    3
    >>> Settings(overlap="First")
    Traceback (most recent call last):
    pop2dissect.errors.SettingError: overlap must be 'first' or 'last', not 'First'
    """

    ports: frozenset[int] = field(
        default=frozenset({DEFAULT_PORT}),
        metadata={"setting": Ports("--port", "Server ports", f"server port (default {DEFAULT_PORT}); repeatable")},
    )
    """TCP ports of servers to look at."""
    overlap: OverlapPolicy = field(
        default="first",
        metadata={
            "setting": Choice(
                "--overlap",
                "Of two copies that differ",
                "which copy counts where two copies of the same octets differ (default first)",
                {"first": "the first counts", "last": "the last counts"},
            )
        },
    )
    """Which copy of an octet counts where several were captured."""
    any_port: bool = field(
        default=False,
        metadata={
            "setting": Switch(
                "--any-port",
                "Servers on other ports",
                "also servers on other ports that greet as those of POP do",
                "looked for by their greetings",
                "not looked for",
            )
        },
    )
    """Look on all ports for servers that greet as those of POP2, RFC 918 or POP3; on ``ports``, at everything."""
    as_they_end: bool = field(
        default=False,
        metadata={
            "setting": Switch(
                "--as-they-end",
                "What later sessions show of deletions",
                "each session as soon as its connection is over, without what later ones show of its deletions and "
                "without the mailbox ledger; usual with --jsonl and --follow alone",
                "left out: each session was given when its connection was over",
                "part of the verdicts",
            )
        },
    )
    """Give each session as soon as its connection is over, without what later sessions show of its deletions."""
    thresholds: Thresholds = field(
        default_factory=Thresholds,
        metadata={
            "setting": Named(
                "--threshold",
                "Thresholds of the findings",
                "where a finding draws its line, as docs/findings.md lists; repeatable",
                Thresholds,
                "threshold",
            )
        },
    )
    """Where the findings draw their lines."""
    check_checksums: bool = field(
        default=False,
        metadata={
            "setting": Switch(
                "--check-checksums",
                "Checksums",
                "verify checksums of IPv4 and TCP; copies of octets with wrong ones do not count where others are "
                "right",
                "verified",
                "not verified",
            )
        },
    )
    """Verify the checksums of IPv4 headers and of TCP; segments with wrong ones count where there are no others."""
    limits: Limits = field(
        default=DEFAULT,
        metadata={
            "setting": Named(
                "--limit",
                "Limits",
                "how much is remembered, as docs/reassembly.md lists; repeatable",
                Limits,
                "limit",
            )
        },
    )
    """How much is remembered and looked at."""
    engine: EngineName = field(
        default="native",
        metadata={
            "setting": Choice(
                "--engine",
                "Packets read and decoded by",
                "who reads and decodes packets (default native); tshark knows more formats, see docs/wireshark.md",
                {"native": "pop2dissect itself (native)", "tshark": "tshark"},
            )
        },
    )
    """Who reads the captures and decodes the packets."""
    tshark_options: tuple[str, ...] = field(
        default=(),
        metadata={
            "setting": Preferences(
                "--tshark-option",
                "Preferences given to tshark",
                "a preference for --engine tshark, as tshark -o takes it; repeatable",
            )
        },
    )
    """Preferences for the tshark engine, as its option ``-o`` takes them."""
    filters: Filters = field(default_factory=Filters)
    """Which sessions are wanted: also a mapping of the filters' names to values."""

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            try:
                object.__setattr__(self, name, setting.checked(getattr(self, name)))
            except ValueError as error:
                raise SettingError(f"{name} {error}") from None
        if isinstance(self.filters, Mapping):
            object.__setattr__(self, "filters", Filters.of(self.filters))
        if self.tshark_options and self.engine != "tshark":
            raise SettingError("tshark_options need the engine tshark: --tshark-option needs --engine tshark")


class SettingsByName(TypedDict, total=False):
    """All but the ports and the filters, for type checkers: what functions take that take every setting by its name."""

    overlap: OverlapPolicy
    any_port: bool
    as_they_end: bool
    thresholds: Thresholds | Mapping[str, int]
    check_checksums: bool
    limits: Limits | Mapping[str, int]
    engine: EngineName
    tshark_options: Iterable[str]


SETTINGS: Final[Mapping[str, Setting[Any]]] = {
    one.name: one.metadata["setting"] for one in fields(Settings) if "setting" in one.metadata
}
"""All but the filters, by the names of the fields, in their order."""
