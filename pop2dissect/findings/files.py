"""Folders that are none: system files, other users' mailboxes, other hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from pop2dissect.findings.evidence import command_frames, finding, reply_text
from pop2dissect.findings.facts import SessionFacts
from pop2dissect.findings.folders import FolderRequest
from pop2dissect.patterns import expression
from pop2dissect.protocols.mailboxes import in_spool, is_own, normal_path, owner_of
from pop2dissect.session import Exchange, Finding, Message, Session, Severity
from pop2dissect.text.quoting import listed, quoted
from pop2dissect.text.values import count

HEADER_LOOKED_AT = 4096
"""Octets of a message in which its Subject is looked for; UW's made-up header has some hundred."""

_TRAVERSAL = expression(
    r"(?:^|[/\\])\.\.(?:[/\\]|$)"  # a step up
    r"|//|/~"
    r"|^#(?:ftp|public|shared|driver\.[^/]*)(?:/|$)"  # c-client's namespaces of directories of others
    r"|\0|%(?:2e|2f|5c|00)",
    re.IGNORECASE,
)

_SENSITIVE = expression(
    r"(?:^|/)(?:"
    r"etc/(?:passwd|shadow|gshadow|group|master\.passwd|spwd\.db|sudoers|hosts\.equiv|krb5\.keytab|ssh/|ssl/private/"
    r"|security/|tcb/)"
    r"|\.ssh(?:/|$)|\.(?:rhosts|shosts|netrc|pgpass|my\.cnf|fetchmailrc|Xauthority)$|\.(?:gnupg|pgp)(?:/|$)"
    r"|\.(?:(?:ba|z|tc?|c|k)?sh_?(?:rc|_?history|_profile|_login)|history|profile|login)$"
    r"|(?:ssh_host_[a-z0-9]+_key|id_(?:rsa|dsa|ecdsa|ed25519)|authorized_keys)(?:\.pub)?$"
    r")"
    r"|^/(?:proc|sys|dev)/|^/var/(?:log|spool/cron)/",
)

