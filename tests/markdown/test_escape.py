"""Text in Markdown, read by a parser of CommonMark and of GitHub's tables and automatic links."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pop2dissect.markdown.escape import code, prose

READERS = (MarkdownIt("commonmark", {"html": True}).enable("table"), MarkdownIt("gfm-like", {"html": True}))
HARMLESS = {"text", "code_inline"}
PIECES = st.sampled_from(
    [
        *(
            "`",
            "``",
            "|",
            "\\",
            "*",
            "_",
            "[x](http://y.example)",
            "![x](y)",
            "<b>",
            "<!-- ",
            "-->",
            "&lt;",
            "#",
            "~~x~~",
        ),
        *(
            "http://x.example/",
            "www.x.example",
            "a@b.example",
            "x.example",
            "mailto:a@b.example",
            "\n",
            "\x1b[0m",
            " ",
            "\t",
        ),
        *(
            "- ",
            "1. ",
            "2) ",
            "> ",
            "===",
            "---",
            "$x$",
            ":smile:",
            "| --- |",
            "a",
            "é",
            "\u202e",
            "'",
            '"',
            "(",
            ")",
            "=",
        ),
    ]
)


def inner(text: str) -> set[str]:
    """Return the kinds of what a list item and a cell hold, after a check that both still are what they were."""
    found: set[str] = set()
    for reader in READERS:
        tokens = reader.parse(f"- {text}\n- end\n\n| a | b |\n|---|---|\n| {text} | end |\n| x | y |\n")
        kinds = [token.type for token in tokens]
        assert kinds.count("list_item_open") == 2, kinds
        assert kinds.count("td_open") == 4, kinds
        assert {"heading_open", "html_block", "blockquote_open", "fence", "code_block"}.isdisjoint(kinds)
        found |= {child.type for token in tokens for child in token.children or ()}
    return found


@pytest.mark.parametrize("escaped", [code, prose])
@given(text=st.lists(PIECES | st.characters(), max_size=12).map("".join))
def test_nothing_from_the_wire_is_markup(escaped: object, text: str) -> None:
    assert callable(escaped)
    assert inner(escaped(text)) <= HARMLESS


def test_what_is_plain_stays_as_it_is() -> None:
    sentence = (
        "Account compromised: bertil, by 203.0.113.66, frame 1960, after 12 refused logins (see 3); /etc/passwd read."
    )
    assert prose(sentence) == sentence
    assert prose('read "/etc/hosts.equiv", and a_b') == 'read "`/etc/hosts.equiv`", and `a_b`'
    assert code("a`b|c") == r"`a\x60b\x7cc`"
    assert code("") == ""
