"""API keys, and a client that speaks JSON with one."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client

from apps.accounts import operations
from apps.accounts.models import User, Workspace
from apps.accounts.operations import SCOPES

ROOT = "/api/v1"


@dataclass(frozen=True)
class Caller:
    """Someone with an API key. Paths are below `/api/v1`."""

    token: str

    def get(self, path: str, **query: Any) -> HttpResponse:
        """GET with query parameters."""
        return self.send("GET", path, query=query)

    def post(self, path: str, body: object, *, once: str | None = "") -> HttpResponse:
        """POST JSON; `once` is the Idempotency-Key, a new one if empty, none if None."""
        headers = {} if once is None else {"Idempotency-Key": once or str(uuid4())}
        return self.send("POST", path, content=json.dumps(body), headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        content: str | bytes = "",
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> HttpResponse:
        """Any request, as given."""
        return Client().generic(
            method,
            ROOT + path,
            content,
            content_type=content_type,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            query_params=query or {},
        )


def caller(
    workspace: Workspace, user: User, *, now: datetime, scopes: Iterable[str] = SCOPES,
    expires_at: datetime | None = None, actions: Sequence[str] | None = None,
) -> Caller:  # fmt: skip
    """A new key this person has made, for every kind of action unless some are named."""
    _, token = operations.create_key(
        workspace=workspace, user=user, name="test", scopes=list(scopes), now=now,
        expires_at=expires_at, actions=actions,
    )  # fmt: skip
    return Caller(token)
