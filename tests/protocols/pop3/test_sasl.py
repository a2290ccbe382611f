"""SASL exchanges: who logs in, and by what."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pop2dissect.protocols.pop3.sasl import Credentials, read_credentials


def b64(octets: bytes) -> bytes:
    return base64.b64encode(octets)


DIGEST = b'username="ada",realm="mail",nonce="abc",response=0123,authzid="eve"'
SCRAM = (b"n,a=eve,n=a=2Cda,r=abc", b"c=biws,r=abcdef,p=cHJvb2Y=")


@pytest.mark.parametrize(
    ("mechanism", "said", "asked", "expected"),
    [
        ("PLAIN", [b"eve\0ada\0two words "], [], Credentials("ada", "two words ", "eve")),
        ("PLAIN", [b"no nuls"], [], Credentials()),
        ("LOGIN", [b"ada", b"secret"], [b"Username:", b"Password:"], Credentials("ada", "secret")),
        ("LOGIN", [b"ada"], [b"Password:"], Credentials("ada")),
        ("CRAM-MD5", [b"ada x 0123"], [b"<1.2@host>"], Credentials("ada x", challenge="<1.2@host>", response="0123")),
        (
            "DIGEST-MD5",
            [DIGEST, b""],
            [b'nonce="abc"', b"rspauth=1"],
            Credentials("ada", None, "eve", 'nonce="abc"', DIGEST.decode(), "mail"),
        ),
        ("XOAUTH2", [b"user=ada\1auth=Bearer tok\1\1"], [], Credentials("ada", response="tok")),
        ("OAUTHBEARER", [b"n,a=ada@b,\1host=x\1auth=Bearer tok\1\1"], [], Credentials("ada@b", response="tok")),
        (
            "SCRAM-SHA-256",
            list(SCRAM),
            [b"r=abcdef,s=c2FsdA==,i=4096"],
            Credentials("a,da", None, "eve", "r=abcdef,s=c2FsdA==,i=4096", SCRAM[1].decode()),
        ),
        ("EXTERNAL", [b"ada"], [], Credentials(authorized_as="ada")),
        ("GSSAPI", [b"\x60\x01"], [], Credentials()),
    ],
)
def test_each_mechanism(mechanism: str, said: list[bytes], asked: list[bytes], expected: Credentials) -> None:
    assert read_credentials(mechanism, [b64(one) for one in said], [b64(one) for one in asked]) == expected


def test_ntlm() -> None:
    names = ["DOM".encode("utf-16-le"), "ada".encode("utf-16-le"), "PC".encode("utf-16-le"), b"", b"\x11" * 24]
    domain, user, station, lm, nt = names
    offset, fields, payload = 64, {}, b""
    for name, octets in (("domain", domain), ("user", user), ("station", station), ("lm", lm), ("nt", nt)):
        fields[name] = struct.pack("<HHI", len(octets), len(octets), offset + len(payload))
        payload += octets
    third = b"NTLMSSP\0\3\0\0\0" + b"".join(fields[name] for name in ("lm", "nt", "domain", "user", "station"))
    third += struct.pack("<HHI", 0, 0, 0) + struct.pack("<I", 1) + payload
    second = b"NTLMSSP\0\2\0\0\0" + b"\0" * 12 + b"CHALLENG" + b"\0" * 16
    given_ = read_credentials("NTLM", [b64(b"NTLMSSP\0\1\0\0\0"), b64(third)], [b"", b64(second)])
    assert given_ == Credentials("ada", None, None, b"CHALLENG".hex(), "11" * 24, "DOM")


@pytest.mark.parametrize("said", [[b"!!!"], [b"="], [], [b"*"]])
def test_what_is_no_base64_gives_nothing(said: list[bytes]) -> None:
    assert read_credentials("PLAIN", said, []) == Credentials()


MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "XOAUTH2", "OAUTHBEARER", "SCRAM-SHA-1", "NTLM", "X"]


@given(st.sampled_from(MECHANISMS), st.lists(st.binary()), st.lists(st.binary()), st.booleans())
def test_any_octets_give_credentials(mechanism: str, said: list[bytes], asked: list[bytes], encoded: bool) -> None:
    made = [b64(b"NTLMSSP\0\3\0\0\0" + one) for one in said] if encoded else said
    assert isinstance(read_credentials(mechanism, made, asked), Credentials)
