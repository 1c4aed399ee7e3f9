"""Agents that run elsewhere: an identity of their own, with an owner, scopes and limits."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.accounts import permissions
from apps.accounts.models import AGENT_SCOPES, OutsideAgent, User, Workspace
from apps.audit.events.people import AgentChanged
from apps.audit.operations import record

LONGEST_NAME = 80
# Letters and marks that are drawn as nothing, beside the controls, which all count as unseen
BLANK = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")
ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK"})  # scripts whose letters pass for one another


class NotForAgents(ValueError):
    """An agent was to have a scope which is for people only."""


class NameUnfit(ValueError):
    """The name is too long, empty, or not what it looks like; the text says which."""


class NameTaken(ValueError):
    """An agent or a member is called that already, or an agent was."""


class Retired(ValueError):
    """The agent has been retired: it does nothing any more, and stays as it is."""


class BeyondItsLimits(Exception):
    """The agent may not propose this; the text says which limit it is."""


def agents_of(workspace_id: UUID) -> QuerySet[OutsideAgent]:
    """The agents from outside of a workspace, retired ones too, by name."""
    return OutsideAgent.objects.filter(workspace_id=workspace_id).order_by("name")


def owned_by(user: User, workspace_id: UUID) -> QuerySet[OutsideAgent]:
    """Those a person may make keys for."""
    return agents_of(workspace_id).filter(owner=user, retired_at=None)


@transaction.atomic
def register(
    *,
    workspace: Workspace,
    owner: User,
    name: str,
    kind: str,
    scopes: Sequence[str],
    actions: Sequence[str],
    hourly: int | None,
    now: datetime,
) -> OutsideAgent:
    """Give an agent that runs elsewhere an identity; who registers it answers for it.

    Raises `NotForAgents`, `NameUnfit`, `NameTaken`, `PermissionError` where the person may not
    configure.
    """
    check_scopes(scopes)
    if not permissions.can(owner, "configure", workspace.pk):
        raise PermissionError("Only operators and owners register agents.")
    agent = OutsideAgent(
        workspace=workspace, owner=owner, name=fit_name(name, workspace), kind=kind,
        scopes=list(scopes), actions=list(actions), hourly=hourly, created_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            agent.save(force_insert=True)
    except IntegrityError as error:
        raise NameTaken(f"There is an agent called {agent.name} already.") from error
    note(agent, {}, {"kind": kind, **limits_of(agent)}, by=owner.actor, now=now)
    return agent


def fit_name(name: str, workspace: Workspace) -> str:
    """The name as it is kept, if nobody can take it for another's. Raises `NameUnfit`, `NameTaken`.

    That of a retired agent stays its own: rules and figures know it by that.
    """
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if not name or len(name) > LONGEST_NAME:
        raise NameUnfit(f"Give the agent a name of at most {LONGEST_NAME} letters.")
    if BLANK.search(name) or any(unicodedata.category(char)[0] == "C" for char in name):
        raise NameUnfit("The name has characters that nobody sees.")
    if any(len(ALIKE & scripts_of(word)) > 1 for word in name.split()):
        raise NameUnfit("A word of the name mixes letters of scripts that look alike.")
    people = User.objects.filter(memberships__workspace=workspace)
    known = {*agents_of(workspace.pk).values_list("name", flat=True)}
    known |= {called for person in people for called in (person.name, person.email)}
    if name.casefold() in {known_name.casefold() for known_name in known}:
        raise NameTaken(f"Somebody is called {name} already, or was.")
    return name


def scripts_of(word: str) -> set[str]:
    """The scripts of its letters, as their Unicode names begin."""
    return {unicodedata.name(char, "?").split()[0] for char in word if char.isalpha()}


def check_scopes(scopes: Sequence[str]) -> None:
    """Refuse what is for people only. Raises `NotForAgents`."""
    if forbidden := set(scopes) - set(AGENT_SCOPES):
        known = ", ".join(AGENT_SCOPES)
        raise NotForAgents(f"Not for agents: {', '.join(sorted(forbidden))}; use some of {known}.")


@transaction.atomic
def limit(
    *,
    agent: OutsideAgent,
    scopes: Sequence[str],
    actions: Sequence[str],
    hourly: int | None,
    by: str,
    now: datetime,
) -> None:
    """Set how far an agent may go; from its next request on. Raises `NotForAgents`, `Retired`."""
    check_scopes(scopes)
    held = hold(agent.pk)
    if held.retired_at:
        raise Retired(f"{held} is retired.")
    before = limits_of(held)
    held.scopes, held.actions, held.hourly = list(scopes), list(actions), hourly
    held.save(update_fields=["scopes", "actions", "hourly"])
    if before != limits_of(held):
        note(held, before, limits_of(held), by=by, now=now)


def limits_of(agent: OutsideAgent) -> dict[str, Any]:
    """How far it may go, as its events tell it."""
    return {"scopes": agent.scopes, "actions": agent.actions, "hourly": agent.hourly}


@transaction.atomic
def retire(*, agent: OutsideAgent, by: str, now: datetime) -> None:
    """End an agent and all its keys at once; again changes nothing.

    What it has proposed stands; a kill switch on it stops what is under way.
    """
    if OutsideAgent.objects.filter(pk=agent.pk, retired_at=None).update(retired_at=now):
        note(agent, {"retired": False}, {"retired": True}, by=by, now=now)


def note(
    agent: OutsideAgent, before: dict[str, Any], after: dict[str, Any], *, by: str, now: datetime
) -> None:
    """Record what changed of an agent, in the caller's transaction."""
    record(
        AgentChanged(name=agent.known_as, before=before, after=after),
        workspace_id=agent.workspace_id,
        actor=by,
        subject_kind="agent",
        subject_id=agent.pk,
        now=now,
    )


def hold(agent_id: UUID) -> OutsideAgent:
    """The agent as it is now, locked until the transaction ends.

    So its proposals are counted one by one, and none comes after it was retired.
    """
    return OutsideAgent.objects.select_for_update(no_key=True).get(pk=agent_id)


def check_actions(agent: OutsideAgent, actions: Iterable[str]) -> None:
    """Refuse kinds of action the agent may not propose. Raises `BeyondItsLimits`."""
    if agent.actions and (strange := sorted(set(actions) - set(agent.actions))):
        raise BeyondItsLimits(f"{agent} may not propose {', '.join(strange)}.")
