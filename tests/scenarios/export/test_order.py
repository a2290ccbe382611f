"""Whatever the order in which sessions come, as with several workers, the same octets come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pop2dissect.export.annotate import Annotation
from pop2dissect.export.attachments import ATTACHMENTS
from pop2dissect.export.case import CaseGraph
from pop2dissect.export.exhibit import Kind
from pop2dissect.export.mail import MESSAGES
from pop2dissect.export.manifest import FolderExport
from pop2dissect.export.streams import STREAMS
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.spool import Spool
from tests.support.truth import capture_path

Order = Callable[[list[Session]], Sequence[Session]]
ORDERS: tuple[Order, ...] = (lambda one: one, lambda one: one[::-1], lambda one: one[1::2] + one[::2])


def in_orders(make: Callable[[Dissection, Sequence[Session]], object]) -> list[object]:
    made = []
    for order in ORDERS:
        with Dissection(capture_path("fold_probes")) as dissection:
            sessions = sorted(dissection, key=lambda session: session.id)
            assert len(sessions) > 20
            made.append(make(dissection, order(sessions)))
    return made


@pytest.mark.parametrize("kind", [MESSAGES, ATTACHMENTS, STREAMS])
def test_folders(kind: Kind, tmp_path: Path) -> None:
    folders = iter("abc")

    def make(_: Dissection, sessions: Sequence[Session]) -> object:
        folder = tmp_path / next(folders)
        export = FolderExport(kind, str(folder), Rendering())
        for session in sessions:
            export.add(session)
        export.finish({"schema": "x"})
        export.close()
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    one, *others = in_orders(make)
    assert all(other == one for other in others)


def test_annotated_captures() -> None:
    def make(dissection: Dissection, sessions: Sequence[Session]) -> object:
        annotation = Annotation(dissection.captures, dissection.settings, show_passwords=False)
        for session in sessions:
            annotation.add(session)
        return b"".join(annotation.pieces(dissection.findings))

    one, *others = in_orders(make)
    assert all(other == one for other in others)


def test_graphs() -> None:
    def make(dissection: Dissection, sessions: Sequence[Session]) -> object:
        graph = CaseGraph(dissection.captures, ["0" * 64], Rendering())
        with Spool() as spool:
            for session in sessions:
                spool.add(session.id, graph.session(session))
            return "".join(graph.pieces(spool.in_order(), dissection.findings))

    one, *others = in_orders(make)
    assert all(other == one for other in others)
