"""What lies over the panes for a while: a text to read, or a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from pop2dissect.browse.cells import Cell, Row, broken
from pop2dissect.browse.rows import Rows


class Over(ModalScreen[None]):
    """Rows to read, over the whole screen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "back")]

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        pane = Rows("over", cursor=False)
        pane.border_title = "Esc back"
        yield pane

    @on(Rows.Resized)
    def _lay(self) -> None:
        """Show the rows, what does not fit the screen below it."""
        pane = self.query_one(Rows)
        pane.lay([part for row in self._rows for part in _wrapped(row, max(pane.size.width - 1, 1))])


def _wrapped(row: Row, width: int) -> Iterator[Row]:
    """Yield a row with its last cell broken to the width; those before it are as wide as they say."""
    if not row:
        yield row
        return
    *before, last = row
    indent = sum(cell.width or len(cell.text) for cell in before)
    first, *others = broken(last.text, max(width - indent, 1))
    yield [*before, last._replace(text=first)]
    yield from ([Cell("", width=indent), last._replace(text=other)] for other in others)


class Ask(ModalScreen[str | None]):
    """A question with a line to type; gives what was typed, None where it was left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "leave")]

    def __init__(self, question: str, text: str = "", hint: str = "") -> None:
        super().__init__()
        self._question, self._text, self._hint = question, text, hint

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        with Vertical():
            yield Rows("question", cursor=False)
            yield Input(self._text)
            yield Rows("hint", cursor=False)

    def on_mount(self) -> None:
        """Show the question."""
        for name, text in (("question", self._question), ("hint", self._hint)):
            pane = self.query_one(f"#{name}", Rows)
            pane.can_focus = False
            pane.lay([[Cell(text, "strong" if name == "question" else "dim")]])
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Give the answer."""
        self.dismiss(event.value)
