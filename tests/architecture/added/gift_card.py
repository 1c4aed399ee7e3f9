"""An action nobody but this file knows: give a customer a gift card."""

from apps.gateway.amounts import Amount, Currency, InCurrency
from apps.gateway.catalogue.action_spec import (
    ActionSpec,
    Example,
    Identifier,
    Measure,
    Parameters,
    Reach,
    Reversibility,
    Risk,
)


class IssueGiftCard(InCurrency, Parameters):
    """A gift card of so much for one customer."""

    customer_id: Identifier
    currency: Currency
    amount: Amount


SPEC = ActionSpec(
    name="issue_gift_card",
    title="Issue gift card",
    noun="gift card",
    effect="The customer gets a code.",
    undo="A code that was sent cannot be recalled.",
    parameters=IssueGiftCard,
    risk=Risk.MEDIUM,
    reversibility=Reversibility.FINAL,
    measure=Measure.OWED,
    gives_money=True,
    reach=Reach(whom="Whoever holds the code", note="until it is used up"),
    target=lambda p: f"customer:{p['customer_id']}",
    example=Example(
        params={"customer_id": "c_1", "currency": "EUR", "amount": "5.00"},
        before={"balance": "0.00"},
        after={"balance": "5.00"},
    ),
)
