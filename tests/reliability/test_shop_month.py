"""A month of a shop through the whole product: right money, nobody unanswered, nothing alone that
should not be. `--runs 600` is the full month (2,000 orders, 600 messages).

Controls: with an amount from list prices, an open threshold, or messages that are only marked as
handled, the same check fails.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from django.utils import timezone

from apps.accounts import operations as accounts
from apps.accounts.models import Role, User, Workspace
from apps.agents.models import Agent, Handled, Run
from apps.agents.playbooks.base import Planned
from apps.agents.playbooks.refund_desk import decision
from apps.agents.playbooks.refund_desk.paid import Paid, paid_for
from apps.agents.steps import cases
from apps.agents.steps.act import Looked, examine
from apps.agents.steps.base import Context
from apps.gateway.catalogue import ACTIONS
from apps.gateway.connectors.medusa.fake.store import Store
from apps.gateway.records import Order
from apps.inference import endpoint
from apps.policies import operations as policies
from apps.policies import thresholds
from apps.policies.exchange import Rate
from apps.proposals.models import Proposal
from tests.contract.shops import demo_shop
from tests.factories import agents as make
from tests.factories import inference
from tests.factories.rates import keep_in_force
from tests.reliability.month.checking import Checked, check
from tests.reliability.month.clerk import Clerk
from tests.reliability.month.living import live
from tests.reliability.month.planting import given_back, plant
from tests.reliability.month.world import LEVEL, Letter, Month, make_month

RATES = [
    Rate(base="EUR", quote=code, rate=Decimal(level), as_of=timezone.now().date(), source="test")
    for code, level in LEVEL.items()
    if code != "EUR"
]
FEW = 45  # messages of a control
SAY = Callable[[str], None]


@dataclass
class Shopping:
    """The month in a running shop, and the desk that answers."""

    month: Month
    letters: Mapping[str, Letter]
    file: Path
    agent: Agent
    people: list[User]

    def pass_by(self) -> Checked:
        """Live through it, then look at everything."""
        live(self.agent, self.people, self.is_wrong)
        store = Store(self.file)
        given = given_back(store)
        store.close()
        return check(self.month, self.letters, self.agent.workspace, given)

    def is_wrong(self, proposal: Proposal) -> bool:
        """Whether it gives money for another reason than the customer's."""
        letter = self.letters[proposal.case["message_id"]]
        gives = proposal.changes.filter(action__in=["refund_payment", "cancel_order"]).exists()
        return bool(gives and proposal.case["intent"] != letter.intent)


@pytest.fixture
def people(workspace: Workspace) -> list[User]:
    """The owners of the workspace."""
    return owners(workspace)


def owners(workspace: Workspace) -> list[User]:
    """Two who may approve anything."""
    found = []
    for name in ("olga", "pia"):
        user = User.objects.create_user(
            f"{name}@{workspace.slug}.example.com", "x", name=name.title()
        )
        accounts.add_member(
            workspace=workspace, user=user, role=Role.OWNER, by="test", now=timezone.now()
        )
        for action in ACTIONS:
            accounts.authorise(workspace=workspace, user=user, action=action, ceiling=None,
                               currency="EUR", by="test", now=timezone.now())  # fmt: skip
        found.append(user)
    return found


