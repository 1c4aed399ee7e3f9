"""Connector credentials at rest: Fernet, newest key first (rotation re-encrypts lazily)."""

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CREDENTIAL_KEYS])


def seal(secret: str) -> bytes:
    """The secret, encrypted and authenticated."""
    return _keys().encrypt(secret.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """The secret. Raises `cryptography.fernet.InvalidToken` when no key fits."""
    return _keys().decrypt(bytes(sealed)).decode()
