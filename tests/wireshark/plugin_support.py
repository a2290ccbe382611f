"""Runs tshark with the plugin and gives what it says about each session, for comparison with the truth."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
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
    messages: list[tuple[int, str, bool]] = field(default_factory=list)
    """Octets captured, their SHA-256, and whether the plugin calls the message complete."""


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
    assert b"Lua" not in finished.stderr, finished.stderr.decode(errors="replace")
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
            turn.messages.append((len(data), hashlib.sha256(data).hexdigest(), complete))


def _flat(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, list):
        for pair in node:
            if isinstance(pair, tuple):
                yield pair
                yield from _flat(pair[1])


def differences(truth: dict[str, Any], found: Dissected | None) -> list[str]:
    """In what the plugin's view of a session differs from what the server recorded."""
    if found is None:
        return ["no such session"]
    wrong: list[str] = []
    messages = {message["turn"]: message for message in truth["messages"]}
    for turn in truth["turns"]:
        number = turn["n"]
        mine = found.turns.get(number)
        if mine is None:
            wrong.append(f"turn {number} {turn['command']!r}: not seen")
            continue
        wrong += [f"turn {number}: {text}" for text in _turn_differences(turn, messages.get(number), mine)]
    answered = {number for number, mine in found.turns.items() if mine.replies or mine.messages}
    wrong += [
        f"turn {number}: the server knows of no such turn"
        for number in answered - {turn["n"] for turn in truth["turns"]}
    ]
    wrong += [f"reply to nothing: {line!r}" for line in found.unasked]
    return wrong


def _turn_differences(turn: dict[str, Any], message: dict[str, Any] | None, mine: Turn) -> Iterator[str]:
    wanted = turn["command"]
    if wanted is not None and wanted.endswith("\n"):
        # The record keeps the server's view: a line that it read whole.
        line = wanted.encode("latin-1").rstrip(b"\n").removesuffix(b"\r")
        if mine.command != line:
            yield f"command {line!r} but {mine.command!r}"
    replies = [line.encode("latin-1") for line in turn.get("replies") or []]
    if turn["kind"] != "message" and mine.replies != replies:
        yield f"replies {replies!r} but {mine.replies!r}"
    if turn["kind"] == "message":
        seen = [(octets, digest) for octets, digest, _ in mine.messages]
        if message is None or seen != [(message["octets"], message["sha256"])]:
            yield f"message {message and (message['octets'], message['sha256'][:8])} but {seen}"


def export_mail(capture: Path, folder: Path, *options: str) -> list[str]:
    """SHA-256 of every mail that tshark exports as an object."""
    run_tshark("-r", capture, *options, "-q", "--export-objects", f"imf,{folder}")
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir())


def whole_mails(truth: dict[str, Any]) -> list[str]:
    """SHA-256 of every message that was sent to its end."""
    return sorted(
        message["sha256"] for session in truth["sessions"] for message in session["messages"] if message["complete"]
    )


def streams_of(truth: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """The sessions that are in the capture, with the number of their TCP stream."""
    return [session for session in truth["sessions"] if session.get("tshark_stream") is not None]
