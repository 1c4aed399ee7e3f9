"""Actions of several calls: each step proven and committed, or all of them undone.

    for each step: read back -> call -> read back -> commit (progress, event, longer lease)

Whoever goes on after a crash reads back first, so no step is done twice. When the back end says
no, the steps before are undone in reverse, recorded and re-runnable likewise. What can be neither
done nor undone nor proven becomes an open case that names the steps which stand.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.conf import settings
from django.db import transaction

from apps.audit import failpoints
from apps.audit.events.executions import ExecutionStepped
from apps.audit.operations import record_all
from apps.gateway import health
from apps.gateway.connectors.base import Client, Found, Step, Stepwise
from apps.gateway.connectors.gate import has_let_pass, settled
from apps.gateway.errors import (
    BadAnswer,
    CannotTell,
    ConnectorError,
    Refused,
    Stopped,
    Unproven,
    Unreachable,
)
from apps.gateway.models import Execution, State
from apps.gateway.operations import grants
from apps.gateway.operations.outcome import (
    AWAY,
    MAX_ATTEMPTS,
    Outcome,
    doubt,
    fact,
    held_until,
    hold_back,
    is_held,
    later,
    told,
)

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Entry = dict[str, Any]


class TakenOver(Exception):
    """Another worker holds the execution by now; nothing may be called any more."""


class TurnedBack(Exception):
    """The saga goes no further; its steps have to be undone."""


@dataclass(frozen=True, kw_only=True)
class Saga:
    """One execution on its way through its steps; `probing` an open breaker, or not."""

    client: Client
    execution: Execution
    steps: Sequence[Step]
    clock: Clock
    probing: bool


def saga_of(client: Client, execution: Execution, steps: Sequence[Step], *, clock: Clock) -> Saga:
    """The way of an execution from here."""
    probing = health.breaker_of(execution.connector).away
    return Saga(client=client, execution=execution, steps=steps, clock=clock, probing=probing)


def steps_of(client: Client, execution: Execution) -> Sequence[Step]:
    """The calls of an execution whose action takes several; empty where it is a single one."""
    if not isinstance(client, Stepwise):
        return ()
    return client.steps(
        execution.action, execution.params, key=execution.key, snapshot=execution.snapshot
    )


def carry_on(client: Client, execution: Execution, *, clock: Clock) -> Outcome | None:
    """Go on with an execution somebody has left; None where it is one call, or nothing stands."""
    steps = steps_of(client, execution)
    if not steps:
        return None
    saga = saga_of(client, execution, steps, clock=clock)
    try:
        write(saga)  # a lease of our own
        if not has_begun(execution) and why_turned(execution) is None:
            found = read(saga, steps[0], {})
            if found is None:
                return None
            store_step(saga, steps[0], reference=str(found["reference"]))
    except TakenOver as error:
        return doubt(execution, str(error), now=clock())
    except CannotTell as error:
        return ask_a_person(saga, str(error))
    except ConnectorError as error:
        return doubt(execution, str(error), now=clock())
    return carry_steps(client, execution, steps, clock=clock)


def carry_steps(
    client: Client, execution: Execution, steps: Sequence[Step], *, clock: Clock
) -> Outcome:
    """Do what is missing, or go on undoing, as far as the back end lets us now."""
    saga = saga_of(client, execution, steps, clock=clock)
    try:
        if why_turned(execution) is None:
            try:
                return go_forward(saga)
            except TurnedBack:
                pass
        return go_back(saga)
    except TakenOver as error:  # the outcome is dropped: whoever holds it now writes its own
        return doubt(execution, str(error), now=clock())


def go_forward(saga: Saga) -> Outcome:
    """Bring every step to stand. Raises `TurnedBack`, `TakenOver`."""
    context: dict[str, Found] = {}
    for step in saga.steps:
        try:
            found = bring_to_stand(saga, step, context)
        except Refused as error:
            if error.code == "changed" and not has_begun(saga.execution):
                return Outcome(execution=saga.execution, state=State.STALE, error=str(error))
            turn_back(saga, step, str(error))
        except CannotTell as error:
            return ask_a_person(saga, str(error))
        except Exception as error:  # noqa: BLE001 (a bug in a connector is a failed try as well)
            return try_again(saga, step, error)
        context[step.name] = found
        if step.name not in standing(saga.execution):
            store_step(saga, step, reference=str(found["reference"]))
        if "wrong" in found:
            turn_back(saga, step, str(found["wrong"]))
    return prove(saga)


def bring_to_stand(saga: Saga, step: Step, context: dict[str, Found]) -> Found:
    """The step as it stands; it is called if it does not. Raises `Refused` for the shop's no."""
    if (found := read(saga, step, context)) is not None:
        return found
    if step.name in standing(saga.execution):
        raise CannotTell(f"The step '{words(step)}' stood before and is gone.")
    failpoints.reach(f"step:{step.name}:before")
    try:
        with watched(saga):
            step.do(context)
    except Refused:
        if (found := read(saga, step, context)) is None:
            raise
        return found  # an earlier call of ours came through late
    failpoints.reach(f"step:{step.name}:after")
    try:
        found = read(saga, step, context)
    except (Unreachable, BadAnswer) as error:
        raise Unproven(str(error)) from error
    if found is None:
        raise Refused(f"The step '{words(step)}' was accepted without effect.", code="no_effect")
    return found


