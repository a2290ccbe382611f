"""Mutation of the corpus at random, for want of atheris, and for a short run that is the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from fuzz.corpus import MAX_SEED, seeds

_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x0D, 0x20, 0x45, 0x60)


def mutated(octets: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Change octets, repeat, move or cut pieces, put in a piece of another seed; one to eight times."""
    made = bytearray(octets)
    for _ in range(chance.randrange(1, 9)):
        at = chance.randrange(len(made) + 1)
        size = min(chance.choice((1, 2, 4, 8, 16, 60, 500)), len(made) - at)
        kind = chance.randrange(7)
        if kind == 0 and at < len(made):
            made[at] ^= 1 << chance.randrange(8)
        elif kind == 1 and at < len(made):
            made[at] = chance.choice(_INTERESTING)
        elif kind == 2:
            made[at : at + size] = chance.randbytes(size)
        elif kind == 3:
            del made[at : at + size]
        elif kind == 4:
            made[at:at] = made[at : at + size]
        elif kind == 5:
            other = chance.choice(others)
            first = chance.randrange(len(other) + 1)
            made[at : at + size] = other[first : first + chance.choice((4, 40, 400))]
        else:
            number = chance.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, len(made)))
            made[at : at + 4] = number.to_bytes(4, chance.choice(("little", "big")))
    return bytes(made[: 4 * MAX_SEED])


def mutations(target: str, seed: int) -> Iterator[bytes]:
    """Yield mutated seeds of a target without end, the same for the same seed."""
    corpus = seeds(target)
    chance = random.Random(seed)
    while True:
        yield mutated(chance.choice(corpus), corpus, chance)
