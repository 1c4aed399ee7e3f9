"""Agents that run elsewhere, and clients with a key of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.accounts import operations, outside
from apps.accounts.models import AGENT_SCOPES, OutsideAgent, User, Workspace
from tests.factories.keys import Caller


def register(
    workspace: Workspace, owner: User, *, now: datetime, name: str = "ERP", **limits: Any
) -> OutsideAgent:
    """An agent of this owner, with all an agent may have unless `limits` say otherwise."""
    wanted = {"scopes": AGENT_SCOPES, "actions": [], "hourly": None, **limits}
    return outside.register(workspace=workspace, owner=owner, name=name, kind="rules", now=now,
                            **wanted)  # fmt: skip


def key_of(agent: OutsideAgent, *, now: datetime, actions: Sequence[str] | None = None) -> Caller:
    """A new key of the agent, with all its scopes, and its kinds of action unless named."""
    _, token = operations.create_key(
        workspace=agent.workspace, user=agent.owner, name="test", scopes=list(agent.scopes),
        now=now, agent=agent, actions=actions,
    )  # fmt: skip
    return Caller(token)
