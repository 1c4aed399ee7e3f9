"""Kill switches through the API."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.gateway.models import Connector, Execution, KillSwitch
from apps.proposals import operations
from apps.proposals.models import Proposal
from tests.factories.keys import Caller
from tests.unit.api.calls import bounded, problem

EVERYTHING = {"scope": "workspace", "reason": "The shop sends odd prices."}


def test_stopping_everything(otto: Caller, proposals: list[Proposal], now: datetime) -> None:
    """201 with the switch; nothing is called until its release, then what waited is."""
    answer = otto.post("/kill-switches", EVERYTHING)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["scope"], made["target"], made["reason"]) == (
        "workspace",
        "",
        EVERYTHING["reason"],
    )
    assert (made["engaged_by"].partition(":")[0], made["released_at"]) == ("key", None)
    operations.execute(worker="w", clock=lambda: now)
    assert Execution.objects.get().state == "due"
    released = otto.post(f"/kill-switches/{made['id']}/release", {})
    assert released.status_code == 200
    assert released.json()["released_by"] == made["engaged_by"]
    operations.execute(worker="w", clock=lambda: now)
    assert Execution.objects.get().state == "done"


def test_twice_is_once(otto: Caller, connector: Connector) -> None:
    """Engaged already: 200 with that one; released already: as it was released; one event each."""
    wanted = {"scope": "connector", "target": str(connector.pk), "reason": "Too slow."}
    first, second = (otto.post("/kill-switches", wanted) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    path = f"/kill-switches/{first.json()['id']}/release"
    assert otto.post(path, {}).json() == otto.post(path, {}, once=None).json()
    kinds = Event.objects.filter(kind__startswith="switch").values_list("kind", flat=True)
    assert sorted(kinds) == ["switch.engaged", "switch.released"]


def test_the_list(otto: Caller, workspace: Workspace) -> None:
    """Newest first in pages, those engaged now when asked; two queries more than the key's."""
    for action in ("set_price", "set_stock", "send_message"):
        otto.post("/kill-switches", {"scope": "action", "target": action, "reason": "R"})
    newest = KillSwitch.objects.get(target="send_message")
    otto.post(f"/kill-switches/{newest.pk}/release", {})
    page = bounded(otto, "/kill-switches", 3, limit=2)
    assert [one["target"] for one in page["items"]] == ["send_message", "set_stock"]
    rest = bounded(otto, "/kill-switches", 3, cursor=page["next_cursor"])
    assert [one["target"] for one in rest["items"]] == ["set_price"]
    for engaged, count in (("true", 2), ("false", 1)):
        assert len(bounded(otto, "/kill-switches", 3, engaged=engaged)["items"]) == count


@pytest.mark.parametrize(
    ("over", "where"),
    [
        ({"reason": " "}, "#/reason"),
        ({"reason": "x" * 501}, "#/reason"),
        ({"scope": "planet"}, "#/scope"),
        ({"target": "x"}, "#/target"),
        ({"scope": "action", "target": "nothing"}, "#/target"),
        ({"scope": "agent", "target": str(uuid4())}, "#/target"),
        ({"scope": "connector", "target": "x"}, "#/target"),
        ({"until": "tomorrow"}, "#/until"),
    ],
)
def test_what_does_not_fit(
    otto: Caller, workspace: Workspace, over: dict[str, Any], where: str
) -> None:
    """422 with a pointer, and nothing is stopped."""
    found = problem(otto.post("/kill-switches", {**EVERYTHING, **over}), 422)
    assert found["errors"][0]["pointer"] == where
    assert not KillSwitch.objects.exists()


def test_a_release_takes_no_body(otto: Caller, workspace: Workspace) -> None:
    """422 with one, whatever it says, and it stays stopped."""
    made = otto.post("/kill-switches", EVERYTHING).json()
    for body in ('{"reason": "x"}', "[", "\0"):
        answer = otto.send("POST", f"/kill-switches/{made['id']}/release", content=body)
        problem(answer, 422)
    assert KillSwitch.objects.get().released_at is None


def test_an_id_in_capitals_would_stop_nothing(otto: Caller, connector: Connector) -> None:
    """It is refused, so that nobody believes it stops something."""
    wanted = {"scope": "connector", "target": str(connector.pk).upper(), "reason": "R"}
    problem(otto.post("/kill-switches", wanted), 422)


def test_reviewers_only_read(otto: Caller, rita: Caller) -> None:
    """Whatever the scopes of their key."""
    made = otto.post("/kill-switches", EVERYTHING).json()
    assert rita.get("/kill-switches").json()["items"] == [made]
    problem(rita.post("/kill-switches", EVERYTHING), 403)
    problem(rita.post(f"/kill-switches/{made['id']}/release", {}), 403)
    assert KillSwitch.objects.get().released_at is None


def test_elsewhere(mallory: Caller, otto: Caller, connector: Connector, now: datetime) -> None:
    """Another workspace's switches, agents and connectors are not there."""
    made = otto.post("/kill-switches", EVERYTHING).json()
    assert mallory.get("/kill-switches").json()["items"] == []
    problem(mallory.post(f"/kill-switches/{made['id']}/release", {}), 404)
    wanted = {"scope": "connector", "target": str(connector.pk), "reason": "R"}
    problem(mallory.post("/kill-switches", wanted), 422)
    assert KillSwitch.objects.get().released_at is None
