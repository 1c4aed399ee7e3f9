"""Kill switches by name."""

import pytest

from apps.agents.models import Agent
from apps.gateway.switches import engage, engaged, release
from apps.insights.stops import named, stoppable

pytestmark = pytest.mark.django_db


def test_what_can_be_stopped_is_of_the_workspace(cast, connector, workspace, elsewhere, now):
    """Everything first, then agents, connectors and actions; nothing from elsewhere."""
    agent = Agent.objects.create(workspace=workspace, name="Repricer", playbook="repricing",
                                 created_at=now)  # fmt: skip
    found = stoppable(workspace.pk)
    assert (found[0].name, found[0].target) == ("Everything", "")
    names = {(one.scope.value, one.target): one.name for one in found}
    assert names["agent", str(agent.pk)] == "Repricer"
    assert names["connector", str(connector.pk)] == "ledger"
    assert names["action", "set_price"] == "Set price"
    assert {one.scope.value for one in stoppable(elsewhere.pk)} == {"workspace", "action"}


def test_switches_have_names(cast, connector, workspace, now, django_assert_num_queries):
    """What they stop and who engaged and released them; no query where nothing is engaged."""
    with django_assert_num_queries(0):
        assert named(workspace.pk, []) == []
    for scope, target in (("workspace", ""), ("connector", str(connector.pk))):
        engage(workspace=workspace, scope=scope, target=target, reason="R", by=cast.otto.actor,
               now=now)  # fmt: skip
    release(switch=engaged(workspace.pk).last(), by=cast.olga.actor, now=now)
    switches = list(workspace.kill_switches.order_by("id"))
    with django_assert_num_queries(4):
        everything, one = named(workspace.pk, switches)
    assert (everything.what, everything.by, everything.released_by) == (
        "Everything",
        "Otto",
        "Olga",
    )
    assert (one.what, one.released_by) == ("The connector “ledger”", "")
