"""The whole program on captures of any bytes, with what must hold of everything that it says."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pop2dissect
from fuzz.inputs import run as run_within
from pop2dissect.cli import ExitStatus
from pop2dissect.errors import CaptureError
from pop2dissect.pipeline import Dissection
from pop2dissect.session import Session
from pop2dissect.settings import Settings
from pop2dissect.tcp import Stream

run = partial(run_within, seconds=0)
"""Its caller looks at the processor's time: a busy machine is not to blame."""
_PORTS = ["--port", "109", "--port", "110"]
_SETTINGS = Settings(ports=[109, 110])  # type: ignore[arg-type] # it takes any iterable
_BESIDE = Path(__file__).parents[1] / "samples" / "rfc937_normal.pcap"
_HOUR = 3600 * 10**9
_LATER = {"settled"}
"""What ``--json`` knows of a session, having waited for later ones, and ``--jsonl`` does not."""


def program(octets: bytes) -> None:
    """Dissect a capture by the command: documents, lines, exports, and each of them verified."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:
        path = Path(scratch) / "capture"
        path.write_bytes(octets)
        status, out, said = run(["--quiet", "--json", *_PORTS, str(path)])
        if status == ExitStatus.UNREADABLE:
            assert said.count("\n") == 1, "it is not one sentence"
            return
        assert (status, said) == (ExitStatus.DONE, ""), said
        document = json.loads(out)
        _check_document(document)
        _check_lines(document["sessions"], run(["--quiet", "--jsonl", *_PORTS, str(path)])[1])
        _check_verified(Path(scratch), out, path)
        _check_quotations(path)
        _check_order([str(path), str(_BESIDE)])


@cache
def _validator() -> Any:
    import jsonschema_rs  # only here: it is a library of the tests

    schema = json.loads(files("pop2dissect.document").joinpath("schema.json").read_text())
    return jsonschema_rs.Draft202012Validator(schema)


def _check_document(document: dict[str, Any]) -> None:
    wrong = next(_validator().iter_errors(document), None)
    assert wrong is None, f"the schema is not obeyed: {wrong.message:.300}"
    sessions, summary = document["sessions"], document["summary"]
    assert [one["id"] for one in sessions] == sorted({one["id"] for one in sessions}), "numbers are not in order"
    messages = [message for session in sessions for message in session["messages"]]
    assert summary["sessions"] == len(sessions)
    assert summary["messages"] == len(messages) == sum(summary["dispositions"].values())
    assert summary["octets"] == sum(message["octets"] for message in messages)
    assert summary["missing_octets"] == sum(
        stream["missing"] for session in sessions for stream in session["streams"].values()
    )
    assert sum(summary["logins"].values()) == len(sessions)
    for name, value in _members(document):
        assert not (name in ("duration", "latency") and value is not None and value < 0), f"{name} is {value}"


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _members(inner)


def _check_lines(sessions: list[dict[str, Any]], lines: str) -> None:
    listed = sorted(map(json.loads, lines.splitlines()), key=lambda session: session["id"])
    without = [[{name: one[name] for name in one if name not in _LATER} for one in some] for some in (sessions, listed)]
    assert without[0] == without[1], "the lines are not the document's sessions"


def _check_verified(folder: Path, document: str, path: Path) -> None:
    made = {"result.json": [], "x.mbox": ["--export-mbox"], "mail": ["--export-mail"], "x.jsonl": ["--timesketch"]}
    (folder / "result.json").write_text(document)
    for name, option in made.items():
        if option:
            status, _, said = run(["--quiet", *_PORTS, *option, str(folder / name), str(path)])
            assert (status, said) == (ExitStatus.DONE, ""), said
        status, told, said = run(["verify", "--quiet", str(folder / name), str(path)])
        assert (status, said) == (ExitStatus.DONE, ""), f"its own {name} does not hold: {told or said:.500}"


def _check_quotations(path: Path) -> None:
    """Every line and message that is quoted lies in the frames that are cited for it."""
    with Dissection(path, _SETTINGS) as dissection:
        payloads: dict[int, list[bytes]] = {}
        for segment in dissection.segments():
            payload = bytes(segment.data[segment.start : segment.start + segment.captured])
            payloads.setdefault(segment.frame, []).append(payload)
    with Dissection(path, _SETTINGS) as dissection:
        for session in dissection:
            for stream, start, end, frames in _quotations(session):
                spans = list(stream.overlapping(start, end))
                assert {span.frame for span in spans} <= set(frames), "a frame is not cited that holds a part"
                for span in spans:
                    piece = stream.read(max(start, span.offset), min(end, span.end))
                    assert any(piece in payload for payload in payloads[span.frame]), "a cited frame has other bytes"


def _quotations(session: Session) -> Iterator[tuple[Stream, int, int, tuple[int, ...]]]:
    for exchange in session.exchanges:
        if exchange.raw is not None:
            yield session.stream("client"), exchange.start, exchange.end, exchange.frames
    for message in session.messages:
        for start, end in message.ranges():
            yield message.stream, start, end, tuple(message.frames)


def _check_order(paths: list[str]) -> None:
    """What was captured does not depend on the order in which captures are named.

    Segments that come hours after a connection was closed are told in a warning, and are let out here.
    """
    said = []
    for order in (paths, paths[::-1]):
        try:
            found = pop2dissect.read(order, settings=_SETTINGS)
        except CaptureError:
            return
        times = [time for one in found.captures for time in (one.first_time, one.last_time) if time is not None]
        if times and max(times) - min(times) > _HOUR:
            return
        said.append(
            sorted(
                (str(one.client), str(one.server), one.start, str(one.user), [mail.sha256 for mail in one.messages])
                for one in found.sessions
            )
        )
    assert said[0] == said[1], "the order of captures matters"
