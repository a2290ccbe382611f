"""Captures to measure with, the same for the same seed: a needle in a haystack, nothing but POP2, many packets."""

from __future__ import annotations

import itertools
import random
import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

DAY = 86_400
NEEDLE_PACKETS = 1_300_000
NEEDLE_OCTETS = 1_000_000_000
DENSE_OCTETS = 300_000_000

_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
_ETHERNET = bytes.fromhex("020000000002020000000001") + b"\x08\x00"
_RECORD = struct.Struct("<IIII")
_IPV4 = struct.Struct(">BBHHHBBHII")
_TCP = struct.Struct(">HHIIBBHHH")
_MSS = 1448


def _frame(
    source: int, destination: int, ports: tuple[int, int], seq: int, ack: int, flags: int, payload: bytes
) -> bytes:
    ip = _IPV4.pack(0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, source, destination)
    tcp = _TCP.pack(*ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0)
    return _ETHERNET + ip + tcp + payload


def _mail(chance: random.Random, octets: int) -> bytes:
    head = b"From: sender@example.test\r\nTo: reader@example.test\r\nSubject: number %d\r\n\r\n" % chance.randrange(
        10**6
    )
    line = b"The quick brown fox jumps over the lazy dog, and the dog does not mind it.\r\n"
    return head + line * (max(octets - len(head), 0) // len(line) + 1)


class Talk:
    """Makes the frames of one TCP connection between a client (``c``) and a server (``s``)."""

    def __init__(self, chance: random.Random, number: int, port: int | None = None, server_port: int = 109) -> None:
        """``number`` tells it from others: the client's address and port come from it."""
        self.hosts = {"c": 0x0A000000 + number % 60000, "s": 0x0A6D0001}
        self.ports = {"c": port or 1024 + number % 60000, "s": server_port}
        self.seq = {"c": chance.randrange(2**32), "s": chance.randrange(2**32)}

    def frame(self, who: str, payload: bytes = b"", flags: int = 0x18) -> bytes:
        """Return the frame in which one end says something."""
        other = "s" if who == "c" else "c"
        ports = self.ports[who], self.ports[other]
        ack = 0 if flags == 2 else self.seq[other]
        made = _frame(self.hosts[who], self.hosts[other], ports, self.seq[who], ack, flags, payload)
        self.seq[who] += len(payload) + (flags & 3 != 0)
        return made

    def begin(self) -> list[bytes]:
        """Return the frames of the handshake."""
        return [self.frame("c", flags=0x02), self.frame("s", flags=0x12), self.frame("c", flags=0x10)]

    def end(self) -> list[bytes]:
        """Return the frames with which both ends close."""
        return [self.frame("s", flags=0x11), self.frame("c", flags=0x11), self.frame("s", flags=0x10)]


def session(chance: random.Random, number: int) -> Iterator[bytes]:
    """Yield the frames of a POP2 session that reads some messages, of log-normal size (median 6 KB)."""
    talk = Talk(chance, number)
    frame = talk.frame
    yield from talk.begin()
    yield frame("s", b"+ POP2 pop.example.test 2010.75 server ready\r\n")
    yield frame("c", b"HELO user%d secret\r\n" % number)
    count = chance.randrange(1, 12)
    yield frame("s", b"#%d messages in /var/spool/mail/user%d\r\n" % (count, number))
    mails = [_mail(chance, int(chance.lognormvariate(8.7, 1.4))) for _ in range(count)]
    yield frame("c", b"READ\r\n")
    yield frame("s", b"=%d characters in message 1\r\n" % len(mails[0]))
    for at, mail in enumerate(mails, 1):
        yield frame("c", b"RETR\r\n")
        for start in range(0, len(mail), _MSS):
            yield frame("s", mail[start : start + _MSS])
            if start // _MSS % 2:
                yield frame("c", flags=0x10)
        yield frame("c", b"ACKD\r\n")
        following = (
            b"=%d characters in message %d\r\n" % (len(mails[at]), at + 1) if at < count else b"=0 No more messages\r\n"
        )
        yield frame("s", following)
    yield frame("c", b"QUIT\r\n")
    yield frame("s", b"+ Sayonara\r\n")
    yield from talk.end()


def write_dense(path: Path, octets: int = DENSE_OCTETS, seed: int = 937) -> None:
    """Write a capture of nothing but POP2 sessions, 64 of them at a time."""
    chance = random.Random(seed)
    number, written, time = 0, len(_HEADER), 1_795_000_000_000_000
    open_sessions: list[Iterator[bytes]] = []
    with path.open("wb") as file:
        file.write(_HEADER)
        while written < octets or open_sessions:
            while len(open_sessions) < 64 and written < octets:
                number += 1
                open_sessions.append(session(chance, number))
            chosen = chance.randrange(len(open_sessions))
            for _ in range(chance.randrange(1, 9)):
                frame = next(open_sessions[chosen], None)
                if frame is None:
                    del open_sessions[chosen]
                    break
                time += chance.randrange(10, 400)
                file.write(_RECORD.pack(*divmod(time, 10**6), len(frame), len(frame)) + frame)
                written += _RECORD.size + len(frame)


def write_again(path: Path, capture: Path, copies: int) -> Path:
    """Write a pcap of Ethernet again and again, a day later and between other hosts each time."""
    octets = capture.read_bytes()
    written = [octets[:24]]
    for number in range(copies):
        at = 24
        while at < len(octets):
            seconds, rest, captured, original = _RECORD.unpack_from(octets, at)
            frame = bytearray(octets[at + 16 : at + 16 + captured])
            # The third octet of both IPv4 addresses, the fifth of both IPv6 addresses.
            for place in {b"\x08\x00": (28, 32), b"\x86\xdd": (26, 42)}.get(bytes(frame[12:14]), ()):
                frame[place] = (frame[place] + number) % 256
            written += [_RECORD.pack(seconds + number * DAY, rest, captured, original), frame]
            at += 16 + captured
    path.write_bytes(b"".join(written))
    return path


def write_needle(
    path: Path, packets: int = NEEDLE_PACKETS, octets: int = NEEDLE_OCTETS, seed: int = 918, second: int = 0
) -> None:
    """Write a capture of other TCP and UDP traffic, with one packet in a thousand from POP2 sessions."""
    chance = random.Random(seed)
    filler = chance.randbytes(1 << 16)
    longest = 2 * (octets // packets - 16 - 54) + 1
    time, number = 1_795_000_000_000_000 + second * 10**6, second * 100
    needle: Iterator[bytes] = iter(())
    with path.open("wb") as file:
        file.write(_HEADER)
        for index in range(packets):
            frame = None
            if index % 1000 == 0:
                frame = next(needle, None)
                if frame is None:
                    number += 1
                    needle = session(chance, number)
                    frame = next(needle)
            if frame is None:
                start, length = chance.randrange(1 << 15), chance.randrange(min(longest, 1460))
                ports = (443, chance.randrange(1024, 65536))
                frame = _frame(
                    chance.getrandbits(32), 0x0A000001, ports, index, 0, 0x10, filler[start : start + length]
                )
                if chance.random() < 0.1:
                    frame = frame[:23] + b"\x11" + frame[24:]
            time += chance.randrange(1, 100)
            file.write(_RECORD.pack(*divmod(time, 10**6), len(frame), len(frame)) + frame)


def haystack(octets: int, seed: int = 918) -> bytes:
    """Return records of traffic that is no mail, all of one second; they can be halved by compression, no more."""
    chance = random.Random(seed)
    filler = chance.randbytes(1 << 16).hex().encode()
    made, size = [], 0
    while size < octets:
        start, length = chance.randrange(1 << 16), chance.randrange(1460)
        ports = (443, chance.randrange(1024, 65536))
        payload = filler[start : start + length]
        frame = _frame(chance.getrandbits(32), 0x0A000001, ports, len(made), 0, 0x10, payload)
        made.append(_RECORD.pack(1_795_000_000, len(made) % 10**6, len(frame), len(frame)) + frame)
        size += len(made[-1])
    return b"".join(made)


def write_large_needle(path: Path, octets: int) -> None:
    """Write what :func:`write_needle` writes as fast as the disk is: the same megabyte of other traffic repeats."""
    hay = haystack(1_000_000)
    frames = (frame for number in itertools.count() for frame in session(random.Random(number), number))
    with path.open("wb") as file:
        file.write(_HEADER)
        for at, frame in zip(range(octets // len(hay)), frames, strict=False):
            seconds, rest = divmod(at * 1000, 10**6)
            file.write(_RECORD.pack(1_795_000_000 + seconds, rest, len(frame), len(frame)) + frame + hay)


def count_packets(path: Path) -> int:
    """Return how many packets a pcap that was written here has."""
    count, at = 0, len(_HEADER)
    octets = path.read_bytes()
    while at < len(octets):
        at += _RECORD.size + _RECORD.unpack_from(octets, at)[2]
        count += 1
    return count


def write_with_one_session(path: Path, number: int, hay: bytes, times: int, pack: Callable[[bytes], bytes]) -> None:
    """Write a capture of one POP2 session with the same haystack between its frames, so many times, in packed pieces.

    All is packed piece by piece, as the haystack is already: where that is compression, it is done only once.
    """
    frames = list(session(random.Random(number), number))
    each = -(-len(frames) // times)
    with path.open("wb") as file:
        file.write(pack(_HEADER))
        for at in range(times):
            some = frames[at * each : (at + 1) * each]
            seconds = 1_795_000_000 + number
            records = (_RECORD.pack(seconds, at * each + n, len(one), len(one)) + one for n, one in enumerate(some))
            file.write(pack(b"".join(records)) + hay)


def write_frames(path: Path, frames: Iterable[bytes], snap_length: int = 1 << 18) -> None:
    """Write frames of Ethernet, one a millisecond, of each no more than ``snap_length`` octets."""
    with path.open("wb") as file:
        file.write(_HEADER)
        for time, frame in enumerate(frames, 1_795_000_000_000):
            captured = frame[:snap_length]
            seconds, rest = divmod(time, 1000)
            file.write(_RECORD.pack(seconds, rest * 1000, len(captured), len(frame)) + captured)
