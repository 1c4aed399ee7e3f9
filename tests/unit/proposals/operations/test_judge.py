"""How a policy's verdicts become the state of a proposal, and what a rule sees of a change."""

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import pytest

from apps.accounts.models import Workspace
from apps.audit.models import Event, Payload
from apps.gateway.models import Connector, Execution
from apps.policies.models import Decision, Version
from apps.proposals.models import Change, Proposal, State
from apps.proposals.operations import judge
from tests.conftest import Cast
from tests.factories.proposals import propose

NOW = datetime(2026, 3, 4, 23, 59, tzinfo=UTC)
PRICE = {"product_id": "p", "variant_id": "v", "currency": "EUR", "amount": "12.00"}
REFUND = {"order_id": "o-1", "payment_id": "pay-1", "currency": "EUR", "amount": "20.00"}
ORDER = {"email": "ada@example.com", "currency": "EUR", "captured": "50.00", "refunded": "0.00"}


def decision(outcome: str, reviewers: int = 0) -> Decision:
    return Decision(outcome=outcome, reviewers=reviewers, rule=f"rule of {outcome}", basis="b")


def proposal(number: int = 1, **fields: object) -> Proposal:
    return Proposal(pk=UUID(int=number), workspace_id=UUID(int=9), revision=1, title="T",
                    submitted_by="agent:x", evidence=[], rationale="r", **fields)  # fmt: skip


def change(of: Proposal, outcome: str | None = None, number: int = 1, **fields: object) -> Change:
    made = Change(pk=UUID(int=100 + number), proposal=of, workspace_id=of.workspace_id,
                  **({"action": "set_price", "params": PRICE, "target": "variant:v",
                      "before": {}, "after": {}, "binding": f"b{number}"} | fields))  # fmt: skip
    if outcome:
        made.decision = decision(outcome, reviewers=2 if outcome == "review" else 0)
    return made


@pytest.mark.parametrize(
    ("outcomes", "state", "reviewers"),
    [
        (["allow"], State.APPROVED, 0),
        (["allow", "review"], State.WAITING, 2),
        (["review", "deny"], State.DENIED, 2),
        (["allow", "deny", "allow"], State.DENIED, 0),
        ([None], State.DENIED, 0),
        (["allow", None], State.APPROVED, 0),
        ([], State.DENIED, 0),
    ],
)
def test_a_proposal_is_as_strict_as_its_strictest_change(outcomes, state, reviewers):
    """Nothing decided is nothing allowed; only what is denied is settled and closed."""
    of = proposal()
    changes = [change(of, outcome, number) for number, outcome in enumerate(outcomes)]
    judge.stand(of, changes, now=NOW)
    assert (of.state, of.reviewers) == (state, reviewers)
    assert of.settled_at == (NOW if state == State.DENIED else None)
    assert {one.is_open for one in changes} == ({state != State.DENIED} if changes else set())
    assert (of.amount, of.currency) == (
        (Decimal("12.00"), "EUR") if changes else (None, "")
    )  # fmt: skip


def test_a_joint_binding_is_of_all_changes():
    """Another set, or another order of decisions, has another one."""
    of = proposal()
    one, two = change(of, "allow", 1), change(of, "allow", 2)
    bindings = []
    for changes in ([one], [two], [one, two]):
        judge.stand(of, changes, now=NOW)
        bindings.append(of.binding)
    assert len(set(bindings)) == 3


def test_only_what_policy_settles_is_told():
    """Denied and approved, with the rules of all changes; what waits is not settled."""
    of = proposal()
    changes = [change(of, "deny", 1), change(of, "allow", 2), change(of, None, 3)]
    judge.stand(of, changes, now=NOW)
    [denied] = judge.verdicts(of, changes)
    assert denied.event.kind == "proposal.denied"
    assert denied.event.payload()["rules"] == ["rule of deny", "rule of allow"]
    assert (denied.actor, denied.subject_kind, denied.subject_id) == ("policy", "proposal", of.pk)
    of.state = State.APPROVED
    [approved] = judge.verdicts(of, changes)
    assert approved.event.kind == "proposal.approved"
    for state in set(State) - set(judge.SETTLED):
        of.state = state
        assert judge.verdicts(of, changes) == []


