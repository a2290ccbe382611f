"""The facts about a capture as capinfos, the sister program of tshark, tells them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from pop2dissect.capture.record import CaptureInfo, CaptureKind
from pop2dissect.capture.source import size_of
from pop2dissect.engine.tshark.encapsulations import LINK_TYPES
from pop2dissect.errors import CaptureError
from pop2dissect.patterns import expression

_FORMATS = {"nsecpcap": "pcap (nanoseconds)"}
"""Formats that the native engine calls otherwise."""
_KINDS = {"pcap": CaptureKind.PCAP, "nsecpcap": CaptureKind.PCAP, "pcapng": CaptureKind.PCAPNG}
_COMPRESSION = expression(r"^(?P<format>\S+)(?: \((?P<how>\w+) compressed\))?")
_ENCAPSULATION = expression(r" \(\d+ - (?P<name>\S+)\)$")
_FILE, _INTERFACE = expression(r"^(\w[^:]*):\s+(.*)$"), expression(r"^\s+(\w[^=]*) = (.*)$")


def gather_facts(capinfos: str, path: str, info: CaptureInfo) -> None:
    """Fill in what is known of the capture that lies at ``path``. Raises CaptureError if it cannot be read at all."""
    # -M: short names; type, encapsulation, count, first and last time, -S: as numbers; snap length, interfaces
    options = ["-M", "-t", "-E", "-c", "-a", "-e", "-S", "-l", "-I"]
    asked = subprocess.run([capinfos, *options, path], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    lines = asked.stdout.decode("utf-8", "replace").splitlines()
    facts = {found[1]: found[2] for line in lines if (found := _FILE.match(line))}
    if "Number of packets" not in facts:
        raise CaptureError(complaint(asked.stderr, path) or "capinfos cannot read it")
    info.size = size_of(path)
    if not info.size:
        raise CaptureError("the file is empty")  # Wireshark takes it for an ERF capture without packets
    info.format, info.kind = _format(facts.get("File type", ""))
    info.packets = int(facts["Number of packets"])
    info.first_time = _time(facts, "Earliest packet time", "First packet time")
    info.last_time = _time(facts, "Latest packet time", "Last packet time")
    limits = []
    for line in lines:
        if (found := _INTERFACE.match(line)) is None:
            continue
        name, value = found.groups()
        if name == "Encapsulation":
            found = _ENCAPSULATION.search(value)
            _add_link_type(info, found["name"] if found else "")
        elif name == "Capture length" and int(value):
            limits.append(int(value))
    if not info.link_types:  # formats without interfaces have one link layer, or none in particular
        _add_link_type(info, facts.get("File encapsulation", ""))
    info.snap_length = max(limits, default=None)


def _format(text: str) -> tuple[str, CaptureKind]:
    found = _COMPRESSION.match(text)
    if found is None:
        return text, CaptureKind.OTHER
    name = _FORMATS.get(found["format"], found["format"])
    kind = _KINDS.get(found["format"], CaptureKind.OTHER)
    return f"{name}, {found['how']}" if found["how"] else name, kind


def _add_link_type(info: CaptureInfo, encapsulation: str) -> None:
    link_type = LINK_TYPES.get(encapsulation)
    if link_type is not None and link_type not in info.link_types:
        info.link_types.append(link_type)


def _time(facts: Mapping[str, str], name: str, old_name: str) -> int | None:
    """Return a time in ns by its name since Wireshark 4.2, or its old one; None where there is none."""
    text = facts.get(name, facts.get(old_name, "n/a"))
    return None if text == "n/a" else nanoseconds(text)


def nanoseconds(text: str) -> int:
    """Return decimal seconds, with up to nine places, in ns, exactly."""
    seconds, _, fraction = text.partition(".")
    value = int(seconds.lstrip("-")) * 10**9 + int(fraction.ljust(9, "0"))
    return -value if text.startswith("-") else value


def complaint(stderr: bytes, path: str) -> str:
    """Return what a program of Wireshark's has to complain of, as one sentence without its own name and the path."""
    said = []
    for line in stderr.decode("utf-8", "replace").splitlines():
        name, separator, text = line.partition(": ")
        if separator and name in ("tshark", "capinfos") and not text.startswith("An error occurred after reading"):
            said.append(text.replace(f'The file "{path}"', "the file").rstrip("."))
    return "; ".join(said)
