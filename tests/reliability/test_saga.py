"""A return is six calls: whatever fails at whichever, it ends all done, all undone, or as a case.

Every step meets the shop's refusal, lost and garbled answers, failures that pass and that stay,
and SIGKILL; the undoing meets the same. What became of it is judged by the shop's own answers and
ledger. The control trusts our log instead of reading back, and must leave half a return.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice, pairwise
from pathlib import Path

import pytest
from django.conf import settings

from apps.audit import failpoints
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.gateway import clients, switches
from apps.gateway.configuration import configure_connector
from apps.gateway.connectors.medusa.actions.return_items import ReturnItems
from apps.gateway.models import State
from apps.gateway.operations import saga
from apps.gateway.operations.outcome import MAX_ATTEMPTS
from apps.gateway.operations.saga import steps_of
from apps.policies import operations as policies
from tests.contract.medusa import CACHE, real_medusa
from tests.contract.shops import Shop
from tests.factories.gate import open_gate
from tests.reliability.conftest import sweep
from tests.reliability.fault_proxy import Proxy, fault_proxy
from tests.reliability.forks import Process, run_together
from tests.reliability.returning import (
    CALLS,
    FIRST_UNDONE,
    FOR_EVER,
    LOST,
    PATIENCE,
    UNDOING,
    Case,
    Order,
    World,
    sent_pieces,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]


@pytest.fixture
def everything_passes(cast, workspace, now) -> None:
    """A policy that lets returns pass."""
    rule = {"name": "all", "when": "true", "outcome": "allow", "reason": "test"}
    version = policies.draft(
        workspace=workspace, name="All", rules=[rule], limits={}, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)


@pytest.fixture
def world(everything_passes, shop, shop_connector, now) -> World:
    """The demo shop, and a connector impatient with answers that do not come."""
    shop_connector.settings = {"timeout": "0.5"}
    shop_connector.save()
    client = clients.client_of(shop_connector)
    return World(shop, shop_connector, sent_pieces(client.read("orders")), now)


@pytest.fixture
def real_world(everything_passes, workspace, now) -> Iterator[tuple[World, Proxy]]:
    """A real Medusa behind a proxy that spoils answers.

    AIOS_TEST_MEDUSA may name the JSON file of one that runs already.
    """
    known = Path(os.environ.get("AIOS_TEST_MEDUSA", ""))
    with ExitStack() as stack:
        if known.is_file():
            told = json.loads(known.read_text())
            shop = Shop("medusa", told["address"], told["secret"])
        else:
            shop = stack.enter_context(real_medusa(CACHE))
        proxy = stack.enter_context(fault_proxy(shop.address, silence=PATIENCE + 0.5))
        connector = configure_connector(
            workspace=workspace, name="shop", kind="medusa", address=proxy.address,
            settings={"timeout": str(PATIENCE)}, secret=shop.secret, by="test", now=now,
        )  # fmt: skip
        orders = clients.client_of(connector).read("orders")
        yield World(shop, connector, sent_pieces(orders), now), proxy


@pytest.fixture
def some(request) -> Callable[[list[Case]], list[Case]]:
    """All cases, or as many as `--runs` asks for; a shop has pieces for about seventy."""
    wanted = request.config.getoption("--runs")
    return lambda cases: list(islice(cycle(cases), wanted)) if wanted else cases


def test_a_return_without_trouble(world):
    """Six steps, each committed with its event and reference; a receipt; one line in the ledger."""
    execution = world.run(next(world.orders), Case())
    assert execution.state == State.DONE, execution.error
    assert [entry["step"] for entry in execution.progress] == list(CALLS)
    assert all(entry["reference"] for entry in execution.progress)
    told = Event.objects.filter(kind=Kind.EXECUTION_STEPPED, subject_id=execution.pk)
    assert told.count() == len(CALLS)
    assert execution.reference.startswith("return_")
    assert world.pieces(execution) == 1


@pytest.mark.parametrize("behavior", ["refuse", "error", *LOST])
def test_a_fault_at_every_step(world, say, some, behavior):
    """The shop's no undoes what stands; anything else is read back and goes on."""
    cases = some([Case(rules=((behavior, "POST", path, 1),)) for path in CALLS.values()])
    ended = world.check(cases)
    say(f"saga, {behavior} at the steps, {len(cases)} runs: {dict(ended)}")
    assert set(ended) == {State.REFUSED if behavior == "refuse" else State.DONE}


