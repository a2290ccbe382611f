"""The samples of RFC 937: RFC 937's dialogues are its own, and can be made again octet for octet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.truth import FOLDERS, load_truth
from tools.samples.rfc937 import DIALOGUES, make, message, speak

SAMPLES = FOLDERS[0]

# Written from the RFC anew, not from the program.
SAID = {
    "rfc937_normal": (b"HELO Fred Secret\r\nREAD 13\r\nRETR\r\nACKS\r\nQUIT\r\n", [537]),
    "rfc937_example1": (
        b"HELO POSTEL SECRET\r\nREAD\r\nRETR\r\nACKD\r\nRETR\r\nACKD\r\nQUIT\r\n",
        [537, 234],
    ),
    "rfc937_example2": (
        b"HELO smith secret\r\nFOLD /usr/spool/mail/smith\r\nREAD  27\r\nRETR\r\nACKS\r\nQUIT\r\n",
        [10123],
    ),
    "rfc937_example3": (b"HELO Jones secret\r\nREAD\r\n", []),
}


def test_made_again_they_are_the_same(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert len(made) == 2 * len(DIALOGUES)
    for path in made:
        assert path.read_bytes() == (SAMPLES / path.name).read_bytes(), f"run tools/samples/rfc937.py: {path.name}"


@pytest.mark.parametrize("number", range(len(DIALOGUES)), ids=[dialogue.name for dialogue in DIALOGUES])
def test_dialogues_are_those_of_the_rfc(number: int) -> None:
    conversation, _ = speak(DIALOGUES[number], number)
    said, lengths = SAID[DIALOGUES[number].name]
    assert conversation.truth.client == said
    (session,) = load_truth(DIALOGUES[number].name)["sessions"]
    assert [transfer["declared"] for transfer in session["messages"]] == lengths
    assert [transfer["octets"] for transfer in session["messages"]] == lengths
    assert max(map(len, conversation.truth.server.split(b"\r\n"))) <= 998


def test_a_message_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="1 octets too long"):
        message(9, "abc", "def")


def test_every_sample_is_described() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for path in SAMPLES.iterdir():
        if ".pcap" in path.name:
            assert f"`{path.name}`" in readme
