"""A made-up month of a mail server's life: sessions as the dissector gives them, as many as wanted.

For trying out statistics on more than any sample capture holds. The octets of the messages are not made up, only
their number; all else is as it would be on the wire. The same arguments give the same sessions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal

from pop2dissect.capture.record import FrameRef
from pop2dissect.session import (
    Disposition,
    Endpoint,
    Exchange,
    Ground,
    Login,
    LoginOutcome,
    Message,
    Reply,
    Session,
    Verdict,
)
from pop2dissect.tcp.stream import Span, Stream

START = 477_586_800 * 10**9
"""Monday 18 February 1985, 15:00 UTC, when RFC 937 was new."""
MONTH = 28 * 86_400 * 10**9
MILLISECOND = 1_000_000

_HOURS = (1, 1, 1, 1, 1, 2, 4, 8, 14, 16, 15, 12, 10, 13, 15, 14, 12, 9, 6, 4, 3, 2, 2, 1)
"""How busy each hour of a working day is."""
_BLANK = bytes(1 << 16)
_SEGMENT = 1460


class _Talk:
    """A session while it is being made up."""

    def __init__(self, chance: random.Random, time: int, frame: int, distance: int) -> None:
        self.chance = chance
        self.time = time
        self.frame = frame
        self.distance = distance
        self.spans: dict[str, list[Span]] = {"client": [], "server": []}
        self.ends = {"client": 0, "server": 0}
        self.exchanges: list[Exchange] = []
        self.messages: list[Message] = []
        self.mailbox = ""
        self.retrieved: tuple[int, int] | None = None

    def say(self, side: Literal["client", "server"], octets: int, wait: int) -> tuple[int, int, int, tuple[int, ...]]:
        """Have one side send; give where it begins and ends, when, and in which frames."""
        self.time += wait
        start, first = self.ends[side], self.time
        frames = []
        other = self.ends["server" if side == "client" else "client"]
        while octets:
            length = min(octets, _SEGMENT)
            self.frame += 1
            frames.append(self.frame)
            self.spans[side].append(Span(self.ends[side], length, self.frame, self.time, other, _BLANK, 0))
            self.ends[side] += length
            octets -= length
            self.time += 40_000 if octets else 0
        return start, self.ends[side], first, tuple(map(FrameRef, frames))

    def exchange(
        self,
        line: str | None,
        reply: str,
        states: tuple[str, str, str],
        kind: str,
        value: int | None = None,
        think: float = 3.0,
    ) -> Exchange:
        """Add a command and the reply to it."""
        raw = None if line is None else line.encode()
        words = (line or "").split(" ")
        secret = None
        start = end = 0
        time: int | None = None
        frames: tuple[int, ...] = ()
        if raw is not None:
            wait = self.distance + int(self.chance.lognormvariate(0, 0.5) * 2 * MILLISECOND)
            start, end, time, frames = self.say("client", len(raw) + 2, wait)
            if words[0] == "HELO":
                secret = (len(raw) - len(words[-1]), len(raw))
        octets = value if kind == "data" and value is not None else len(reply) + 2
        wait = self.distance + int(self.chance.lognormvariate(0, 0.7) * think * MILLISECOND)
        first, last, when, seen = self.say("server", octets, wait)
        answer = Reply(kind, first, last, when, seen, b"" if kind == "data" else reply.encode(), value, reply[1:])
        made = Exchange(
            index=len(self.exchanges),
            command=None if raw is None else words[0],
            arguments=tuple(words[1:]),
            raw=raw,
            secret=secret,
            start=start,
            end=end,
            time=when if time is None else time,
            frames=frames,
            state=states[0],
            next_state=states[1],
            client_state=states[2],
            replies=[answer],
            end_time=time,
        )
        self.exchanges.append(made)
        return made

    def read_message(self, number: int, octets: int, deletes: bool, last: bool) -> None:
        """Have a message read and acknowledged."""
        retrieved = self.exchange("RETR", "", ("ITEM", "NEXT", "SIZE"), "data", octets, think=1.0)
        data = retrieved.replies[0]
        disposition: Disposition = "deleted" if deletes else "kept"
        following = "=0 No more messages" if last else f"={octets} characters in message {number + 1}"
        self.exchange(
            "ACKD" if deletes else "ACKS", following, ("NEXT", "ITEM", "XFER"), "length", 0 if last else octets
        )
        self.messages.append(
            Message(
                index=len(self.messages) + 1,
                exchange=retrieved.index,
                mailbox=self.mailbox,
                number=number,
                declared_octets=octets,
                start=data.start,
                end=data.end,
                disposed=Verdict(disposition, Ground.SHOWN),
                released=Verdict(deletes, Ground.SHOWN),
                stream=Stream(list(self.spans["server"])),
            )
        )


def sessions(count: int = 100_000, seed: int = 937, users: int = 400) -> Iterator[Session]:
    """Make up sessions, in the order of their starts: polls by ``users`` users at three servers, and some guessing."""
    chance = random.Random(seed)
    servers = [Endpoint(f"192.0.2.{number}", 109) for number in (10, 11, 12)]
    people = [
        (f"user{number:03}", f"198.51.100.{number % 250 + 1}", servers[min(number % 4, 2)], number % 3 == 0)
        for number in range(users)
    ]
    weights = [1 / (place + 5) for place in range(users)]
    polls = chance.choices(range(users), weights, k=count)
    # People come when they work; whoever guesses comes day and night.
    guessing = [chance.random() < 0.04 for _ in range(count)]
    starts = sorted((START + chance.randrange(MONTH) if guesses else _moment(chance), guesses) for guesses in guessing)
    frame = 0
    for number, ((start, guesser), place) in enumerate(zip(starts, polls, strict=True), 1):
        person = people[place]
        talk = _Talk(chance, start, frame + 3, MILLISECOND * (1 + place % 5))
        yield _session(talk, number, start, frame + 1, person, guesser)
        frame = talk.frame + 4


def _moment(chance: random.Random) -> int:
    while True:
        time = START + chance.randrange(MONTH)
        day, hour = time // (86_400 * 10**9), time // (3600 * 10**9) % 24
        weekend = (day + 3) % 7 >= 5
        if chance.random() < _HOURS[hour] / 16 * (0.3 if weekend else 1.0):
            return time


def _session(
    talk: _Talk, number: int, start: int, first_frame: int, person: tuple[str, str, Endpoint, bool], guesser: bool
) -> Session:
    user, client, server, deletes = person
    chance = talk.chance
    if guesser:
        client = "203.0.113.66"
    talk.mailbox = f"/usr/spool/mail/{user}"
    talk.exchange(None, f"+ POP2 mail{server.ip[-2:]}.example Server Ready", ("AUTH", "AUTH", "CALL"), "greeting")
    login: LoginOutcome = "accepted"
    if guesser or chance.random() < 0.01:
        login = "refused"
        talk.exchange(f"HELO {user} guess{number % 50}", "- Bad login", ("AUTH", "DONE", "CALL"), "error", think=3000)
    else:
        waiting = 0 if chance.random() < 0.7 else chance.randrange(1, 6)
        talk.exchange(
            f"HELO {user} secret-{user}",
            f"#{waiting} messages in {talk.mailbox}",
            ("AUTH", "MBOX", "CALL"),
            "count",
            waiting,
            20,
        )
        if waiting:
            sizes = [min(60_000, int(chance.lognormvariate(7.2, 1.1)) + 200) for _ in range(waiting)]
            announced = f"={sizes[0]} characters in message 1"
            talk.exchange("READ 1", announced, ("MBOX", "ITEM", "NMBR"), "length", sizes[0])
            for place, octets in enumerate(sizes, 1):
                talk.read_message(place, octets, deletes, place == waiting)
        state = "ITEM" if waiting else "MBOX"
        talk.exchange("QUIT", "+ Sayonara", (state, "DONE", "SIZE" if waiting else "NMBR"), "ok")
    streams = {side: Stream(spans, finished=True) for side, spans in talk.spans.items()}
    for message in talk.messages:
        message.stream = streams["server"]
    return Session(
        id=number,
        client=Endpoint(client, 1024 + number % 60_000),
        server=server,
        first_frame=FrameRef(first_frame),
        last_frame=FrameRef(talk.frame + 4),
        packets=talk.frame + 5 - first_frame,
        start=start,
        end=talk.time + 2 * talk.distance,
        protocol="POP2",
        protocol_evidence="made up",
        handshake="complete",
        ending="closed" if login == "refused" else "quit",
        logins=(Login(1, "HELO", user, "secret", Verdict(login, Ground.SHOWN)),),
        state="DONE",
        exchanges=talk.exchanges,
        messages=talk.messages,
        client_stream=streams["client"],
        server_stream=streams["server"],
    )
