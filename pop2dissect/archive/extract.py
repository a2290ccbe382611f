"""Makes an extract: each capture by itself, in any order, and of what is there already only what is new."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pop2dissect.archive.parquet import write_index, write_packets
from pop2dissect.archive.sift import Sifting
from pop2dissect.archive.workers import Workers, as_done
from pop2dissect.capture.extract.facts import METADATA, Facts, Ports, deciding, state_of
from pop2dissect.capture.extract.read import INDEX, PACKETS, is_extract, located, parquet, read_extract
from pop2dissect.capture.paths import Found, find_captures
from pop2dissect.capture.record import CaptureInfo
from pop2dissect.capture.source import STANDARD_INPUT, is_regular
from pop2dissect.errors import CaptureError, ExistingFileError, UsageError
from pop2dissect.limits import Limits


class Extraction(NamedTuple):
    """What is to be done for an extract, and what is there."""

    folder: Path
    captures: list[Facts]
    """Of all captures in their order; of those that are to be read, hardly anything is known yet."""
    unread: list[int]
    """The places among them of those that are to be read."""
    earlier: int
    """Captures of earlier runs that were not asked for; they come first."""

    @property
    def to_read(self) -> tuple[int, int]:
        """How many captures are to be read, with how many octets."""
        return len(self.unread), sum(state_of(self.captures[place].file)[0] or 0 for place in self.unread)

    def run(self, workers: Workers, ports: Ports, limits: Limits) -> Iterator[Facts]:
        """Read what is to be read, and yield what came of each when it is done. Then :meth:`finish`."""
        packets = self.folder / PACKETS
        for place in self.unread:
            stale = packets / self.captures[place].name
            if stale.exists():  # the index must not lead to another state of a capture
                (self.folder / INDEX).unlink(missing_ok=True)
                stale.unlink()
        whole = packets.resolve()
        blanks = [self.captures[place] for place in self.unread]
        tasks = [(blank.path, blank.file, whole, ports, limits) for blank in blanks]
        for at, facts in as_done(workers, extract_one, tasks):
            place = self.unread[at]
            if isinstance(facts, CaptureError):
                self.captures[place].problem = str(facts)
            else:
                self.captures[place] = facts
            yield self.captures[place]

    def finish(self, *, small: bool) -> None:
        """Write the index: the extract is complete."""
        write_index(self.captures, self.folder / INDEX, small=small and not self.earlier)


def prepared(paths: Sequence[str], folder: Path, ports: Ports, limits: Limits) -> Extraction:
    """Find what is to be read for an extract. Raises UsageError where there cannot be one."""
    parquet()
    if folder.exists() and not is_extract(str(folder)) and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there and no extract: give a new folder, or that of an earlier extract")
    (folder / PACKETS).mkdir(parents=True, exist_ok=True)
    before = _before(folder)
    found = find_captures(paths)
    for one in found:
        special = not is_regular(one.file) and Path(one.file).exists()
        if one.problem is None and (one.file == STANDARD_INPUT or special):
            raise UsageError(f"{one.path} cannot be extracted: it is no file, and can be read only once")
    captures: list[Facts] = []
    unread: list[int] = []
    for one in found:
        file = located(one.file)
        known = before.pop(CaptureInfo.of(file).path, None)
        facts = _still(known, file, folder, ports, limits)
        if facts is None:
            facts = _blank(one, ports, limits)
            if one.problem is None:
                unread.append(len(captures))
        facts.path = one.path
        captures.append(facts)
    earlier = list(before.values())
    return Extraction(folder, earlier + captures, [len(earlier) + place for place in unread], len(earlier))


def _before(folder: Path) -> dict[str, Facts]:
    """Return what earlier runs have read, by where the captures lie: also runs that did not come to their end."""
    try:
        known = {facts.file: facts for facts in read_extract(str(folder)).captures}
    except CaptureError:
        known = {}
    indexed = {facts.name for facts in known.values()}
    for path in (folder / PACKETS).glob("*.parquet"):
        facts = None if path.name in indexed else _recorded(path)
        if facts is not None and facts.name == path.name:
            known.setdefault(facts.file, facts)
    return known


def _still(known: Facts | None, file: str, folder: Path, ports: Ports, limits: Limits) -> Facts | None:
    """Return what is known of a capture if it need not be read again; ``file`` is where it lies."""
    if known is None or known.problem is not None or known.version != Facts("", "", None, {}).version:
        return None
    same = state_of(file) == (known.size, known.modified) and known.modified is not None
    there = (folder / PACKETS / known.name).exists()
    return known if same and there and known.covers(ports, limits) else None


def _blank(one: Found, ports: Ports, limits: Limits) -> Facts:
    facts = Facts(one.path, located(one.file), None if ports is None else sorted(ports), deciding(limits))
    facts.problem = one.problem
    return facts


def extract_one(path: str, file: str, folder: Path, ports: Ports, limits: Limits) -> Facts:
    """Extract one capture; whoever does it need know nothing else.

    Another worker may have done it, and ended before it could say so.
    """
    sifting = Sifting(path, file, ports, limits)
    target = folder / sifting.facts.name
    try:
        return write_packets(sifting, target)
    except ExistingFileError:
        known = _recorded(target)
        if known is None:
            raise
        return known


def _recorded(path: Path) -> Facts | None:
    """Return the facts that stand with the packets of a capture."""
    try:
        return Facts.of_json(parquet().read_metadata(path).metadata[METADATA])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def unreadable(captures: Iterable[Facts]) -> list[Facts]:
    """Return those that could not be read at all."""
    return [facts for facts in captures if facts.problem is not None]
