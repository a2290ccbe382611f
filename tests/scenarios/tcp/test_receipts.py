"""A bare acknowledgement of TCP is what the verdict on a deletion rests on, where no answer was captured."""

from __future__ import annotations

from pathlib import Path

import pytest

import pop2dissect
from pop2dissect.session import Ground
from tests.support.conversation import Conversation
from tests.support.wire import save

MAIL = b"Subject: x\r\n\r\nbody\r\n"


@pytest.mark.parametrize(("acknowledged", "committed"), [(True, True), (False, None)])
def test_only_an_acknowledged_quit_is_concluded_to_commit(
    acknowledged: bool, committed: bool | None, tmp_path: Path
) -> None:
    talk = Conversation().handshake().server(b"+ POP2 host ready\r\n").client(b"HELO fred secret\r\n")
    talk.server(b"#1 messages in /var/mail/fred\r\n").client(b"READ 1\r\n")
    talk.server(b"=%d characters in message 1\r\n" % len(MAIL)).client(b"RETR\r\n").server(MAIL)
    talk.client(b"ACKD\r\n").server(b"=0 no more messages\r\n").client(b"QUIT\r\n")
    if acknowledged:
        talk.acknowledge("server")
    (session,) = pop2dissect.read(save(tmp_path / "x.pcap", talk.packets)).sessions
    (message,) = session.messages
    assert message.disposition == "deleted"
    assert message.committed is committed
    assert message.released.ground is (Ground.CONCLUDED if acknowledged else Ground.UNKNOWN)
    if acknowledged:
        assert len(talk.packets) in message.released.frames
