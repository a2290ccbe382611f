"""Runs tshark with the plugin and gives what it says about each session, for comparison with the truth."""

from __future__ import annotations

import hashlib
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any
from xml.parsers import expat

from tests.wireshark.joined import MARKER

PLUGIN = Path(__file__).parents[2] / "pop2dissect" / "wireshark" / "pop2.lua"
STREAM = Path(__file__).with_name("stream.lua")


@dataclass
class Item:
    """A line of the plugin's tree: a command, a reply or a message, with the fields below it."""

    name: str
    frame: int
    octets: bytes
    fields: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """What is shown of each field, and the octets that it stands for; of several with one name the first."""

    def shown(self, name: str) -> str | None:
        """What a field shows, or None where it is not there."""
        found = self.fields.get(f"pop2.{name}")
        return found[0] if found else None

    def number(self, name: str) -> int | None:
        """What a field of numbers shows."""
        shown = self.shown(name)
        return None if shown is None else int(shown)

    @property
    def line(self) -> bytes:
        """The octets of its line, without the line end."""
        return self.fields.get("pop2.line", ("", b""))[1]

    @property
    def complete(self) -> bool:
        """Whether the plugin calls the message whole."""
        return self.shown("data.complete") in ("1", "True")

    @property
    def notes(self) -> list[str]:
        """Names of the expert information below it that tells of departures from the RFC."""
        return [name for name in self.fields if name.startswith(("pop2.protocol.", "pop2.line."))]


@dataclass
class Turn:
    """A command, or the greeting, and what answered it."""

    request: Item | None = None
    answers: list[Item] = field(default_factory=list)
    data: list[Item] = field(default_factory=list)

    @property
    def command(self) -> bytes | None:
        """The command's line, None where there was none."""
        return self.request.line if self.request else None

    @property
    def replies(self) -> list[bytes]:
        """The lines that answered it."""
        return [item.line for item in self.answers]

    @property
    def messages(self) -> list[tuple[bytes, bool]]:
        """What was captured of each message, and whether the plugin calls it complete."""
        return [(item.octets, item.complete) for item in self.data]


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


def dissect(capture: Path, *options: str) -> dict[int, Dissected]:
    """What the plugin says about each TCP stream of a capture."""
    return dissect_joined(capture, {"": 0}, *options)[""]


def dissect_joined(capture: Path, markers: Mapping[str, int], *options: str) -> dict[str, dict[int, Dissected]]:
    """What the plugin says about each stream of each capture that was joined into this one.

    ``markers`` is as :func:`tests.wireshark.joined.join` gives it. Frames and streams are counted in each capture.
    """
    command = ["tshark", "-n", "-r", str(capture), "-X", f"lua_script:{PLUGIN}", "-X", f"lua_script:{STREAM}"]
    command += ["-Y", f"pop2 || ip.src == {MARKER}", "-T", "pdml", "-J", "pop2 testing", *options]
    reader = _Reader(markers)
    with TemporaryFile() as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
        assert process.stdout is not None
        # A message is one attribute of many megabytes, which expat reads anew with every piece that it gets.
        while piece := process.stdout.read(_PIECE):
            reader.parser.Parse(piece)
        process.wait()
        errors.seek(0)
        complaints = errors.read().lower()
    assert b"lua" not in complaints, complaints.decode(errors="replace")
    assert not reader.failures, reader.failures[:3]
    return reader.found


_PIECE = 1 << 25


class _Reader:
    """Reads Wireshark's PDML as it comes: a field is an element, its octets are in hexadecimal."""

    def __init__(self, markers: Mapping[str, int]) -> None:
        self._names = {frame: name for name, frame in markers.items() if frame}
        self._name, self._first_frame, self._first_stream = "", 0, 0
        self.found: dict[str, dict[int, Dissected]] = {name: defaultdict(Dissected) for name in markers}
        self.failures: list[str] = []
        """Errors of the plugin, which Wireshark shows in the packet's tree."""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._frame, self._layer, self._depth = 0, "", 0
        self._items: list[Item] = []

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "proto":
            self._layer, self._depth = attributes["name"], 0
            return
        if tag != "field":
            return
        self._depth += 1
        name = attributes["name"]
        if name == "num":
            self._frame, self._items = int(attributes["show"]), []
        elif name == "testing.stream":
            self._end_of_packet(int(attributes["show"]))
        elif name.startswith("_ws.lua.error") or "Lua Error" in attributes.get("showname", ""):
            self.failures.append(attributes.get("showname", name))
        elif self._layer == "pop2" and name:
            octets = bytes.fromhex(attributes.get("value", "")) if name not in _WITHOUT_OCTETS else b""
            if self._depth == 1:
                self._items.append(Item(name, self._frame - self._first_frame, octets))
            elif self._items:
                self._items[-1].fields.setdefault(name, (attributes.get("show", ""), octets))

    def _end(self, tag: str) -> None:
        if tag == "field":
            self._depth -= 1

    def _end_of_packet(self, stream: int) -> None:
        if self._frame in self._names:
            self._name, self._first_frame, self._first_stream = self._names[self._frame], self._frame, stream + 1
            return
        _collect(self.found[self._name][stream - self._first_stream], self._items)


_WITHOUT_OCTETS = ("pop2.data.fragment", "pop2.version")


def _collect(stream: Dissected, items: list[Item]) -> None:
    for item in items:
        stream.notes += item.notes
        number = item.number("exchange")
        turn = stream.turns[number] if number is not None else None
        if item.name == "pop2.request" and turn:
            turn.request = item
        elif item.name == "pop2.reply" and turn:
            turn.answers.append(item)
        elif item.name == "pop2.reply":
            stream.unasked.append(item.line)
        elif item.name == "pop2.data" and turn:
            turn.data.append(item)


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
