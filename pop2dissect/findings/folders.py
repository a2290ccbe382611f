"""Folders that a client asked for, and the names of a session's user."""

from __future__ import annotations

import re
from typing import NamedTuple

from pop2dissect.protocols.mailboxes import owner_of, without_host
from pop2dissect.session import Exchange, FolderOutcome, Session


class FolderRequest(NamedTuple):
    """A folder that was asked for."""

    exchange: Exchange
    asked: str
    octets: int
    """Of the argument, those missing from the capture included."""
    outcome: FolderOutcome
    path: str
    """As far as it is known: as the server resolved it, else as the client asked for it."""
    messages: int | None
    """How many the reply counts."""

    @property
    def local(self) -> str:
        """The name that was asked for, without a host in braces before it."""
        return without_host(self.asked)


def folder_requests(session: Session) -> list[FolderRequest]:
    """Return the folders that a session asked for, in order."""
    return [
        FolderRequest(session.exchanges[one.exchange], one.asked, one.octets, one.outcome, one.path, one.messages)
        for one in session.folders
        if one.asked is not None
    ]


def names_of_owner(session: Session) -> frozenset[str]:
    """Return the names that the user of a session can have on the server's files, in small letters.

    ``host:user`` logs in at another host, and ``user*admin`` is admin who reads as user (UW). Who logs in by
    another name, such as an address, is known by the mailbox that the server opens at login.
    """
    if not session.user:
        return frozenset()
    name = session.user.rpartition(":")[2] or session.user
    names = {session.user, name, *name.split("*"), *re.split(r"[@%]", name)[:1]}
    names.update(owner_of(one.named or "") or "" for one in session.folders if one.asked is None)
    return frozenset(one.lower() for one in names if one)
