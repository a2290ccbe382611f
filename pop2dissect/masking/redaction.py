"""Sessions, findings and mailboxes as outputs show them that show no passwords.

What a client said is masked by its place where it is shown, as :mod:`.masking` has it. Here is what else may hold a
password, because it stands there too: a server that repeats it, a user or a folder of that name, a header of a mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import fields, replace
from operator import attrgetter, is_
from typing import TypeVar

from pop2dissect.incidents import Incident
from pop2dissect.incidents.kinds import names
from pop2dissect.ledger import Mailbox
from pop2dissect.masking.values import SecretValues
from pop2dissect.patterns import expression
from pop2dissect.session import (
    PASSWORD_MASK,
    Exchange,
    Finding,
    FolderOpening,
    Login,
    Message,
    Reply,
    Session,
    Software,
)
from pop2dissect.text.values import decode_text

_QUOTED = expression(r'".*"', re.DOTALL)
"""From the first quotation mark to the last: what is quoted may have some of its own."""
_LOOKED_AT = 1 << 16
"""Octets of a message that are looked through: what is shown of one is no more."""
_FIELDS = attrgetter(*(field.name for field in fields(Session)))

_Text = TypeVar("_Text", str, str | None)


def shown(session: Session, show_passwords: bool = False, contents: bool = True) -> Session:
    """Return a session as an output shows it that shows passwords, or shows none."""
    return Redaction(show_passwords, contents).session(session)


class Redaction:
    """Takes sessions one after another, then what is about several of them."""

    def __init__(self, show_passwords: bool = False, contents: bool = True) -> None:
        """Take whether passwords are to be seen; without ``contents`` messages are not looked into."""
        self._shows = show_passwords
        self._contents = contents
        self._values: dict[int, SecretValues] = {}

    def session(self, session: Session) -> Session:
        """Return a session without passwords where passwords do not belong: itself where it is like that."""
        if self._shows:
            return session
        values = SecretValues.of(session)
        if not values:
            return session
        self._values[session.id] = values
        hidden = _hidden(session, values) if values.may_be_in(_all_said(session)) else session
        lines = [one if one.secret is None else _line(one, values) for one in hidden.exchanges]
        messages = [_contents(one, values) for one in hidden.messages] if self._contents else hidden.messages
        if all(map(is_, lines, hidden.exchanges)) and all(map(is_, messages, hidden.messages)):
            return hidden
        hidden = Session(*_FIELDS(hidden))  # copy takes four times as long
        hidden.exchanges, hidden.messages = lines, messages
        return hidden

    def findings(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return findings about sessions that were taken, without their passwords."""
        return [_finding(one, self._of(one.sessions)) for one in findings]

    def incidents(self, incidents: Iterable[Incident]) -> list[Incident]:
        """Return incidents about sessions that were taken, without their passwords."""
        return [_incident(one, self._of(one.sessions)) for one in incidents]

    def mailboxes(self, mailboxes: Iterable[Mailbox]) -> list[Mailbox]:
        """Return mailboxes that sessions which were taken have opened, without their passwords."""
        return [_mailbox(one, self._of(one.sessions)) for one in mailboxes]

    def _of(self, sessions: Iterable[int]) -> tuple[SecretValues, ...]:
        return tuple(dict.fromkeys(self._values[one] for one in sessions if one in self._values))


def _login(login: Login, values: SecretValues) -> Login:
    names = _names_of(login)
    hidden = tuple(_text(name, values) for name in names)
    if hidden == names:
        return login
    user, authorized_as, realm, challenge, other_host = hidden
    return replace(
        login, user=user, authorized_as=authorized_as, realm=realm, challenge=challenge, other_host=other_host
    )


def _names_of(login: Login) -> tuple[str | None, ...]:
    return login.user, login.authorized_as, login.realm, login.challenge, login.other_host


def _folder(folder: FolderOpening, values: SecretValues) -> FolderOpening:
    return folder._replace(asked=_text(folder.asked, values), named=_text(folder.named, values))


def _software(software: Software | None, values: SecretValues) -> Software | None:
    if software is None:
        return None
    return Software(values.masked(software.product), _text(software.version, values), values.masked(software.evidence))


def _text(text: _Text, values: SecretValues) -> _Text:
    """Mask text from the wire; None where there is none."""
    return text and values.masked(text)


def _hidden(session: Session, values: SecretValues) -> Session:
    hidden = copy(session)
    hidden.logins = tuple(_login(one, values) for one in session.logins)
    hidden.folders = tuple(_folder(one, values) for one in session.folders)
    hidden.client_software = _software(session.client_software, values)
    hidden.server_software = _software(session.server_software, values)
    hidden.exchanges = [_exchange(one, values) for one in session.exchanges]
    hidden.messages = [_message(one, values) for one in session.messages]
    hidden.events = [_sentence(one, values) for one in session.events]
    hidden.findings = [_finding(one, (values,)) for one in session.findings]
    return hidden


