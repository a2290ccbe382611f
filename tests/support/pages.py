"""Pages with claims in them, sealed."""

from __future__ import annotations

from io import BytesIO

from pop2dissect.document.claims import element, write_sealed


def sealed(page: str) -> bytes:
    """Return the octets of a page that holds an unsealed element, sealed."""
    file = BytesIO()
    assert write_sealed([page], file) == len(file.getvalue())
    return file.getvalue()


def page_with(document: str, before: str = "<!doctype html><p>Fünf Nachrichten</p>") -> str:
    """Return a page with a JSON document as its claims, not yet sealed."""
    return f"{before}{''.join(element([document]))}<p>Ende</p>\n"
