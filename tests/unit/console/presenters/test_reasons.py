"""Why a person is asked: facts beside the limits they crossed, and what nobody knew."""

import pytest

from apps.console.presenters.reasons import factors, guidelines, missing, rates_used
from apps.policies.models import Decision, Policy, Version
from apps.proposals.models import Proposal

WHEN = (
    "!has_change || !has_margin || margin_percent < limits.min_margin_percent || change_percent > "
    "limits.safe_change_percent || change_percent < -limits.safe_change_percent"
)
LIMITS = {"safe_change_percent": 5.0, "min_margin_percent": 10.0, "auto_up_to": 10,
          "sure": 0.95, "currency": "EUR"}  # fmt: skip


def decision(when: str = WHEN, **facts) -> Decision:
    policy = Policy(name="Prices", description="Small moves pass.")
    version = Version(policy=policy, number=3, limits=LIMITS,
                      rules=[{"name": "other", "when": "amount > limits.auto_up_to"},
                             {"name": "larger move", "when": when}])  # fmt: skip
    return Decision(version=version, rule="larger move", outcome="review", facts=facts, fired=[])


def told(one: Decision, *, withheld: bool = False) -> list[str]:
    found = factors(one, withheld=withheld)
    words = [f"{f.label} {f.value} {f.relation} {f.limit}" for f in found]
    return [one.replace("\u00a0", " ") for one in words]


def test_only_what_crossed_a_limit_is_a_factor():
    """With the sign of a limit that counts downwards; what holds is not told."""
    facts = {"has_change": True, "change_percent": -13.54, "has_margin": True,
             "margin_percent": 59.5}  # fmt: skip
    assert told(decision(**facts)) == ["Change −13.5 % below −5.0 %"]
    assert told(decision(**facts | {"margin_percent": 4.0})) == [
        "Margin 4.0 % below 10.0 %", "Change −13.5 % below −5.0 %"
    ]  # fmt: skip


def test_an_unknown_number_crosses_nothing():
    """0 stands for it in the rule; it is told as missing instead."""
    assert told(decision(has_change=False, change_percent=0.0, has_margin=False)) == []


def test_amounts_carry_their_currency():
    """As money; what is only compared with words is left alone."""
    when = "total_amount > limits.auto_up_to || currency != limits.currency"
    facts = {"has_amount": True, "total_amount": 20.95, "currency": "EUR"}
    assert told(decision(when, **facts)) == ["Total amount €20.95 above €10.00"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (5.004, "+5.004 % above +5.0 %"),
        (5.0000001, "+5.0000001 % above +5.0 %"),
        (5.5, "+5.5 % above +5.0 %"),
        (-5.04, "−5.04 % below −5.0 %"),
        (-13.5416, "−13.5 % below −5.0 %"),
    ],
)
def test_no_figure_contradicts_the_verdict(change: float, words: str) -> None:
    """It has as many decimals as it takes to be beyond the limit it crossed."""
    facts = {"has_change": True, "change_percent": change, "has_margin": True,
             "margin_percent": 59.5}  # fmt: skip
    assert told(decision(**facts)) == [f"Change {words}"]
    margin = facts | {"change_percent": 0.0, "margin_percent": 9.996}
    assert told(decision(**margin)) == ["Margin 9.996 % below 10.0 %"]
    assert told(decision("confidence < limits.sure", confidence=0.9496)) == [
        "Confidence 94.96 % below 95 %"
    ]


YEN = {"has_amount": True, "amount": 8000.0, "total_amount": 8000.0, "currency": "JPY"}
WORTH = {"currency": "EUR", "amount": 10.0005, "total_amount": 10.0005, "as_of": "2026-11-20",
         "rates": "1 EUR = 799.96 JPY (ECB, 2026-11-20)"}  # fmt: skip


def test_yen_are_told_beside_a_limit_by_their_worth() -> None:
    """In the currency of the limit, and by which rate; without one they are not told beside it."""
    one = decision("total_amount > limits.auto_up_to", **YEN)
    assert told(one) == []
    one.fired = [{"rule": "larger move", "exchange": WORTH}]
    assert told(one) == ["Total amount €10.0005 above €10.00"]
    [row] = rates_used({"exchange": {"EUR": WORTH}})
    assert row.label == "Worth in EUR"
    assert row.value.endswith("(1 EUR = 799.96 JPY (ECB, 2026-11-20))")
    assert list(rates_used(YEN)) == []


def test_what_the_proposer_says_of_itself_is_withheld():
    """Its confidence is the one fact that speaks for it."""
    one = decision("confidence < limits.sure", confidence=0.85)
    assert told(one) == ["Confidence 85 % below 95 %"]
    assert told(one, withheld=True) == []


@pytest.mark.parametrize("when", ["", "true", "playbook == 'x'", "amount > limits.gone", "((("])
def test_odd_rules_have_no_factors(when):
    """Whatever an administrator wrote, the page is shown."""
    assert told(decision(when, amount=5, has_amount=True)) == []
    assert told(Decision(version=None, rule="", facts={})) == []


def test_missing_data_is_told_in_sentences():
    """No cost, no earlier price, a stale read, no evidence, a broken rule, no policy."""
    price = decision(action="set_price", currency="EUR", has_margin=False, has_change=False)
    [cost, move, evidence] = missing(Proposal(evidence=[]), [price, price])
    assert "cost in EUR is not known" in cost
    assert "no price in EUR yet" in move
    assert "named no evidence" in evidence
    refund = decision(action="refund_payment", has_amount=False, stale_read=True)
    refund.fired = [{"rule": "odd", "error": "boom"}]
    refund.version = None
    words = " ".join(missing(Proposal(evidence=[{"kind": "shop"}]), [refund]))
    for part in ("amount that would leave", "last good answer", "“odd” could not", "No policy"):
        assert part in words


def test_nothing_missing_says_nothing():
    """A complete case has no empty section."""
    full = decision(action="set_price", has_margin=True, has_change=True)
    assert missing(Proposal(evidence=[{"kind": "shop"}]), [full]) == []


def test_each_policy_is_explained_once():
    """In its author's words, with its limits."""
    one = decision()
    other = decision()
    other.version = one.version
    [guideline] = guidelines([one, other, Decision(version=None)])
    assert (guideline.name, guideline.number, guideline.text) == ("Prices", 3, "Small moves pass.")
    assert (guideline.limits[0].label, guideline.limits[0].value) == ("Safe change", "5\u00a0%")
