"""Which sessions are wanted: every filter declared once, in :data:`FILTERS`.

The command line, programs, the JSON document, the report and ``verify`` go through the table;
:mod:`pop2dissect.selection` has what the filters leave of a run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from ipaddress import ip_address, ip_network
from typing import Any, Final, Literal, Self, TypeAlias, TypedDict, get_args

from pop2dissect.errors import SettingError
from pop2dissect.patterns import expression
from pop2dissect.session import Endpoint, Finding, LoginOutcome, Probe, Session, Severity
from pop2dissect.text.values import count, rfc3339

Time: TypeAlias = datetime | str | int
"""A moment: a datetime that knows its zone, its text in ISO 8601, or ns since 1970-01-01 UTC."""

Tests: TypeAlias = list[list[Callable[[Any], bool]]]
"""Of each list one must be true."""

_HIGHEST: Final = 10**9
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = expression(r"(.*T\d\d:\d\d:\d\d)[.,](\d+)(.*)", re.DOTALL)
_WITH_PORT: Final = expression(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[^:]*)):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter. Each function takes a value's text and gives what tells whether a thing is wanted by it.

    They raise ValueError, with what is wrong, for a text that is no value.
    """

    option: str
    metavar: str
    help: str
    sessions: Callable[[str], Callable[[Session], bool]] | None = None
    findings: Callable[[str], Callable[[Finding], bool]] | None = None
    """What is asked of the findings about a session, of which one must be so."""
    probes: Callable[[str], Callable[[Probe], bool]] | None = None
    """What is asked of a connection without payload; with a filter that has none of this no such one is wanted."""
    once: bool = False
    """It takes one value; of the others one of several must be true."""

    def check(self, text: str) -> str:
        """Return the text. Raises ValueError where it is no value."""
        judge = self.sessions or self.findings
        assert judge is not None
        judge(text)
        return text


def nanoseconds(time: Time) -> int:
    """Return a moment as ns since 1970-01-01 UTC. Raises ValueError where it has no zone, or is not a moment."""
    if isinstance(time, int):
        return time
    fraction = 0
    if isinstance(time, str):
        split = _TIME.fullmatch(time)
        if split is not None:
            fraction = int(split[2][:9].ljust(9, "0"))
        text = time if split is None else split[1] + split[3]
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"must be a time with its zone, such as 1994-11-02T00:00:00Z, not {time!r:.60}") from None
    else:
        moment = time
    if moment.tzinfo is None:
        raise ValueError(f"a time needs a zone: {moment.isoformat()}Z is {moment.isoformat(' ')} in UTC")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000 + fraction


def meant(word: str, words: Iterable[str]) -> str:
    """Return the end of a sentence about a word that is none of these: which one may have been meant."""
    near = get_close_matches(word, list(words), 1)
    return f"; did you mean {near[0]}?" if near else ""


def _one_of(text: str, words: Iterable[str]) -> str:
    """Return which of the words a text is, upper and lower case alike."""
    known = {word.casefold(): word for word in words}
    found = known.get(text.casefold())
    if found is None:
        near = meant(text.casefold(), known)
        raise ValueError(f"{text!r:.60} is none of {', '.join(known.values())}{near}")
    return found


