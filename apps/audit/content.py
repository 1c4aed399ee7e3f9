"""The content of an event and its digest: whether what is read is what was recorded. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

EXACT = 2**53  # from here on JSON's numbers are no exact integers (RFC 8785, I-JSON)


def digest(salt: bytes, fields: Mapping[str, Any]) -> bytes:
    """SHA-256 over the salt and the canonical fields (RFC 8785); 32 bytes."""
    return hashlib.sha256(salt + rfc8785.dumps(dict(fields))).digest()


def fits(recorded: bytes | memoryview, *, salt: bytes | memoryview, fields: Any) -> bool:
    """Whether these fields, as the database gives them back, are those the digest was made of."""
    if not isinstance(fields, dict):
        return False
    try:
        return digest(bytes(salt), as_given(fields)) == bytes(recorded)
    except rfc8785.CanonicalizationError:
        return False


def as_given(value: Any) -> Any:
    """The value before PostgreSQL wrote it out: it gives 1e21 back as an integer of 22 digits."""
    if isinstance(value, dict):
        return {name: as_given(part) for name, part in value.items()}
    if isinstance(value, list):
        return [as_given(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= EXACT:
        try:
            return float(value)
        except OverflowError:  # no JSON number of ours
            return value
    return value
