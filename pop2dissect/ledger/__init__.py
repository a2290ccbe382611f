"""The mailbox ledger: what the sessions of all captures together show of each mailbox.

:mod:`pop2dissect.ledger.rules` says what a later count shows of a deletion, and what it does not.
"""

from pop2dissect.ledger.ledger import Ledger
from pop2dissect.ledger.model import KINDS, OUTCOMES, Kind, LedgerEntry, Mailbox, Outcome, about_mailboxes

__all__ = ["KINDS", "OUTCOMES", "Kind", "Ledger", "LedgerEntry", "Mailbox", "Outcome", "about_mailboxes"]