_SUBJECT = expression(rb"^Subject:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)

# Words between blanks in the host part make arguments of rsh or ssh; so does a host that begins with "-".
_HOST_OPTION = expression(r"^-|\s|-o\s*[A-Za-z]+\s*=|\$\{?IFS")


def absolute(facts: SessionFacts) -> Iterator[Finding]:
    """file.absolute."""
    yield from _files(facts, "file.absolute", "by an absolute path", lambda request: is_absolute(request, facts))


def traversal(facts: SessionFacts) -> Iterator[Finding]:
    """file.traversal."""
    yield from _files(
        facts,
        "file.traversal",
        "by a name that leaves the user's directory",
        lambda request: is_traversal(request, facts),
    )


def sensitive(facts: SessionFacts) -> Iterator[Finding]:
    """file.sensitive: high where the server opened one, medium where it opened none."""
    requests = _matching(facts.folders, is_sensitive)
    if not requests:
        return
    was_opened = [request for request in requests if request.outcome == "opened"]
    shown = was_opened + [request for request in requests if request.outcome != "opened"]
    what = f"The server opened {len(was_opened)} of them" if was_opened else "The server is not seen to open any"
    yield _files_finding(
        "file.sensitive",
        f"The client asked for {_number(requests, 'folder', 'folders')} by names of files of the system, or of those "
        f"that hold credentials. {what}",
        shown,
        facts,
        severity=Severity.HIGH if was_opened else Severity.MEDIUM,
    )


def read_confirmed(facts: SessionFacts) -> Iterator[Finding]:
    """file.read_confirmed."""
    proofs = [
        (request, message)
        for request, following in _with_following(facts.folders)
        if request.outcome == "opened"
        and (is_sensitive(request) or is_absolute(request, facts) or is_traversal(request, facts))
        and (message := _made_up(facts.session, request, following)) is not None
    ]
    if not proofs:
        return
    paths = listed([f"{quoted(request.path)} ({count(message.octets, 'octet')})" for request, message in proofs])
    yield finding(
        "file.read_confirmed",
        f"The server sent {count(len(proofs), 'file that is no mailbox', 'files that are no mailboxes')}: {paths}. "
        "The Subject that it gave to the message it made of such a file is the file's path.",
        time=proofs[0][0].exchange.time,
        frames=(
            frame for request, message in proofs for frame in (*command_frames(request.exchange), *message.frames[:3])
        ),
        sessions=facts.sessions,
        folders=[request.path for request, _ in proofs],
    )


def read_other_user(facts: SessionFacts) -> Iterator[Finding]:
    """data.read_other_user."""
    requests = _matching(facts.folders, lambda request: is_of_other_user(request, facts))
    if requests:
        users = sorted({_owner(request) or "" for request in requests})
        read = sum(
            len(_messages_of(facts.session, request, left_at))
            for request, left_at in _with_following(facts.folders)
            if is_of_other_user(request, facts)
        )
        yield _files_finding(
            "data.read_other_user",
            f"User {quoted(facts.session.user or '')} opened {_number(requests, 'mailbox', 'mailboxes')} with messages "
            f"of {listed([quoted(user) for user in users])}, and read {count(read, 'message')} there",
            requests,
            facts,
        )


def fold_remote(facts: SessionFacts) -> Iterator[Finding]:
    """proxy.fold_remote."""
    requests = _matching(facts.folders, _is_remote)
    if requests:
        yield _files_finding(
            "proxy.fold_remote",
            f"The client asked for {_number(requests, 'mailbox', 'mailboxes')} on another host, to which the server "
            "would connect",
            requests,
            facts,
        )


def rsh_arg(facts: SessionFacts) -> Iterator[Finding]:
    """exploit.rsh_arg: in the braces of a remote mailbox, or in the host of a proxied login."""
    found: list[tuple[Exchange, str]] = [
        (request.exchange, request.asked)
        for request in facts.folders
        if _is_remote(request) and _runs_command(request.asked.lstrip("*")[1:].partition("}")[0])
    ]
    found += [
        (attempt.exchange, attempt.user)
        for attempt in facts.logins
        if attempt.user and ":" in attempt.user and _runs_command(attempt.user.rpartition(":")[0])
    ]
    if found:
        yield finding(
            "exploit.rsh_arg",
            "The host of a remote mailbox is written so that a server which starts rsh, ssh or an IMAP server for it "
            f"would run a command: {listed([quoted(text) for _, text in found])}.",
            time=found[0][0].time,
            frames=(frame for exchange, _ in found for frame in command_frames(exchange)),
            sessions=facts.sessions,
        )


def is_absolute(request: FolderRequest, facts: SessionFacts) -> bool:
    """Whether a folder was named by an absolute path that is none of the user's own places for mail."""
    asked = request.local
    if not asked.startswith("/") or is_own(asked, facts.own_names):
        return False
    if in_spool(asked):
        # Another's mailbox: opened, it is data.read_other_user. With the user unknown it may be the user's.
        return bool(facts.own_names) and request.outcome != "opened"
    return bool(facts.own_names) or owner_of(asked) is None


def is_traversal(request: FolderRequest, facts: SessionFacts) -> bool:
    """Whether a folder's name leaves the user's own directory."""
    asked = request.local
    if _TRAVERSAL.search(asked):
        return True
    return asked.startswith("~") and bool(facts.own_names) and not is_own(asked, facts.own_names)


def is_sensitive(request: FolderRequest) -> bool:
    """Whether a folder is a file from which accounts, credentials or trust can be learnt."""
    return any(
        _SENSITIVE.search(path) is not None
        for path in {request.local, normal_path(request.local), normal_path(request.path)}
    )


def is_of_other_user(request: FolderRequest, facts: SessionFacts) -> bool:
    """Whether a mailbox with messages was opened that another user's name is in the path of."""
    owner = _owner(request)
    return (
        request.outcome == "opened"
        and bool(facts.own_names)
        and owner is not None
        and owner.lower() not in facts.own_names
        and not is_own(request.path, facts.own_names)
        and not is_sensitive(request)
    )


def _owner(request: FolderRequest) -> str | None:
    """Return whose a folder is, by where the server found it, else by what was asked for."""
    return owner_of(request.path) or owner_of(request.local)


def _is_remote(request: FolderRequest) -> bool:
    return request.asked.startswith(("{", "*{"))


def _runs_command(braces: str) -> bool:
    """Whether the inside of braces, ``host:port/switch="value"``, holds more than it may."""
    host = re.split(r'[/"]', braces, maxsplit=1)[0]
    return braces.count('"') % 2 == 1 or _HOST_OPTION.search(host) is not None or " -o" in braces


def _matching(requests: Iterable[FolderRequest], test: Callable[[FolderRequest], bool]) -> list[FolderRequest]:
    """Return the requests that a test is true of, the first of each name and outcome."""
    kept: dict[tuple[str, str], FolderRequest] = {}
    for request in requests:
        if test(request):
            kept.setdefault((request.asked, request.outcome), request)
    return list(kept.values())


def _files(facts: SessionFacts, name: str, how: str, test: Callable[[FolderRequest], bool]) -> Iterator[Finding]:
    requests = _matching(facts.folders, test)
    if requests:
        yield _files_finding(
            name, f"The client asked for {_number(requests, 'folder', 'folders')} {how}", requests, facts
        )


def _files_finding(
    name: str,
    what: str,
    requests: Sequence[FolderRequest],
    facts: SessionFacts,
    severity: Severity | None = None,
) -> Finding:
    return finding(
        name,
        f"{what}: {listed([_shown(request) for request in requests])}.",
        time=requests[0].exchange.time,
        frames=(frame for request in requests for frame in command_frames(request.exchange)),
        sessions=facts.sessions,
        severity=severity,
        folders=[request.path for request in requests],
    )


def _shown(request: FolderRequest) -> str:
    reply = reply_text(request.exchange)
    return quoted(request.asked) + (f", answered {quoted(reply)}" if reply is not None else ", not answered")


def _number(requests: Sequence[FolderRequest], thing: str = "file", things: str = "files") -> str:
    return count(len({request.asked for request in requests}), thing, things)


def _with_following(requests: Sequence[FolderRequest]) -> Iterator[tuple[FolderRequest, int | None]]:
    """Yield each request with the exchange at which its folder is left, if it is."""
    for place, request in enumerate(requests):
        following = (later for later in requests[place + 1 :] if later.outcome != "kept")
        left = next(following, None)
        yield request, left.exchange.index if left is not None else None


def _messages_of(session: Session, request: FolderRequest, left_at: int | None) -> list[Message]:
    """Return the messages that were read from a folder, which was left at an exchange, if it was."""
    end = len(session.exchanges) if left_at is None else left_at
    return [message for message in session.messages if request.exchange.index < message.exchange < end]


def _made_up(session: Session, request: FolderRequest, left_at: int | None) -> Message | None:
    """Return the message of a folder whose Subject is the folder's path."""
    paths = {normal_path(path) for path in (request.path, request.asked, request.local)}
    for message in _messages_of(session, request, left_at):
        head = message.head(HEADER_LOOKED_AT)
        match = _SUBJECT.search(head.partition(b"\r\n\r\n")[0])
        if match is not None and normal_path(match.group(1).decode("latin-1")) in paths:
            return message
    return None
