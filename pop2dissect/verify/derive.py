"""Makes a result again: from captures, with the settings that were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pop2dissect.capture.digest import sha256_of
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.digests import KnownDigests, digest_of
from pop2dissect.document.document import Document
from pop2dissect.document.sessions import session_text
from pop2dissect.document.totals import Totals
from pop2dissect.errors import UsageError
from pop2dissect.export.kinds import EXPORTS, export_class
from pop2dissect.export.output import Run
from pop2dissect.export.recorded import manifest_path
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.spool import Spool
from pop2dissect.text.values import count
from pop2dissect.verify.result import Result


class Given(NamedTuple):
    """A capture that was given."""

    path: str
    sha256: str | None
    """As it is now; None where it cannot be read."""

    @property
    def shown(self) -> str:
        """The path without credentials."""
        return CaptureInfo.of(self.path).path


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
        run = _run(result, held.enter_context(_dissection(result, captures)), captures)
        totals = Totals()
        for session in run.dissection.wanted(run.redaction.session):
            totals.add(session)
            spool.add(session.id, session_text(session, run.look))
        findings = run.spanning_findings()
        totals.add_findings(findings)
        document = Document(
            settings=result.settings,
            rendering=run.look,
            captures=run.dissection.captures,
            sha256=run.digests.results(),
            warnings=run.dissection.warnings,
            probes=run.dissection.probes,
            findings=findings,
            incidents=run.incidents(),
            mailboxes=run.mailboxes(),
            totals=totals,
        )
        return "".join(document.pieces(spool.in_order()))


class Made(NamedTuple):
    """An export that was made again."""

    manifest: str
    files: dict[str, str]
    """The SHA-256 of each file but the manifest, by its name."""


def derived_export(result: Result, captures: Sequence[Given]) -> Made:
    """Make an export again, whatever its kind, by the class that made it.

    Raises UsageError where it is of a kind that is not known.
    """
    kind = result.recorded.get("kind")
    if not isinstance(kind, str) or kind not in EXPORTS:
        raise UsageError(f"{result.path} is the manifest of something that is not known")
    with ExitStack() as held:
        scratch = Path(held.enter_context(TemporaryDirectory(prefix="pop2dissect-")))
        path = scratch / (result.file_names[0] if result.data is not None else "export")
        run = _run(result, held.enter_context(_dissection(result, captures)), captures)
        output = held.enter_context(export_class(kind)(run, str(path)))
        for session in run.dissection.wanted(run.redaction.session):
            output.add(session)
        output.finish()
        manifest = manifest_path(path)
        made = path.iterdir() if path.is_dir() else [path]
        files = {file.name: sha256_of(file) for file in made if file != manifest}
        return Made(manifest.read_text("utf-8"), files)


def _dissection(result: Result, captures: Sequence[Given]) -> Dissection:
    """Read the captures again, under the names that the result has for them."""
    names = [recorded.get("path") for recorded in result.captures]
    paths = [one.path for one in captures]
    recorded = [name if isinstance(name, str) else path for name, path in zip(names, paths, strict=True)]
    return Dissection(paths, result.settings, recorded)


def _run(result: Result, dissection: Dissection, captures: Sequence[Given]) -> Run:
    rendering = Rendering(show_passwords=result.show_passwords, several_captures=len(captures) > 1)
    pairs = zip(result.captures, captures, strict=True)
    digests = KnownDigests([None if recorded.get("sha256") is None else given.sha256 for recorded, given in pairs])
    return Run(dissection, rendering, digests, Redaction(result.show_passwords))
