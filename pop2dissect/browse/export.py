"""Exports of marked sessions, by the writers of the command line: what they write, ``verify`` can check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from pop2dissect.browse.book import Book
from pop2dissect.document.digests import Digests
from pop2dissect.export.files import AnnotateOutput
from pop2dissect.export.folders import MailOutput
from pop2dissect.export.output import FileOutput, Run
from pop2dissect.filters import Filters
from pop2dissect.masking import Redaction
from pop2dissect.pipeline import Dissection


class Writer(NamedTuple):
    """A way to take sessions along."""

    title: str
    path: str
    """Where to, unless something else is typed."""
    output: type[FileOutput]


WRITERS: Final = {
    "mail": Writer("Export the mail of marked sessions into the folder", "marked-mail", MailOutput),
    "annotate": Writer("Write the frames of marked sessions, with comments, to", "marked.pcapng", AnnotateOutput),
}


def export(book: Book, writer: Writer, numbers: Iterable[int], path: str) -> str:
    """Write sessions by their numbers; give in a line what was written. The captures are read again."""
    settings = replace(book.settings, filters=Filters.of({"session": sorted(numbers)}))
    files = [info.file for info in book.captures]
    with Dissection(files, settings, [info.path for info in book.captures]) as dissection:
        redaction = Redaction(book.rendering.show_passwords)
        with Digests(dissection.captures) as digests:
            run = Run(dissection, book.rendering, digests, redaction)
            with writer.output(run, path) as output:  # type: ignore[call-arg] # each class of FILES takes a path as well
                for session in dissection.wanted(redaction.session):
                    output.add(session)
                output.finish()
                return output.written()
