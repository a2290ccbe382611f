"""What is malformed in a message, in sentences."""

from __future__ import annotations

from pop2dissect.mail.limits import MAX_DEFECTS
from pop2dissect.text.values import count


class Notes:
    """The defects of a message: each once, and not more than :data:`MAX_DEFECTS`."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}
        self._more = 0

    def add(self, sentence: str) -> None:
        """Note a defect."""
        if sentence in self._sentences:
            return
        if len(self._sentences) < MAX_DEFECTS:
            self._sentences[sentence] = None
        else:
            self._more += 1

    def sentences(self) -> tuple[str, ...]:
        """Return the defects in the order in which they were met."""
        more = (f"{count(self._more, 'further defect')} not listed",) if self._more else ()
        return (*self._sentences, *more)
