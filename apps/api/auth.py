"""API keys: who calls, and what the key may do. Sessions are not accepted here."""

import re
from typing import cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from apps.accounts import operations, permissions, queries
from apps.accounts.models import ApiKey
from apps.api.problems import Problem

TOKEN = re.compile(r"aios_[0-9A-Za-z]{1,16}_[0-9A-Za-z_-]{1,128}")


class Key(HttpBearer):
    """Lets a request pass whose key is live and has the scope; sets `request.auth` to it."""

    openapi_bearerFormat = "aios_<prefix>_<secret>"  # noqa: N815  (the name OpenAPI gives it)
    openapi_description = (
        "A key with the operation's scope; it acts for the member who made it, or for their agent."
    )

    def __init__(self, scope: str) -> None:
        assert scope in operations.SCOPES, scope
        self.scope = scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """The live key of this token, or None. Raises `Problem` 403."""
        now = timezone.now()
        key = queries.find_key(token, now=now) if TOKEN.fullmatch(token) else None
        if key is None:
            return None
        if not permissions.can(key.user, "read", key.workspace_id):
            raise Problem(403, "The person this key acts for is no member of its workspace.")
        if not key.may(self.scope):
            raise Problem(403, f"This key lacks the scope '{self.scope}'.", kind="missing-scope")
        operations.note_key_use(key=key, now=now)
        return key


def key_of(request: HttpRequest) -> ApiKey:
    """The key an authenticated request came with."""
    return cast(ApiKey, request.auth)  # type: ignore[attr-defined]  # ninja sets it