@contextmanager
def shopping(
    folder: Path, workspace: Workspace, people: list[User], *, letters: int
) -> Iterator[Shopping]:
    """A shop that has had this month, connected."""
    month = make_month(8, sales=letters * 10 // 3, letters=letters)
    folder.mkdir(exist_ok=True)
    file = folder / "ledger.sqlite"
    written = plant(file, month)
    now = timezone.now()
    with demo_shop(file) as shop:
        make.connect(workspace, shop, now)
        keep_in_force(workspace=workspace, rates=RATES, by="test", now=now)
        agent = make.agent(
            workspace, "refund_desk", now, settings={"batch": 100, "model_batch": 50}
        )
        yield Shopping(month, written, file, agent, people)


@pytest.fixture
def letters(pytestconfig: pytest.Config) -> int:
    """How many messages the month has."""
    return int(pytestconfig.getoption("--runs") or 90)


def tell(say: SAY, name: str, found: Checked, began: float) -> None:
    """The figures, and each mistake that was made without a person."""
    say(f"{found.figures(name)}; {time.monotonic() - began:.0f} s")
    for wrong in found.wrong_alone:
        say(f"  wrong alone: {wrong}")


@pytest.mark.timeout(3600)
def test_a_month_by_rules_alone_and_with_a_model(
    tmp_path: Path, workspace: Workspace, elsewhere: Workspace, letters: int, say: SAY,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """No refund above what is owed, no effect outside a threshold, no message without an end.

    And a model that reads one message in ten wrongly takes nothing from what passes alone.
    """
    began = time.monotonic()
    with shopping(tmp_path / "rules", workspace, owners(workspace), letters=letters) as shop:
        by_rules = shop.pass_by()
    tell(say, "rules alone", by_rules, began)
    began = time.monotonic()
    inference.tier(elsewhere, provider="fake")
    with shopping(tmp_path / "model", elsewhere, owners(elsewhere), letters=letters) as shop:
        clerk = Clerk([*shop.letters.values()])
        monkeypatch.setattr(endpoint, "FakeProvider", lambda: clerk)
        with_model = shop.pass_by()
    tell(say, "with a model", with_model, began)
    faults = by_rules.faults + with_model.faults
    assert faults == [], "\n".join(faults)
    assert 0 < by_rules.alone <= with_model.alone


def test_the_check_sees_an_amount_from_the_price_list(
    tmp_path: Path, workspace: Workspace, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: what is given back for a discounted article is what it is listed with."""

    def listed(order: Order) -> Paid:
        return replace(found := paid_for(order), lines=found.listed)

    monkeypatch.setattr(decision, "paid_for", listed)
    with shopping(tmp_path, workspace, people, letters=FEW) as shop:
        found = shop.pass_by()
    assert any("given back, at most" in fault for fault in found.faults)


def test_the_check_sees_an_open_threshold(
    tmp_path: Path, workspace: Workspace, people: list[User]
) -> None:
    """Control: a policy that lets everything pass up to 1,000 EUR."""
    with shopping(tmp_path, workspace, people, letters=FEW) as shop:
        opened = thresholds.set_limits(
            workspace=workspace, name="Refunds and replies", by="test", now=timezone.now(),
            limits={"refund_auto_up_to": 1000.0, "reply_confidence": 0.0,
                    "two_reviewers_over": 1000.0, "first_refund_up_to": 1000.0},
        )  # fmt: skip
        policies.publish(version=opened, by="test", now=timezone.now())  # it waits for nobody here
        found = shop.pass_by()
    assert any("passed alone and gives back" in fault for fault in found.faults)


def test_the_check_sees_a_message_that_is_only_marked(
    tmp_path: Path, workspace: Workspace, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: a case counts as handled whatever became of its draft, as it once did.

    Every fifth draft cannot be proposed.
    """
    places = count(1)

    def refusing(run: Run, planned: Planned) -> Looked:
        refused = planned.draft is not None and not next(places) % 5
        return Looked(planned=planned, trouble="no") if refused else examine(run, planned)

    def forgotten(context: Context, taken: cases.Taken) -> Handled:
        return Handled(
            workspace_id=context.run.workspace_id, playbook=context.playbook.name,
            key=taken.planned.key, run=context.run, at=context.now,
        )  # fmt: skip

    # the package's own `act` is the step
    monkeypatch.setattr(sys.modules["apps.agents.steps.act"], "examine", refusing)
    monkeypatch.setattr(cases, "case_of", forgotten)
    with shopping(tmp_path, workspace, people, letters=FEW) as shop:
        found = shop.pass_by()
    assert any("no proposal" in fault for fault in found.faults)
