"""Chains of steps each of which is allowed alone: none leaves its window with no person.

    uv run pytest tests/redteam/test_sequences.py             one of each kind
    uv run pytest tests/redteam/test_sequences.py --runs 75   all of them

Time is passed in, so that thirty days take seconds. What was done is read from the shop's own
ledger and judged by an oracle of its own (`reckoning`); random series against one are in
`test_random_series`. Control: without the caps the same steps leave every window.
"""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from apps.gateway import email_address
from apps.policies import operations as policies
from apps.policies.models import Decision, Version
from apps.proposals.models import Change, Proposal, State
from tests.redteam.demo import Demo
from tests.redteam.reckoning import Done, harms, mailbox_of
from tests.redteam.sequences import SEQUENCES, Series

pytestmark = pytest.mark.reliability
CONTROLS = (("price ratchet", "up, at once"), ("price ratchet", "down, hourly"),
            ("two agents in turn", "to and fro, at once"), ("many prices", "20 at once"),
            ("refunds to many", "30 strangers at once"), ("mail flood", "20 questions"))  # fmt: skip


def chosen(count: int | None) -> list[Series]:
    """All sequences, or the first of each kind."""
    if count:
        return list(SEQUENCES)
    kinds = dict.fromkeys(one.kind for one in SEQUENCES)
    return [next(one for one in SEQUENCES if one.kind == kind) for kind in kinds]


def play(demo: Demo, series: Series) -> tuple[list[str], Counter[str]]:
    """Play a sequence in a world of its own: what of it did harm, and which rules stopped it."""
    start = {f"variant:{one.variant_id}": one.price for one in demo.articles}
    done: list[Done] = []
    with demo.fresh():
        seen, undone = demo.last_line(), Counter[tuple[str, str]]()
        for pause in series.play(demo):
            demo.settle()
            at = demo.now
            for line in demo.lines(seen):
                whose, currency = about(demo, line.action, line.target, mailbox_of(line))
                is_undo = undos()[line.target, line.amount] > undone[line.target, line.amount]
                undone[line.target, line.amount] += is_undo
                done.append(Done(at=at, line=line, by_person=pause.by_person, whose=whose,
                                 currency=currency, is_undo=is_undo))  # fmt: skip
            seen = demo.last_line()
            demo.now += pause.after
        agents = 2 if "two" in f"{series.kind} {series.name}" else 1
        stops = Counter(Decision.objects.exclude(outcome="allow").values_list("rule", flat=True))
        doubted = Proposal.objects.filter(state=State.WAITING)
        stops["a model's own"] += doubted.exclude(changes__decision__outcome="review").count()
    return harms(done, start=start, agents=agents), stops


def undos() -> Counter[tuple[str, str]]:
    """The undos done so far, by target and amount."""
    found = Change.objects.filter(compensates__isnull=False, proposal__state=State.DONE)
    return Counter((one.target, str(one.params.get("amount"))) for one in found)


def about(demo: Demo, action: str, target: str, mailbox: str) -> tuple[str, str]:
    """Whose order a ledger line is about and in which currency it is paid."""
    if action == "send_message":
        return mailbox, ""
    if action != "refund_payment":
        return "", ""
    payment = target.removeprefix("payment:")
    [[email, currency]] = demo.rows(
        "SELECT orders.email, upper(orders.currency_code) FROM payments "
        f"JOIN orders ON orders.id = payments.order_id WHERE payments.id = '{payment}'"
    )
    return email_address.mailbox(email), currency


@pytest.mark.timeout(3600)
def test_no_sequence_leaves_its_window(
    demo: Demo, pytestconfig: pytest.Config, say: Callable[[str], None]
) -> None:
    """Prices, refunds, messages, stock, orders, exports; whatever stops one is named."""
    assert len(SEQUENCES) >= 60
    began, found, by_kind = time.monotonic(), list[str](), dict[str, Counter[str]]()
    series = chosen(pytestconfig.getoption("--runs"))
    for one in series:
        wrong, stops = play(demo, one)
        by_kind.setdefault(one.kind, Counter()).update(stops)
        found += [f"{one.kind}, {one.name}: {words}" for words in wrong]
    for kind, stopped in by_kind.items():
        told = ", ".join(f"{count} x “{rule}”" for rule, count in stopped.most_common(3) if count)
        say(f"{kind:<20} stopped by {told}")
    for words in found:
        say(f"  {words}")
    say(f"{len(series)} sequences, {len(found)} of their steps left a window alone; "
        f"{time.monotonic() - began:.0f} s")  # fmt: skip
    assert found == []


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "name"), CONTROLS)
def test_control_without_caps_it_does(demo: Demo, kind: str, name: str) -> None:
    """The same steps with the rules that ask for windows taken out."""
    without_caps(demo)
    [series] = [one for one in SEQUENCES if (one.kind, one.name) == (kind, name)]
    wrong, _ = play(demo, series)
    assert wrong != []


def without_caps(demo: Demo) -> None:
    """Publish the default policies without their caps."""
    active = Version.objects.filter(policy__workspace=demo.workspace, stage="active")
    for version in active.select_related("policy"):
        rules = [rule for rule in version.rules if "window(" not in rule["when"]]
        if len(rules) < len(version.rules):
            bare = policies.draft(workspace=demo.workspace, name=version.policy.name, rules=rules,
                                  limits=version.limits, by="test", now=demo.now)  # fmt: skip
            policies.publish(version=bare, by="test", now=demo.now)
