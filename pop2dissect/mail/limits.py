"""The bounds of what is taken apart; where one is reached, a defect of the message says so."""

from __future__ import annotations

MAX_MESSAGE = 64 << 20
"""Octets of a message that are taken apart. Far above any mail; keeps a forged one from costing minutes."""
MAX_HEADER_BLOCK = 256 << 10
"""Octets of the headers of one message or part that are read. Long Received chains need a tenth of it."""
MAX_HEADERS = 1000
"""Headers of one message or part that are read. Mail has some tens."""
MAX_HEADER = 64 << 10
"""Octets of one header that are kept. The longest in practice are To lists of a thousand addresses."""
MAX_DEPTH = 20
"""Containers within containers that are opened. Mail programs make up to about five."""
MAX_MESSAGES = 4
"""Messages within messages that are opened; each level holds the octets of all below it once more."""
MAX_PARTS = 1000
"""Parts that are listed. A digest has some tens, a directory mailed file by file perhaps hundreds."""
MAX_DEFECTS = 100
"""Defects that are listed; the rest is only said to exist."""
MAX_LINE = 1000
"""Octets of a line, CRLF included, that RFC 5322 (section 2.1.1) and RFC 937 (Sizes) allow."""
