"""What policies decide: prices over REST up to the shop, refunds in yen, and rules as people write them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.agents import operations
from apps.agents.models import Agent, Handled, Run, State
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.policies import operations as policies
from apps.policies.cel import InvalidRule, Outcome, Rule, Ruleset, combine
from apps.policies.exchange import Rate
from apps.policies.facts import Facts
from apps.policies.models import Decision
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.contract.shops import Shop, demo_shop
from tests.factories import agents as make
from tests.factories.keys import Caller, caller
from tests.factories.rates import keep_in_force
from tests.factories.shop_orders import plant, refunds


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop's file."""
    return tmp_path_factory.mktemp("shop") / "ledger.sqlite"


@pytest.fixture(scope="module")
def shop(books: Path) -> Iterator[Shop]:
    """A demo shop."""
    with demo_shop(books) as started:
        yield started


# -- prices over REST


@dataclass(frozen=True)
class Counter:
    """Somebody who sets prices through the API, in a shop with a variant of a known price."""

    otto: Caller
    shop: Shop
    product: str
    variant: str

    def has(self, price: str, *, cost: str, currency: str = "EUR") -> None:
        """Give the variant a price and a cost in the shop itself."""
        body = {"prices": [{"currency_code": currency.lower(), "amount": float(price)}],
                "metadata": {"cost_eur": cost}}  # fmt: skip
        answer = httpx2.post(self.url, json=body, auth=(self.shop.secret, ""), trust_env=False)
        assert answer.status_code == 200, answer.text

    @property
    def url(self) -> str:
        """The variant in the shop."""
        return f"{self.shop.address}/admin/products/{self.product}/variants/{self.variant}"

    @property
    def price(self) -> Decimal:
        """What the shop sells it for now."""
        answer = httpx2.get(self.url, auth=(self.shop.secret, ""), trust_env=False).json()
        [price] = answer["variant"]["prices"]
        return Decimal(str(price["amount"]))

    def submit(self, amount: str, currency: str = "EUR") -> dict[str, Any]:
        """Propose a price over REST, and let all that is due happen."""
        params = {"product_id": self.product, "variant_id": self.variant, "currency": currency,
                  "amount": amount}  # fmt: skip
        body = {"title": "Follow the market", "rationale": "Others have.",
                "changes": [{"action": "set_price", "params": params}]}  # fmt: skip
        answer = self.otto.post("/proposals", body)
        assert answer.status_code == 201, answer.content
        make.drive()
        found: dict[str, Any] = self.otto.get(f"/proposals/{answer.json()['id']}").json()
        return found


