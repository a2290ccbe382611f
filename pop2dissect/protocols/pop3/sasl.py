"""What SASL exchanges tell: who logs in, by which password or proof (RFC 4422, RFC 5034)."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from pop2dissect.patterns import expression
from pop2dissect.text.values import decode_text


class Credentials(NamedTuple):
    """What a client gave in a SASL exchange."""

    user: str | None = None
    password: str | None = None
    """Where it crossed as it is."""
    authorized_as: str | None = None
    """The identity asked for besides the user's own."""
    challenge: str | None = None
    """What the server gave for the proof, as text; NTLM's in hexadecimal."""
    response: str | None = None
    """The proof or the token, as text; NTLM's in hexadecimal."""
    realm: str | None = None
    """The domain (NTLM) or realm (DIGEST-MD5)."""


NOTHING: Final = Credentials()

TOKENS: Final = frozenset({"XOAUTH2", "OAUTHBEARER"})
"""Mechanisms whose proof is a token that whoever has it can use."""


def read_credentials(mechanism: str, said: Sequence[bytes], asked: Sequence[bytes]) -> Credentials:
    """Return what a client gave by a mechanism.

    ``said`` are its lines, ``asked`` the server's challenges, both in order and in base64; ``said`` begins
    with the initial response, if there was one.
    """
    reader = _READERS.get("SCRAM" if mechanism.startswith("SCRAM-") else mechanism)
    return NOTHING if reader is None else reader([decoded(one) for one in said], [decoded(one) or b"" for one in asked])


def decoded(octets: bytes) -> bytes | None:
    """Return what base64 stands for; None where it is none. A lone ``=`` is an empty response (RFC 5034, section 4)."""
    if octets == b"=":
        return b""
    try:
        return base64.b64decode(octets, validate=True)
    except (binascii.Error, ValueError):
        return None


_Reader = Callable[[Sequence[bytes | None], Sequence[bytes]], Credentials]


def _first(said: Sequence[bytes | None]) -> bytes:
    return next((one for one in said if one), b"")


def _text(octets: bytes | None) -> str | None:
    return decode_text(octets) if octets else None


