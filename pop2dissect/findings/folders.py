"""Folders that a client asked for: what came of it, and whose file the name means."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from pop2dissect.protocols.identify import RFC918
from pop2dissect.protocols.pop2.grammar import mailbox_of
from pop2dissect.session import Exchange, Reply, Session

Outcome = Literal["opened", "empty", "absent", "kept", "refused", "unknown"]
"""opened: with messages. empty: it is there, and empty. absent: ``#0`` for nothing by that name. kept: UW's server
could not find it and stays in the mailbox before, which its reply names. refused: an error. unknown: not captured."""

SPOOLS = re.compile(r"/(?:var/spool/mail|var/mail|usr/spool/mail|usr/mail|spool/mail|var/spool/imap/user)/+(.+)")
"""Where Unix systems keep what has come in for each user. RFC 937's example 2 has the third."""

HOMES = re.compile(r"/(?:(?:[^/]+/+){0,4}?homes?\d*|u\d*|users?\d*|Users|usr/users?)/+(.+)")
"""Where they keep the users' own directories, also below the name of a file server or of an export."""

_SYSTEM = re.compile(r"/(?:bin|boot|dev|etc|lib|proc|root|sbin|sys)(?:/|$)")
"""Where nothing is a user's own, whatever it is called."""

_REMOTE = re.compile(r"\*?\{[^}]*\}?")
_OF_USER = re.compile(r"~([^/\\]*)(?:/|\\|$)")


class FolderRequest(NamedTuple):
    """A folder that was asked for."""

    exchange: Exchange
    asked: str
    octets: int
    """Of the argument, those that the capture lacks included."""
    outcome: Outcome
    named: str | None
    """The mailbox that the reply names, where it names one by a path."""
    messages: int | None
    """How many the reply counts."""

    @property
    def path(self) -> str:
        """The path as far as it is known: as the server resolved it, else as the client asked for it."""
        return self.named if self.named is not None and self.outcome in ("opened", "empty") else self.asked

    @property
    def local(self) -> str:
        """The name that was asked for, without a host in braces before it."""
        return _REMOTE.sub("", self.asked, count=1) if self.asked.startswith(("{", "*{")) else self.asked


def folder_requests(session: Session, exchanges: Iterable[Exchange]) -> list[FolderRequest]:
    """Return the folders that a session asked for, in order; its HELO and those who ask are among ``exchanges``."""
    return list(_requests(session, exchanges))


def _requests(session: Session, exchanges: Iterable[Exchange]) -> Iterator[FolderRequest]:
    current: str | None = None
    keywords = ("RETR", "RDEL") if session.protocol == RFC918 else ("FOLD",)
    for exchange in exchanges:
        if exchange.command == "HELO":
            current = mailbox_named(exchange.replies[0]) if exchange.replies else None
        elif exchange.command in keywords and exchange.arguments:
            asked = exchange.arguments[0]
            request = FolderRequest(exchange, asked, _octets(exchange), *_outcome(asked, exchange, current))
            if request.outcome in ("opened", "empty") and request.named is not None:
                current = request.named
            yield request


def _octets(exchange: Exchange) -> int:
    """Count the octets of a command's argument as on the wire, quoting and lost octets included."""
    raw = (exchange.raw or b"").lstrip(b" \t")
    return len(raw[len(exchange.command or "") :].lstrip(b" \t")) + exchange.missing


def _outcome(asked: str, exchange: Exchange, current: str | None) -> tuple[Outcome, str | None, int | None]:
    reply = next(iter(exchange.replies), None)
    if reply is None:
        return "unknown", None, None
    if reply.kind == "ok":  # KA9Q says "+ No mail, sorry" for "#0"
        return "absent", None, 0
    if reply.kind in ("error", "close"):
        return "refused", None, None
    if reply.kind != "count" or reply.missing or reply.value is None:
        return "unknown", None, None
    named = mailbox_named(reply)
    if named is None:
        return ("opened" if reply.value else "absent"), None, reply.value
    if not _means(asked, named) and (current is None or named == current):
        return "kept", named, reply.value
    return ("opened" if reply.value else "empty"), named, reply.value


