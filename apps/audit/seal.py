"""The seal of an event: made by the product's processes, checked by the database. Pure.

HMAC-SHA256 over all that an event says and the session it says it in, so that it is good for no
other event. The trigger `audit_stamp_event` does the same in SQL, with a key the product's role
cannot read.
"""

import hmac
from collections.abc import Mapping

LABEL = b"aios.audit.seal"
BLOCK = 64  # bytes of SHA-256's block
INNER, OUTER = 0x36, 0x5C
SIZED = ("kind", "actor", "subject_kind", "subject_id")  # of any length, so told with it


def key_of(secret: str) -> bytes:
    """The key of an installation with this secret; 32 bytes."""
    return hmac.digest(secret.encode(), LABEL, "sha256")


def pads(key: bytes) -> tuple[bytes, bytes]:
    """The key as HMAC uses it, so that the database needs nothing but SHA-256; 64 bytes each."""
    padded = key.ljust(BLOCK, b"\0")
    return bytes(leaf ^ INNER for leaf in padded), bytes(leaf ^ OUTER for leaf in padded)


def sealed(key: bytes, row: Mapping[str, str | None], session: str) -> str:
    """The session behind its seal in hexadecimal: what is written for an event."""
    return f"{hmac.digest(key, message(row, session).encode(), 'sha256').hex()} {session}"


def message(row: Mapping[str, str | None], session: str) -> str:
    """What is sealed: no two different events, or sessions of one, come to the same text."""
    fixed = [str(row["id"]), str(row["workspace_id"]), row["run_id"] or "", str(row["digest"])]
    sized = [f"{len(str(row[name]))}:{row[name]}" for name in SIZED]
    return ":".join([*fixed, *sized, session])
