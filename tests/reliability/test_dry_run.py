"""A dry run is honest: what it predicts is what the real run on the same state does.

For every action of the catalogue, random cases on the demo shop, its mailbox and the null
connector: dry run, then the real run, both compared with what the back end shows afterwards. The
controls plant a wrong prediction, a wrong verdict, and a dry run that acts; each must be found.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from apps.accounts.models import Workspace
from apps.audit.models import Event
from apps.gateway import queries as gateway
from apps.gateway.catalogue import ACTIONS
from apps.gateway.configuration import configure_connector
from apps.gateway.connectors.medusa.client import MedusaClient
from apps.gateway.errors import Unreachable
from apps.gateway.models import Breaker, Connector, Execution, Grant
from apps.policies import operations as policies
from apps.policies.models import Decision
from apps.proposals import operations as proposals
from apps.proposals.changes import diff
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations import Draft, DryRun
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories.proposals import AGENT, look_at
from tests.reliability.drawing import DRAWS, Parameters, ledger_price

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

ROWS = (Proposal, Change, Decision, Execution, Grant, Event)
RULES = [
    {"name": "sure", "when": "confidence >= 0.5", "outcome": "allow", "reason": "Sure."},
    {"name": "unsure", "when": "confidence < 0.5", "outcome": "review", "reason": "Unsure."},
    {"name": "odd", "when": "confidence < 0.1", "outcome": "deny", "reason": "Odd."},
]
KINDS = [*ACTIONS, "null"]


@dataclass
class Market:
    """A back end for one kind of action; a shop that is used up is replaced by a fresh one."""

    workspace: Workspace
    now: datetime
    folder: Path
    null: Connector
    random: Random = field(default_factory=lambda: Random(7))
    shop: Shop | None = None
    shops: int = 0
    stack: ExitStack = field(default_factory=ExitStack)

    def draw(self, kind: str) -> Parameters:
        """Parameters that fit what is there now."""
        if kind == "null":
            return ledger_price(self.workspace, self.random) or {}
        if self.shop is None:
            self.restock()
        while (params := DRAWS[kind](self.workspace, self.random)) is None:
            self.restock()
        return params

    def restock(self) -> None:
        """A fresh shop with other goods, and the connectors to it."""
        self.stack.close()
        self.shops += 1
        Connector.objects.filter(pk=self.null.pk).update(enabled=False)
        file = self.folder / f"ledger{self.shops}.sqlite"
        shop = self.stack.enter_context(demo_shop(file, "--seed", str(self.shops)))
        self.shop = shop
        self.connect("shop", "medusa", shop.address, shop.secret, {})
        mailbox = {"from": "Shop <shop@example.com>", "mailbox_url": f"{shop.address}/demo/mailbox"}
        self.connect("mail", "mail", f"smtp://127.0.0.1:{shop.smtp_port}", "", mailbox)

    def connect(self, name: str, kind: str, address: str, secret: str, settings: Any) -> None:
        """A connector of the workspace; clients of an earlier shop are known by the time."""
        configure_connector(
            workspace=self.workspace, name=name, kind=kind, address=address, secret=secret,
            settings=settings, by="test", now=self.now + timedelta(seconds=self.shops),
        )  # fmt: skip

    def lines(self) -> list[Any]:
        """Every effect there is, as the back end itself counts them."""
        if self.shop is not None:
            return list(self.shop.get("/demo/ledger"))
        with psycopg.connect(self.null.address) as ledger:
            if ledger.execute("SELECT to_regclass('null_ledger')").fetchone() == (None,):
                return []
            return ledger.execute("SELECT key, params FROM null_ledger ORDER BY at").fetchall()

    def state(self, execution: Execution) -> dict[str, Any]:
        """What the back end shows of the target, read past the receipt."""
        if self.shop is None:
            key, params = self.lines()[-1]
            assert key == execution.key
            return {"amount": params["amount"]}
        if execution.action == "send_message":
            [mail] = self.shop.get("/demo/mailbox", to=execution.params["to"])
            body = "\n".join(mail["body"].splitlines())
            return {"to": mail["to"], "subject": mail["subject"], "body": body}
        seen = gateway.look_again(execution.connector, execution.action, execution.params)
        before = seen.before
        return dict(before)


@pytest.fixture
def market(
    workspace: Workspace, now: datetime, tmp_path: Path, connector: Connector, cast: Cast
) -> Iterator[Market]:
    """Somewhere to act, and a policy that allows, asks or denies by the confidence alone."""
    version = policies.draft(
        workspace=workspace, name="By confidence", rules=RULES, limits={}, by="test", now=now
    )
    policies.publish(version=version, by="test", now=now)
    market = Market(workspace=workspace, now=now, folder=tmp_path, null=connector)
    with market.stack:
        yield market


@pytest.fixture
def runs(request: pytest.FixtureRequest) -> int:
    """How many random cases of each action."""
    return request.config.getoption("--runs") or 15


@dataclass(frozen=True)
class Run:
    """One case: what was predicted, what came of it, and what was found wrong."""

    outcome: str
    wrong: list[str]


def one_run(market: Market, cast: Cast, kind: str) -> Run:
    """A dry run and the real run on the same state."""
    action = "set_price" if kind == "null" else kind
    confidence = market.random.choice([0.9, 0.9, 0.6, 0.3, 0.3, 0.05])
    draft = Draft(title=f"{kind} by chance", rationale="A case.", confidence=confidence,
                  changes=[(action, market.draw(kind))])  # fmt: skip
    counts, lines = count_rows(), market.lines()
    seen = proposals.dry_run_draft(
        workspace=market.workspace, draft=draft, origin=AGENT, now=market.now
    )
    wrong = ["the dry run wrote a row"] if count_rows() != counts else []
    if market.lines() != lines:
        return Run(seen.proposal.state, [*wrong, "the dry run acted"])
    [proposal] = proposals.submit(
        workspace=market.workspace, drafts=[draft], origin=AGENT, now=market.now
    )
    assert proposal is not None
    wrong += verdict_differs(seen, proposal)
    if proposal.state == State.DENIED:
        return Run(proposal.state, wrong + ["a denied change acted"] * (market.lines() != lines))
    if proposal.state == State.WAITING:
        look_at(proposal, cast.olga, now=market.now)
        proposals.approve(
            proposal_id=proposal.pk, user=cast.olga, binding=proposal.binding, now=market.now
        )
    execution = carry_out(proposal, market.now)
    wrong += effect_differs(seen, execution, market)
    return Run(execution.state, wrong)


def count_rows() -> list[int]:
    """How many rows of each kind there are."""
    return [model._default_manager.count() for model in ROWS]


def carry_out(proposal: Proposal, now: datetime) -> Execution:
    """Execute and settle what is due."""
    proposals.execute(worker="w", clock=lambda: now)
    proposals.settle(now=now)
    rows = Execution.objects.select_related("connector")
    return rows.get(subject_id=proposal.changes.get().pk)


def verdict_differs(seen: DryRun, real: Proposal) -> list[str]:
    """In what the predicted proposal and its decision differ from the real ones."""
    [predicted], change = seen.changes, real.changes.get()
    pairs: dict[str, tuple[object, object]] = {
        "state": (seen.proposal.state, real.state),
        "reviewers": (seen.proposal.reviewers, real.reviewers),
        "amount": (seen.proposal.amount, real.amount),
        "risk": (seen.proposal.risk, real.risk),
        "params": (predicted.params, change.params),
        "target": (predicted.target, change.target),
        "connector": (predicted.connector, change.connector.name),
        "before": (predicted.before, change.before),
        "after": (predicted.after, change.after),
        "obstacles": (predicted.obstacles, ()),
    }
    assert change.decision is not None
    for name in ("outcome", "rule", "version_id", "basis", "reviewers", "fired", "facts"):
        pairs[f"decision.{name}"] = (
            getattr(predicted.decision, name), getattr(change.decision, name)
        )  # fmt: skip
    return [f"{name}: {a!r}, really {b!r}" for name, (a, b) in pairs.items() if a != b]


def effect_differs(seen: DryRun, execution: Execution, market: Market) -> list[str]:
    """In what the predicted state differs from the receipt and from what the back end shows."""
    [predicted] = seen.changes
    if execution.receipt is None:
        return [f"{execution.state}: {execution.error}"]
    after = execution.receipt["after"]
    wrong = [f"receipt: {d}" for d in diff(predicted.after, after)]
    fields = {d.path: d for d in diff(execution.snapshot, after)}
    if {d.path: d for d in predicted.fields} != fields:
        wrong.append(f"fields: {predicted.fields}, really {fields}")
    shown = market.state(execution)
    known = {name: value for name, value in predicted.after.items() if name in shown}
    return wrong + [f"re-read: {d}" for d in diff(known, shown)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_dry_run_predicts_the_real_run(
    kind: str, market: Market, cast: Cast, runs: int, say: Callable[[str], None]
) -> None:
    """Verdict, difference and state afterwards are those of the dry run, which wrote nothing."""
    done = [one_run(market, cast, kind) for _ in range(runs)]
    outcomes = sorted({run.outcome for run in done})
    tally = ", ".join(f"{sum(r.outcome == o for r in done)} {o}" for o in outcomes)
    wrong = [problem for run in done for problem in run.wrong]
    say(f"dry run, {kind}: {runs} cases ({tally}), {len(wrong)} differences, 0 rows and 0 ledger "
        "lines written" if not wrong else f"dry run, {kind}: {wrong[:3]}")  # fmt: skip
    assert wrong == []
    assert {run.outcome for run in done} <= {"done", "denied"}


def test_every_action_is_tried() -> None:
    """A new action of the catalogue fails here until cases can be drawn for it."""
    assert set(DRAWS) == set(ACTIONS)


def test_a_shop_that_is_down(market: Market) -> None:
    """A dry run of it fails and writes nothing but the failure its breaker counts."""
    params = market.draw("set_stock")
    assert market.shop is not None
    market.shop.process.kill()
    market.shop.process.wait()
    before = count_rows()
    draft = Draft(title="t", rationale="r", changes=[("set_stock", params)])
    with pytest.raises(Unreachable):
        proposals.dry_run_draft(
            workspace=market.workspace, draft=draft, origin=AGENT, now=market.now
        )
    assert count_rows() == before
    assert list(Breaker.objects.values_list("failures", flat=True)) == [1]


class TestControls:
    """Planted defects are found, in every case."""

    CASES = 5

    @pytest.mark.parametrize("kind", ["set_stock", "refund_payment"])
    def test_a_wrong_prediction(
        self, kind: str, market: Market, cast: Cast, monkeypatch: pytest.MonkeyPatch,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        """A predictor that is off by one, or by a cent, differs from the real run every time."""
        predict = MedusaClient.predict

        def off(self: MedusaClient, action: str, params: Any, snapshot: Any) -> Any:
            if action == "set_stock":
                return predict(self, action, {**params, "quantity": params["quantity"] + 1},
                               snapshot)  # fmt: skip
            amount = str(Decimal(params["amount"]) - Decimal("0.01"))
            return predict(self, action, {**params, "amount": amount}, snapshot)

        monkeypatch.setattr(MedusaClient, "predict", off)
        found = [one_run(market, cast, kind) for _ in range(self.CASES)]
        acted = [run for run in found if run.outcome != "denied"]
        say(f"dry run, control, {kind} predicted wrong: {len(acted)} cases acted, "
            f"{sum(bool(r.wrong) for r in acted)} found")  # fmt: skip
        assert acted
        assert all(run.wrong for run in acted)

    def test_a_wrong_verdict(
        self, market: Market, cast: Cast, monkeypatch: pytest.MonkeyPatch,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        """A dry run that asks the policy with other facts is found where the verdict differs."""
        weigh = policies.weigh
        asked: list[int] = []

        def blind(**given: Any) -> list[Decision]:
            asked.append(1)
            decisions = weigh(**given)
            for decision in decisions if len(asked) % 2 else []:  # every other call is a dry run
                decision.outcome, decision.rule = "allow", "none"
            return decisions

        monkeypatch.setattr(policies, "weigh", blind)
        found = [one_run(market, cast, "null") for _ in range(self.CASES)]
        say(f"dry run, control, verdict wrong: {len(found)} cases, "
            f"{sum(bool(r.wrong) for r in found)} found")  # fmt: skip
        assert all(any("decision.rule" in problem for problem in run.wrong) for run in found)

    def test_a_dry_run_that_acts(
        self, market: Market, cast: Cast, monkeypatch: pytest.MonkeyPatch,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        """One that calls the shop past the shut gate leaves a line in the shop's own ledger."""
        predict, depth = MedusaClient.predict, []

        def eager(self: MedusaClient, action: str, params: Any, snapshot: Any) -> Any:
            if depth:
                return predict(self, action, params, snapshot)
            depth.append(1)
            try:
                return self.perform(action, params, key="dry", snapshot=snapshot).after
            finally:
                depth.pop()

        monkeypatch.setattr(MedusaClient, "predict", eager)
        with pytest.raises(RuntimeError, match="Nothing was sent"):  # the gate alone stops it
            one_run(market, cast, "set_stock")
        assert market.lines() == []
        monkeypatch.setattr("apps.gateway.connectors.medusa.api.ask_first", lambda: None)
        found = [one_run(market, cast, "set_stock") for _ in range(self.CASES)]
        say(f"dry run, control, it acts: {len(found)} cases, "
            f"{sum('the dry run acted' in r.wrong for r in found)} found; 1 of 1 stopped by the "
            "gate")  # fmt: skip
        assert all("the dry run acted" in run.wrong for run in found)
