"""Challenges and proofs as the programs read them that try passwords: hashcat's notation, and John's for DIGEST-MD5.

With such a line anyone can try passwords, so outputs give it only together with passwords. SCRAM has no usual notation:
what crosses does not give the stored key that those programs take.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pop2dissect.protocols.pop3.sasl import Credentials, decoded, digest_directives, ntlm_responses

NT_RESPONSE: Final = 24
"""Octets of an NTLMv1 response ([MS-NLMP], section 2.2.2.6); longer ones are NTLMv2's."""


def of_apop(given: Credentials) -> str | None:
    """Return ``digest:timestamp`` (hashcat 20: MD5 of a salt and the password; RFC 1939, section 7)."""
    if not given.challenge or not given.response:
        return None
    return f"{given.response.lower()}:{given.challenge}"


def of_sasl(mechanism: str, given: Credentials, said: Sequence[bytes], asked: Sequence[bytes]) -> str | None:
    """Return the line for a mechanism; None where there is none, or not all of it was captured.

    ``said`` and ``asked`` are those of :func:`pop2dissect.protocols.pop3.sasl.read_credentials`.
    """
    writer = _WRITERS.get(mechanism)
    return None if writer is None or not given.challenge or not given.response else writer(given, said, asked)


_Writer = Callable[[Credentials, Sequence[bytes], Sequence[bytes]], str | None]


def _cram_md5(given: Credentials, said: Sequence[bytes], asked: Sequence[bytes]) -> str | None:
    """hashcat 10200."""
    challenge, proof = decoded(asked[0]), next((one for one in map(decoded, said) if one), None)
    if challenge is None or proof is None:
        return None
    return "$cram_md5$" + "$".join(base64.b64encode(one).decode("ascii") for one in (challenge, proof))


def _digest_md5(given: Credentials, said: Sequence[bytes], asked: Sequence[bytes]) -> str | None:
    """John's dmd5."""
    found = digest_directives(next((one for one in map(decoded, said) if one), b""))
    names = ("username", "realm", "nonce", "digest-uri", "cnonce", "nc", "qop", "response")
    values = [found.get(name.encode("ascii"), b"").decode("latin-1") for name in names]
    if not values[0] or not values[2] or not values[-1] or any("$" in value for value in values):
        return None
    return "$DIGEST-MD5$" + "$".join([*values, *([given.authorized_as] if given.authorized_as else [])])


def _ntlm(given: Credentials, said: Sequence[bytes], asked: Sequence[bytes]) -> str | None:
    """hashcat 5600 (NTLMv2) and 5500 (NTLMv1)."""
    lm, nt = ntlm_responses(list(map(decoded, said)))
    if given.user is None or given.challenge is None or len(nt) < NT_RESPONSE:
        return None
    of = f"{given.user}::{given.realm or ''}"
    if len(nt) == NT_RESPONSE:
        return f"{of}:{lm.hex()}:{nt.hex()}:{given.challenge}"
    return f"{of}:{given.challenge}:{nt[:16].hex()}:{nt[16:].hex()}"


_WRITERS: Final[Mapping[str, _Writer]] = {"CRAM-MD5": _cram_md5, "DIGEST-MD5": _digest_md5, "NTLM": _ntlm}