@pytest.mark.parametrize(
    ("actor", "key"),
    [("key:abc", "abc"), ("user:1", ""), ("agent:key:abc", ""), ("key:", ""), ("", "")],
)
def test_the_key_that_acts(actor, key):
    """Only where a key does."""
    assert judge.key_in(actor) == key


def test_changes_are_told_apart_by_their_proposal():
    """Those proposed together are judged together."""
    mine, theirs = proposal(1), proposal(2)
    rows = [change(mine, number=1), change(theirs, number=2), change(mine, number=3)]
    assert judge.changes_of(mine, rows) == [rows[0], rows[2]]
    assert judge.siblings(rows[1], rows) == [rows[1]]
    assert judge.siblings(rows[2], rows) == [rows[0], rows[2]]


@pytest.mark.parametrize(
    ("fields", "agent"),
    [
        ({"submitted_by": "agent:x"}, "agent:x"),
        ({"submitted_by": "agent:x", "agent_id": UUID(int=7)}, str(UUID(int=7))),
        ({"submitted_by": "key:k", "on_behalf_of": "user:1"}, "user:1"),
        ({"submitted_by": "key:k", "on_behalf_of": "user:1", "agent_id": UUID(int=7)}, "user:1"),
    ],
)
def test_whom_a_change_is_counted_for(fields, agent):
    """What comes with a key for the person behind it: another key begins nothing anew."""
    of = proposal()
    for name, value in fields.items():
        setattr(of, name, value)
    scopes = judge.scopes_of(change(of, before={"category": "cups"}))
    assert scopes == {
        "target": "variant:v", "agent": agent, "key": fields["submitted_by"], "category": "cups",
    }  # fmt: skip


def test_what_an_action_does_not_tell_is_left_out():
    """A price has no customer, a refund no category."""
    price = judge.scopes_of(change(proposal()))
    refund = judge.scopes_of(
        change(proposal(), action="refund_payment", params=REFUND, before=ORDER,
               target="payment:pay-1")
    )  # fmt: skip
    assert set(price) == {"target", "agent", "key", "category"}
    assert set(refund) == {"target", "agent", "key", "customer", "order"}
    assert refund["order"] == "o-1"


def connector() -> Connector:
    return Connector(pk=UUID(int=5), kind="null", workspace_id=UUID(int=9))


@pytest.mark.parametrize(("orders", "known"), [(None, False), (0, True), (3, True)])
def test_what_a_rule_sees_of_a_change(orders, known, monkeypatch):
    """Who proposes, when, how sure, and what is not known as such."""
    sizes = iter([None, 0, 40])
    monkeypatch.setattr(judge.catalogue_size, "known", lambda *_, **__: next(sizes))
    of = proposal(returned=[{"field": "x"}], confidence=0.5, playbook="p", trigger="schedule",
                  agent="Repricer")  # fmt: skip
    row = change(of, connector=connector(), customer_orders=orders)
    for size in (None, 0, 40):
        facts = judge.facts_of(row, [row], now=NOW)
        assert (facts.catalogue_size, facts.has_catalogue_size) == (size or 0, size is not None)
    assert (facts.customer_orders, facts.has_customer_orders) == (orders or 0, known)
    assert (facts.hour, facts.returned, facts.confidence) == (23, True, 0.5)
    assert (facts.agent, facts.playbook, facts.trigger) == ("Repricer", "p", "schedule")
    assert (facts.key, facts.actor, facts.connector) == ("", "agent:x", "null")
    assert facts.stale_read is False
    of.returned, of.submitted_by = [], "key:k"
    of.evidence = [{"kind": "stale", "title": "t", "detail": "d"}]
    monkeypatch.setattr(judge.catalogue_size, "known", lambda *_, **__: None)
    facts = judge.facts_of(row, [row], now=NOW)
    assert (facts.returned, facts.key, facts.stale_read) == (False, "k", True)


