"""Verifies an earlier result against captures."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pop2dissect.capture.paths import find_captures
from pop2dissect.capture.source import STANDARD_INPUT
from pop2dissect.errors import UsageError
from pop2dissect.export.folder import is_plain_name
from pop2dissect.export.manifest import MANIFEST
from pop2dissect.settings import SETTINGS, Settings
from pop2dissect.text.safe import terminal_safe
from pop2dissect.verify.claims import Claim, document_claims, manifest_claims, shown
from pop2dissect.verify.derive import Given, derived_document, derived_export, in_recorded_order
from pop2dissect.verify.files import digest_in
from pop2dissect.verify.result import Result, parse, read_result
from pop2dissect.version import __version__


@dataclass(slots=True)
class Verification:
    """What came of it."""

    result: Result
    captures: list[Given]
    """Those that were given, in the order of the result's."""
    claims: list[Claim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences about what cannot be proven, or is unusual, but is not a difference."""

    @property
    def holds(self) -> bool:
        """All claims hold."""
        return all(claim.holds for claim in self.claims)


def verify(path: str, captures: Sequence[str]) -> Verification:
    """Read a result, derive it again from the captures, and compare claim by claim.

    Raises ResultError where the result cannot be read, CaptureError where no capture can, UsageError
    where the captures are not as many as the result is about.
    """
    result = read_result(path)
    found = [one.file for one in find_captures(captures)]
    if STANDARD_INPUT in found:
        raise UsageError("captures have to be files to verify a result: they are read more than once")
    ordered = in_recorded_order(result, found)
    verification = Verification(result, ordered)
    verification.notes += _notes(result, ordered)
    if result.form == "manifest":
        verification.claims += _export(result, ordered)
    else:
        verification.claims += _document(result, ordered)
    return verification


def _document(result: Result, captures: Sequence[Given]) -> Iterator[Claim]:
    if result.form == "report":
        yield Claim("the page", "", () if result.intact else (_BROKEN_SEAL,))
    text = derived_document(result, captures)
    claims = list(document_claims(result.recorded, parse(text), secret=result.show_passwords))
    yield from claims
    yield from _form(result, text, claims)


_BROKEN_SEAL = "it was changed after it was made: its SHA-256 is not the one that it states"


def _export(result: Result, captures: Sequence[Given]) -> Iterator[Claim]:
    made = derived_export(result, captures)
    derived = parse(made.manifest)
    claims = list(manifest_claims(result.recorded, derived, secret=result.show_passwords))
    yield from claims
    yield from _form(result, made.manifest, claims)
    for entry in result.files:
        name = entry.get("file")
        if isinstance(name, str) and is_plain_name(name):
            path = result.path.parent / name if result.data is None else result.data
            yield _file(path, entry.get("sha256"), "what is recorded")
        else:
            yield Claim("a file beside the manifest", "", ("its recorded name is not a file name",))
    if result.data is not None:
        return
    listed = {entry["file"] for entry in derived["files"]}
    for name in sorted(made.files.keys() - listed):
        yield _file(result.path.parent / name, made.files[name], "what the captures give")
    known = {MANIFEST, *result.file_names, *made.files}
    for name in sorted(os.fsdecode(entry.name) for entry in os.scandir(result.path.parent)):
        if name not in known:
            yield Claim(f"file {terminal_safe(name)}", "as it is now", ("it is in the folder, but not of the export",))


def _file(path: Path, expected: object, words: str) -> Claim:
    """Compare a file of an export, as it is now, with what its SHA-256 should be."""
    try:
        digest = digest_in(path)
    except FileNotFoundError:
        wrong = "it is missing"
    except (OSError, ValueError) as error:
        wrong = f"it cannot be read: {getattr(error, 'strerror', None) or error}"
    else:
        wrong = "" if digest == expected else f"its SHA-256 is {digest}, which is not {words}"
    return Claim(f"file {terminal_safe(path.name)}", "as it is now", (wrong,) if wrong else ())


def _form(result: Result, derived: str, claims: Sequence[Claim]) -> Iterator[Claim]:
    """Compare the bytes, where all that they say is the same: white space, order, escapes."""
    if result.version != __version__ or not all(claim.holds for claim in claims):
        return
    if result.text == derived:
        yield Claim("the form", "")
        return
    pairs = enumerate(zip(result.text, derived, strict=False))
    place = next((at for at, (one, other) in pairs if one != other), min(len(result.text), len(derived)))
    line = derived.count("\n", 0, place) + 1
    yield Claim("the form", "", (f"all claims are the same, but they are not written the same: see line {line}",))


def _notes(result: Result, captures: Sequence[Given]) -> Iterator[str]:
    if result.version != __version__:
        yield (
            f"the result was made by version {shown(result.version)}, this is {__version__}: "
            "what differs may be due to that, and how it is written is not compared"
        )
    for place, (recorded, given) in enumerate(zip(result.captures, captures, strict=True), 1):
        name, digest = recorded.get("path"), given.sha256
        if name != given.shown:
            yield f"capture {place} is recorded as {shown(name)} and was given as {shown(given.shown)}"
        if recorded.get("sha256") is None:
            yield f"capture {place} has no hash recorded: it came through a pipe"
        elif recorded.get("sha256") != digest:
            yield f"capture {place} is not, byte for byte, the one that the result is about"
    yield from _unusual(result)


def _unusual(result: Result) -> Iterator[str]:
    """Yield settings that are not the usual ones: the claims were derived with them, which proves nothing of them."""
    usual = Settings()
    for name, setting in SETTINGS.items():
        value = getattr(result.settings, name)
        if value != getattr(usual, name):
            yield f"recorded setting: {setting.label}: {setting.shown(value)}"
    if result.settings.filters:
        yield f"recorded setting: only some sessions: {result.settings.filters.words()}"
    if result.show_passwords:
        yield "recorded setting: passwords are shown"