@pytest.fixture
def counter(workspace: Workspace, shop: Shop, cast: Cast) -> Counter:
    """Otto's key, and the shop's first variant."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    listed = httpx2.get(f"{shop.address}/admin/product-variants?limit=1",
                        auth=(shop.secret, ""), trust_env=False).json()  # fmt: skip
    [variant] = listed["variants"]
    return Counter(caller(workspace, cast.otto, now=now), shop, variant["product_id"],
                   variant["id"])  # fmt: skip


def outcome(proposal: dict[str, Any]) -> str:
    """What the policy said of the one change."""
    [change] = proposal["changes"]
    return str(change["decision"]["outcome"])


@pytest.mark.parametrize(
    "right",
    [
        pytest.param("review", marks=pytest.mark.case("13-price-move-5.004-percent")),
        pytest.param("deny", marks=pytest.mark.case("15-price-move-30.004-percent")),
    ],
)
def test_a_price_that_moves_a_little_too_far(counter: Counter, case: Any, right: str) -> None:
    """It is not rounded into the range, and the shop keeps its price."""
    given = case["given"]
    counter.has(given["before"], cost=given["cost_eur"], currency=given["currency"])
    assert outcome(counter.submit(given["amount"], given["currency"])) == right
    assert counter.price == Decimal(given["before"])


@pytest.mark.parametrize(
    ("before", "cost", "amount", "right"),
    [
        ("1000.00", "1.00", "1050.00", "allow"),
        ("1000.00", "1.00", "1050.01", "review"),
        ("1000.00", "1.00", "950.00", "allow"),
        ("1000.00", "1.00", "949.99", "review"),
        ("1000.00", "1.00", "949.96", "review"),
        ("1000.00", "1.00", "1300.00", "review"),
        ("1000.00", "1.00", "1300.01", "deny"),
        ("1000.00", "1.00", "699.99", "deny"),
        ("99999999.00", "1.00", "104999998.95", "allow"),
        ("99999999.00", "1.00", "104999998.96", "review"),
        ("1000.00", "900.00", "1000.04", "allow"),  # a margin of 10.0036 %
        ("1000.00", "899.97", "999.96", "deny"),  # one of 9.9994 %
    ],
)
def test_a_price_beside_each_threshold(
    counter: Counter, before: str, cost: str, amount: str, right: str
) -> None:
    """Up and down, to the cent; only what is inside reaches the shop."""
    counter.has(before, cost=cost)
    assert outcome(counter.submit(amount)) == right
    assert counter.price == Decimal(amount if right == "allow" else before)


# -- refunds in yen


@dataclass(frozen=True)
class Desk:
    """A refund desk, and the books of its shop."""

    agent: Agent
    shop: Shop
    books: Path

    def handle(self, order: dict[str, Any], message: str) -> tuple[Proposal, Decision, list[str]]:
        """A customer with such an order writes: the proposal, what was said of its refund, and
        what the shop has given back.
        """
        number = plant(self.books, order)
        message_id = make.write(self.shop, order["email"], "My order", message, number)
        operations.start(agent=self.agent, trigger="schedule", by="clock", now=timezone.now())
        make.drive()
        # what is denied stands before a person besides, as a reply nobody has sent
        proposal = Proposal.objects.get(
            case__message_id=message_id, changes__action="refund_payment"
        )
        refund = proposal.changes.select_related("decision").get(action="refund_payment")
        assert refund.decision is not None
        return proposal, refund.decision, refunds(self.books, number)


@pytest.fixture
def refund_desk(workspace: Workspace, shop: Shop, books: Path, cast: Cast) -> Desk:
    """A refund desk to which nobody has written yet."""
    now = timezone.now()
    make.connect(workspace, shop, now)
    agent = make.agent(workspace, "refund_desk", now)
    run = Run.objects.create(workspace=workspace, agent=agent, trigger="test", not_before=now,
                             started_by="test", started_at=now, finished_at=now,
                             state=State.DONE)  # fmt: skip
    old = desk.sense(workspace, Settings(batch=100), now=now).cases
    Handled.objects.bulk_create(
        Handled(workspace=workspace, playbook="refund_desk", key=case.key, run=run, at=now)
        for case in old
    )
    return Desk(agent, shop, books)


def know_yen(workspace: Workspace, *, days: int = 0) -> None:
    """The workspace keeps what a euro costs in yen, as of so many days ago."""
    rate = Rate(base="EUR", quote="JPY", rate=Decimal("178.5"), source="ECB",
                as_of=datetime.now(UTC).date() - timedelta(days=days))  # fmt: skip
    keep_in_force(workspace=workspace, rates=[rate], by="user:olga", now=timezone.now())


def cup(order: dict[str, Any], price: int) -> dict[str, Any]:
    """The order of the case, with a cup of another price."""
    line = order["lines"][0] | {"unit_price": price}
    return order | {"lines": [line], "total": price, "payments": [price]}


@pytest.mark.case("16-limit-in-eur-denies-yen")
def test_yen_without_a_rate_wait_for_a_person(refund_desk: Desk, case: Any) -> None:
    """Whether 8000 yen are much nobody knows here: the customer's case is in an inbox, whole."""
    given = case["given"]
    proposal, decision, paid = refund_desk.handle(given["order"], given["message"])
    assert (proposal.state, decision.outcome, paid) == ("waiting", "review", [])
    reasons = [one["reason"] for one in decision.fired]
    assert "There is no rate from JPY to EUR. A person decides." in reasons
    assert not [one for one in decision.fired if one["outcome"] == "deny"]


