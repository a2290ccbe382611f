"""The kinds of incidents: which findings show each, and how it is put into words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pop2dissect.capture.record import FrameRef, frame_text
from pop2dissect.findings.evidence import MAX_NAMES
from pop2dissect.incidents.model import FindingLink
from pop2dissect.session import Severity
from pop2dissect.text.quoting import MAX_LISTED, PLAIN, listed, quoted
from pop2dissect.text.values import count


@dataclass(slots=True)
class Group:
    """What belongs together in one incident, while it is gathered. Each kind of name is kept once, in order."""

    severity: Severity = Severity.INFO
    first_frame: FrameRef | None = None
    """The frame to begin with."""
    clients: dict[str, None] = field(default_factory=dict)
    servers: dict[str, None] = field(default_factory=dict)
    users: dict[str, None] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    sessions: set[int] = field(default_factory=set)
    frames: set[FrameRef] = field(default_factory=set)
    times: list[int] = field(default_factory=list)
    links: list[FindingLink] = field(default_factory=list)
    read: int = 0
    deleted: int = 0
    one_of_many: bool = False
    """Its user was one of many that were tried."""
    refused: int = 0
    """Logins that had been refused before."""
    also: list[str] = field(default_factory=list)
    """What else was done, in a few words each."""


class Kind(NamedTuple):
    """A kind of incident."""

    name: str
    title: str
    findings: tuple[str, ...]
    """Ids of the findings that show it."""
    whom: Callable[[Group], str]
    """To whom or what it was done."""
    by_server: bool = False
    """Incidents of the kind are told apart by the server, else by who did it."""
    by_user: bool = False
    """And by the user."""
    by: str = "by"
    """How the clients are named: who did it, or whose connection it was."""

    def sentence(self, group: Group) -> str:
        """Put an incident into words."""
        parts = [f"{self.title.lower()}: {self.whom(group)}"]
        if group.clients:
            parts.append(f"{self.by} {names(group.clients)}")
        if group.first_frame is not None:
            parts.append(frame_text(group.first_frame))
        if group.one_of_many:
            parts.append("one of many users that were tried")
        if group.refused:
            parts.append(f"after {count(group.refused, 'refused login')}")
        sentence = ", ".join(parts)
        if self.name == COMPROMISED:
            read = f"{count(group.read, 'message')} read" if group.read else ""
            deleted = f"{count(group.deleted, 'message')} deleted" if group.deleted else ""
            sentence = "; ".join(filter(None, (sentence, read, deleted, *group.also)))
        return sentence


def names(given: Iterable[str]) -> str:
    """List names, in quotation marks where they are not plain. Findings name no more than :data:`MAX_NAMES`."""
    every = [name if PLAIN.fullmatch(name) else quoted(name) for name in given]
    return ", ".join([*every[:MAX_LISTED], "and many more"]) if len(every) >= MAX_NAMES else listed(every)


def _users(group: Group) -> str:
    return names(group.users) or "a user whose name is not known"


def _servers(group: Group) -> str:
    return names(group.servers)


def _folders(group: Group) -> str:
    as_user = f", as {names(group.users)}" if group.users else ""
    return (names(group.folders) or f"at {names(group.servers)}") + as_user


def _asked(group: Group) -> str:
    return names(group.folders or group.users)


def _mail(number: Callable[[Group], int]) -> Callable[[Group], str]:
    return lambda group: f"{count(number(group), 'message')} of {_users(group)}"


def _many(noun: str, of: Callable[[Group], Iterable[str]]) -> Callable[[Group], str]:
    def whom(group: Group) -> str:
        every = list(of(group))
        at_least = "at least " if len(every) >= MAX_NAMES else ""
        return f"{at_least}{count(len(every), noun)} ({names(every)})"

    return whom


COMPROMISED = "account_compromised"
MAIL_READ = "mail_read"
MAIL_DELETED = "mail_deleted"
FILES_READ = "files_read"
FILE_PROBING = "file_probing"
OTHER_MAILBOX_READ = "other_mailbox_read"
GUESSING = "guessing"
OWN_HOST = "proxy_to_own_host"
PROXY = "proxy"

KINDS: Final = (
    Kind(COMPROMISED, "Account compromised", ("auth.success_after_fail", "auth.spray_success"), _users, by_user=True),
    Kind("system_taken_over", "Shell on the server", ("exploit.post_shell",), _servers),
    Kind(
        "exploit",
        "Exploit sent",
        (
            "exploit.rsh_arg",
            "exploit.overlong",
            "exploit.nop_sled",
            "exploit.shellcode",
            "exploit.crash",
            "exploit.format_string",
            "exploit.user_name",
            "exploit.number_wrap",
        ),
        _servers,
    ),
    Kind(FILES_READ, "Files read", ("file.read_confirmed",), _folders, by_user=True),
    Kind(OWN_HOST, "Proxy to the attacker's own host", ("proxy.own_host",), _asked),
    Kind(
        MAIL_DELETED,
        "Mail deleted",
        ("data.mass_delete", "data.delete_unread"),
        _mail(lambda group: group.deleted),
        by_user=True,
    ),
    Kind(OTHER_MAILBOX_READ, "Mailbox of another user read", ("data.read_other_user",), _folders, by_user=True),
    Kind(
        MAIL_READ,
        "Mail read",
        ("data.bulk_read", "data.selective"),
        _mail(lambda group: group.read),
        by_user=True,
    ),
    Kind(GUESSING, "Passwords guessed", ("auth.bruteforce",), _users),
    Kind("spray", "Passwords sprayed", ("auth.spray",), _many("user", lambda group: group.users)),
    Kind(
        "tampering",
        "Connection tampered with",
        ("tcp.overlap_conflict", "tls.stripped", "tls.injection", "protocol.reply_injection"),
        _servers,
        by_server=True,
        by="of client",
    ),
    Kind(
        "server_died",
        "Server died",
        ("service.died",),
        lambda group: f"{_servers(group)}, in the middle of messages",
        by_server=True,
        by="to",
    ),
    Kind("flood", "Server flooded", ("dos.syn_flood", "dos.slow", "dos.connections"), _servers, by_server=True),
    Kind(
        FILE_PROBING,
        "Files asked for",
        ("file.sensitive", "file.absolute", "file.traversal", "file.probe_sweep"),
        _folders,
        by_user=True,
    ),
    Kind(
        "user_enumeration",
        "Users searched for",
        ("auth.user_enum", "auth.enum_by_text"),
        _many("user", lambda group: group.users),
    ),
    Kind(PROXY, "Proxy to another host", ("proxy.helo", "proxy.fold_remote"), _asked),
    Kind("scan", "Servers scanned", ("recon.scan", "recon.port_scan"), _many("server", lambda group: group.servers)),
)
"""In the order of their weight, where severity is the same."""

BY_NAME: Final = {kind.name: kind for kind in KINDS}

KIND_OF: Final = {finding: kind for kind in KINDS for finding in kind.findings}
"""By the id of a finding, what it shows."""
