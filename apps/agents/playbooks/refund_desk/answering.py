"""What the refund desk answers a reviewer by rules. Pure."""

import re
from decimal import Decimal
from typing import Any

from apps.agents.playbooks.asking import (
    Asked,
    AskedChange,
    Reply,
    amount_of,
    explain,
    names_sum,
    since,
    sums_in,
    wants_change,
    wish_of,
)
from apps.agents.playbooks.base import Unfit
from apps.agents.playbooks.refund_desk.corrections import WISHES
from apps.agents.playbooks.refund_desk.languages import NAMES
from apps.agents.playbooks.refund_desk.replies import TEXTS, message
from apps.money.currency import UnfitAmount, allocate, written
from apps.money.typed import NotAnAmount

TONGUES = {
    "en": re.compile(r"\b(english|englisch\w*|anglais|inglés|inglese|engels)\b", re.IGNORECASE),
    "de": re.compile(r"\b(german|deutsch\w*|allemand|alemán|tedesco|duits)\b", re.IGNORECASE),
    "fr": re.compile(r"\b(french|französisch\w*|français|francés|francese|frans)\b", re.IGNORECASE),
    "es": re.compile(r"\b(spanish|spanisch\w*|espagnol|español|spagnolo|spaans)\b", re.IGNORECASE),
    "it": re.compile(r"\b(italian|italienisch\w*|italien|italiano|italiaans)\b", re.IGNORECASE),
    "nl": re.compile(
        r"\b(dutch|niederländisch\w*|holländisch\w*|néerlandais|neerlandés|holandés|olandese|"
        r"nederlands)\b",
        re.IGNORECASE,
    ),
}
STYLE = re.compile(
    r"\b(tone|friendl\w*|formal\w*|polite\w*|warmer|short\w*|longer|rephrase|reword|wording|"
    r"ton|freundlich\w*|förmlich\w*|höflich\w*|kürzer|länger|umformulier\w*|"
    r"poli\w*|aimable\w*|court\w*|long\w*|reformul\w*)\b",
    re.IGNORECASE,
)
NO_STYLE = (
    "Without a model I answer customers with fixed texts, so I cannot change the tone or the "
    "length. Edit the message before you approve it; I keep your changes in mind for similar "
    "cases."
)
NO_OTHER_ACTION = (
    "I cannot put another action into this proposal. Reject it and give that as the reason; I will "
    "do so in the next similar case."
)


def reply_to(asked: Asked) -> Reply:
    """Another amount or another language where one is asked for; else the explanation."""
    if not wants_change(asked.text):
        return Reply(text=explain(asked))
    changed = other_amount(asked) or other_language(asked)
    return changed or Reply(text="\n\n".join([*what_it_cannot(asked), explain(asked)]))


def what_it_cannot(asked: Asked) -> list[str]:
    """Which of what is asked for is beyond the rules, in words."""
    told = []
    if asked.find("refund_payment") is None and sums_in(asked.text):
        told.append(f"No refund is proposed here. {NO_OTHER_ACTION}")
    elif any(words.search(asked.text) for words in WISHES.values()):
        told.append(NO_OTHER_ACTION)
    if STYLE.search(asked.text):
        told.append(NO_STYLE)
    return told