@pytest.mark.case("16-limit-in-eur-denies-yen")
@pytest.mark.parametrize(
    ("price", "days", "state", "people"),
    [
        (8000, 0, "waiting", 1),  # 45 EUR
        (1, 0, "waiting", 1),
        (35_700, 7, "waiting", 1),  # 200 EUR
        (35_701, 7, "waiting", 2),
        (89_250, 0, "waiting", 2),  # 500 EUR
        (89_251, 0, "denied", 0),
        (800_000, 0, "denied", 0),
        (800_000, 8, "waiting", 1),  # the rate is too old
    ],
)
def test_yen_are_judged_by_what_they_are_worth(
    refund_desk: Desk, workspace: Workspace, case: Any, price: int, days: int, state: str,
    people: int,
) -> None:  # fmt: skip
    """Always by a person, by two when they are worth much, and not at all beyond the highest."""
    know_yen(workspace, days=days)
    given = case["given"]
    proposal, decision, paid = refund_desk.handle(cup(given["order"], price), given["message"])
    assert (proposal.state, decision.reviewers, paid) == (state, people, [])
    told = decision.facts.get("exchange", {}).get("EUR", {})
    assert (told.get("rates", "").startswith("1 EUR = 178.5 JPY (ECB, ")) == (days < 8)


# -- rules as people write them

FACTS = {"action": "return_items", "connector": "medusa", "risk": "high", "reversibility": "final",
         "has_amount": True, "currency": "EUR"}  # fmt: skip
ITEMS = {"items": [{"line_id": "a", "quantity": 3}, {"line_id": "b", "quantity": 4}]}


def decide(
    workspace: Workspace, when: str, *, limits: dict[str, Any] | None = None, **facts: Any
) -> Decision:
    """Draft and publish a policy of this one rule, and have it decide."""
    rule = {"name": "mine", "when": when, "outcome": "review", "reason": "because"}
    now = timezone.now()
    version = policies.draft(workspace=workspace, name="Mine", rules=[rule], limits=limits or {},
                             by="user:olga", now=now)  # fmt: skip
    policies.publish(version=version, by="user:olga", now=now)
    seen = Facts(**FACTS | facts)
    [decision] = policies.weigh(workspace_id=workspace.pk, changes=[(workspace.pk, seen)], now=now)
    return decision


@pytest.mark.case("50-cel-macros-refused")
def test_a_macro_declares_its_variable(workspace: Workspace, case: Any) -> None:
    """The rule compiles, is published, and counts pieces."""
    for when in case["given"]["when"]:
        assert decide(workspace, when, params=ITEMS).outcome == "review"
        few = {"items": [{"line_id": "a", "quantity": 3}]}
        nothing = decide(workspace, when, params=few)
        assert (nothing.outcome, nothing.fired) == ("deny", [])


@pytest.mark.parametrize(
    "when",
    [
        "params.items.all(line, line.quantity >= 3)",
        "params.items.exists_one(i, i.quantity == 4)",
        "params.items.filter(i, i.quantity > 3).size() == 1",
        "size(params.items.filter(i, i.quantity > 2)) * 2 == 4",
        "params.items.map(i, i.quantity * 2).exists(n, n == 8)",
        "params.items.exists(i, params.items.exists(j, j.quantity == i.quantity + 1))",
        "has(params.items) && params.items.exists(i, has(i.quantity) && i.quantity > 3)",
        "params.items.exists(i, i.quantity * limits.each > 15)",
        "params.items.exists(quantity, quantity.quantity > 3)",
    ],
)
def test_macros_of_every_kind(workspace: Workspace, when: str) -> None:
    """Nested, filtered and counted."""
    assert decide(workspace, when, limits={"each": 4}, params=ITEMS).outcome == "review"


