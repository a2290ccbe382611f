"""Lines for programs that try passwords: what they do with each is done here with the right password."""

from __future__ import annotations

import base64
import hashlib
import hmac

from pop2dissect.protocols.pop3 import dissect
from pop2dissect.protocols.pop3.meaning import interpret
from tests.support.conversation import Conversation

APOP = ("+OK <1896.697170952@dbc.mtview.ca.us>", "APOP mrose c4c9334bac560ecc979e58001b3e22fb", "tanstaaf")
"""RFC 1939, section 7."""


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def offline(greeting: str, *said: str) -> str | None:
    script = [("S" if place % 2 == 0 else "C", line.encode() + b"\r\n") for place, line in enumerate((greeting, *said))]
    client, server = Conversation().script(script).streams()
    (login,) = interpret(list(dissect(client, server)), client, server).logins
    return login.offline


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def test_apop() -> None:
    greeting, command, secret = APOP
    line = offline(greeting, command, "+OK")
    assert line is not None
    digest, _, salt = line.partition(":")
    assert md5(salt + secret) == digest
    assert offline("+OK", command, "+OK") is None


def test_cram_md5() -> None:
    """RFC 2195, section 2."""
    challenge, answer = b"<1896.697170952@postoffice.reston.mci.net>", b"tim b913a602c7eda7a495b4e6e7334d3890"
    line = offline("+OK", "AUTH CRAM-MD5", f"+ {b64(challenge)}", b64(answer), "+OK")
    assert line is not None
    _, kind, salt, proof = line.split("$")
    assert kind == "cram_md5"
    name, digest = base64.b64decode(proof).split(b" ")
    assert (name, hmac.new(b"tanstaaftanstaaf", base64.b64decode(salt), "md5").hexdigest()) == (b"tim", digest.decode())


def test_digest_md5() -> None:
    """RFC 2831, section 4."""
    challenge = b'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8'
    answer = (
        b'charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,'
        b'cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth'
    )
    line = offline("+OK", "AUTH DIGEST-MD5", f"+ {b64(challenge)}", b64(answer), "+ ", "", "+OK")
    assert line is not None
    _, kind, user, realm, nonce, uri, cnonce, count, qop, response = line.split("$")
    assert kind == "DIGEST-MD5"
    key = hashlib.md5(f"{user}:{realm}:secret".encode()).digest() + f":{nonce}:{cnonce}".encode()
    a1, a2 = hashlib.md5(key).hexdigest(), md5(f"AUTHENTICATE:{uri}")
    assert md5(f"{a1}:{nonce}:{count}:{cnonce}:{qop}:{a2}") == response


def ntlm(nt: bytes, lm: bytes = b"") -> str | None:
    """The names, the challenge and the responses of [MS-NLMP], sections 4.2.1 to 4.2.4."""
    challenge = bytes.fromhex("0123456789abcdef")
    second = b"NTLMSSP\0\2\0\0\0" + b"\0" * 12 + challenge + b"\0" * 16
    head, payload = b"", b""
    for part in (lm, nt, "Domain".encode("utf-16-le"), "User".encode("utf-16-le"), "COMPUTER".encode("utf-16-le"), b""):
        head += len(part).to_bytes(2, "little") * 2 + (64 + len(payload)).to_bytes(4, "little")
        payload += part
    third = b"NTLMSSP\0\3\0\0\0" + head + b"\1\0\0\0" + payload
    first = b64(b"NTLMSSP\0\1\0\0\0")
    return offline("+OK", "AUTH NTLM", "+ ", first, f"+ {b64(second)}", b64(third), "+OK")


def test_ntlm_2() -> None:
    blob = b"\1\1" + b"\0" * 6 + b"\0" * 8 + b"\xaa" * 8 + b"\0" * 8
    key = bytes.fromhex("0c868a403bfd7a93a3001ef22ef02e3f")  # section 4.2.4.1.1: NTOWFv2 of Password
    proof = hmac.new(key, bytes.fromhex("0123456789abcdef") + blob, "md5").digest()
    line = ntlm(proof + blob)
    assert line is not None
    user, empty, domain, salt, digest, rest = line.split(":")
    assert (user, empty, domain) == ("User", "", "Domain")
    assert hmac.new(key, bytes.fromhex(salt + rest), "md5").hexdigest() == digest


def test_ntlm_1() -> None:
    nt, lm = "67c43011f30298a2ad35ece64f16331c44bdbed927841f94", "98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13"
    assert ntlm(bytes.fromhex(nt), bytes.fromhex(lm)) == f"User::Domain:{lm}:{nt}:0123456789abcdef"
    assert ntlm(b"short") is None
