"""A conversation written down, for feeding the dissectors by hand: who said which octets, in which order."""

from __future__ import annotations

from typing import Self

from pop2dissect.tcp.stream import Span, Stream


class Transcript:
    """Two streams built from what each end said.

    Each call is one utterance; whoever speaks has heard all that was said before, unless ``unheard``
    tells how many of the other's last octets had not arrived yet (as with pipelined commands). With
    ``ordered=False`` nothing is known of the order between the two ends. An utterance counts as a frame,
    from 1, and takes a second.

    >>> talk = Transcript().server(b"+ POP2 host\\r\\n").client(b"QUIT\\r\\n").server(b"+ Bye\\r\\n")
    >>> [turn.next_state.value for turn in dissect(*talk.streams())]
    ['AUTH', 'DONE']
    """

    def __init__(self, *, ordered: bool = True) -> None:
        self._ordered = ordered
        self._client: list[Span] = []
        self._server: list[Span] = []
        self._frame = 0

    def client(self, octets: bytes, unheard: int = 0) -> Self:
        """Let the client speak."""
        return self._say(self._client, self._server, octets, unheard)

    def server(self, octets: bytes, unheard: int = 0) -> Self:
        """Let the server speak."""
        return self._say(self._server, self._client, octets, unheard)

    def _say(self, speaker: list[Span], listener: list[Span], octets: bytes, unheard: int) -> Self:
        self._frame += 1
        heard = listener[-1].end if listener else 0
        speaker.append(
            Span(
                offset=speaker[-1].end if speaker else 0,
                length=len(octets),
                frame=self._frame,
                time=self._frame * 10**9,
                acknowledged=heard - unheard if self._ordered else None,
                data=octets,
                start=0,
            )
        )
        return self

    def streams(self, *, closed: bool = True) -> tuple[Stream, Stream]:
        """Return the client's and the server's stream; ``closed`` says that both ends closed the connection."""
        return Stream(self._client, finished=closed), Stream(self._server, finished=closed)
