"""An amount has the digits of its currency, wherever it comes in."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from pydantic import ValidationError

from apps.agents.playbooks.repricing import planner
from apps.agents.playbooks.repricing.settings import Settings
from apps.console.inputs import clean
from apps.gateway.catalogue import normalise
from apps.gateway.models import Execution
from apps.money.typed import Ambiguous
from apps.proposals.models import Proposal
from apps.proposals.typed import names_amount
from tests.factories import agents as make
from tests.factories.browsing import Browser
from tests.factories.keys import Caller, caller
from tests.factories.proposals import propose

ACTIONS = ("set_price", "refund_payment")


def params(action: str, amount: object, currency: str) -> dict[str, object]:
    """Parameters of an action with money."""
    names = {
        "set_price": {"product_id": "prod_1", "variant_id": "variant_1"},
        "refund_payment": {"order_id": "order_1", "payment_id": "pay_1"},
    }[action]
    return {**names, "amount": amount, "currency": currency}


@pytest.fixture
def otto(workspace, cast, policy, connector, now) -> Caller:
    """Otto's key, with every scope."""
    return caller(workspace, cast.otto, now=now)


def submitted(otto: Caller, amount: object, currency: str):
    """The answer to a price submitted over the API."""
    change = {"action": "set_price", "params": params("set_price", amount, currency)}
    return otto.post(
        "/proposals",
        {"title": "A price", "rationale": "The competitor is cheaper.", "changes": [change]},
    )


@pytest.mark.case("21-zero-decimal-fraction-accepted")
@pytest.mark.django_db
def test_a_yen_has_no_decimals(case, otto):
    """422 at the amount, with what would fit; nothing is proposed."""
    answer = submitted(otto, case["given"]["amount"], case["given"]["currency"])
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "amount"
    assert "1000 or 1001 would be" in error["detail"]
    assert not Proposal.objects.exists()
    for action in ACTIONS:
        with pytest.raises(ValidationError, match="no decimals"):
            normalise(action, params(action, case["given"]["amount"], case["given"]["currency"]))


@pytest.mark.case("23-three-decimal-refused")
@pytest.mark.django_db
def test_a_dinar_has_three_decimals(case, otto):
    """201, and the amount is what it was; the yen beside it keeps none."""
    given = case["given"]
    answer = submitted(otto, given["amount"], given["currency"])
    assert answer.status_code == 201, answer.content
    assert answer.json()["changes"][0]["params"]["amount"] == given["amount"]
    assert answer.json()["amount"] == given["amount"]


@pytest.mark.case("24-three-decimal-rest")
def test_every_dinar_has_three_decimals(case):
    """Also where shops do without them."""
    for currency in case["given"]["currencies"]:
        for action in ACTIONS:
            checked = normalise(action, params(action, case["given"]["amount"], currency))
            assert checked["amount"] == case["given"]["amount"]


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [("1000.00", "JPY", "1000"), (25.5, "EUR", "25.50"), ("1e2", "EUR", "100.00"),
     (1000, "KRW", "1000"), ("0.0001", "CLF", "0.0001"), (99999999999.99, "EUR", "99999999999.99")],
)  # fmt: skip
@pytest.mark.django_db
def test_what_fits_is_taken_over_the_api(otto, amount, currency, text):
    """And comes back in the currency's digits, from the database too."""
    answer = submitted(otto, amount, currency)
    assert answer.status_code == 201, answer.content
    again = otto.get(f"/proposals/{answer.json()['id']}").json()
    assert (again["amount"], again["changes"][0]["params"]["amount"]) == (text, text)


@pytest.mark.parametrize(
    ("amount", "currency", "field", "why"),
    [("0.001", "EUR", "amount", "0.00 or 0.01 would be"),
     (0.1 + 0.2, "EUR", "amount", "0.30 or 0.31 would be"),
     ("1,000", "EUR", "amount", "can mean 1000.00 or 1.00"),
     ("1.000", "JPY", "amount", "can mean 1000 or 1"),
     ("1 000,505", "EUR", "amount", "1000.50 or 1000.51 would be"),
     (10**12, "EUR", "amount", "no amount of money"),
     (-5, "EUR", "amount", "greater than 0"),
     ("5.00", "eur", "currency", "ISO 4217"),
     ("5.00", "ZZZ", "currency", "ISO 4217")],
)  # fmt: skip
@pytest.mark.django_db
def test_what_does_not_is_refused_with_the_reason(otto, amount, currency, field, why):
    """At the field it is about."""
    answer = submitted(otto, amount, currency)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert why in error["detail"]


