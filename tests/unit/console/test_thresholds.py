"""The limits of a policy as a form: what is typed, what is wrong with it, what it would change."""

import pytest

from apps.agents.playbooks.registry import PLAYBOOKS, policy_of
from apps.console.presenters import thresholds

PRICES = {"safe_change_percent": 5.0, "max_change_percent": 30.0, "min_margin_percent": 10.0}
TYPED = {"safe_change_percent": "5", "max_change_percent": "30", "min_margin_percent": "10"}


def problems(**typed: str) -> dict[str, str]:
    """What is wrong with each field."""
    form = thresholds.inputs(PLAYBOOKS["repricing"].limit_fields, PRICES, TYPED | typed)
    return {one.field.name: one.problem for one in form if one.problem}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_policy_with_numbers_has_a_form(playbook):
    """Each field is a number among the limits of the playbook's policy; some are asked for."""
    limits = policy_of(playbook).limits
    fields = PLAYBOOKS[playbook].limit_fields
    numbers = [name for name, value in limits.items() if isinstance(value, float)]
    assert {one.name for one in fields} <= set(numbers)
    assert bool(fields) == bool(numbers)


def test_the_form_shows_what_holds_now():
    """Without needless digits, and without problems."""
    form = thresholds.inputs(PLAYBOOKS["repricing"].limit_fields, PRICES)
    assert [one.value for one in form] == ["5", "30", "10"]
    assert not any(one.problem for one in form)


def test_a_limit_the_policy_no_longer_has_is_not_asked_for():
    """An operator may have rewritten the policy."""
    assert [
        one.field.name
        for one in thresholds.inputs(PLAYBOOKS["repricing"].limit_fields, {"min_margin_percent": 1})
    ] == ["min_margin_percent"]


def test_numbers_may_have_a_comma():
    """As people on the continent write them."""
    form = thresholds.inputs(
        PLAYBOOKS["repricing"].limit_fields, PRICES, TYPED | {"safe_change_percent": "7,5"}
    )
    assert thresholds.values(form)["safe_change_percent"] == 7.5


REFUNDS = {"refund_auto_up_to": 50.0, "two_reviewers_over": 500.0, "refund_max": 2000.0,
           "currency": "EUR"}  # fmt: skip


def refunds(currency: str = "EUR", **typed: str) -> list[thresholds.Input]:
    """The form of the refund desk's limits."""
    usual = {name: thresholds.said(value) for name, value in REFUNDS.items()}
    return thresholds.inputs(
        PLAYBOOKS["refund_desk"].limit_fields, REFUNDS | {"currency": currency}, usual | typed
    )


def test_money_is_asked_for_in_the_currency_of_the_limits():
    """Not in euros everywhere; where the policy names none, in what the workspace counts in."""
    assert {one.field.unit for one in refunds("JPY")} == {"JPY"}
    unnamed = thresholds.inputs(
        PLAYBOOKS["refund_desk"].limit_fields, {"refund_max": 2000.0}, counts_in="CHF"
    )
    assert [one.field.unit for one in unnamed] == ["CHF"]
    assert thresholds.values(refunds("JPY", refund_max="20,000"))["refund_max"] == 20_000


def test_a_limit_that_can_be_two_is_asked_back():
    """At its field, with both."""
    [wrong] = [one for one in refunds(refund_max="2,000") if one.problem]
    assert wrong.field.name == "refund_max"
    assert wrong.value == "2,000"
    assert wrong.problem == "“2,000” can mean 2000.00 or 2.00. Write 2000.00 or 2.00."
    assert thresholds.values(refunds(refund_max="2.000,50"))["refund_max"] == 2000.5


def test_a_percentage_may_have_three_decimals():
    """Five thousand percent are no limit, so nothing is in doubt."""
    form = thresholds.inputs(
        PLAYBOOKS["repricing"].limit_fields, PRICES, TYPED | {"safe_change_percent": "5.004"}
    )
    assert thresholds.values(form)["safe_change_percent"] == 5.004


@pytest.mark.parametrize("text", ["", "a lot", "-1", "101", "nan", "inf", "1e999"])
def test_what_is_no_sensible_number_is_told(text):
    """With the range."""
    assert problems(min_margin_percent=text) == {
        "min_margin_percent": "Type a number from 0 to 100."
    }


def test_a_limit_below_the_one_before_it_is_told():
    """Else nothing could ever reach it."""
    [(name, text)] = problems(safe_change_percent="40").items()
    assert name == "max_change_percent"
    assert "at least “Prices may move alone by up to”, 40" in text


def test_first_time_customers_have_a_limit_of_their_own():
    """Beside the one of all others, and said which of the two counts for whom."""
    limits = policy_of("refund_desk").limits
    first, others = thresholds.inputs(PLAYBOOKS["refund_desk"].limit_fields, limits)[:2]
    assert (first.field.name, others.field.name) == ("first_refund_up_to", "refund_auto_up_to")
    assert "paid for no earlier order" in first.field.help
    assert "changes nothing for them" in first.field.help
    typed = {
        one.field.name: one.value
        for one in thresholds.inputs(PLAYBOOKS["refund_desk"].limit_fields, limits)
    }
    raised = typed | {"refund_auto_up_to": "50", "first_refund_up_to": "25"}
    form = thresholds.inputs(PLAYBOOKS["refund_desk"].limit_fields, limits, raised)
    assert not any(one.problem for one in form)
    assert thresholds.values(form)["first_refund_up_to"] == 25.0
    swapped = typed | {"refund_auto_up_to": "25", "first_refund_up_to": "50"}
    [wrong] = [
        one
        for one in thresholds.inputs(PLAYBOOKS["refund_desk"].limit_fields, limits, swapped)
        if one.problem
    ]
    assert wrong.field.name == "refund_auto_up_to"
    assert "at least “To first-time customers alone up to”, 50" in wrong.problem


def test_the_tally_says_what_would_change():
    """Each outcome before and after, and the difference with its sign."""
    found = thresholds.tally(["allow", "review", "review"], ["allow", "allow", "review"])
    assert [(one.now, one.then, one.moved) for one in found] == [(1, 2, "+1"), (2, 1, "-1"),
                                                                 (0, 0, "")]  # fmt: skip
