"""Agents that run elsewhere: who registers them, who makes their keys, how they end."""

from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import operations, outside
from apps.accounts.models import OutsideAgent, User, Workspace
from apps.accounts.queries import find_key, names_of
from apps.audit.kinds import Kind
from apps.audit.models import Event, Payload
from tests.conftest import Cast

WANTED: dict[str, Any] = {
    "name": "ERP", "kind": "rules", "scopes": ["proposals:submit"], "actions": [], "hourly": None,
}  # fmt: skip


def register(workspace: Workspace, owner: User, now: datetime, **more: Any) -> OutsideAgent:
    """An agent of this owner."""
    return outside.register(workspace=workspace, owner=owner, now=now, **{**WANTED, **more})


def test_it_is_registered_by_who_configures(
    workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """Once under a name, with an event; it may be called like nobody of ours."""
    made = register(workspace, cast.otto, now)
    assert str(made) == "ERP (outside)"
    assert Event.objects.get(kind=Kind.AGENT_CHANGED).actor == cast.otto.actor
    for person in (cast.rita, cast.mallory):
        with pytest.raises(PermissionError):
            register(workspace, person, now, name="Other")
    with pytest.raises(outside.NameTaken):
        register(workspace, cast.olga, now)


@pytest.mark.parametrize("scope", sorted(set(operations.SCOPES) - set(outside.AGENT_SCOPES)))
def test_what_is_for_people_is_not_for_agents(
    workspace: Workspace, cast: Cast, now: datetime, scope: str
) -> None:
    """Deciding, stopping and starting; nor may its key have more than it has itself."""
    with pytest.raises(outside.NotForAgents):
        register(workspace, cast.otto, now, scopes=[scope])
    agent = register(workspace, cast.otto, now)
    with pytest.raises(operations.NotYourAgent):
        operations.create_key(workspace=workspace, user=cast.otto, name="k", scopes=[scope],
                              now=now, agent=agent)  # fmt: skip


def test_its_owner_alone_makes_its_keys(
    workspace: Workspace, elsewhere: Workspace, cast: Cast, now: datetime
) -> None:
    """And retiring it ends them all."""
    agent = register(workspace, cast.otto, now)
    key, token = operations.create_key(workspace=workspace, user=cast.otto, name="k",
                                       scopes=["proposals:submit"], now=now, agent=agent)  # fmt: skip
    found = find_key(token, now=now)
    assert found == key
    for person, where in ((cast.olga, workspace), (cast.mallory, elsewhere)):
        with pytest.raises(operations.NotYourAgent):
            operations.create_key(workspace=where, user=person, name="k",
                                  scopes=["proposals:submit"], now=now, agent=agent)  # fmt: skip
    outside.retire(agent=agent, by=cast.olga.actor, now=now)
    assert find_key(token, now=now) is None
    agent.refresh_from_db()
    with pytest.raises(operations.NotYourAgent):
        operations.create_key(workspace=workspace, user=cast.otto, name="k",
                              scopes=["proposals:submit"], now=now, agent=agent)  # fmt: skip
    outside.retire(agent=agent, by=cast.olga.actor, now=now)
    assert Event.objects.filter(kind=Kind.AGENT_CHANGED).count() == 2


def test_a_key_of_a_person_stays_without_an_agent(
    workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """It is found as before."""
    key, token = operations.create_key(workspace=workspace, user=cast.otto, name="k",
                                       scopes=["proposals:review"], now=now)  # fmt: skip
    assert find_key(token, now=now) == key
    assert key.may("proposals:review")


def test_the_admin_registers_and_retires(client: Client, workspace: Workspace, cast: Cast) -> None:
    """For who is signed in, whatever the form says."""
    client.force_login(cast.olga, backend="django.contrib.auth.backends.ModelBackend")
    pages = "admin:accounts_outsideagent_"
    form = {"workspace": workspace.pk, "owner": cast.otto.pk, "name": "ERP", "kind": "rules",
            "scopes": ["proposals:submit"], "actions": ["set_price"], "hourly": "5"}  # fmt: skip
    assert client.post(reverse(f"{pages}add"), form).status_code == 302
    agent = OutsideAgent.objects.get()
    assert (agent.owner, agent.actions, agent.hourly) == (cast.olga, ["set_price"], 5)
    assert client.post(reverse(f"{pages}add"), form).status_code == 200
    assert "ERP (outside)" in client.get(reverse(f"{pages}changelist")).content.decode()
    retire = {"action": "retire", "_selected_action": [agent.pk]}
    client.post(reverse(f"{pages}changelist"), retire)
    agent.refresh_from_db()
    assert agent.retired_at is not None


def test_its_limits_are_set_with_an_event(workspace: Workspace, cast: Cast, now: datetime) -> None:
    """Only what differs is recorded; a retired one stays as it was."""
    agent = register(workspace, cast.otto, now)
    more = {"scopes": ["proposals:submit"], "actions": ["set_price"], "hourly": 9}
    for _ in range(2):
        outside.limit(agent=agent, by=cast.olga.actor, now=now, **more)
    agent.refresh_from_db()
    assert (agent.actions, agent.hourly) == (["set_price"], 9)
    [_, changed] = Event.objects.filter(kind=Kind.AGENT_CHANGED).order_by("id")
    fields = Payload.objects.get(event_id=changed.pk).fields
    assert (fields["before"]["hourly"], fields["after"]["hourly"]) == (None, 9)
    with pytest.raises(outside.NotForAgents):
        outside.limit(agent=agent, by="t", now=now, **{**more, "scopes": ["proposals:review"]})
    outside.retire(agent=agent, by="t", now=now)
    with pytest.raises(outside.Retired):
        outside.limit(agent=agent, by="t", now=now, **more)


def test_its_key_is_told_with_its_name(workspace: Workspace, cast: Cast, now: datetime) -> None:
    """A person's is told as theirs."""
    make = partial(operations.create_key, workspace=workspace, user=cast.otto, now=now,
                   scopes=["proposals:submit"])  # fmt: skip
    its, _ = make(name="Hamburg", agent=register(workspace, cast.otto, now))
    his, _ = make(name="Laptop")
    assert names_of({its.actor, his.actor}) == {
        its.actor: "ERP (outside), API key Hamburg", his.actor: "API key Laptop",
    }  # fmt: skip


def test_the_admin_changes_how_far_it_goes_not_who_it_is(
    client: Client, workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """Whatever the form says; a name that is not what it looks like is refused at its field."""
    agent = register(workspace, cast.otto, now)
    client.force_login(cast.olga, backend="django.contrib.auth.backends.ModelBackend")
    form = {"workspace": workspace.pk, "name": "Rita", "kind": "model",
            "scopes": ["proposals:read"], "hourly": "5"}  # fmt: skip
    page = reverse("admin:accounts_outsideagent_change", args=[agent.pk])
    assert client.post(page, form).status_code == 302
    agent.refresh_from_db()
    assert (agent.name, agent.kind, agent.owner) == ("ERP", "rules", cast.otto)
    assert (agent.scopes, agent.hourly) == (["proposals:read"], 5)
    add = reverse("admin:accounts_outsideagent_add")
    assert "nobody sees" in client.post(add, {**form, "name": "Ri\u200bta"}).content.decode()
    outside.retire(agent=agent, by="t", now=now)
    assert client.post(page, {**form, "hourly": "6"}).status_code == 403
