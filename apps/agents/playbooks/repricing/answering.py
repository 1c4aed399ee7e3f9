"""What the repricer answers a reviewer by rules. Pure."""

import re
from decimal import ROUND_CEILING, Decimal
from typing import Any

from apps.agents.playbooks.asking import Asked, AskedChange, Reply, explain, since, wish_of
from apps.agents.playbooks.base import Unfit
from apps.agents.playbooks.repricing.figures import change_percent, margin_percent
from apps.agents.playbooks.repricing.planner import margin_floor
from apps.agents.playbooks.repricing.settings import Settings
from apps.money.currency import round_to, written
from apps.money.typed import NotAnAmount

LOWER = re.compile(
    r"\b(lower|less|cheaper|down|reduce|cut|senk\w*|günstiger|weniger|runter|baiss\w*|moins)\b",
    re.IGNORECASE,
)
HIGHER = re.compile(
    r"\b(higher|more|dearer|up|raise|increase|erhöh\w*|teurer|mehr|rauf|augment\w*|plus)\b",
    re.IGNORECASE,
)
MARGIN = re.compile(r"\b(margin|marge)\b", re.IGNORECASE)


def reply_to(asked: Asked, settings: Settings) -> Reply:
    """Another price if one is asked for and the margin floor allows it; else the explanation."""
    change = asked.find("set_price")
    if change is None:
        return Reply(text=explain(asked))
    try:
        wanted = price_wanted(asked, change)
        if wanted is None:
            return Reply(text=explain(asked))
        check(change, wanted, settings)
    except (NotAnAmount, Unfit) as error:
        return Reply(text=f"{error} I have changed nothing.\n\n{explain(asked)}")
    currency = change.params["currency"]
    step = change_percent(price_now(change), wanted)
    text = (
        f"The price is now {wanted} {currency} instead of {change.params['amount']}, as you asked: "
        f"{step:+} % against today's price{margin(change, wanted)}."
    )
    params = {**change.params, "amount": written(wanted, currency)}
    return Reply(text=f"{text}\n\n{since(asked)}", changes={change.id: params})


def price_wanted(asked: Asked, change: AskedChange) -> Decimal | None:
    """The price a question asks for: named, a step in percent, or one that leaves a margin.

    Raises `Ambiguous`, `NotAnAmount`.
    """
    proposed, now = Decimal(change.params["amount"]), price_now(change)
    currency = change.params["currency"]
    wish = wish_of(asked.text, known=proposed, currency=currency)
    if wish is None:
        return None
    if not wish.is_share:
        return wish.value
    if MARGIN.search(asked.text):
        cost = cost_of(change)
        if cost is None or wish.value >= 100:
            return None
        return round_to(cost / (1 - wish.value / 100), currency, ROUND_CEILING)
    lower, higher = LOWER.search(asked.text), HIGHER.search(asked.text)
    falls = bool(lower) if bool(lower) != bool(higher) else proposed < now
    return round_to(now * (100 + (-wish.value if falls else wish.value)) / 100, currency)


def check_change(change: AskedChange, params: dict[str, Any], settings: Settings) -> None:
    """Whether a model may put this price before the reviewer. Raises `Unfit`."""
    if params["currency"] != change.params["currency"]:
        raise Unfit(f"This price is in {change.params['currency']}; keep the currency.")
    check(change, Decimal(params["amount"]), settings)


def check(change: AskedChange, price: Decimal, settings: Settings) -> None:
    """Keep the margin floor, whoever asks. Raises `Unfit`."""
    currency = change.params["currency"]
    if price <= 0:
        raise Unfit("A price has to be more than nothing.")
    cost = cost_of(change)
    floor = margin_floor(cost, settings, currency=currency)
    if floor is not None and price < floor:
        raise Unfit(
            f"{price} {currency} would be below my margin floor: {settings.margin_floor_percent} % "
            f"over the cost of {cost} is {floor} {currency} at least. A person may set "
            "it by editing the price, as far as the policy allows."
        )


def price_now(change: AskedChange) -> Decimal:
    """What the shop asks now; the proposed price where it has none in this currency."""
    found = change.now.get("prices", {}).get(change.params["currency"])
    return Decimal(str(found or change.params["amount"]))


def cost_of(change: AskedChange) -> Decimal | None:
    """What the article costs us, as the shop tells it in this currency; None if it does not."""
    cost = change.now.get("cost")
    if cost is None or change.now.get("cost_currency") not in (None, change.params["currency"]):
        return None
    return Decimal(str(cost))


def margin(change: AskedChange, price: Decimal) -> str:
    """The margin that leaves, as an appendix; empty where the cost is not known."""
    cost = cost_of(change)
    return "" if cost is None else f", margin {margin_percent(price, cost)} %"