@pytest.mark.parametrize(
    ("when", "word"),
    [
        ("i.quantity > 3 || params.items.exists(i, i.quantity > 3)", "i"),
        ("params.items.exists(i, i.quantity > 3) && i > 1", "i"),
        ("params.items.exists(i, j.quantity > 3)", "j"),
        ("i.exists(i, i > 3)", "i"),
        ("params.items.exists(amount, amount > 3)", "amount"),
        ("params.items.exists(limits, limits.quantity > 3)", "limits"),
        ("params.items.exists(i, v, v.quantity > 3)", "v"),
        ("params.items.any(i, i.quantity > 3)", "i"),
    ],
)
def test_a_word_nobody_declared_is_still_refused(
    workspace: Workspace, when: str, word: str
) -> None:
    """Also outside the macro that declares it, and one that would hide a word of the vocabulary."""
    with pytest.raises(InvalidRule, match=f"'{word}'"):
        decide(workspace, when)


@pytest.mark.case("52-cel-int-literal-denies-everything")
def test_a_whole_number_calculates_with_an_amount(workspace: Workspace, case: Any) -> None:
    """As it compares with one."""
    given = case["given"]
    assert decide(workspace, given["when"], **given["facts"]).outcome == "review"
    below = decide(workspace, given["when"], amount=50.0)
    assert (below.outcome, below.fired) == ("deny", [])


@pytest.mark.case("53-cel-whole-number-limit")
def test_a_limit_written_whole_is_the_same_limit(workspace: Workspace, case: Any) -> None:
    """60 is 60.0, in a draft and after it went through the threshold page."""
    given = case["given"]
    for limit in (given["limits"]["m"], float(given["limits"]["m"])):
        decided = decide(workspace, given["when"], limits={"m": limit}, **given["facts"])
        assert (decided.outcome, decided.fired[0]["error"]) == ("review", "")


@pytest.mark.parametrize(
    "when",
    [
        "amount / 2 > 30", "amount - limits.m > 9", "amount + 1 > limits.m * 1.5 - 20",
        "hour + 1 > 9", "hour % 6 == 3", "size(params.items) * 2 + 0.5 > limits.few",
        "params.items[0].quantity * 2.5 > 7", "params.items[size(params.items) - 1].quantity / 8 == 0.5",
        "-amount < -limits.m", "(amount > 1 ? 2 : 3.0) + 1 == 3", "amount in [1, 70]",
        "confidence * 100 >= 95", "amount * limits.share > 6", "(0 - amount) * -1 == 70",
    ],
)  # fmt: skip
def test_numbers_go_together(when: str) -> None:
    """Whole and other ones, of limits, facts, parameters and the rule itself, give one verdict."""
    facts = {"amount": 70.0, "hour": 9, "params": ITEMS, "confidence": 0.95}
    for limits in ({"m": 60, "few": 4, "share": 0.1}, {"m": 60.0, "few": 4.0, "share": 0.1}):
        ruleset = Ruleset([Rule(name="r", when=when, outcome=Outcome.ALLOW, reason="x")], limits)
        verdict = combine(ruleset.evaluate(Facts(**FACTS | facts)))
        assert (verdict.outcome, [one.error for one in verdict.fired]) == ("allow", [""])


@pytest.mark.parametrize(
    "when", ["params.amount * 2 > 100", "currency + 1 > 2", "amount", "limits.typo > 1", "1 / 0 > 1",
             "max(amount, 5) > 1"]
)  # fmt: skip
def test_what_could_only_deny_is_no_draft(workspace: Workspace, when: str) -> None:
    """It is refused while somebody looks, with what is wrong."""
    with pytest.raises(InvalidRule, match="mine"):
        decide(workspace, when)
