"""Messages, attachments and streams in DFXML (https://github.com/dfxml-working-group/dfxml_schema).

Each is a ``fileobject`` with size and SHA-256, and with the runs of bytes in the capture file that it was
put together from, so that any tool can cut it out of the capture and find the same hash.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args
from xml.sax.saxutils import escape

from pop2dissect.capture.record import CaptureInfo
from pop2dissect.document.head import tool
from pop2dissect.export.attachments import attachment_exhibits
from pop2dissect.export.exhibit import stem
from pop2dissect.export.mail import message_stem
from pop2dissect.session import Direction, Session
from pop2dissect.tcp.stream import Stream
from pop2dissect.text.rendering import Rendering
from pop2dissect.text.safe import terminal_safe

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<dfxml xmlns="http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML" \
xmlns:dc="http://purl.org/dc/elements/1.1/" version="1.2.0">
 <metadata>
  <dc:type>Files carried by POP2 sessions in packet captures</dc:type>
 </metadata>
"""


def dfxml_head(captures: Sequence[CaptureInfo], sha256: Sequence[str | None]) -> Iterator[str]:
    """Yield the document's beginning: the tool, the captures, and these as files with their hashes."""
    named = tool()
    yield _HEAD
    yield f" <creator>\n  <program>{named['name']}</program>\n  <version>{named['version']}</version>\n </creator>\n"
    yield " <source>\n"
    for info in captures:
        yield f"  <image_filename>{_text(info.path)}</image_filename>\n"
    yield " </source>\n"
    for info, digest in zip(captures, sha256, strict=True):
        if digest is not None and info.size is not None:
            yield _file(info.path, info.size, digest, ())


DFXML_TAIL = "</dfxml>\n"


def session_files(session: Session, *, one_capture: bool) -> str:
    """Return the files of a session: streams, messages, attachments, named as the exports name them.

    Runs are stated for one capture, uncompressed; of fragmented packets and of what was decoded there are
    none. A client's stream is as on the wire: its hash is that of the bytes, with nothing masked.
    """
    pieces = []
    for direction in get_args(Direction):
        stream = session.stream(direction)
        runs = _runs(stream, [(0, stream.length)]) if one_capture else ()
        pieces.append(_file(f"{stem(session)}-{direction}.bin", stream.octets, stream.sha256(), runs))
    for message in session.messages:
        runs = _runs(message.stream, message.ranges()) if one_capture else ()
        pieces.append(_file(f"{message_stem(session, message)}.eml", message.octets, message.sha256, runs))
    # Names are made in the order of messages and their parts, of which there are as many.
    parts = (part for message in session.messages for part in message.mail.attachments)
    for exhibit, part in zip(attachment_exhibits(session, Rendering()), parts, strict=True):
        pieces.append(_file(exhibit.name, part.octets, part.sha256, ()))
    return "".join(pieces)


def _runs(stream: Stream, ranges: Iterable[tuple[int, int]]) -> Iterator[str]:
    """Yield the runs of parts of a stream. None at all if one of them is not to be found in the file."""
    runs = [
        (span, max(span.offset, start), min(span.end, end))
        for start, end in ranges
        for span in stream.overlapping(start, end)
    ]
    if not all(isinstance(span.data, mmap.mmap) for span, _, _ in runs):
        return
    position = 0
    for span, first, last in runs:
        place = span.start + first - span.offset
        yield f'   <byte_run file_offset="{position}" img_offset="{place}" len="{last - first}"/>\n'
        position += last - first


def _file(name: str, octets: int, sha256: str, runs: Iterable[str]) -> str:
    """Return a file object; its parts have to be in this order."""
    listed = "".join(runs)
    return (
        f" <fileobject>\n  <filename>{_text(name)}</filename>\n  <name_type>r</name_type>\n"
        f"  <filesize>{octets}</filesize>\n"
        + (f"  <byte_runs>\n{listed}  </byte_runs>\n" if listed else "")
        + f'  <hashdigest type="sha256">{sha256}</hashdigest>\n </fileobject>\n'
    )


def _text(text: str) -> str:
    """Escape text: what XML cannot hold at all, such as NUL, becomes a visible escape first."""
    return escape(terminal_safe(text))