def go_back(saga: Saga) -> Outcome:
    """Undo what stands, the last first. Raises `TakenOver`."""
    step = saga.steps[0]
    try:
        context = survey(saga)
        whole = len(context) == len(saga.steps)
        if whole and not any("wrong" in found for found in context.values()):
            return prove(saga)  # a call that seemed lost came through after all
        for step in reversed(
            [earlier_step for earlier_step in saga.steps if earlier_step.name in context]
        ):
            bring_down(saga, step, context)
            store_step(saga, step, undone=True)
    except TakenOver:
        raise
    except (CannotTell, Refused) as error:
        return ask_a_person(saga, f"Undoing failed: {error}")
    except Exception as error:  # noqa: BLE001 (a bug in a connector is a failed try as well)
        return try_again(saga, step, error)
    undone = " All steps undone." if has_begun(saga.execution) else ""
    return Outcome(
        execution=saga.execution,
        state=State.REFUSED,
        error=f"{why_turned(saga.execution)}{undone}",
    )


def survey(saga: Saga) -> dict[str, Found]:
    """What stands in the shop now, by step."""
    context: dict[str, Found] = {}
    for step in saga.steps:
        if (found := read(saga, step, context)) is not None:
            context[step.name] = found
    return context


def bring_down(saga: Saga, step: Step, context: dict[str, Found]) -> None:
    """Undo a step unless it fell with a later one. Raises `Refused` if it still stands."""
    if read(saga, step, context) is None:
        return
    if step.undo is None:
        raise Refused(f"the step '{words(step)}' cannot be taken back.")
    failpoints.reach(f"undo:{step.name}:before")
    try:
        with watched(saga):
            step.undo(context)
    except Refused:
        if read(saga, step, context) is not None:
            raise
    failpoints.reach(f"undo:{step.name}:after")
    if read(saga, step, context) is not None:
        raise Refused(f"undoing '{words(step)}' was accepted without effect.", code="no_effect")


def read(saga: Saga, step: Step, context: dict[str, Found]) -> Found | None:
    """What a step's read-back shows. A refused read says nothing about the step: `BadAnswer`."""
    try:
        with watched(saga):
            return step.find(context)
    except Refused as error:
        raise BadAnswer(str(error)) from error


def watched(saga: Saga) -> AbstractContextManager[None]:
    """Have the connector's breaker learn how a call or read goes."""
    return health.watch(saga.execution.connector, clock=saga.clock)


def prove(saga: Saga) -> Outcome:
    """All steps stand: the receipt."""
    execution = saga.execution
    try:
        with watched(saga):
            receipt = saga.client.find_effect(
                execution.action, execution.params, key=execution.key, snapshot=execution.snapshot
            )
    except CannotTell as error:
        return ask_a_person(saga, str(error))
    except ConnectorError as error:
        return try_again(saga, saga.steps[-1], error)
    if receipt is None:
        return ask_a_person(saga, "All steps stand, but the effect is not there.")
    return Outcome(execution=execution, state=State.DONE, receipt=receipt)


