"""Every output, declared once: its option, what ``--help`` says of it, and the class that makes it.

What a class needs is imported only for the outputs that are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, NamedTuple


class Declared(NamedTuple):
    """One output."""

    options: tuple[str, ...]
    """Those that ask for it; the last one names the attribute of the parsed options."""
    metavar: str | None
    """What the option takes; None where it takes nothing."""
    help: str
    home: str
    """The module below the package and the class."""
    needs_own_folder: bool = False
    needs_terminal: bool = False
    """It is no text that could be led into a file."""

    @property
    def name(self) -> str:
        """The attribute of the parsed options."""
        return self.options[-1].lstrip("-").replace("-", "_")


def load(home: str) -> Any:
    """Import the class of an output, which is made of a run, and one that writes files of a path too."""
    module, _, name = home.partition(":")
    return getattr(import_module(f"pop2dissect.{module}"), name)


PRINTED: Final = (
    Declared(("--json",), None, "one JSON document, schema pop2dissect/1", "cli.outputs.document:JsonOutput"),
    Declared(
        ("--jsonl",), None, "a session a line as JSON, as soon as it ends", "cli.outputs.document:JsonLinesOutput"
    ),
    Declared(("-V", "--verbose-tree"), None, "every field, with frames and bytes", "cli.outputs.text:TreeOutput"),
    Declared(("--findings",), None, "the findings alone, each in full", "cli.outputs.findings:FindingsOutput"),
    Declared(
        ("--stats",),
        None,
        "statistics: times, servers, clients, users, commands",
        "cli.outputs.statistics:StatisticsOutput",
    ),
    Declared(
        ("--browse",),
        None,
        "sessions, lines, fields and octets in panes",
        "cli.outputs.browse:BrowseOutput",
        needs_terminal=True,
    ),
    Declared(("--follow",), "N", "the conversation of session N as text", "cli.outputs.follow:FollowOutput"),
)
"""On standard output; of these one can be asked for."""

USUAL: Final = "cli.outputs.text:TextOutput"
WITH_FILES: Final = "cli.outputs.summary:SummaryOutput"
"""What is printed where none of these is asked for."""

FILES: Final = (
    Declared(
        ("--report",),
        "FILE.html",
        "a report as one HTML file that needs nothing else, or FILE.md for Markdown",
        "cli.outputs.report:ReportOutput",
    ),
    Declared(
        ("--export-mail",), "DIR", "each message as .eml, exactly as on the wire", "export.folders:MailOutput", True
    ),
    Declared(("--export-attachments",), "DIR", "each attachment, decoded", "export.folders:AttachmentsOutput", True),
    Declared(
        ("--export-streams",),
        "DIR",
        "what each end sent, and which frames carried it",
        "export.folders:StreamsOutput",
        True,
    ),
    Declared(("--export-mbox",), "FILE", "all messages as a mailbox file (mboxrd)", "export.files:MboxOutput"),
    Declared(
        ("--export-case",),
        "FILE",
        "the result as CASE/UCO (JSON-LD), for other forensic tools",
        "export.files:CaseOutput",
    ),
    Declared(
        ("--export-dfxml",),
        "FILE",
        "messages, attachments, streams as DFXML, with their places",
        "export.files:DfxmlOutput",
    ),
    Declared(
        ("--annotate",),
        "FILE",
        "the sessions' frames as pcapng, with comments for Wireshark",
        "export.files:AnnotateOutput",
    ),
    Declared(
        ("--csv",),
        "DIR",
        "tables of sessions, exchanges, messages ... (docs/tables.md)",
        "export.tables:CsvOutput",
        True,
    ),
    Declared(("--parquet",), "DIR", "the same tables with exact types and text", "export.tables:ParquetOutput", True),
    Declared(
        ("--zeek-logs",), "DIR", "logs of sessions and mail as Zeek writes them", "export.folders:ZeekOutput", True
    ),
    Declared(
        ("--timesketch",),
        "FILE",
        "all that happened as JSON for Timesketch and Plaso",
        "export.files:TimesketchOutput",
    ),
)
"""Into files, in the order in which they are named when all is done. Each class takes the run and the path."""
