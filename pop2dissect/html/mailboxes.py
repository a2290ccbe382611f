"""The table of mailboxes: those that several sessions opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from pop2dissect.document.mailboxes import name_of, remarks
from pop2dissect.ledger import Mailbox

_LISTED = 60
"""Counts and remarks of a mailbox that are listed."""


class MailboxRow(NamedTuple):
    """A mailbox."""

    name: str
    server: str
    users: str
    counts: str
    """Each count with its session, in order of time."""
    took_effect: int
    did_not: int
    not_shown: int
    remarks: list[str]


def mailbox_rows(mailboxes: Sequence[Mailbox]) -> Iterator[MailboxRow]:
    """Yield the rows."""
    for mailbox in mailboxes:
        if len(mailbox.sessions) > 1:
            outcomes = mailbox.outcomes()
            counts = [f"{entry.messages:,} (s{entry.session})" for entry in mailbox.entries if entry.kind == "count"]
            more = ["…"] if len(counts) > _LISTED else []
            yield MailboxRow(
                name_of(mailbox),
                str(mailbox.server),
                ", ".join(user for user in mailbox.users if user is not None),
                ", ".join(counts[:_LISTED] + more),
                outcomes["took effect"],
                outcomes["did not"],
                outcomes["not shown"],
                list(islice(remarks(mailbox), _LISTED)),
            )
