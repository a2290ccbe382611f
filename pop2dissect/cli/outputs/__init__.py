"""What is made of the sessions: on standard output, and in files."""

from __future__ import annotations

from collections.abc import Iterator

from pop2dissect.cli.outputs.base import FileOutput, Output, Run

__all__ = ["FileOutput", "Output", "Run", "outputs_for"]


def outputs_for(run: Run) -> Iterator[Output]:
    """Yield what the options ask for. What each needs is imported only for those that are asked for."""
    files = []
    for output in _files(run):
        files.append(output)
        yield output  # each is entered before the next is made: if that fails, the first is taken back
    yield _printed(run, files)


def _printed(run: Run, files: list[FileOutput]) -> Output:
    """Return the one output on standard output."""
    options = run.options
    if options.json:
        from pop2dissect.cli.outputs.document import JsonOutput

        return JsonOutput(run)
    if options.jsonl:
        from pop2dissect.cli.outputs.document import JsonLinesOutput

        return JsonLinesOutput(run)
    if options.follow:
        from pop2dissect.cli.outputs.follow import FollowOutput

        return FollowOutput(run)
    if options.stats:
        from pop2dissect.cli.outputs.statistics import StatisticsOutput

        return StatisticsOutput(run)
    if files and not options.tree:
        from pop2dissect.cli.outputs.summary import SummaryOutput

        return SummaryOutput(run, files)
    from pop2dissect.cli.outputs.text import TextOutput

    return TextOutput(run)


def _files(run: Run) -> Iterator[FileOutput]:
    """Yield the outputs that write files, in the order in which they are named when all is done."""
    if run.options.report is not None:
        from pop2dissect.cli.outputs.report import ReportOutput

        yield ReportOutput(run)
    if any(value is not None for name, value in vars(run.options).items() if name.startswith(("export_", "annotate"))):
        from pop2dissect.cli.outputs.exports import export_outputs

        yield from export_outputs(run)
    if run.options.csv is not None or run.options.parquet is not None:
        from pop2dissect.cli.outputs.tables import TablesOutput

        yield TablesOutput(run)
    if run.options.timesketch is not None:
        from pop2dissect.cli.outputs.timesketch import TimesketchOutput

        yield TimesketchOutput(run)
