"""Runs tshark with the plugin and gives what it says about each session, for comparison with the truth."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLUGIN = Path(__file__).parents[2] / "pop2dissect" / "wireshark" / "pop2.lua"

Node = list[tuple[str, Any]]
"""A JSON object of tshark, which repeats its keys, as pairs in their order."""


@dataclass
class Turn:
    """A command, or the greeting, and what answered it."""

    command: bytes | None = None
    replies: list[bytes] = field(default_factory=list)
    messages: list[tuple[bytes, bool]] = field(default_factory=list)
    """What was captured of a message, and whether the plugin calls it complete."""


@dataclass
class Dissected:
    """What the plugin says about one TCP stream."""

    turns: dict[int, Turn] = field(default_factory=lambda: defaultdict(Turn))
    unasked: list[bytes] = field(default_factory=list)
    """Replies that the plugin gives to no command."""
    notes: list[str] = field(default_factory=list)


def run_tshark(*arguments: str | Path, plugin: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run tshark, which must succeed, without names looked up and without a user's own settings."""
    script = ["-X", f"lua_script:{PLUGIN}"] if plugin else []
    command = ["tshark", "-n", *script, *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, check=False, timeout=300)
    for output in (finished.stdout, finished.stderr):
        assert b"lua error" not in output.lower(), output[-2000:].decode(errors="replace")
    assert b"lua:" not in finished.stderr, finished.stderr.decode(errors="replace")
    return finished


def only(node: Node, key: str) -> Any:
    """The first value of a key, or None."""
    return next((value for name, value in node if name == key), None)


def dissect(capture: Path, *options: str) -> dict[int, Dissected]:
    """What the plugin says about each TCP stream of a capture."""
    finished = run_tshark("-r", capture, *options, "-Y", "pop2", "-T", "json", "-x", "-J", "tcp pop2")
    packets = json.loads(finished.stdout.decode("utf-8", "replace"), object_pairs_hook=list)
    streams: dict[int, Dissected] = defaultdict(Dissected)
    for packet in packets:
        layers = only(only(packet, "_source"), "layers")
        stream = streams[int(only(only(layers, "tcp"), "tcp.stream"))]
        for name, layer in layers:
            if name == "pop2":
                _collect(stream, layer)
    return streams


def _raw(node: Node, key: str) -> bytes:
    value = only(node, key + "_raw")
    return bytes.fromhex(value[0]) if value else b""


def _trees(layer: Node) -> Iterator[tuple[str, Node, Node]]:
    """Every item of the plugin's that has items below it: its name, itself, those below."""
    raw: dict[str, Node] = {}
    for name, value in layer:
        if name.endswith("_raw"):
            raw[name.removesuffix("_raw")] = [(name, value)]
        elif isinstance(value, list):
            name = name.removesuffix("_tree")
            yield name, raw.get(name, []), value


def _collect(stream: Dissected, layer: Node) -> None:
    for name, item, below in _trees(layer):
        stream.notes += [key for key, _ in _flat(below) if key.startswith(("pop2.protocol.", "pop2.line."))]
        number = only(below, "pop2.exchange")
        turn = stream.turns[int(number)] if number is not None else None
        if name == "pop2.request" and turn:
            turn.command = _raw(below, "pop2.line")
        elif name == "pop2.reply" and turn:
            turn.replies.append(_raw(below, "pop2.line"))
        elif name == "pop2.reply":
            stream.unasked.append(_raw(below, "pop2.line"))
        elif name == "pop2.data" and turn:
            data = _raw(item, "pop2.data")
            complete = only(below, "pop2.data.complete") in ("1", "True")
            turn.messages.append((data, complete))


def _flat(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, list):
        for pair in node:
            if isinstance(pair, tuple):
                yield pair
                yield from _flat(pair[1])


def digest(octets: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(octets).hexdigest()


def stream_of(session: dict[str, Any]) -> int:
    """Number of the TCP stream of a session in the truth."""
    number: int = session.get("tshark_stream", session["index"])
    return number


def differences(truth: dict[str, Any], found: Dissected | None) -> list[str]:
    """In what the plugin's view of a session differs from what the server recorded."""
    if found is None:
        return ["no such session"]
    wrong: list[str] = []
    for turn in truth["turns"]:
        number = turn["n"]
        mine = found.turns.get(number)
        if mine is None:
            wrong.append(f"turn {number} {turn['command']!r}: not seen")
            continue
        wrong += [f"turn {number}: {text}" for text in _turn_differences(turn, mine)]
    answered = {number for number, mine in found.turns.items() if mine.replies or mine.messages}
    known = {turn["n"] for turn in truth["turns"]}
    wrong += [f"turn {number}: the server knows of no such turn" for number in sorted(answered - known)]
    wrong += [f"reply to nothing: {line!r}" for line in found.unasked]
    return wrong


def _turn_differences(turn: dict[str, Any], mine: Turn) -> Iterator[str]:
    wanted = turn["command"]
    if wanted is not None and wanted.endswith("\n"):
        # The record keeps the server's view: a line that it read whole.
        line = wanted.encode("latin-1").rstrip(b"\n").removesuffix(b"\r")
        if mine.command != line:
            yield f"command {line!r} but {mine.command!r}"
    replies = [line.encode("latin-1") for line in turn.get("replies") or []]
    if mine.replies != replies:
        yield f"replies {replies!r} but {mine.replies!r}"
    if turn["kind"] == "message":
        # All octets of the answer; in RFC 918 a line may come before the data.
        answer = b"".join(line + b"\r\n" for line in mine.replies) + b"".join(data for data, _ in mine.messages)
        if digest(answer) != turn["reply_sha256"]:
            yield f"{turn['reply_octets']} octets of message but {len(answer)}"
    elif mine.messages:
        yield "a message where there is none"


def contradictions(truth: dict[str, Any], found: Dissected) -> Iterator[str]:
    """What the plugin claims that cannot be so, for captures that lack some of the session.

    Turns may be missing or be numbered otherwise, and lines be cut; but what is said must have been said.
    """
    said = [
        ((turn["command"] or "").encode("latin-1"), [line.encode("latin-1") for line in turn.get("replies") or []])
        for turn in truth["turns"]
    ]
    sent = {message["sha256"] for message in truth["messages"]}
    for number, mine in found.turns.items():
        for data, complete in mine.messages:
            if complete and digest(data) not in sent:
                yield f"turn {number}: no such message of {len(data)} octets"
        command = mine.command
        if command is not None and mine.replies:
            fitting = (lines for line, lines in said if line.startswith(command))
            if not any(_begin_alike(mine.replies, lines) for lines in fitting):
                yield f"turn {number}: {command!r} was not answered {mine.replies!r}"


def _begin_alike(mine: list[bytes], theirs: list[bytes]) -> bool:
    return len(mine) <= len(theirs) and all(b.startswith(a) for a, b in zip(mine, theirs, strict=False))


def export_mail(capture: Path, folder: Path, *options: str) -> list[bytes]:
    """Every mail that tshark exports as an object."""
    run_tshark("-r", capture, *options, "-q", "--export-objects", f"imf,{folder}")
    return [path.read_bytes() for path in folder.iterdir()]
