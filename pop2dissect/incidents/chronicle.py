"""What happened, in a few sentences: sessions in as they end, incidents out when all are over.

An account that was broken into comes first, and after it what was done with it. What shows each kind of incident, and
by what incidents of a kind are told apart, is in :mod:`.kinds`. Of each session only compact facts are kept, and
no more than :data:`MAX_KEPT`; what lies beyond is said in :attr:`Chronicle.limits_reached`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from pop2dissect.capture.record import FrameRef
from pop2dissect.findings.linked import Links
from pop2dissect.incidents.kinds import (
    BY_NAME,
    COMPROMISED,
    FILE_PROBING,
    FILES_READ,
    GUESSING,
    KIND_OF,
    KINDS,
    MAIL_DELETED,
    MAIL_READ,
    OTHER_MAILBOX_READ,
    OWN_HOST,
    PROXY,
    Group,
    Kind,
    names,
)
from pop2dissect.incidents.model import FindingLink, Incident
from pop2dissect.session import Deletion, Finding, Message, Session, Severity

MAX_KEPT = 1 << 16
"""Findings, sessions and refusals that are kept, of each so many."""

MAX_NAMED = 100
"""Frames, sessions, names and findings of each that an incident names."""

_MOST_FRAMES = 20
"""Frames kept of the messages that a session read or deleted."""

_LINKS_CLIENTS = ("auth.",)
"""Findings that show that several clients belong together."""

_RANK = {kind.name: place for place, kind in enumerate(KINDS)}


class _Key(NamedTuple):
    """What tells incidents apart."""

    kind: str
    whose: str
    """The client that stands for those who did it, or the server."""
    user: str
    afterwards: bool = False
    """It was done with an account that had been broken into."""

    @property
    def origin(self) -> _Key | None:
        """The break-in that made it possible."""
        return _Key(COMPROMISED, self.whose, self.user) if self.afterwards else None


class _Note(NamedTuple):
    """A finding, and where it is."""

    finding: Finding
    link: FindingLink


class _Deed(NamedTuple):
    """What a session of a user comes to."""

    time: int
    """Of the login that was accepted, else of the session's beginning."""
    end: int
    session: int
    client: str
    server: str
    user: str
    accepted: bool
    frames: tuple[FrameRef, ...]
    """Of the login."""
    read: Counter[str]
    """Messages that were transferred, by folder."""
    deleted: int
    """Deletions that took effect."""
    read_frames: tuple[FrameRef, ...]
    deleted_frames: tuple[FrameRef, ...]

    def without(self, folders: Collection[str]) -> _Deed:
        """Return it without what was read of some folders."""
        return self._replace(read=Counter({name: number for name, number in self.read.items() if name not in folders}))


