"""Agents: who is there to be started, and what each did last."""

from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from apps.agents import queries
from apps.api.auth import Key, key_of
from apps.api.pages import Page, Paging, cut
from apps.api.problems import not_found
from apps.api.schemas.agents import AgentRecord

router = Router(tags=["agents"], auth=Key("runs:read"))


@router.get("", response=Page[AgentRecord])
def list_agents(request: HttpRequest, paging: Query[Paging]) -> dict[str, object]:
    """Agents, newest first, each with its schedule and its last run."""
    return cut(queries.agents_at_work(key_of(request).workspace_id), paging, AgentRecord.of)


@router.get("/{agent_id}", response=AgentRecord)
def read_agent(request: HttpRequest, agent_id: UUID) -> AgentRecord:
    """One agent; `POST /runs` with its id starts it."""
    agent = queries.agents_at_work(key_of(request).workspace_id).filter(pk=agent_id).first()
    if agent is None:
        raise not_found("agent")
    return AgentRecord.of(agent)
