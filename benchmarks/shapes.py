"""Conversations of any length in the shapes that cost most: losses, disorder, copies, floods, silence."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from benchmarks.generate import Talk, write_frames

HEADERS_ONLY = 60
"""Octets of a frame that a short snap length leaves: the headers, and six of payload."""
_GREETING = b"+ POP2 pop.example.test server ready\r\n"
_MESSAGE = b"From: sender@example.test\r\nSubject: a message\r\n\r\n" + b"All work and no play makes a dull.\r\n" * 35


def reading(talk: Talk, messages: int, cut: int = 1448) -> Iterator[tuple[str, bytes]]:
    """Yield who says what while a client reads so many messages."""
    yield from (("s", _GREETING), ("c", b"HELO user secret\r\n"), ("s", b"#%d messages\r\n" % messages))
    announced = b"=%d characters in message\r\n" % len(_MESSAGE)
    yield from (("c", b"READ\r\n"), ("s", announced))
    for number in range(messages):
        yield "c", b"RETR\r\n"
        yield from (("s", _MESSAGE[start : start + cut]) for start in range(0, len(_MESSAGE), cut))
        yield from (("c", b"ACKS\r\n"), ("s", announced if number + 1 < messages else b"=0 no more\r\n"))
    yield from (("c", b"QUIT\r\n"), ("s", b"+ bye\r\n"))


def _whole(chance: random.Random, size: int, cut: int = 1448) -> list[tuple[str, bytes]]:
    """Return who sent which frame of a conversation."""
    talk = Talk(chance, 1)
    said = [("c" if at == 1 else "s" if at == 2 else "c", frame) for at, frame in enumerate(talk.begin(), 1)]
    said += [
        (who, talk.frame(who, words[start : start + cut]))
        for who, words in reading(talk, size, cut)
        for start in range(0, len(words), cut)
    ]
    return said + [("s", frame) for frame in talk.end()]


def _frames(said: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    return (frame for _, frame in said)


def lost(chance: random.Random, size: int) -> Iterator[bytes]:
    """One frame in ten is lost."""
    return (frame for frame in _frames(_whole(chance, size)) if chance.random() > 0.1)


def lost_of(side: str) -> Callable[[random.Random, int], Iterator[bytes]]:
    """Every third frame of one side is lost."""

    def shape(chance: random.Random, size: int) -> Iterator[bytes]:
        said = enumerate(_whole(chance, size))
        return (frame for at, (who, frame) in said if who != side or at < 5 or chance.randrange(3))

    return shape


def plain(chance: random.Random, size: int) -> Iterator[bytes]:
    """Nothing is unusual."""
    return _frames(_whole(chance, size))


def pipelined(chance: random.Random, size: int) -> Iterator[bytes]:
    """All commands first, then all replies."""
    talk = Talk(chance, 1)
    said = list(reading(talk, size))
    yield from talk.begin()
    for side in "cs":
        yield from (talk.frame(who, words) for who, words in said if who == side)
    yield from talk.end()


def single_octets(chance: random.Random, size: int) -> Iterator[bytes]:
    """Each segment has one octet."""
    return _frames(_whole(chance, size // 200 + 1, cut=1))


def endless_line(chance: random.Random, size: int) -> Iterator[bytes]:
    """The server never ends its line."""
    talk = Talk(chance, 1)
    return chain(talk.begin(), (talk.frame("s", b"+" + b"x" * 999) for _ in range(size)))


def reordered(chance: random.Random, size: int) -> Iterator[bytes]:
    """Of each hundred frames any may come first."""
    frames = list(plain(chance, size))
    for start in range(0, len(frames), 100):
        some = frames[start : start + 100]
        chance.shuffle(some)
        frames[start : start + 100] = some
    return iter(frames)


def backwards(chance: random.Random, size: int) -> Iterator[bytes]:
    """The last frame comes first."""
    return reversed(list(plain(chance, size)))


def duplicated(chance: random.Random, size: int) -> Iterator[bytes]:
    """Each frame comes twice."""
    return (copy for frame in plain(chance, size) for copy in (frame, frame))


def conflicting(chance: random.Random, size: int) -> Iterator[bytes]:
    """Each frame comes again with other octets."""
    for frame in plain(chance, size):
        yield frame
        if len(frame) > 54:
            yield frame[:54] + frame[54:].swapcase()


def flood(chance: random.Random, size: int) -> Iterator[bytes]:
    """Nothing but SYNs from everywhere."""
    return (Talk(chance, number).frame("c", flags=2) for number in range(size))


def many_open(chance: random.Random, size: int) -> Iterator[bytes]:
    """Many connections that never end."""
    talks = [Talk(chance, number) for number in range(size)]
    for talk in talks:
        yield from talk.begin()
    yield from (talk.frame("s", _GREETING) for talk in talks)


def port_reuse(chance: random.Random, size: int) -> Iterator[bytes]:
    """One connection after the other between the same ports."""
    for _ in range(size):
        talk = Talk(chance, 1)
        yield from talk.begin()
        yield from (talk.frame("s", _GREETING), talk.frame("c", b"QUIT\r\n"), talk.frame("s", b"+ bye\r\n"))
        yield from talk.end()


def unanswered(chance: random.Random, size: int) -> Iterator[bytes]:
    """The server acknowledges each command, and says nothing."""
    talk = Talk(chance, 1)
    yield from talk.begin()
    yield talk.frame("s", _GREETING)
    for number in range(size):
        yield talk.frame("c", b"HELO user%d secret\r\n" % number)
        yield talk.frame("s", flags=0x10)


def refused(chance: random.Random, size: int) -> Iterator[bytes]:
    """A connection for each password that is tried."""
    for number in range(size):
        talk = Talk(chance, number)
        yield from talk.begin()
        said = (("s", _GREETING), ("c", b"HELO root guess%d\r\n" % number), ("s", b"- login incorrect\r\n"))
        yield from (talk.frame(who, words) for who, words in said)
        yield from talk.end()


SHAPES: dict[str, tuple[Callable[[random.Random, int], Iterable[bytes]], int, int]] = {
    "lost packets": (lost, 1500, 1 << 18),
    "short snap length": (plain, 1500, HEADERS_ONLY),
    "gaps of the client": (lost_of("c"), 1500, 1 << 18),
    "gaps of the server": (lost_of("s"), 1500, 1 << 18),
    "pipelining": (pipelined, 1500, 1 << 18),
    "single octets": (single_octets, 2000, 1 << 18),
    "an endless line": (endless_line, 8000, 1 << 18),
    "reordering": (reordered, 1500, 1 << 18),
    "backwards": (backwards, 1500, 1 << 18),
    "duplicates": (duplicated, 1500, 1 << 18),
    "conflicts": (conflicting, 800, 1 << 18),
    "a flood of SYNs": (flood, 20000, 1 << 18),
    "many open": (many_open, 2000, 1 << 18),
    "port reuse": (port_reuse, 1000, 1 << 18),
    "unanswered": (unanswered, 4000, 1 << 18),
    "refused logins": (refused, 1000, 1 << 18),
}
"""Of each shape: what makes its frames, a size that takes a second or so, and the snap length."""


def write_shape(path: Path, name: str, times: int = 1, seed: int = 937) -> None:
    """Write the capture of a shape, so many times as large as it usually is."""
    frames, size, snap_length = SHAPES[name]
    write_frames(path, frames(random.Random(seed), size * times), snap_length)
