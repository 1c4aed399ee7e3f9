"""Identifiers shaped like Medusa's: a prefix and a ULID."""

import random
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
TIME_CHARACTERS, RANDOM_BITS, RANDOM_CHARACTERS = 10, 80, 16


def _encode(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, rest = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[rest])
    return "".join(reversed(digits))


def new_id(prefix: str, chance: random.Random, at: float | None = None) -> str:
    """`prefix_` and a ULID of the time `at` (seconds since the epoch, default now)."""
    moment = int((time.time() if at is None else at) * 1000)
    tail = _encode(chance.getrandbits(RANDOM_BITS), RANDOM_CHARACTERS)
    return f"{prefix}_{_encode(moment, TIME_CHARACTERS)}{tail}"