class Chronicle:
    """Give it every session with its findings, in any order, and then ask for the incidents."""

    def __init__(self) -> None:
        self._notes: list[_Note] = []
        self._by_session: dict[int, list[_Note]] = {}
        self._deeds: dict[int, _Deed] = {}
        self._refused: list[tuple[int, str, str]] = []
        """When a client was refused as a user."""
        self._left_out = 0

    @property
    def limits_reached(self) -> list[str]:
        """What was not kept for lack of room, as sentences; empty where all was."""
        if not self._left_out:
            return []
        return [f"incidents leave out {self._left_out:,} findings, sessions and refusals, beyond {MAX_KEPT} of each"]

    def take(self, session: Session) -> None:
        """Keep what matters of a session."""
        for place, one in enumerate(session.findings, 1):
            if _matters(one):
                if len(self._notes) < MAX_KEPT:
                    note = _Note(one, FindingLink(one.id, session.id, place))
                    self._notes.append(note)
                    self._by_session.setdefault(session.id, []).append(note)
                else:
                    self._left_out += 1
        if session.user and (session.login == "accepted" or session.messages or session.deletions):
            if len(self._deeds) < MAX_KEPT:
                self._deeds[session.id] = _deed(session, session.user)
            else:
                self._left_out += 1
        for login in session.logins:
            if login.outcome == "refused" and login.user and not login.locked:
                if len(self._refused) < MAX_KEPT:
                    time = session.exchanges[login.exchange].time
                    self._refused.append((session.start if time is None else time, session.client.ip, login.user))
                else:
                    self._left_out += 1

    def conclude(self, spanning: Sequence[Finding]) -> list[Incident]:
        """Return the incidents, in order. ``spanning`` are the findings that span sessions."""
        notes = [*self._notes]
        notes += (
            _Note(one, FindingLink(one.id, None, place)) for place, one in enumerate(spanning, 1) if _matters(one)
        )
        notes.sort(key=lambda note: (note.finding.time or 0, note.link.session or 0, note.link.place))
        linked = Links()
        for note in notes:
            if note.finding.id.startswith(_LINKS_CLIENTS):
                linked.join(note.finding.clients)
        breaches = self._breaches(notes, linked)
        groups = {key: group for key, (group, _) in breaches.items()}
        for origin, (_, taken) in breaches.items():
            for kind, deeds in self._uses(taken):
                groups[origin._replace(kind=kind.name, afterwards=True)] = group = Group(severity=Severity.HIGH)
                for deed in deeds:
                    _add_deed(group, deed, kind)
        to_own_host = {number for note in notes if note.link.id == "proxy.own_host" for number in note.finding.sessions}
        sessions = {deed.session: key for key, (_, taken) in breaches.items() for deed in taken}
        for note in notes:
            kind = KIND_OF[note.finding.id]
            if kind.name == COMPROMISED:
                continue
            if kind.name == PROXY and to_own_host.issuperset(note.finding.sessions):
                kind = BY_NAME[OWN_HOST]
            key = _key(kind, note.finding, linked, sessions)
            guessed = key._replace(kind=COMPROMISED, user=note.finding.user or "")
            if kind.name == GUESSING and guessed in groups:
                key = guessed  # what led to a break-in is part of it
            group = groups.setdefault(key, Group())
            _add_finding(group, note)
            for deed in (self._deeds[session] for session in note.finding.sessions if session in self._deeds):
                if kind.name in (MAIL_READ, MAIL_DELETED) and not key.afterwards:
                    _add_deed(group, deed, kind)
                elif kind.name == OTHER_MAILBOX_READ:
                    group.read += sum(deed.read[folder] for folder in set(note.finding.folders))
        for group, taken in breaches.values():
            group.clients = dict.fromkeys(deed.client for deed in taken) or group.clients  # and not who only tried
        for key in [key for key in groups if key.kind == FILE_PROBING]:
            _absorb(groups, key)
        return _numbered(groups)

    def _breaches(self, notes: Sequence[_Note], linked: Links) -> dict[_Key, tuple[Group, list[_Deed]]]:
        """Return the accounts that were broken into, each with the sessions in which it was used from then on."""
        found: dict[_Key, tuple[Group, list[_Deed]]] = {}
        by_account: dict[tuple[str, str], list[_Deed]] = {}
        refused: dict[tuple[str, str], list[int]] = {}
        for time, client, user in sorted(self._refused):
            refused.setdefault((linked.of(client), user), []).append(time)
        for deed in sorted(self._deeds.values()):
            if deed.accepted:
                by_account.setdefault((linked.of(deed.client), deed.user), []).append(deed)
        for note in notes:
            one = note.finding
            if KIND_OF[one.id].name != COMPROMISED:
                continue
            for user in one.users:
                key = _Key(COMPROMISED, _whose(one, linked), user)
                group, taken = found.setdefault(key, (Group(), []))
                _add_finding(group, note)
                if taken:
                    continue
                deeds = by_account.get((key.whose, user), [])
                taken += (deed for deed in deeds if deed.time >= (one.time or 0))
                group.severity = Severity.CRITICAL
                group.one_of_many = one.id == "auth.spray_success" and len(one.sessions) > 1
                group.first_frame = next((deed.frames[0] for deed in taken if deed.frames), group.first_frame)
                if not self._left_out:
                    group.refused = bisect_left(refused.get((key.whose, user), []), one.time or 0)
        for group, taken in found.values():
            self._add_deeds(group, taken)
        return found

    def _add_deeds(self, group: Group, taken: Sequence[_Deed]) -> None:
        files = self._folders(taken, FILES_READ)
        others = self._folders(taken, OTHER_MAILBOX_READ)
        for deed in taken:
            group.times += (deed.time, deed.end)
            group.sessions.add(deed.session)
            group.servers[deed.server] = None
            group.frames.update(deed.frames)
            group.read += sum(number for folder, number in deed.read.items() if folder not in files)
            group.deleted += deed.deleted
        group.folders.update({**files, **others})
        group.also += (
            f"{what}: {names(folders)}"
            for what, folders in (("files read", files), ("mailboxes of others read", others))
            if folders
        )

    def _folders(self, taken: Sequence[_Deed], *kinds: str) -> dict[str, None]:
        """Return the folders of what happened in some sessions."""
        return {
            folder: None
            for deed in taken
            for note in self._by_session.get(deed.session, ())
            if KIND_OF[note.finding.id].name in kinds
            for folder in note.finding.folders
        }

    def _uses(self, taken: Sequence[_Deed]) -> Iterator[tuple[Kind, list[_Deed]]]:
        """Yield what was done with the mail of an account, with the sessions."""
        not_own = self._folders(taken, FILES_READ, OTHER_MAILBOX_READ)
        mail = [deed.without(not_own) for deed in taken]
        for kind, deeds in (
            (BY_NAME[MAIL_DELETED], [deed for deed in mail if deed.deleted]),
            (BY_NAME[MAIL_READ], [deed for deed in mail if deed.read]),
        ):
            if deeds:
                yield kind, deeds


