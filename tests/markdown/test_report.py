"""The report as Markdown: made, read by a parser, verified."""

from __future__ import annotations

import random
import re
from contextlib import suppress
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import pop2dissect
from pop2dissect.cli import ExitStatus, main
from pop2dissect.document.claims import read_claims
from pop2dissect.errors import UsageError
from tests.support.conversation import Conversation
from tests.support.truth import capture_path
from tests.support.wire import save

HOSTILE = b"[x](http://a.example)|`<script>alert(1)</script>\x1b[31m<!-- pop2dissect-claims --> www.b.example"


def test_it_says_what_the_page_says(tmp_path: Path) -> None:
    capture = capture_path("incident_small")
    path = pop2dissect.read(capture).report(tmp_path / "r.md", case="2026-117", scope="findings", tz="Europe/Berlin")
    text = path.read_text("utf-8")
    assert "- **Case**: 2026-117\n" in text
    assert "**critical** Account compromised: bertil, by 203.0.113.66, frame 1960, after 12 refused logins;" in text
    assert re.search(r"`wireshark -r \S+incident_small.pcap -g 3020 -Y 'frame.number in \{3020\}'`", text)
    assert "### Session" not in text
    headings = re.findall(r"^## (\d+) ", text, re.MULTILINE)
    assert headings == [str(number) for number in range(1, 11)]
    assert (
        main(["--quiet", "--report", str(tmp_path / "all.md"), "--report-scope", "all", str(capture)])
        == ExitStatus.DONE
    )
    whole = (tmp_path / "all.md").read_text("utf-8")
    assert whole.count("\n### Session ") == 54
    assert " | client | `HELO hedda ********` | AUTH | 37 | 0–24 |" in whole
    for rendered in (text, whole):
        tokens = MarkdownIt("gfm-like", {"html": True}).parse(rendered)
        rows = [token.map[0] for token in tokens if token.type == "tr_open" and token.map]
        assert len(rows) == len(re.findall(r"^\|(?![-:|]+\|$)", rendered, re.MULTILINE))


def test_hostile_text_is_no_markup(tmp_path: Path) -> None:
    talk = Conversation().handshake().server(b"+ POP2 " + HOSTILE + b"\r\n").client(b"HELO " + HOSTILE + b" x\r\n")
    talk.server(b"#1 " + HOSTILE + b"\r\n").client(b"FOLD /etc/" + HOSTILE + b"\r\n").server(b"#0 x\r\n").close()
    capture = tmp_path / "[a](b)<i>.pcap"
    save(capture, talk.packets)
    path = tmp_path / "r.md"
    assert main(["--quiet", "--report", str(path), "--report-scope", "all", "--case", "<b>x</b>", str(capture)]) == 0
    tokens = MarkdownIt("gfm-like", {"html": True}).parse(path.read_text("utf-8"))
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert len(blocks) == 1
    assert blocks[0].startswith("<!-- pop2dissect-claims data-encoding")
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    assert main(["verify", "--quiet", str(path), str(capture)]) == ExitStatus.DONE


@pytest.mark.parametrize("scope", ["findings", "noteworthy", "all"])
@pytest.mark.parametrize("name", ["r.html", "r.md"])
def test_each_scope_is_verified_and_any_changed_byte_is_found(name: str, scope: str, tmp_path: Path) -> None:
    capture, path = str(capture_path("popclient_keep_delete")), tmp_path / name
    assert main(["--quiet", "--report", str(path), "--report-scope", scope, capture]) == ExitStatus.DONE
    assert main(["verify", "--quiet", str(path), capture]) == ExitStatus.DONE
    octets = path.read_bytes()
    chance = random.Random(f"{name} {scope}")
    for place in (0, len(octets) - 1, *chance.sample(range(len(octets)), 40)):
        changed = bytearray(octets)
        changed[place] ^= 1 << chance.randrange(8)
        with suppress(UsageError):
            assert not read_claims(bytes(changed)).intact
    path.write_bytes(changed)
    assert main(["verify", "--quiet", str(path), capture]) in (ExitStatus.DIFFERS, ExitStatus.UNREADABLE)
