"""Logs as Zeek writes them: a line a session, and a line a message, as its TSV and as its JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

from pop2dissect.mail.model import Headers
from pop2dissect.session import Message, Session
from pop2dissect.text.safe import terminal_safe

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_UNSET, _EMPTY = "-", "(empty)"

Row = TypeVar("Row")


class Field(NamedTuple, Generic[Row]):
    """A field of a log; None is what is not known."""

    name: str
    kind: str
    """Zeek's type. A time or an interval is in ns, as everywhere here."""
    get: Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Log(Generic[Row]):
    """A log: what it is called, and its fields."""

    name: str
    fields: tuple[Field[Row], ...]

    def head(self) -> str:
        """Return what the TSV begins with. When it was opened is left out: the same captures give the same file."""
        names, kinds = zip(*((field.name, field.kind) for field in self.fields), strict=True)
        head = ("#separator \\x09", "#set_separator\t,", f"#empty_field\t{_EMPTY}", f"#unset_field\t{_UNSET}")
        fields = ("\t".join(["#fields", *names]), "\t".join(["#types", *kinds]))
        return "\n".join([*head, f"#path\t{self.name}", *fields, ""])

    def tsv(self, row: Row) -> str:
        """Return a line of the TSV."""
        return "\t".join(_cell(field.kind, field.get(row)) for field in self.fields) + "\n"

    def json(self, row: Row) -> str:
        """Return a line of the JSON, in which what is not known is left out."""
        values = ((field.name, _plain(field.kind, field.get(row))) for field in self.fields)
        return json.dumps({name: value for name, value in values if value is not None}, separators=(",", ":")) + "\n"


def uid(session: Session) -> str:
    """Return a name of the session of the form of Zeek's, which follows from the connection and its time alone."""
    said = f"{session.community_id} {session.client} {session.first_frame} {session.start}"
    number = int.from_bytes(hashlib.sha256(said.encode()).digest()[:12], "big")
    digits = ""
    while number:
        number, digit = divmod(number, len(_BASE62))
        digits = _BASE62[digit] + digits
    return f"C{digits}"


class Mail(NamedTuple):
    """A message, and the session that transferred it."""

    session: Session
    message: Message
    headers: Headers


def _session_of(mail: Mail) -> Session:
    return mail.session


def _connection(session_of: Callable[[Row], Session]) -> tuple[Field[Row], ...]:
    """Return the fields by which logs join."""

    def of(name: str, kind: str, get: Callable[[Session], Any]) -> Field[Row]:
        return Field(name, kind, lambda row: get(session_of(row)))

    return (
        of("uid", "string", uid),
        of("id.orig_h", "addr", lambda session: session.client.ip),
        of("id.orig_p", "port", lambda session: session.client.port),
        of("id.resp_h", "addr", lambda session: session.server.ip),
        of("id.resp_p", "port", lambda session: session.server.port),
        of("community_id", "string", lambda session: session.community_id),
        of("session", "count", lambda session: session.id),
    )


def _software(software: object) -> str | None:
    return None if software is None else str(software)


SESSIONS: Final[Log[Session]] = Log(
    "pop",
    (
        Field("ts", "time", lambda session: session.start),
        *_connection(lambda session: session),
        Field("protocol", "string", lambda session: session.protocol),
        Field("duration", "interval", lambda session: session.duration),
        Field("user", "string", lambda session: session.user),
        Field("login", "string", lambda session: session.login),
        Field("ending", "string", lambda session: session.ending),
        Field(
            "mailboxes",
            "vector[string]",
            lambda session: list(dict.fromkeys(filter(None, (one.named or one.asked for one in session.folders)))),
        ),
        Field("messages", "count", lambda session: len(session.messages)),
        Field("deleted", "count", lambda session: len(session.deleted)),
        Field("committed", "count", lambda session: sum(one.released.value is True for one in session.deleted)),
        Field("orig_bytes", "count", lambda session: session.client_stream.octets),
        Field("resp_bytes", "count", lambda session: session.server_stream.octets),
        Field("missed_bytes", "count", lambda session: session.client_stream.missing + session.server_stream.missing),
        Field("client_software", "string", lambda session: _software(session.client_software)),
        Field("server_software", "string", lambda session: _software(session.server_software)),
        Field("findings", "vector[string]", lambda session: list(dict.fromkeys(one.id for one in session.findings))),
    ),
)

MAILS: Final[Log[Mail]] = Log(
    "pop_mail",
    (
        Field("ts", "time", lambda mail: mail.message.start_time),
        *_connection(_session_of),
        Field("message", "count", lambda mail: mail.message.index),
        Field("user", "string", lambda mail: mail.session.user),
        Field("mailbox", "string", lambda mail: mail.message.mailbox),
        Field("number", "count", lambda mail: mail.message.number),
        Field("size", "count", lambda mail: mail.message.octets),
        Field("missing", "count", lambda mail: mail.message.missing_octets),
        Field("disposition", "string", lambda mail: mail.message.disposition),
        Field("committed", "bool", lambda mail: mail.message.committed),
        Field("from", "string", lambda mail: mail.headers.sender),
        Field("to", "string", lambda mail: mail.headers.recipients),
        Field("subject", "string", lambda mail: mail.headers.subject),
        Field("date", "string", lambda mail: mail.headers.date),
        Field("msg_id", "string", lambda mail: mail.headers.message_id),
        Field("sha256", "string", lambda mail: mail.message.sha256),
    ),
)


def heads() -> dict[str, str]:
    """Return what each file begins with, by its name."""
    return {"pop.log": SESSIONS.head(), "pop.json": "", "pop_mail.log": MAILS.head(), "pop_mail.json": ""}


def lines_of(session: Session) -> dict[str, str]:
    """Return the lines of a session, by the file's name."""
    mails = [Mail(session, message, message.headers()) for message in session.messages]
    return {
        "pop.log": SESSIONS.tsv(session),
        "pop.json": SESSIONS.json(session),
        "pop_mail.log": "".join(map(MAILS.tsv, mails)),
        "pop_mail.json": "".join(map(MAILS.json, mails)),
    }


def _seconds(nanoseconds: int) -> str:
    """Write a time or an interval as Zeek does: seconds to the microsecond."""
    sign, micro = ("-" if nanoseconds < 0 else ""), abs(nanoseconds) // 1000
    return f"{sign}{micro // 1_000_000}.{micro % 1_000_000:06}"


def _plain(kind: str, value: Any) -> Any:
    """Return a value as the JSON has it."""
    if isinstance(value, str):
        return terminal_safe(value)
    if kind in ("time", "interval") and value is not None:
        return float(_seconds(value))
    return [_plain("string", one) for one in value] if isinstance(value, list) else value


def _cell(kind: str, value: Any) -> str:
    """Return a value as the TSV has it."""
    match value:
        case None:
            return _UNSET
        case bool():
            return "T" if value else "F"
        case list():
            return ",".join(_escaped(one).replace(",", "\\x2c") for one in value) or _EMPTY
        case int() if kind in ("time", "interval"):
            return _seconds(value)
        case int():
            return str(value)
        case _:
            return _escaped(str(value))


def _escaped(text: str) -> str:
    """Escape separators, control characters, and what would stand for nothing."""
    if text in (_UNSET, _EMPTY):
        return f"\\x{ord(text[0]):02x}{text[1:]}"
    return "".join(_character(one) for one in text) or _EMPTY


def _character(one: str) -> str:
    if one == "\\":
        return "\\\\"
    return one if one.isprintable() else "".join(f"\\x{octet:02x}" for octet in one.encode("utf-8", "surrogatepass"))
