"""The bounds that nobody needs to set; where one is reached, a defect of the message says so.

Those that can be set are in :mod:`pop2dissect.limits`.
"""

from __future__ import annotations

MAX_HEADER_BLOCK = 256 << 10
"""Octets of the headers of one message or part that are read. Long Received chains need a tenth of it."""
MAX_HEADERS = 1000
"""Headers of one message or part that are read. Mail has some tens."""
MAX_HEADER = 64 << 10
"""Octets of one header that are kept. The longest in practice are To lists of a thousand addresses."""
MAX_MESSAGES = 4
"""Messages within messages that are opened; each level holds the octets of all below it once more."""
MAX_DEFECTS = 100
"""Defects that are listed; the rest is only said to exist."""
MAX_LINE = 1000
"""Octets of a line, CRLF included, that RFC 5322 (section 2.1.1) and RFC 937 (Sizes) allow."""
