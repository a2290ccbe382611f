"""The schema knows every word that the model has."""

from __future__ import annotations

import json
from importlib.resources import files

from pop2dissect.protocols.base import ReplyKind

SCHEMA = json.loads(files("pop2dissect.document").joinpath("schema.json").read_text())


def test_every_kind_of_reply() -> None:
    """A challenge (RFC 5034, section 4) is one of them."""
    assert SCHEMA["$defs"]["reply"]["properties"]["kind"]["enum"] == [kind.value for kind in ReplyKind]