def _plain(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """RFC 4616: authzid NUL authcid NUL passwd."""
    parts = _first(said).split(b"\0", 2)
    if len(parts) != 3:
        return NOTHING
    return Credentials(_text(parts[1]), decode_text(parts[2]), _text(parts[0]))


def _login(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """The user's name, and the password (draft-murchison-sasl-login)."""
    user = said[0] if said else None
    password = said[1] if len(said) > 1 else None
    return Credentials(_text(user), None if password is None else decode_text(password))


def _cram_md5(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """RFC 2195: name SP hex(HMAC-MD5(secret, challenge))."""
    user, _, proof = _first(said).rpartition(b" ")
    return Credentials(_text(user), challenge=_text(asked[0] if asked else None), response=_text(proof))


_DIRECTIVE = expression(rb'([a-z-]+)=(?:"((?:\\.|[^"\\])*)"|([^,"]*))', re.DOTALL)


def digest_directives(message: bytes) -> dict[bytes, bytes]:
    """Return the directives of a message of DIGEST-MD5, whose values may be quoted (RFC 2831, section 7.1)."""
    return {
        match[1]: re.sub(rb"\\(.)", rb"\1", match[2]) if match[2] is not None else match[3]
        for match in _DIRECTIVE.finditer(message)
    }


def _digest_md5(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """RFC 2831, section 2.1.2."""
    found = digest_directives(_first(said))
    return Credentials(
        _text(found.get(b"username")),
        authorized_as=_text(found.get(b"authzid")),
        challenge=_text(asked[0] if asked else None),
        response=_text(_first(said)),
        realm=_text(found.get(b"realm")),
    )


_BEARER = expression(rb"\x01auth=(?:Bearer )?([^\x01]*)", re.IGNORECASE)


def _xoauth2(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """Google's: user=name ^A auth=Bearer token ^A ^A."""
    first = _first(said)
    user = re.match(rb"user=([^\x01]*)", first)
    token = _BEARER.search(first)
    return Credentials(_text(user[1] if user else None), response=_text(token[1] if token else None))


_GS2 = expression(rb"[ny](?:,|p=[^,]*,)(?:a=([^,]*))?,", re.DOTALL)


def _name(saslname: bytes | None) -> str | None:
    """RFC 5802, section 5.1: a comma and an equals sign are escaped."""
    return None if saslname is None else _text(saslname.replace(b"=2C", b",").replace(b"=3D", b"="))


def _oauthbearer(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """RFC 7628, section 3.1: a GS2 header with the name, and key=value pairs between ^A."""
    first = _first(said)
    header, token = _GS2.match(first), _BEARER.search(first)
    return Credentials(_name(header[1] if header else None), response=_text(token[1] if token else None))


_SCRAM_FIRST = expression(rb"(?:[ny]|p=[^,]*),(?:a=([^,]*))?,(?:m=[^,]*,)?n=([^,]*),", re.DOTALL)


def _scram(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """RFC 5802, section 7: the name in the first message, the proof in the second."""
    messages = [one for one in said if one]
    match = _SCRAM_FIRST.match(messages[0]) if messages else None
    if match is None:
        return NOTHING
    challenge = next((one for one in asked if one), None)
    proof = messages[1] if len(messages) > 1 else None
    return Credentials(_name(match[2]), None, _name(match[1]), _text(challenge), _text(proof))


def _identity(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """EXTERNAL (RFC 4422, appendix A): the identity asked for; TLS or IPsec shows whose it is."""
    return Credentials(authorized_as=_text(_first(said)))


def _anonymous(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """RFC 4505: what the client says of itself."""
    return Credentials(user=_text(_first(said)))


_NTLM = b"NTLMSSP\0"


def _ntlm(said: Sequence[bytes | None], asked: Sequence[bytes]) -> Credentials:
    """[MS-NLMP], sections 2.2.1.2 and 2.2.1.3: the server's challenge, and domain, user and responses.

    Without the client's answer the domain is what the server calls itself.
    """
    third = _third(said)
    second = next((one for one in asked if one.startswith(_NTLM + b"\2\0\0\0") and len(one) >= 32), None)
    challenge = second[24:32].hex() if second else None
    if third is None:
        if second is None:
            return NOTHING
        return Credentials(challenge=challenge, realm=_ntlm_text(_payload(second, 12), is_unicode=bool(second[20] & 1)))
    (flags,) = struct.unpack_from("<I", third, 60)
    is_unicode = bool(flags & 1)
    lm, nt = ntlm_responses(said)
    return Credentials(
        _ntlm_text(_payload(third, 36), is_unicode=is_unicode),
        challenge=challenge,
        response=(nt or lm).hex() or None,
        realm=_ntlm_text(_payload(third, 28), is_unicode=is_unicode),
    )


def _third(said: Sequence[bytes | None]) -> bytes | None:
    start = _NTLM + b"\3\0\0\0"
    return next((one for one in said if one and one.startswith(start) and len(one) >= 64), None)


def ntlm_responses(said: Sequence[bytes | None]) -> tuple[bytes, bytes]:
    """Return the LM and the NT response of what a client said; empty where it gave none."""
    third = _third(said)
    return (b"", b"") if third is None else (_payload(third, 12), _payload(third, 20))


def _payload(message: bytes, at: int) -> bytes:
    """Return what a field's length (2 octets), allocation (2) and offset (4) point to."""
    length, _, offset = struct.unpack_from("<HHI", message, at)
    return message[offset : offset + length]


def _ntlm_text(octets: bytes, *, is_unicode: bool) -> str | None:
    return (octets.decode("utf-16-le", "replace") if is_unicode else decode_text(octets)) or None


_READERS: Final[Mapping[str, _Reader]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
    "DIGEST-MD5": _digest_md5,
    "XOAUTH2": _xoauth2,
    "OAUTHBEARER": _oauthbearer,
    "SCRAM": _scram,
    "NTLM": _ntlm,
    "EXTERNAL": _identity,
    "ANONYMOUS": _anonymous,
}
