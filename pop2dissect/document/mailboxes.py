"""What the ways out say of a mailbox in words."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.ledger import LedgerEntry, Mailbox
from pop2dissect.session import Ground
from pop2dissect.text.quoting import listed, quoted
from pop2dissect.text.values import frame_list

_CAME_OF_IT = {True: "deleted", False: "not deleted", None: "open whether deleted"}


def name_of(mailbox: Mailbox) -> str:
    """Return how a mailbox is called."""
    if mailbox.name is not None:
        return mailbox.name
    users = [user for user in mailbox.users if user is not None]
    return f"the mailbox of {', '.join(users)}" if users else "a mailbox of an unknown user"


def remarks(mailbox: Mailbox) -> Iterator[str]:
    """Yield what later sessions conclude or contradict of deletions, and which had it open at the same time."""
    groups: dict[tuple[int, bool | None, Ground, str], list[LedgerEntry]] = {}
    for entry in mailbox.entries:
        verdict = entry.committed
        if entry.outcome not in (None, "not shown") and verdict is not None and verdict.ground is not Ground.SHOWN:
            groups.setdefault((entry.session, verdict.value, verdict.ground, verdict.because), []).append(entry)
    for (session, value, ground, because), entries in groups.items():
        numbers = frame_list([entry.number for entry in entries if entry.number is not None])
        messages = f"message{'' if len(entries) == 1 else 's'} {numbers}".rstrip()
        yield f"{messages} of session {session}: {_CAME_OF_IT[value]} ({ground}: {because})"
    for first, second in mailbox.at_once:
        yield f"sessions {first} and {second} had it open at the same time"
    for message in mailbox.shared:
        acts = listed([f"{act.what} in session {act.session} from {act.client}" for act in message.acts])
        yield f"message of unique-id {quoted(message.identifier)}: {acts}"
