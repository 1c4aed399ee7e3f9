"""Connecting a model never lowers the share that passes alone, and never raises its errors.

All letters of the demo shop go through an agent in shadow, which works out and judges everything
as in earnest, by rules alone and with models over HTTP: one that reads as it should, one that is
wrong in every fifth letter, and one that is always wrong.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from aios.demo.seed.phrases import PHRASES
from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Run
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.settings import Settings as DeskSettings
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories import inference
from tests.factories.models import Message, Turn, call, model_server, results

TOPICS = {"wrong_size": "wrong_item", "injection": "suspicious"}
WRONG = {"late": "where", "where": "late", "damaged": "money_back", "money_back": "question",
         "wrong_item": "damaged", "question": "where", "thanks": "question",
         "suspicious": "money_back"}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A demo shop; nothing is carried out in it."""
    with demo_shop(tmp_path_factory.mktemp("shop") / "ledger.sqlite") as started:
        yield started


def truth(subject: str) -> str:
    """What a letter of the demo is about: each has one of the known subjects."""
    for topics in PHRASES.values():
        for topic, letters in topics.items():
            for written, _ in letters:
                start = written.split("{")[0]
                if start and subject.startswith(start):
                    return TOPICS.get(topic, topic)
    return "suspicious"


def language_of(case: dict[str, Any]) -> str:
    """The language of the letter, by its greeting."""
    hello = str(case["message"]["body"]).split(",")[0]
    return {"Hello": "en", "Guten Tag": "de", "Bonjour": "fr"}[hello]


def reader(wrong: Callable[[int], bool]) -> Callable[[list[Message]], Turn]:
    """A model that reads each letter right but for those `wrong` says, and does what is due."""
    seen: dict[str, int] = {}

    def turn(messages: list[Message]) -> Turn:
        case = json.loads(messages[1]["content"])
        subject = case["message"]["subject"]
        place = seen.setdefault(json.dumps(case["message"]), len(seen))
        heard = results(messages)
        if not heard:
            intent = truth(subject)
            intent = WRONG[intent] if wrong(place) else intent
            return Turn(calls=(call("classify_message", intent=intent,
                                    language=language_of(case), because=subject),))  # fmt: skip
        if len(heard) == 1:
            return Turn(calls=(*refunds(case, heard[0]), call(
                "send_message", to=case["message"]["sender"], subject="Re", body="A free word.",
            )))  # fmt: skip
        return Turn(text="That is what it says.")

    return turn


def refunds(case: dict[str, Any], allowed: str) -> list[tuple[str, dict[str, Any]]]:
    """The refund the model was told is due: all of it, by payment where several are named."""
    order = case["order"]
    due = json.loads(allowed)["answer"]
    if order is None or not due.startswith("A refund of exactly"):
        return []
    amounts = {one["payment_id"]: None for one in order["payments"]}
    named = {
        payment: due.split(f" on {payment}")[0].split()[-1]
        for payment in amounts
        if f" on {payment}" in due
    } or {next(iter(amounts)): due.split()[4]}
    return [
        call("refund_payment", order_id=order["order_id"], payment_id=payment, amount=amount,
             currency=order["currency"])
        for payment, amount in named.items()
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of all letters: how many passed alone, and which of these wrongly."""

    proposals: int
    alone: frozenset[str]
    wrong: frozenset[str]


def outcome_of(run: Run, truths: dict[str, str]) -> Outcome:
    """From what the run in shadow worked out."""
    planned = run.steps.get(stage="plan").output["planned"]
    shown = run.steps.get(stage="act").output["shadow"]
    drafts = [one["draft"] for one in planned if one["draft"]]
    assert [one["title"] for one in drafts] == [one["title"] for one in shown]
    alone = {
        draft["case"]["message_id"]: draft["case"]["intent"]
        for draft, judged in zip(drafts, shown, strict=True)
        if judged["verdict"] == "allow"
    }
    wrong = {message for message, intent in alone.items() if truths[message] != intent}
    return Outcome(proposals=len(drafts), alone=frozenset(alone), wrong=frozenset(wrong))


def try_in_shadow(workspace: Workspace, name: str) -> Run:
    """All letters once, in shadow, by an agent of its own."""
    now = timezone.now()
    agent = operations.configure(
        workspace=workspace, name=name, playbook="refund_desk", by="test", now=now,
        autonomy="shadow", settings={"batch": 100, "model_batch": 50}, budget_usd=5,
    )  # fmt: skip
    run = operations.start(agent=agent, trigger="person", by="user:1", now=now)
    make.drive()
    run.refresh_from_db()
    return run


READERS: dict[str, Callable[[int], bool]] = {
    "right": lambda _: False,
    "wrong in a fifth": lambda place: place % 5 == 0,
    "always wrong": lambda _: True,
}


def test_no_model_costs_autonomy_or_brings_errors(
    workspace: Workspace, shop: Shop, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Letter by letter: what passes alone by rules passes alone with each of the models."""
    make.connect(workspace, shop, timezone.now())
    sensed = desk.sense(workspace, DeskSettings(batch=100), now=timezone.now())
    truths = {one.message.message_id: truth(one.message.subject) for one in sensed.cases}
    outcomes = {"rules alone": outcome_of(try_in_shadow(workspace, "rules"), truths)}
    inference.tier(workspace, timeout_s=5)
    settings.OPENAI_API_KEY, settings.OPENAI_MODEL = "sk-test", "scripted-1"
    for name, wrong in READERS.items():
        with model_server(reader(wrong)) as server:
            settings.OPENAI_BASE_URL = server.base_url
            run = try_in_shadow(workspace, name)
        assert "model scripted-1" in run.steps.get(stage="plan").planner
        outcomes[name] = outcome_of(run, truths)
    with capsys.disabled():
        for name, one in outcomes.items():
            print(f"\n{name}: {len(one.alone)} of {one.proposals} alone, {len(one.wrong)} wrong")
    rules = outcomes.pop("rules alone")
    assert len(rules.alone) >= 10
    for name, one in outcomes.items():
        assert rules.alone <= one.alone, name
        assert one.wrong <= rules.wrong, name
