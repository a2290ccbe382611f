"""Message bodies (RFC 822, MIME): headers, parts, attachments.

Whatever octets come, there is a result: what cannot be read as the RFCs say is read as well as it can
be, and ``defects`` says so. Time and memory grow in proportion to the size of the message; the bounds
of :mod:`pop2dissect.limits` stop what a hostile message could multiply, and a defect says that they did.

The structure is read here and not by the standard library's ``email`` package. For evidence that
package falls short: it gives a forwarded message back rewritten instead of octet for octet, recurses
without a bound into nested parts, takes quadratic time on some headers, raises on others, and looks
up whatever codec a message names. The tests hold this module against it on well-formed mail.

References are to RFC 5322 (822) for the headers, RFC 2045 and 2046 (MIME), RFC 2047 (encoded words),
RFC 2183 (Content-Disposition) and RFC 2231 (parameters).
"""

from __future__ import annotations

from pop2dissect.mail.model import Headers, Mail, OpenedMail, Part, is_attachment
from pop2dissect.mail.parse import open_mail, parse_headers, parse_mail

__all__ = ["Headers", "Mail", "OpenedMail", "Part", "is_attachment", "open_mail", "parse_headers", "parse_mail"]
