"""Every kind of export with a manifest, by the name that it has in there."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from pop2dissect.export.output import Export

EXPORTS: Final = {
    "messages": "folders:MailOutput",
    "attachments": "folders:AttachmentsOutput",
    "streams": "folders:StreamsOutput",
    "mbox": "files:MboxOutput",
    "case": "files:CaseOutput",
    "dfxml": "files:DfxmlOutput",
    "annotated": "files:AnnotateOutput",
    "csv": "tables:CsvOutput",
    "parquet": "tables:ParquetOutput",
    "zeek": "folders:ZeekOutput",
    "timesketch": "files:TimesketchOutput",
}
"""The module of this package and the class, which is imported only where it is needed."""


def export_class(kind: str) -> type[Export]:
    """Import the class of a kind of export. Raises KeyError where there is none."""
    module, _, name = EXPORTS[kind].partition(":")
    made: type[Export] = getattr(import_module(f"{__package__}.{module}"), name)
    return made