def test_a_failure_that_stays(world, say, some):
    """After so many tries the steps before are undone; if there are none, a person is asked."""
    cases = some([Case(rules=(("error", "POST", path, FOR_EVER),)) for path in CALLS.values()])
    ended = world.check(cases)
    say(f"saga, a failure that stays at the steps, {len(cases)} runs: {dict(ended)}")
    assert set(ended) == {State.REFUSED, State.NEEDS_PERSON}


def test_a_kill_at_every_step(world, say, some):
    """SIGKILL before and after each call, and of the sweeper that goes on as well."""
    names = list(CALLS)
    cases = [Case(dies_at=f"step:{name}:{when}") for name in names for when in ("before", "after")]
    cases += [
        Case(dies_at=f"step:{name}:after", again_at=f"step:{following}:after")
        for name, following in pairwise(names)
    ]
    ended = world.check(cases := some(cases))
    say(f"saga, SIGKILL at the steps, {len(cases)} runs: {dict(ended)}")
    assert set(ended) == {State.DONE}


@pytest.mark.parametrize("behavior", ["refuse", "error", "stays", *LOST])
def test_a_fault_in_the_undoing(world, say, some, behavior):
    """An undoing whose answer is lost is read back and goes on; one that fails is an open case."""
    times = FOR_EVER if behavior in ("refuse", "stays") else 1
    spoilt = "error" if behavior == "stays" else behavior
    cases = some(
        [
            Case(rules=(("refuse", "POST", CALLS[step], 1), (spoilt, *UNDOING[undone], times)))
            for step, undone in FIRST_UNDONE.items()
        ]
    )
    ended = world.check(cases)
    say(f"saga, {behavior} in the undoing, {len(cases)} runs: {dict(ended)}")
    assert set(ended) == {State.NEEDS_PERSON if times == FOR_EVER else State.REFUSED}


def test_a_kill_in_the_undoing(world, say, some):
    """SIGKILL before and after each undoing, and of the sweeper that goes on: it is finished."""
    refused = {undone: ("refuse", "POST", CALLS[step], 1) for step, undone in FIRST_UNDONE.items()}
    cases = [
        Case(rules=(rule,), dies_at=f"undo:{undone}:{when}")
        for undone, rule in refused.items()
        for when in ("before", "after")
    ]
    cases.append(
        Case(
            rules=(refused["receive_items"],),
            dies_at="undo:receive_items:after",
            again_at="undo:confirm_request:after",
        )
    )
    ended = world.check(cases := some(cases))
    say(f"saga, SIGKILL in the undoing, {len(cases)} runs: {dict(ended)}")
    assert set(ended) == {State.REFUSED}


def test_control_without_reading_back(world, say, monkeypatch):
    """Control: one who trusts the log does a step twice, and ends with half a return in silence."""

    def by_the_log(one, step, context):
        for entry in one.execution.progress:
            if entry["step"] == step.name:
                return {"reference": entry["reference"]}
        step.do(context)
        failpoints.reach(f"step:{step.name}:after")
        return {"reference": (step.find(context) or {}).get("reference", "")}

    monkeypatch.setattr(saga, "bring_to_stand", by_the_log)
    silent = 0
    for name in CALLS:
        order = next(world.orders)
        before = world.client.snapshot("return_items", order.params)
        execution = world.run(order, Case(dies_at=f"step:{name}:after"))
        ended = execution.state in (State.DONE, State.REFUSED)
        silent += ended and world.judge(order, before) == "half"
    say(f"saga, control without reading back: {silent} of {len(CALLS)} runs half done in silence")
    assert silent > 0


def test_a_doubled_step_is_undone(world):
    """Goods that were listed twice are not taken back twice: the return is undone."""
    order = next(world.orders)
    before = world.client.snapshot("return_items", order.params)
    execution = world.propose(order)
    [create, listing, *_] = steps_of(world.client, execution)
    with open_gate():
        create.do({})
        context = {create.name: create.find({})}
        listing.do(context)
        listing.do(context)
    world.work()
    sweep(world.now)
    execution.refresh_from_db()
    assert execution.state == State.REFUSED, execution.error
    assert world.judge(order, before) == "undone"


def test_a_step_somebody_took_back_is_not_done_again(world):
    """A return that a person in the shop gave up meanwhile becomes a case."""
    execution = world.propose(next(world.orders))
    assert run_together(Process(world.work, "step:request_items:before")) == [True]
    [create, *_] = steps_of(world.client, execution)
    with open_gate():
        create.undo({create.name: create.find({})})
    sweep(world.now)
    execution.refresh_from_db()
    assert execution.state == State.NEEDS_PERSON
    assert "is gone" in execution.error