def planned_price(given: dict[str, object]) -> str:
    """What the repricing rules ask for."""
    offer = make.offer(
        str(given["price"]), str(given["competitor"]), currency=given["currency"],
        stock=given["stock"],
    )  # fmt: skip
    planned = planner.draft_for(offer, Settings(), now=make.NOW)
    assert planned is not None
    assert planned.draft is not None
    [(action, change)] = planned.draft.changes
    assert normalise(action, change)["amount"] == change["amount"]
    return str(change["amount"])


@pytest.mark.case("27-repricing-yen-ends-in-49")
def test_a_price_in_yen_is_whole(case):
    """959.5 is asked for as 960."""
    assert planned_price(case["given"]) == "960"


@pytest.mark.case("28-repricing-won-dinar")
def test_prices_in_won_dong_and_dinar(case):
    """Whole won and dong, three places for a dinar."""
    assert [planned_price(given) for given in case["given"]] == ["11110", "232300", "1.207"]


@pytest.fixture
def approve(workspace, cast, policy, connector):
    """Approving a proposal with another amount typed into the edit form, without scripts."""
    client = Browser(enforce_csrf_checks=True)
    client.force_login(cast.rita, backend="django.contrib.auth.backends.ModelBackend")
    client.get("/history/")

    def send(proposal: Proposal, typed: str):
        return client.post(
            reverse("console:approve", args=[proposal.pk]),
            {"csrfmiddlewaretoken": client.cookies["csrftoken"].value, "form": "edit",
             "binding": proposal.binding,
             f"edit-{proposal.changes.get().pk}-amount": typed},
        )  # fmt: skip

    return send


@pytest.mark.case("10-edit-form-1-comma-000")
@pytest.mark.django_db
def test_what_can_be_read_in_two_ways_is_asked_back_at_its_field(case, approve, workspace):
    """Nothing is carried out, both readings stand at the field, and what was typed is kept."""
    proposal = propose(workspace, "90.00", now=timezone.now())
    typed = case["given"]["typed in Amount"]
    answer = approve(proposal, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Amount: “1,000” can mean 1000.00 or 1.00. Write 1000.00 or 1.00." in page
    assert f'value="{typed}"' in page
    assert not Execution.objects.exists()
    assert proposal.changes.get().params["amount"] == "90.00"
    answer = approve(proposal, "99,50 €")  # clear
    assert answer.status_code == 302, answer.content
    assert Execution.objects.get().params["amount"] == "99.50"


@pytest.mark.case("10-edit-form-1-comma-000")
@pytest.mark.parametrize("typed", ["1,000", "1.000", "€1,000", " 1.000 "])
def test_an_amount_typed_before_approving_is_read_alike(case, typed):
    """The same text is not 1.00 here and 1000 there: it is neither."""
    assert not names_amount(typed, Decimal(1000), "EUR")
    assert not names_amount(typed, Decimal(1), "EUR")
    with pytest.raises(Ambiguous):
        clean(typed.strip(" €"), "decimal")


@pytest.mark.case("12-edit-form-narrow-space")
def test_amounts_are_typed_as_countries_write_them(case):
    """French, Swiss and German, with whatever space or apostrophe their keyboards have."""
    for typed in [*case["given"]["typed"], "1\u202f000,50", "1\u00a0000,50", "1\u2009000,50",
                  "1’000.50", "1,000.50", "1000,50", "1000.50"]:  # fmt: skip
        assert clean(typed, "decimal") == "1000.50"
        assert clean(typed, "decimal", currency="EUR") == "1000.50"
        assert clean(f"{typed} €", "decimal", currency="EUR") == "1000.50"
