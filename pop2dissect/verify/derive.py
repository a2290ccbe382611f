"""Makes a result again: from captures, with the settings that were recorded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import NamedTuple

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.digests import digest_of
from pop2dissect.document.document import Document
from pop2dissect.document.head import head_object, settings_object
from pop2dissect.document.json_text import Object
from pop2dissect.document.sessions import session_text
from pop2dissect.document.totals import Totals
from pop2dissect.errors import UsageError
from pop2dissect.export.attachments import ATTACHMENTS
from pop2dissect.export.exhibit import Exhibit
from pop2dissect.export.folder import Written
from pop2dissect.export.mail import MESSAGES
from pop2dissect.export.manifest import MANIFEST, SCHEMA, SUMS, TABLE, Manifest, entry_of
from pop2dissect.export.streams import STREAMS
from pop2dissect.incidents import about_incidents
from pop2dissect.ledger import about_mailboxes
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session, about_sessions
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.spool import Spool
from pop2dissect.text.values import count
from pop2dissect.verify.result import Result

_KINDS = {kind.name: kind for kind in (MESSAGES, ATTACHMENTS, STREAMS)}


class Given(NamedTuple):
    """A capture that was given."""

    path: str
    sha256: str | None
    """As it is now; None where it cannot be read."""


def in_recorded_order(result: Result, paths: Sequence[str]) -> list[Given]:
    """Put captures into the order of the result's, by their hashes; those that it does not know into free places.

    Raises UsageError where their number is another.
    """
    recorded = [capture.get("sha256") for capture in result.captures]
    if len(recorded) != len(paths):
        about = count(len(recorded), "capture")
        raise UsageError(
            f"{result.path} is about {about}, but {len(paths)} {'was' if len(paths) == 1 else 'were'} given"
        )
    left = [Given(path, digest_of(path)) for path in paths]
    placed: list[Given | None] = []
    for digest in recorded:
        match = next((one for one in left if digest is not None and one.sha256 == digest), None)
        if match is not None:
            left.remove(match)
        placed.append(match)
    others = iter(left)
    return [next(others) if one is None else one for one in placed]


def derived_document(result: Result, captures: Sequence[Given]) -> str:
    """Make the JSON document again. It names the captures as the result does."""
    with ExitStack() as held:
        spool = held.enter_context(Spool())
        dissection = held.enter_context(Dissection([one.path for one in captures], result.settings))
        rendering = Rendering(show_passwords=result.show_passwords, several_captures=len(captures) > 1)
        totals = Totals()
        redaction = Redaction(result.show_passwords)
        for session in _chosen(map(redaction.session, dissection), result):
            totals.add(session)
            spool.add(session.id, session_text(session, rendering))
        findings = redaction.findings(about_sessions(dissection.findings, result.selected))
        totals.add_findings(findings)
        document = Document(
            settings=result.settings,
            rendering=rendering,
            selected=result.selected,
            captures=[_named(info, place, result) for place, info in enumerate(dissection.captures)],
            sha256=_digests(result, captures),
            warnings=dissection.warnings,
            probes=dissection.probes,
            findings=findings,
            incidents=redaction.incidents(about_incidents(dissection.incidents, dissection.findings, result.selected)),
            mailboxes=redaction.mailboxes(about_mailboxes(dissection.mailboxes, result.selected)),
            totals=totals,
        )
        return "".join(document.pieces(spool.in_order()))


def derived_manifest(result: Result, captures: Sequence[Given]) -> dict[str, str]:
    """Make a manifest again, without the files: its three texts by their names.

    Raises UsageError where it is of a kind that is not known.
    """
    name = result.recorded.get("kind")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UsageError(f"{result.path} is the manifest of something that is not known")
    with ExitStack() as held:
        manifest = Manifest(kind)
        held.callback(manifest.close)
        dissection = held.enter_context(Dissection([one.path for one in captures], result.settings))
        rendering = Rendering(show_passwords=result.show_passwords, several_captures=len(captures) > 1)
        redaction = Redaction(result.show_passwords)
        for session in _chosen(map(redaction.session, dissection), result):
            manifest.add(session.id, (entry_of(exhibit, _measured(exhibit)) for exhibit in kind.of(session, rendering)))
        infos = [_named(info, place, result) for place, info in enumerate(dissection.captures)]
        settings = settings_object(result.settings, result.selected, result.show_passwords)
        head: Object = head_object(SCHEMA, settings, infos, _digests(result, captures), dissection.warnings)
        texts = {MANIFEST: "".join(manifest.json(head)), TABLE: "".join(manifest.table())}
        own = (f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in texts.items())
        return {**texts, SUMS: "".join((*manifest.sums(), *own))}


def _chosen(sessions: Iterable[Session], result: Result) -> Iterator[Session]:
    return (one for one in sessions if result.selected is None or one.id in result.selected)


def _named(info: CaptureInfo, place: int, result: Result) -> CaptureInfo:
    """Name a capture as the result does; of one that came through a pipe neither size nor hash were known."""
    path = result.captures[place].get("path")
    return replace(info, path=path if isinstance(path, str) else info.path)


def _digests(result: Result, captures: Sequence[Given]) -> list[str | None]:
    pairs = zip(result.captures, captures, strict=True)
    return [None if recorded.get("sha256") is None else given.sha256 for recorded, given in pairs]


def _measured(exhibit: Exhibit) -> Written:
    digest = hashlib.sha256()
    octets = 0
    for piece in exhibit.pieces():
        digest.update(piece)
        octets += len(piece)
    return Written(octets, digest.hexdigest())
