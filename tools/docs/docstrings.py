"""For the documentation site: docstrings as Markdown. Roles such as ``:class:`Name``` become code, examples blocks."""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":[a-z]+:`~?([^`<]+)`")
_EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)


class Docstrings(griffe.Extension):  # type: ignore[misc]
    """An extension of griffe, which reads the docstrings."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change the docstring of what was found."""
        if obj.docstring is not None:
            examples_fenced = _EXAMPLE.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)
            obj.docstring.value = _ROLE.sub(r"`\1`", examples_fenced)
