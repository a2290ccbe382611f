"""A conversation with one text wherever something can be said, for all that shows what was captured."""

from __future__ import annotations

from tests.support.conversation import START, Address, Conversation


def everywhere(
    text: bytes,
    mail: bytes,
    *,
    path: bytes = b"",
    client: Address = ("10.9.0.1", 40000),
    seed: int = 1,
    start: int = START,
) -> Conversation:
    """Say ``text``, which holds no line end, in every line; user and folder have ``path`` before it."""
    return (
        Conversation(client, seed=seed, start=start)
        .handshake()
        .server(b"+ POP2 " + text + b" ready\r\n")
        .client(b"HELO " + path + text.replace(b" ", b"\\ ") + b" s3cret " + text + b"\r\n")
        .server(b"#1 messages in " + text + b"\r\n")
        .client(b"FOLD " + path + text + b"\r\n")
        .server(b"#1 messages in " + path + text + b"\r\n")
        .client(b"READ 1\r\n")
        .server(b"=%d " % len(mail) + text + b"\r\n")
        .client(b"RETR\r\n")
        .server(mail)
        .client(b"ACKD\r\n")
        .server(b"=0 " + text + b"\r\n")
        .client(text + b"\r\n")
        .server(b"- " + text + b"\r\n")
        .close("server")
    )
