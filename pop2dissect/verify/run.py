"""Verifies an earlier result against captures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pop2dissect.capture.digest import sha256_of
from pop2dissect.capture.paths import find_captures
from pop2dissect.capture.source import STANDARD_INPUT
from pop2dissect.errors import UsageError
from pop2dissect.export.folder import is_plain_name
from pop2dissect.export.manifest import MANIFEST, SUMS, TABLE
from pop2dissect.settings import SETTINGS, Settings
from pop2dissect.text.safe import terminal_safe
from pop2dissect.verify.claims import Claim, document_claims, manifest_claims, shown
from pop2dissect.verify.derive import Given, derived_document, derived_manifest, in_recorded_order
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
    found = [one.path for one in find_captures(captures)]
    if STANDARD_INPUT in found:
        raise UsageError("captures have to be files to verify a result: they are read more than once")
    ordered = in_recorded_order(result, found)
    verification = Verification(result, ordered)
    verification.notes += _notes(result, ordered)
    if result.form == "manifest":
        verification.claims += _manifest(result, ordered)
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


def _manifest(result: Result, captures: Sequence[Given]) -> Iterator[Claim]:
    texts = derived_manifest(result, captures)
    claims = list(manifest_claims(result.recorded, parse(texts[MANIFEST]), secret=result.show_passwords))
    yield from claims
    yield from _form(result, texts[MANIFEST], claims)
    folder = result.path.parent
    entries = result.recorded.get("files")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            yield _file(folder, entry)
    for name in (TABLE, SUMS):
        yield _side_file(folder / name, texts[name])


def _file(folder: Path, entry: dict[str, Any]) -> Claim:
    """Compare a file beside the manifest with what that says."""
    name = entry.get("file")
    if not isinstance(name, str) or not is_plain_name(name):
        return Claim("a file beside the manifest", "", ("its recorded name is not a file name",))
    digest = _digest(folder / name)
    if digest is None:
        return Claim(f"file {terminal_safe(name)}", "as it is now", ("it cannot be read",))
    wrong = () if digest == entry.get("sha256") else (f"its SHA-256 is {digest}, which is not what is recorded",)
    return Claim(f"file {terminal_safe(name)}", "as it is now", wrong)


def _side_file(path: Path, expected: str) -> Claim:
    try:
        same = path.read_bytes() == expected.encode()
    except OSError:
        return Claim(f"file {path.name}", "as it is now", ("it cannot be read",))
    return Claim(f"file {path.name}", "as it is now", () if same else ("it is not what the captures give",))


def _digest(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except OSError:
        return None


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
    for place, (recorded, (path, digest)) in enumerate(zip(result.captures, captures, strict=True), 1):
        name = recorded.get("path")
        if name != path:
            yield f"capture {place} is recorded as {shown(name)} and was given as {shown(path)}"
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
    if result.selected is not None:
        yield f"recorded setting: only sessions {shown(result.selected)}"
    if result.show_passwords:
        yield "recorded setting: passwords are shown"
