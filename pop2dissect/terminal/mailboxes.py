"""What the sessions together show of mailboxes, as far as there is something to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pop2dissect.document.mailboxes import name_of, remarks
from pop2dissect.ledger import Mailbox, Outcome
from pop2dissect.terminal.look import Look
from pop2dissect.terminal.wrap import wrapped
from pop2dissect.text.quoting import named
from pop2dissect.text.safe import terminal_safe
from pop2dissect.text.values import count

LINES_SHOWN = 2
"""Of what stands out; the rest is counted."""


def mailboxes_text(mailboxes: Sequence[Mailbox], look: Look) -> Iterator[str]:
    """Yield what later sessions show of deletions, in sum, and what stands out; nothing where there is nothing."""
    several = [one for one in mailboxes if len(one.sessions) > 1]
    outcomes: Counter[Outcome] = Counter()
    for one in several:
        outcomes.update(one.outcomes())
    striking = [
        f"{name_of(one) if one.name is None else named(one.name)} on {one.server}: {remark}"
        for one in several
        for remark in remarks(one)
    ]
    if not outcomes and not striking:
        return
    style = look.style
    yield f"{style.heading}Mailboxes{style.off}"
    if outcomes:
        shown = (
            f"{outcomes['took effect']:,} took effect by later counts",
            f"{outcomes['did not']:,} did not" if outcomes["did not"] else "",
            f"{outcomes['not shown']:,} not shown" if outcomes["not shown"] else "",
        )
        where = f"{count(len(several), 'mailbox', 'mailboxes')} that several sessions opened"
        text = f"{count(outcomes.total(), 'deletion')} in {where}: {', '.join(filter(None, shown))}"
        yield from wrapped(text, style.width, "", "  ")
    most = len(striking) if look.everything else LINES_SHOWN
    for line in striking[:most]:
        yield from wrapped(terminal_safe(line), style.width, f"{style.bullet} ", "  ")
    if len(striking) > most:
        yield style.clip(f"and {len(striking) - most:,} more (--all shows them)")
    yield ""