def other_amount(asked: Asked) -> Reply | None:
    """The refund of the amount asked for; None if none is, or none is proposed.

    One over several payments is shared out as it was.
    """
    refunds = [change for change in asked.changes if change.action == "refund_payment"]
    said = asked.find("send_message")
    if not refunds:
        return None
    currency = refunds[0].params["currency"]
    before = [Decimal(refund.params["amount"]) for refund in refunds]
    proposed = sum(before, Decimal())
    try:
        wish = wish_of(asked.text, known=proposed, currency=currency)
        if wish is None:
            return None
        amount = amount_of(wish, of=proposed, currency=currency)
        shares = allocate(amount, before, currency)
        for refund, part in zip(refunds, shares, strict=True):
            check_amount(refund, part)
    except (NotAnAmount, UnfitAmount, Unfit) as error:
        return Reply(text=f"{error} I have changed nothing.\n\n{explain(asked)}")
    share = f" ({wish.value.normalize():f} % of it)" if wish.is_share else ""
    text = f"The refund is now {amount} {currency} instead of {proposed}{share}, as you asked."
    if len(shares) > 1:
        text += f" Over its payments that is {' and '.join(map(str, shares))}."
    if said is not None and names_amount(said, proposed, currency):
        text += " The message to the customer still names the old amount: edit it as well."
    elif said is not None:
        text += " The message to the customer names no amount, so it stays as it is."
    changes = {
        refund.id: {**refund.params, "amount": written(part, currency)}
        for refund, part in zip(refunds, shares, strict=True)
    }
    return Reply(text=f"{text}\n\n{since(asked)}", changes=changes)


def names_amount(said: AskedChange, amount: Decimal, currency: str) -> bool:
    """Whether the customer would read this amount."""
    return names_sum(str(said.params.get("body", "")), amount, currency=currency)


def check_amount(refund: AskedChange, amount: Decimal) -> None:
    """Give back something, and no more than is left of the payment. Raises `Unfit`."""
    if amount <= 0:
        raise Unfit("A refund has to be more than nothing; reject the proposal to give none.")
    captured, refunded = refund.now.get("captured"), refund.now.get("refunded")
    if captured is None or refunded is None:
        return
    left = Decimal(str(captured)) - Decimal(str(refunded))
    if amount > left:
        currency = refund.params["currency"]
        raise Unfit(f"Only {written(left, currency)} {currency} is left of the payment.")


def other_language(asked: Asked) -> Reply | None:
    """The same text in another of our languages; None if none is asked for."""
    said = asked.find("send_message")
    wanted = next((code for code, words in TONGUES.items() if words.search(asked.text)), None)
    if said is None or wanted is None or wanted == said.params.get("language"):
        return None
    kind = kind_of(asked, said)
    if kind is None:
        return Reply(
            text="This message is not one of my fixed texts, so I cannot translate it without a "
            "model. Edit it before you approve it."
        )
    params = write(asked, said, kind, wanted)
    text = f"The message is now in {NAMES[wanted]}; it says the same."
    return Reply(text=text, changes={said.id: {**said.params, **params}})


def kind_of(asked: Asked, said: AskedChange) -> str | None:
    """Which of our fixed texts the message is; None if it is none of them."""
    language = str(said.params.get("language", ""))
    for kind in TEXTS:
        if language in TEXTS[kind] and write(asked, said, kind, language)["body"] == (
            said.params.get("body")
        ):
            return kind
    return None


def write(asked: Asked, said: AskedChange, kind: str, language: str) -> dict[str, Any]:
    """The parameters of one of our texts to the same customer."""
    return message(
        kind,
        language=language,
        to=said.params["to"],
        message_id=said.params.get("in_reply_to", ""),
        number=str(asked.case.get("order") or "") or None,
    )


def check_change(asked: Asked, change: AskedChange, params: dict[str, Any]) -> None:
    """Whether a model may put this before the reviewer. Raises `Unfit`.

    It may lower a refund; only an amount the reviewer has named themselves may be higher.
    """
    if change.action == "send_message" and params["to"] != change.params["to"]:
        raise Unfit(f"The answer goes to {change.params['to']} and nobody else.")
    if change.action != "refund_payment":
        return
    if params["currency"] != change.params["currency"]:
        raise Unfit(f"The payment is in {change.params['currency']}.")
    sums = sums_in(asked.text, currency=params["currency"])
    amount, named = Decimal(params["amount"]), {wish.value for wish in sums if not wish.is_share}
    check_amount(change, amount)
    if amount > Decimal(change.params["amount"]) and amount not in named:
        raise Unfit("The reviewer has not asked for more than was proposed.")
