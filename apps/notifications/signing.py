"""Signatures of webhooks as the Standard Webhooks specification has them (symmetric, `v1`).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # bytes of a key, as the specification demands


class BadSecret(ValueError):
    """The signing secret must be 'whsec_' and the base64 of 24 to 64 random bytes."""


def make_secret() -> str:
    """A new secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """The key a secret holds. Raises `BadSecret`."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret(BadSecret.__doc__) from error
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise BadSecret(BadSecret.__doc__)
    return key


def sign(secret: str, *, message_id: str, at: datetime, body: bytes) -> str:
    """One signature (`v1,<base64>`) over id, time and the very bytes that are sent."""
    signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers(known: Sequence[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers; one signature for each secret that is valid now, the newest first."""
    signatures = (sign(secret, message_id=message_id, at=at, body=body) for secret in known)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