def number_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Parse numbers of sessions, ``1-3,7``; each range has its first and its last. Raises ValueError."""
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,10})(?:-([0-9]{1,10}))?\s*", part)
        first = int(match[1]) if match else 0
        last = int(match[2] or first) if match else 0
        if not 1 <= first <= last <= _HIGHEST:
            raise ValueError(f"{part!r:.60} is not the number of a session, from 1, or a range such as 1-3")
        ranges.append((first, last))
    return tuple(ranges)


def _number(text: str) -> Callable[[Session], bool]:
    ranges = number_ranges(text)
    return lambda session: any(first <= session.id <= last for first, last in ranges)


def _name(text: str) -> Callable[[str | None], bool]:
    """Return what tells whether a name is this one; ``*`` and ``?`` stand for any characters and for any one."""
    pattern = re.compile("".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in text), re.DOTALL)
    return lambda name: name is not None and pattern.fullmatch(name) is not None


def _user(text: str) -> Callable[[Session], bool]:
    is_so = _name(text)
    return lambda session: any(is_so(login.user) for login in session.logins)


def _mailbox(text: str) -> Callable[[Session], bool]:
    is_so = _name(text)
    return lambda session: (
        any(map(is_so, (one.mailbox for one in session.messages)))
        or any(is_so(name) for folder in session.folders for name in (folder.asked, folder.named))
    )


def _subject(text: str) -> Callable[[Session], bool]:
    wanted = text.casefold()
    return lambda session: any(wanted in (one.headers().subject or "").casefold() for one in session.messages)


def _endpoint(text: str) -> Callable[[str, int | None], bool]:
    """Return what tells whether an address and a port are meant by an address, one with a port, or a network."""
    split = _WITH_PORT.fullmatch(text)
    address = text if split is None else split["six"] or split["four"]
    port = None if split is None else int(split["port"])
    try:
        network = ip_network(address, strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r:.60} is not an address, an address with a port such as 192.0.2.1:109 or [2001:db8::1]:109, "
            "or a network such as 192.0.2.0/24"
        ) from None
    return lambda ip, at: ip_address(ip) in network and (port is None or port == at)


def _end(of: Callable[[Session], Endpoint]) -> Callable[[str], Callable[[Session], bool]]:
    def test(text: str) -> Callable[[Session], bool]:
        is_so = _endpoint(text)
        return lambda session: is_so(of(session).ip, of(session).port)

    return test


def _probing(text: str) -> Callable[[Probe], bool]:
    is_so = _endpoint(text)
    return lambda probe: is_so(probe.client_ip, None)


def _probed(text: str) -> Callable[[Probe], bool]:
    is_so = _endpoint(text)
    return lambda probe: is_so(probe.server.ip, probe.server.port)


def _since(text: str) -> Callable[[Session], bool]:
    first = nanoseconds(text)
    return lambda session: session.start >= first


def _until(text: str) -> Callable[[Session], bool]:
    end = nanoseconds(text)
    return lambda session: session.start < end


def _probed_since(text: str) -> Callable[[Probe], bool]:
    first = nanoseconds(text)
    return lambda probe: probe.last_time >= first


def _probed_until(text: str) -> Callable[[Probe], bool]:
    end = nanoseconds(text)
    return lambda probe: probe.first_time < end


def _protocol(text: str) -> Callable[[Session], bool]:
    from pop2dissect.protocols import PROTOCOLS
    from pop2dissect.protocols.identify import NONE, UNKNOWN

    name = _one_of(text, (one.name for one in (*PROTOCOLS, NONE, UNKNOWN)))
    return lambda session: session.protocol == name


def _login(text: str) -> Callable[[Session], bool]:
    outcome = _one_of(text, get_args(LoginOutcome))
    return lambda session: session.login == outcome


def _finding(text: str) -> Callable[[Finding], bool]:
    from pop2dissect.findings.catalogue import BY_ID

    is_so = _name(text)
    if not any(map(is_so, BY_ID)):
        raise ValueError(f"{text!r:.60} is no finding, and no pattern of one such as auth.*{meant(text, BY_ID)}")
    return lambda finding: is_so(finding.id)


def _severity(text: str) -> Callable[[Finding], bool]:
    least = Severity(_one_of(text, Severity))
    return lambda finding: finding.severity >= least


FILTERS: Final[Mapping[str, Filter]] = {
    "session": Filter("--session", "N,N-M", "session N, or those from N to M; repeatable, as are the others", _number),
    "user": Filter("--user", "NAME", "with a login as that user; * and ? stand for any characters", _user),
    "client": Filter(
        "--client",
        "ADDRESS",
        "from that address (192.0.2.1), port (192.0.2.1:1025) or network (192.0.2.0/24)",
        _end(lambda session: session.client),
        probes=_probing,
    ),
    "server": Filter(
        "--server", "ADDRESS", "to that one, in the same way", _end(lambda session: session.server), probes=_probed
    ),
    "since": Filter(
        "--since", "TIME", "that began then (1994-11-02T08:00Z) or later", _since, probes=_probed_since, once=True
    ),
    "until": Filter("--until", "TIME", "that began before then", _until, probes=_probed_until, once=True),
    "protocol": Filter("--protocol", "NAME", "in that protocol", _protocol),
    "login": Filter("--login", "OUTCOME", f"whose login was {', '.join(get_args(LoginOutcome))}", _login),
    "mailbox": Filter("--mailbox", "NAME", "that asked for that mailbox or read from it; with * and ?", _mailbox),
    "subject": Filter("--subject", "TEXT", "with a message that has the text in its subject", _subject),
    "finding": Filter("--finding", "ID", "that a finding of that kind is about; with * and ?", findings=_finding),
    "severity": Filter(
        "--severity", "SEVERITY", "that a finding of that severity, or a graver one, is about", findings=_severity
    ),
}
"""By the names under which programs give them."""

Order = Literal["number", "severity", "duration", "messages", "deleted", "bytes", "client", "user"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)


class FiltersByName(TypedDict, total=False):
    """What functions take that take every filter by its name; one value of each, or several."""

    session: int | str | Iterable[int | str]
    user: str | Iterable[str]
    client: str | Iterable[str]
    server: str | Iterable[str]
    since: Time
    until: Time
    protocol: str | Iterable[str]
    login: LoginOutcome | Iterable[LoginOutcome]
    mailbox: str | Iterable[str]
    subject: str | Iterable[str]
    finding: str | Iterable[str]
    severity: str | Iterable[str]
    sort: Order
    top: int


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters that are asked for: a session is wanted where each of them is true."""

    asked: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The texts of the values, by the filters' names, in the order of the table."""
    sort: Order | None = None
    """In which order sessions are shown to people; None for that of their numbers."""
    top: int | None = None
    """How many are wanted, the first in that order; by severity where no order was asked for."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Make them of values by their names; None is none. Raises SettingError where one is none that can be."""
        given = {name: value for name, value in values.items() if value is not None}
        sort, top = given.pop("sort", None), given.pop("top", None)
        if sort is not None and sort not in ORDERS:
            raise SettingError(f"sort must be {' or '.join(ORDERS)}, not {sort!r:.60}{meant(str(sort), ORDERS)}")
        if top is not None and (type(top) is not int or top < 1):
            raise SettingError(f"top must be a whole number from 1, not {top!r:.60}")
        asked = tuple((name, _texts(name, given.pop(name))) for name in FILTERS if name in given)
        if given:
            raise SettingError(f"there is no filter {min(given)!r:.60}{meant(min(given), FILTERS)}")
        return cls(asked, sort, top)

    def __bool__(self) -> bool:
        """Whether sessions may be left out."""
        return bool(self.asked or self.top)

    @property
    def numbers(self) -> list[int | str] | None:
        """The numbers of the sessions that are asked for, and ranges of them; None for all."""
        texts = dict(self.asked).get("session")
        if texts is None:
            return None
        ranges = sorted({one for text in texts for one in number_ranges(text)})
        return [first if first == last else f"{first}-{last}" for first, last in ranges]

    @property
    def recorded(self) -> dict[str, Any]:
        """The others, as the JSON document has them."""
        others = {name: list(texts) for name, texts in self.asked if name != "session"}
        return {**others, **({"sort": self.sort} if self.sort else {}), **({"top": self.top} if self.top else {})}

    @classmethod
    def recalled(cls, numbers: object, recorded: object) -> Self:
        """Return the filters of which these are the records. Nothing in them is trusted: raises ValueError."""
        if not (numbers is None or (isinstance(numbers, list) and all(type(one) in (int, str) for one in numbers))):
            raise ValueError("sessions must be a list of numbers")
        if not isinstance(recorded, dict) or "session" in recorded:
            raise ValueError("filters must be an object of filters")
        return cls.of({**recorded, "session": numbers})

    def words(self) -> str:
        """Return them for people."""
        said = [f"{FILTERS[name].option[2:]} {' or '.join(texts)}" for name, texts in self.asked]
        if self.top:
            said.append(f"the first {self.top:,} by {self.sort or 'severity'}")
        return "; ".join(said) or "all"

    def tests(self, of: Literal["sessions", "findings", "probes"]) -> Tests:
        """Return what is asked of things of a kind."""
        made = ((getattr(FILTERS[name], of), texts) for name, texts in self.asked)
        return [[make(text) for text in texts] for make, texts in made if make]

    def fit(self, session: Session, about: Iterable[Finding]) -> bool:
        """Whether a session is wanted; ``about`` are all findings about it, whatever order and number are asked for."""
        return are_true(self.tests("sessions"), session) and are_true(self.tests("findings"), *about)

    def admit(self, finding: Finding) -> bool:
        """Whether a finding is one of those that are asked for, as far as that can be said of it alone."""
        return are_true(self.tests("findings"), finding)


def are_true(tests: Tests, *things: object) -> bool:
    """Whether of each list one test is true of one of the things."""
    return all(any(test(thing) for thing in things for test in one) for one in tests)


def _texts(name: str, value: object) -> tuple[str, ...]:
    """Return a filter's values as texts; checked."""
    one = FILTERS[name]
    several = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    values: list[Any] = list(value) if several and isinstance(value, Iterable) else [value]
    if not values:
        raise SettingError(f"{name} must not be empty")
    if one.once and len(values) > 1:
        raise SettingError(f"{name} can be given once, not {count(len(values), 'time')}")
    try:
        texts = [rfc3339(nanoseconds(one)) if isinstance(one, datetime) else one for one in values]
        if one.once and type(texts[0]) is int:
            texts = [rfc3339(texts[0])]
        if not all(type(text) in (str, int) for text in texts):
            raise ValueError(f"must be text, not {value!r:.60}")
        return tuple(one.check(str(text)) for text in texts)
    except (ValueError, OverflowError) as error:
        raise SettingError(f"{name}: {error}") from None