def _matters(finding: Finding) -> bool:
    return finding.id in KIND_OF and finding.severity >= Severity.MEDIUM


def _whose(finding: Finding, linked: Links) -> str:
    """Return the client that stands for those of a finding."""
    return linked.of(finding.clients[0]) if finding.clients else ""


def _key(kind: Kind, finding: Finding, linked: Links, taken: dict[int, _Key]) -> _Key:
    """Return what tells the incident of a finding from others; ``taken`` has the break-in that a session followed."""
    if kind.by_server:
        return _Key(kind.name, "".join(finding.servers[:1]), "")
    origins = {taken.get(session) for session in finding.sessions}
    origin = origins.pop() if len(origins) == 1 else None
    if origin is not None:
        return origin._replace(kind=kind.name, afterwards=True)
    return _Key(kind.name, _whose(finding, linked), (finding.user or "") if kind.by_user else "")


def _deed(session: Session, user: str) -> _Deed:
    login = session.deciding_login
    exchange = session.exchanges[login.exchange] if login is not None else None
    accepted = session.login == "accepted" and exchange is not None
    gone = [one for one in session.deleted if _took_effect(one)]
    read = [one for one in session.messages if one.octets]
    return _Deed(
        time=exchange.time if exchange is not None and exchange.time is not None else session.start,
        end=session.end,
        session=session.id,
        client=session.client.ip,
        server=str(session.server),
        user=user,
        accepted=accepted,
        frames=exchange.frames if exchange is not None else (),
        read=Counter(one.mailbox or "" for one in read),
        deleted=len(gone),
        read_frames=_few(frame for one in read for frame in one.first_frame),
        deleted_frames=_few(
            frame
            for one in gone
            for index in ((one.acknowledged_by, one.released_by) if isinstance(one, Message) else (one.exchange,))
            if index is not None
            for frame in session.exchanges[index].frames
        ),
    )


