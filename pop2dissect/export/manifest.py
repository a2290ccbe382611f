"""A folder of exhibits with its manifest: what each file is, and which frames prove it.

``manifest.json`` says all of it, ``manifest.csv`` the most of it as a table, and ``SHA256SUMS`` is for
``sha256sum --check``. They are written last: a folder without them was not completed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pop2dissect.document.json_text import Json, Object, to_text
from pop2dissect.export.exhibit import Exhibit, Kind
from pop2dissect.export.folder import Folder, Written
from pop2dissect.session import Session
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.safe import spreadsheet_safe
from pop2dissect.text.spool import Spool

SCHEMA = "pop2dissect-manifest/1"
MANIFEST, TABLE, SUMS = "manifest.json", "manifest.csv", "SHA256SUMS"


class Manifest:
    """What is known of the files of a folder, in the order of sessions in which it is written. A context manager."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.files = 0
        self.octets = 0
        self._objects, self._rows, self._sums = Spool(), Spool(), Spool()

    def close(self) -> None:
        """Let go of what was spooled."""
        for spool in (self._objects, self._rows, self._sums):
            spool.close()

    def add(self, number: int, entries: Iterable[Object]) -> None:
        """Spool the entries of a session."""
        objects, rows, sums = [], [], []
        for entry in entries:
            objects.append(to_text(entry, depth=2))
            rows.append(table_row(self.kind, entry))
            sums.append(f"{entry['sha256']}  {entry['file']}\n")
            self.files += 1
            self.octets += int(str(entry["octets"]))
        if objects:
            self._objects.add(number, ",\n  ".join(objects))
            self._rows.add(number, "".join(rows))
            self._sums.add(number, "".join(sums))

    def json(self, head: Object) -> Iterator[str]:
        """Yield the document, piece by piece. ``head`` is from :func:`pop2dissect.document.document.head_object`."""
        yield to_text({**head, "kind": self.kind.name})[:-2] + ',\n "files": ['
        separator = "\n  "
        for text in self._objects.in_order():
            yield separator + text
            separator = ",\n  "
        yield ("]" if separator == "\n  " else "\n ]") + "\n}\n"

    def table(self) -> Iterator[str]:
        """Yield the table as CSV (RFC 4180), piece by piece."""
        yield csv_line(("file", "octets", "sha256", *self.kind.columns))
        yield from self._rows.in_order()

    def sums(self) -> Iterator[str]:
        """Yield a line for each file, as ``sha256sum`` writes it."""
        yield from self._sums.in_order()


def entry_of(exhibit: Exhibit, written: Written) -> Object:
    """Return what the manifest says of an exhibit."""
    return {"file": exhibit.name, "octets": written.octets, "sha256": written.sha256, **exhibit.facts}


class FolderExport:
    """Writes the exhibits of one kind into a folder. A context manager.

    Raises UsageError if the folder is not empty, OSError where it cannot be written.
    """

    def __init__(self, kind: Kind, path: str, rendering: Rendering) -> None:
        self.folder = Folder(path)
        self.manifest = Manifest(kind)
        self._rendering = rendering

    def add(self, session: Session) -> None:
        """Write a session's exhibits."""
        self.manifest.add(
            session.id,
            (
                entry_of(exhibit, self.folder.write(exhibit.name, exhibit.pieces()))
                for exhibit in self.manifest.kind.of(session, self._rendering)
            ),
        )

    def finish(self, head: Object) -> None:
        """Write the manifest, once all that it names is on disk; the last of its files says that all is complete."""
        self.folder.settle()
        sums = list(self.manifest.sums())
        for name, texts in ((MANIFEST, self.manifest.json(head)), (TABLE, self.manifest.table())):
            written = self.folder.write(name, (text.encode() for text in texts))
            sums.append(f"{written.sha256}  {name}\n")
        self.folder.settle()
        self.folder.write(SUMS, (line.encode() for line in sums))
        self.folder.settle()

    def close(self) -> None:
        """Let go of what was spooled."""
        self.manifest.close()


def table_row(kind: Kind, entry: Mapping[str, Json]) -> str:
    """Return an entry as a line of the table."""
    headers = entry.get("headers")
    values = {**headers, **entry} if isinstance(headers, Mapping) else entry
    return csv_line([_cell(values.get(name)) for name in ("file", "octets", "sha256", *kind.columns)])


def _cell(value: Json) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return spreadsheet_safe(value)
        case Sequence():
            return " ".join(map(str, value))
        case _:
            return str(value)


def csv_line(cells: Iterable[str]) -> str:
    """Write a line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