def mailbox_named(reply: Reply) -> str | None:
    """Return the mailbox that a ``#n`` reply names, if it is a name and not only a part of a sentence."""
    name = mailbox_of(reply.text) if reply.kind == "count" else None
    return name if name is not None and ("/" in name or "{" in name or name.upper() == "INBOX") else None


def _means(asked: str, named: str) -> bool:
    """Whether a server's name for a mailbox can be that of the folder that was asked for."""
    if asked == named or asked.upper() == "INBOX":
        return True
    if asked.startswith(("{", "*{")):
        return named.startswith(("{", "*{"))
    tail = _OF_USER.sub("", asked, count=1) if asked.startswith("~") else asked
    tail = tail.strip("/")
    if not tail:
        return False
    if asked.startswith("/"):
        return normal_path(asked) == normal_path(named)
    return named.rstrip("/").endswith(("/" + tail, "}" + tail))


def normal_path(path: str) -> str:
    """Return a path without the steps that lead nowhere, and with one slash for several, also at its begin."""
    normal = posixpath.normpath(path)
    return normal[1:] if normal.startswith("//") else normal


def names_of_owner(session: Session) -> frozenset[str]:
    """Return the names that the user of a session can have on the server's files, in small letters.

    ``host:user`` logs in at another host, and ``user*admin`` is admin who reads as user (UW). Who logs in by
    another name, such as an address, is known by the mailbox that the server opens at login.
    """
    if not session.user:
        return frozenset()
    name = session.user.rpartition(":")[2] or session.user
    names = {session.user, name, *name.split("*"), *re.split(r"[@%]", name)[:1]}
    for exchange in session.exchanges[:2]:
        if exchange.command == "HELO" and exchange.replies:
            names.add(owner_of(mailbox_named(exchange.replies[0]) or "") or "")
    return frozenset(one.lower() for one in names if one)


def owner_of(path: str) -> str | None:
    """Return the user whose mailbox or file a path means: in a spool, in a home directory, or by ``~user``.

    None where the path tells nobody. Letters' case is kept.
    """
    of_user = _OF_USER.match(path)
    if of_user is not None:
        return of_user.group(1) or None
    normal = normal_path(path)
    if normal == "/root" or normal.startswith("/root/"):
        return "root"
    for places in (SPOOLS, HOMES):
        match = places.fullmatch(normal)
        if match is not None:
            return _users_part(match.group(1))[0]
    return None


def _users_part(path: str) -> list[str]:
    """Return the parts of a path below a place of users, from the user's on.

    Large sites spread users over directories of their first letters: /var/mail/s/sm/smith, /var/mail/s/m/smith.
    """
    parts = path.split("/")
    while len(parts) > 1 and len(parts[0]) < 3 and any(_begins_with(part, parts[0]) for part in parts[1:3]):
        del parts[0]
    return parts


def _begins_with(name: str, letters: str) -> bool:
    return len(name) > len(letters) and letters in name[:2]


def in_spool(path: str) -> bool:
    """Whether a path lies in a mail spool."""
    return SPOOLS.fullmatch(normal_path(path)) is not None


def is_own(path: str, own_names: frozenset[str]) -> bool:
    """Whether a path means the user's own mailbox or directory."""
    of_user = _OF_USER.match(path)
    if of_user is not None:
        return not of_user.group(1) or of_user.group(1).lower() in own_names
    normal = normal_path(path)
    for places in (SPOOLS, HOMES):
        match = places.fullmatch(normal)
        if match is not None:
            # The second part too: there may be a directory of a department or a disk between.
            return any(part.lower() in own_names for part in _users_part(match.group(1))[:2])
    if _SYSTEM.match(normal):
        return normal.startswith("/root/") and "root" in own_names
    # A place for users that is not known here, such as /data/mail/fred.
    return any(part.lower() in own_names for part in normal.split("/"))