def _took_effect(one: Message | Deletion) -> bool:
    return one.released.value is True


def _few(frames: Iterable[FrameRef]) -> tuple[FrameRef, ...]:
    return tuple(islice(frames, _MOST_FRAMES))


def _add_finding(group: Group, note: _Note) -> None:
    one = note.finding
    group.severity = max(group.severity, one.severity)
    if group.first_frame is None and one.frames:
        group.first_frame = one.frames[0]
    for kept, given in (
        (group.clients, one.clients),
        (group.servers, one.servers),
        (group.users, one.users),
        (group.folders, one.folders),
    ):
        kept.update(dict.fromkeys(given))
    group.sessions.update(one.sessions)
    group.frames.update(one.frames)
    if one.time is not None:
        group.times.append(one.time)
    group.links.append(note.link)


def _add_deed(group: Group, deed: _Deed, kind: Kind) -> None:
    """Add what a session did with mail."""
    if deed.session in group.sessions and (group.read or group.deleted):
        return
    frames = deed.read_frames if kind.name == MAIL_READ else deed.deleted_frames
    if group.first_frame is None and frames:
        group.first_frame = frames[0]
    group.clients[deed.client] = group.servers[deed.server] = group.users[deed.user] = None
    group.folders.update(dict.fromkeys(folder for folder in deed.read if folder))
    group.sessions.add(deed.session)
    group.frames.update(frames)
    group.times += (deed.time, deed.end)
    group.read += deed.read.total() if kind.name == MAIL_READ else 0
    group.deleted += deed.deleted if kind.name == MAIL_DELETED else 0


def _absorb(groups: dict[_Key, Group], key: _Key) -> None:
    """Where all that was asked for was read, asking for it is part of that."""
    read = [groups[one] for kind in (FILES_READ, OTHER_MAILBOX_READ) if (one := key._replace(kind=kind)) in groups]
    if read and groups[key].folders.keys() <= {folder for one in read for folder in one.folders}:
        asked = groups.pop(key)
        read[0].links += asked.links
        read[0].sessions |= asked.sessions
        read[0].frames |= asked.frames


def _numbered(groups: dict[_Key, Group]) -> list[Incident]:
    """Put incidents in order: the gravest first, and after each what it made possible."""

    def place(key: _Key) -> tuple[int, int, int, _Key]:
        return -groups[key].severity.rank, _RANK[key.kind], min(groups[key].times, default=0), key

    in_order = sorted(groups, key=place)
    followed: dict[_Key, list[_Key]] = {}
    for key in in_order:
        followed.setdefault(key.origin or key, []).append(key)
    heads = [key for key in in_order if not key.afterwards]
    ordered = [key for head in heads for key in sorted(followed[head], key=lambda one: (one.afterwards, place(one)))]
    numbers = {key: number for number, key in enumerate(ordered, 1)}
    return [
        _incident(numbers[key], BY_NAME[key.kind], groups[key], numbers[key.origin] if key.origin else None)
        for key in ordered
    ]


def _incident(number: int, kind: Kind, group: Group, follows: int | None) -> Incident:
    return Incident(
        number=number,
        kind=kind.name,
        severity=group.severity,
        title=kind.title,
        sentence=kind.sentence(group),
        follows=follows,
        clients=tuple(islice(group.clients, MAX_NAMED)),
        servers=tuple(islice(group.servers, MAX_NAMED)),
        users=tuple(islice(group.users, MAX_NAMED)),
        folders=tuple(islice(group.folders, MAX_NAMED)),
        sessions=tuple(sorted(group.sessions)[:MAX_NAMED]),
        frames=tuple(sorted(group.frames)[:MAX_NAMED]),
        first_time=min(group.times, default=None),
        last_time=max(group.times, default=None),
        messages_read=group.read,
        messages_deleted=group.deleted,
        findings=tuple(group.links[:MAX_NAMED]),
    )