def test_refunds_of_a_proposal_are_seen_together():
    """Those in the same currency: splitting one changes nothing; a price gives nothing away."""
    of = proposal()
    more = {"action": "refund_payment", "before": ORDER, "target": "payment:pay-1",
            "connector": connector()}  # fmt: skip
    euros = [change(of, number=n, params=REFUND, **more) for n in (1, 2)]
    dollars = change(of, number=3, params=REFUND | {"currency": "USD", "amount": "7.00"}, **more)
    together = [*euros, dollars, change(of, number=4)]
    assert judge.facts_of(euros[0], together, now=NOW).total_amount == 40.0
    assert judge.facts_of(dollars, together, now=NOW).total_amount == 7.0
    assert judge.facts_of(euros[0], euros[:1], now=NOW).total_amount == 20.0


@pytest.mark.django_db
class TestDeciding:
    """With a real policy and real rows."""

    def test_each_proposal_of_a_group_is_judged_for_itself(
        self, world: Cast, workspace: Workspace, now: datetime
    ) -> None:
        """One waits, the other passes; each change has its own decision and binding."""
        waits = propose(workspace, "50", now=now)
        passes = propose(workspace, "5", "6", now=now)
        rows = list(Change.objects.select_related("proposal", "connector").order_by("id"))
        found = {pk: row.proposal for row in rows for pk in (row.proposal_id,)}
        for row in rows:
            row.proposal, row.decision = found[row.proposal_id], None
        judge.judge(list(found.values()), rows, now=now)
        assert found[waits.pk].state == State.WAITING
        assert found[passes.pk].state == State.APPROVED
        assert len({row.decision_id for row in rows}) == len({row.binding for row in rows}) == 3

    def test_what_goes_to_the_queue(
        self, world: Cast, workspace: Workspace, policy: Version, now: datetime
    ) -> None:
        """One execution a change, with the amount in the digits of its currency."""
        propose(workspace, "5", now=now)
        [execution] = Execution.objects.all()
        [grant] = execution.grants.all()
        assert (execution.action, execution.binding) == (
            "set_price", Change.objects.get().binding,
        )  # fmt: skip
        assert (str(grant.amount.normalize()), grant.currency) == ("5", "EUR")
        [told] = Event.objects.filter(kind="proposal.approved")
        rules = Payload.objects.get(event_id=told.pk).fields["rules"]
        assert rules == [decision.rule for decision in Decision.objects.all()]

    def test_written_back_is_what_was_judged(
        self, world: Cast, workspace: Workspace, now: datetime, django_assert_num_queries
    ) -> None:
        """In two statements, whatever their number."""
        made = [propose(workspace, "50", now=now) for _ in range(3)]
        rows = list(Change.objects.all())
        for number, one in enumerate(made):
            one.title, one.state, one.reviewers = f"T{number}", State.DENIED, 5
        for row in rows:
            row.is_open = False
        with django_assert_num_queries(2):
            judge.update(made, rows)
        kept = Proposal.objects.order_by("id").values_list("title", "state", "reviewers")
        assert list(kept) == [(f"T{number}", "denied", 5) for number in range(3)]
        assert not Change.objects.filter(is_open=True).exists()


def test_nothing_of_a_change_is_read_from_prose():
    """The binding covers what was proposed, what it met, and what the policy said of it."""
    row = change(proposal())
    seals = {judge.bind(row, "basis")}
    for name, value in (("action", "set_stock"), ("params", {}), ("before", {"a": 1})):
        changed = SimpleNamespace(**(vars(row) | {name: value}), proposal=row.proposal, pk=row.pk)
        seals.add(judge.bind(changed, "basis"))  # type: ignore[arg-type]
    seals.add(judge.bind(row, "another"))
    row.proposal.revision = 2
    seals.add(judge.bind(row, "basis"))
    assert len(seals) == 6