def _all_said(session: Session) -> bytes:
    """Return what may have to be masked but for lines with a password and messages: in most sessions none of it."""
    texts: list[str | None] = [*session.events]
    octets: list[bytes] = []
    for exchange in session.exchanges:
        if exchange.secret is None and exchange.raw is not None:
            octets.append(exchange.raw)
        octets += [reply.raw for reply in exchange.replies]
        texts += exchange.notes
    for login in session.logins:
        texts += _names_of(login)
    for folder in session.folders:
        texts += (folder.asked, folder.named)
    for software in (session.client_software, session.server_software):
        if software is not None:
            texts += (software.product, software.version, software.evidence)
    for message in session.messages:
        texts += (message.mailbox, message.identifier)
    for finding in session.findings:
        texts += (finding.detail, *finding.users, *finding.folders)
    return b"\n".join([*octets, "\n".join(filter(None, texts)).encode("utf-8", "surrogateescape")])


def _exchange(exchange: Exchange, values: SecretValues) -> Exchange:
    replies = [_reply(reply, values) for reply in exchange.replies]
    notes = tuple(_sentence(one, values) for one in exchange.notes)
    if notes != exchange.notes or not all(map(is_, replies, exchange.replies)):
        exchange = replace(exchange, replies=replies, notes=notes)
    return _line(exchange, values)


def _line(exchange: Exchange, values: SecretValues) -> Exchange:
    again = () if exchange.raw is None else tuple(values.in_octets(exchange.raw))
    if not again:
        return exchange
    before = [exchange.secret] if exchange.secret else []
    found = [*before, *again]
    secret = min(first for first, _ in found), max(last for _, last in found)
    known = exchange.command, exchange.arguments
    if secret[0] == 0:
        known = "", ()  # what looks like a keyword is the password
    if (*known, secret) == (exchange.command, exchange.arguments, exchange.secret):
        return exchange
    return replace(exchange, command=known[0], arguments=known[1], secret=secret)


def _reply(reply: Reply, values: SecretValues) -> Reply:
    places = list(values.in_octets(reply.raw))
    if not places:
        return reply
    raw, text = bytearray(reply.raw), reply.text
    for first, last in places:
        raw[first:last] = b"*" * (last - first)  # positions in the line stay what they are
        text = text.replace(decode_text(reply.raw[first:last]), PASSWORD_MASK)
    return replace(reply, raw=bytes(raw), text=text)


def _message(message: Message, values: SecretValues) -> Message:
    mailbox, identifier = _text(message.mailbox, values), _text(message.identifier, values)
    if (mailbox, identifier) == (message.mailbox, message.identifier):
        return message
    hidden = copy(message)
    hidden.mailbox, hidden.identifier = mailbox, identifier
    return hidden


class _Shown:
    """How text of a message is shown: it is masked where the octets of the message hold a password.

    They are looked through only where text has what could be one: messages are long, and few are shown.
    """

    __slots__ = ("_inside", "_message", "_values")

    def __init__(self, message: Message, values: SecretValues) -> None:
        self._message, self._values = message, values
        self._inside: bool | None = None

    def __call__(self, text: str) -> str:
        masked = self._values.masked(text)
        if masked == text:
            return text
        if self._inside is None:
            self._inside = any(self._values.in_octets(self._message.head(_LOOKED_AT)))
        return masked if self._inside else text


def _contents(message: Message, values: SecretValues) -> Message:
    hidden = object.__new__(Message)
    hidden.__dict__.update(message.__dict__)
    hidden.shown = _Shown(message, values)
    hidden.__dict__.pop("mail", None)  # it was kept as it is
    return hidden


def _mailbox(mailbox: Mailbox, known: Sequence[SecretValues]) -> Mailbox:
    hidden: dict[str | None, str | None] = {}
    for text in {mailbox.name, *mailbox.users, *(entry.user for entry in mailbox.entries)}:
        hidden[text] = text
        for values in known:
            hidden[text] = _text(hidden[text], values)
    if all(before == after for before, after in hidden.items()):
        return mailbox
    return replace(
        mailbox,
        name=hidden[mailbox.name],
        users=tuple(hidden[user] for user in mailbox.users),
        entries=tuple(replace(entry, user=hidden[entry.user]) for entry in mailbox.entries),
    )


def _finding(finding: Finding, known: Iterable[SecretValues]) -> Finding:
    before = finding.detail, finding.users, finding.folders
    detail, users, folders = before
    for values in known:
        detail, users, folders = _sentence(detail, values), _names(users, values), _names(folders, values)
    if (detail, users, folders) == before:
        return finding
    return replace(finding, detail=detail, users=users, folders=folders)


def _incident(incident: Incident, known: Iterable[SecretValues]) -> Incident:
    users, folders = incident.users, incident.folders
    for values in known:
        users, folders = _names(users, values), _names(folders, values)
    sentence = incident.sentence
    for before, after in zip((*incident.users, *incident.folders), (*users, *folders), strict=True):
        if before != after:
            sentence = sentence.replace(names([before]), names([after]))
    if (users, folders) == (incident.users, incident.folders):
        return incident
    return replace(incident, sentence=sentence, users=users, folders=folders)


def _names(names: tuple[str, ...], values: SecretValues) -> tuple[str, ...]:
    return tuple(values.masked(name) for name in names)


def _sentence(sentence: str, values: SecretValues) -> str:
    """Mask in a sentence of ours what it quotes."""
    if not values.are_in(sentence):
        return sentence
    return _QUOTED.sub(lambda match: values.masked(match.group()), sentence)