def try_again(saga: Saga, step: Step, error: Exception) -> Outcome:
    """Later, after a longer pause each time; then back, or to a person. Raises `TakenOver`.

    What was held back is no failed try: by a switch or an open breaker for as long as they hold,
    else while the permission lasts, since what has begun has no other end.
    """
    execution, now = saga.execution, saga.clock()
    text = str(error)
    if not isinstance(error, ConnectorError):
        log.error("A step of execution %s failed in the connector", execution.pk, exc_info=error)
        text = f"{type(error).__name__}: {error}"
    held = is_held(error, sent=has_let_pass(), probing=saga.probing)
    until = held_until(error, probing=saga.probing, now=now)
    if not has_begun(execution) and why_turned(execution) is None:
        if held:
            return hold_back(execution, text, until=until)
        decide = later if isinstance(error, Unreachable) else doubt
        return decide(execution, text, now=now)
    endless = isinstance(error, Stopped) or saga.probing
    if held and (endless or grants.lasts(execution, now=now)):
        again = until or now + AWAY
        return Outcome(execution=execution, state=State.UNKNOWN, error=text, retry_at=again)
    store_step(saga, step, failed=text[:500])
    tries = failures(execution)
    if tries < MAX_ATTEMPTS:
        pause = timedelta(seconds=max(settings.GATEWAY_DOUBT_SECONDS, 2**tries))
        return Outcome(execution=execution, state=State.UNKNOWN, error=text, retry_at=now + pause)
    if why_turned(execution) is not None:
        return ask_a_person(saga, f"Undoing failed {tries} times: {text}")
    store_step(saga, step, turned=f"'{words(step)}' failed {tries} times: {text}")
    return go_back(saga)


def turn_back(saga: Saga, step: Step, why: str) -> NoReturn:
    """Commit that from here the steps are undone. Raises `TurnedBack`, `TakenOver`."""
    store_step(saga, step, turned=why)
    raise TurnedBack(why)


def ask_a_person(saga: Saga, error: str) -> Outcome:
    """An open case that says which steps stand."""
    names = [words(step) for step in saga.steps if step.name in standing(saga.execution)]
    known = f"These steps stand: {', '.join(names)}." if names else "No step is known to stand."
    return Outcome(execution=saga.execution, state=State.NEEDS_PERSON, error=f"{error} {known}")


@transaction.atomic
def store_step(saga: Saga, step: Step, **what: Any) -> None:
    """Commit an entry of the progress with its event and a longer lease. Raises `TakenOver`.

    `what` is one of reference (the step stands), failed, turned (why), undone.
    """
    entry: Entry = {"step": step.name, **what, "at": saga.clock().isoformat()}
    write(saga, entry)
    event = ExecutionStepped(**told(saga.execution), step=step.name, **what)
    record_all([fact(event, saga.execution, "gateway")], now=saga.clock())
    if "reference" in what or "undone" in what:
        settled()


def write(saga: Saga, *entries: Entry) -> None:
    """Add to the progress and lengthen the lease, of a row this worker still holds."""
    execution = saga.execution
    progress = [*execution.progress, *entries]
    until = saga.clock() + timedelta(seconds=settings.GATEWAY_LEASE_SECONDS)
    held = Execution.objects.filter(
        pk=execution.pk, worker=execution.worker, state__in=(State.CALLING, State.UNKNOWN)
    )
    if not held.update(progress=progress, lease_until=until):
        raise TakenOver(f"{execution.worker} does not hold the execution any more.")
    execution.progress, execution.lease_until = progress, until


def standing(execution: Execution) -> set[str]:
    """The steps that were proven and not undone, by name."""
    names: set[str] = set()
    for entry in execution.progress:
        if "reference" in entry:
            names.add(entry["step"])
        elif "undone" in entry:
            names.discard(entry["step"])
    return names


def has_begun(execution: Execution) -> bool:
    """Whether any step was ever proven."""
    return any("reference" in entry for entry in execution.progress)


def why_turned(execution: Execution) -> str | None:
    """Why the steps are being undone; None while they are being done."""
    return next((str(entry["turned"]) for entry in execution.progress if "turned" in entry), None)


def failures(execution: Execution) -> int:
    """How often in a row it has failed without getting on."""
    count = 0
    for entry in reversed(execution.progress):
        if "failed" not in entry:
            break
        count += 1
    return count


def words(step: Step) -> str:
    """A step's name as a person reads it."""
    return step.name.replace("_", " ")
