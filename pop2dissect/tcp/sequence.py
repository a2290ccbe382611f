"""Sequence number arithmetic (RFC 9293, section 3.4)."""

_HALF = 1 << 31
_MODULUS_MASK = (1 << 32) - 1


def difference(later: int, earlier: int) -> int:
    """Return ``later - earlier`` modulo 2**32 as a signed number, from -2**31 to 2**31 - 1."""
    return ((later - earlier + _HALF) & _MODULUS_MASK) - _HALF