def test_a_kill_switch_between_two_steps(world, workspace, now):
    """Half way the saga waits for the release of the switch, and then goes on."""
    execution = world.propose(next(world.orders))
    assert run_together(Process(world.work, "step:begin_receipt:before")) == [True]
    switch = switches.engage(
        workspace=workspace, scope="workspace", target="", reason="stop", by="test", now=now
    )
    sweep(now)
    execution.refresh_from_db()
    assert execution.state == State.UNKNOWN
    assert [entry["step"] for entry in execution.progress] == list(CALLS)[:3]
    switches.release(switch=switch, by="test", now=now)
    world.sweep_until_over(execution)
    assert execution.state == State.DONE, execution.error
    assert world.pieces(execution) == 1


@pytest.mark.parametrize("step", ["confirm_receipt"])
def test_a_return_stopped_in_the_middle_again_and_again(world, workspace, now, step):
    """Six switches at the same step, each held for two sweeps: it goes on, and is done once."""
    execution = world.propose(next(world.orders))
    assert run_together(Process(world.work, f"step:{step}:before")) == [True]
    at = now
    for _ in range(MAX_ATTEMPTS + 1):
        switch = switches.engage(
            workspace=workspace, scope="workspace", target="", reason="stop", by="test", now=at
        )
        for _ in range(2):
            at += timedelta(seconds=settings.GATEWAY_LEASE_SECONDS + 1)
            sweep(at, rounds=1)
        execution.refresh_from_db()
        assert execution.state == State.UNKNOWN
        assert [entry["step"] for entry in execution.progress] == list(CALLS)[
            : list(CALLS).index(step)
        ]
        switches.release(switch=switch, by="test", now=at)
    replace(world, now=at).sweep_until_over(execution)
    assert (execution.state, execution.attempts) == (State.DONE, 1), execution.error
    assert world.pieces(execution) == 1


@pytest.mark.parametrize("step", ["create_return", "confirm_receipt"])
def test_a_return_a_busy_shop_turns_away_in_the_middle(world, step):
    """Nine times at the same step, more than a step may fail: it is done all the same, once."""
    order = next(world.orders)
    rule = ("busy", "POST", CALLS[step], MAX_ATTEMPTS + 4)
    execution = world.run(order, Case(rules=(rule,)))
    assert (execution.state, execution.attempts) == (State.DONE, 1), execution.error
    assert not any("failed" in entry for entry in execution.progress)
    assert world.pieces(execution) == 1


@pytest.mark.medusa
def test_lost_answers_of_a_real_medusa(request, say, monkeypatch):
    """The answer to each call is spoilt, and to the undoing: done once, or all undone.

    What undoes is the shop's own no to too many pieces, which we are kept from foreseeing, as if
    somebody had taken them back between our look and our call.
    """
    if not (os.environ.get("AIOS_TEST_MEDUSA") or request.config.getoption("--medusa")):
        pytest.skip("needs Node 20 and npm: give --medusa")
    world, proxy = request.getfixturevalue("real_world")
    ended: Counter[str] = Counter()
    for fault_there, path in zip(cycle(("error", "reset", "garbage", "silence")), CALLS.values()):
        order = next(world.orders)
        before = world.client.snapshot("return_items", order.params)
        execution = world.propose(order)
        proxy.spoil(fault_there, path=path)
        world.work()
        world.sweep_until_over(execution)
        assert execution.state == State.DONE, execution.error
        assert world.judge(order, before) == "done"
        ended[execution.state] += 1
    monkeypatch.setattr(ReturnItems, "check", lambda *_: None)
    for fault_there in ("error", "reset"):
        order = next(world.orders)
        too_much = Order(order.order_id, order.line_id, pieces=1000)
        before = world.client.snapshot("return_items", order.params)
        execution = world.propose(too_much)
        proxy.spoil(fault_there, method="DELETE")
        world.work()
        world.sweep_until_over(execution)
        assert execution.state == State.REFUSED, execution.error
        assert world.judge(order, before) == "undone"
        ended[execution.state] += 1
    say(f"saga, spoilt answers of a real Medusa, {proxy.spoilt} of {ended.total()} runs: "
        f"{dict(ended)}")  # fmt: skip
    assert proxy.spoilt == ended.total()
