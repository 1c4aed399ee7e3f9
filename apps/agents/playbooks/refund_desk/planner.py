"""What to answer a customer, by rules. Pure: the same messages give the same plan."""

from datetime import datetime

from apps.agents.playbooks import apart
from apps.agents.playbooks.base import Planned
from apps.agents.playbooks.refund_desk import drafts, unread
from apps.agents.playbooks.refund_desk.decision import NOTHING
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.reading import RULES, Reading
from apps.agents.playbooks.refund_desk.sense import Case, Sensed
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.agents.playbooks.refund_desk.situation import Situation, weigh
from apps.gateway.records import Order

FOR_PEOPLE = ("other_sender", "several")  # problems no reply of ours solves
SURE_THANKS = 0.95  # nobody sees such a message, so it has to be sure
PROBLEMS = {
    "several": "The message names several orders; a person has to see which one it is about.",
    "other_sender": "The order number belongs to another customer than the sender; a person has "
    "to look. The reply tells nothing of the order.",
    "not_found": "There is no order with the number in the message, so we ask for it.",
    "no_number": "The message names no order and the sender has none or several, so we ask.",
}


def plan(sensed: Sensed, settings: Settings, *, now: datetime) -> list[Planned]:
    """An answer to each message, oldest first."""
    return [plan_one(case, sensed, settings, now=now) for case in sensed.cases]


def plan_one(case: Case, sensed: Sensed, settings: Settings, *, now: datetime) -> Planned:
    """The answer to one message; a person's, where the desk fails at it."""
    if case.trouble:
        return unread.for_person(case, case.trouble, settings)
    return apart.attempt(
        case.key,
        lambda: plan_of(weigh(case, sensed, settings, now=now)),
        instead=lambda why: unread.for_person(case, why, settings),
    )


def plan_of(situation: Situation) -> Planned:
    """What to do about it: money and a reply, a reply alone, a person, or nothing."""
    case = situation.case
    why = why_a_person(situation)
    if why:
        return drafts.reply(situation, "hold", why, wants_person=True)
    if situation.reading.intent == Intent.THANKS:
        return Planned(key=case.key, draft=None, why="The customer only says thanks.")
    if case.order is None:
        return drafts.reply(situation, "ask_order", PROBLEMS[case.problem or "no_number"])
    return about_order(situation, case.order)


def why_a_person(situation: Situation) -> str:
    """Why the desk does not judge this message itself; empty if it does."""
    reading, problem = situation.reading, situation.case.problem
    if reading.intent == Intent.SUSPICIOUS:
        return "The message tries to give instructions to the agent; a person has to look."
    if problem in FOR_PEOPLE:
        return PROBLEMS[problem]
    if not reading.sure:
        return f"How the message is meant is in doubt. {reading.doubt}"
    if reading.intent in (Intent.QUESTION, Intent.OTHER):
        return "The message asks something only a person can answer."
    if reading.intent == Intent.THANKS and not ends_it(reading):
        return "The customer seems only to say thanks, but that is not certain."
    return ""


def ends_it(reading: Reading) -> bool:
    """Whether thanks are read so surely that nobody has to see them."""
    return reading.confidence >= SURE_THANKS or reading.reader == RULES


def about_order(situation: Situation, order: Order) -> Planned:
    """The answer to a customer whose order we know."""
    intent, lesson = situation.reading.intent, situation.lesson
    if lesson is not None and lesson.refused:
        why = f"A reviewer rejected a similar case: {lesson.why}. They said: “{lesson.reason}”."
        return drafts.reply(situation, lesson.wish, why, wants_person=lesson.wish == "hold")
    if intent == Intent.CANCEL:
        return cancellation(situation, order)
    if intent == Intent.WRONG_ITEM:
        why = "A wrong or unfitting article goes back before money is returned."
        return drafts.reply(situation, "return_first", why)
    if intent == Intent.WHERE:
        return where_it_is(situation, order)
    return money(situation, order)


def money(situation: Situation, order: Order) -> Planned:
    """A refund with its reply, where one is due."""
    intent, refund = situation.reading.intent, situation.refund
    if intent in (Intent.DAMAGED, Intent.MONEY_BACK) and (
        situation.named.doubt or not situation.lines
    ):
        return drafts.reply(situation, "ask_article", f"{situation.named.doubt} So we ask.")
    if refund is not None and refund.amount > NOTHING:
        return drafts.refund(situation, order, refund)
    why = refund.reason if refund else ""
    if refund is not None and refund.doubt:
        return drafts.reply(situation, "hold", f"{why} A person has to look.", wants_person=True)
    if intent == Intent.LATE and order.fulfillment_status != "delivered":
        return where_it_is(situation, order, why)
    return drafts.reply(situation, "hold", f"{why} A person has to look.", wants_person=True)


def where_it_is(situation: Situation, order: Order, why: str = "") -> Planned:
    """Tell the customer where the order is; what says it has arrived is for a person."""
    states = {"not_fulfilled": "in_preparation", "fulfilled": "in_preparation",
              "shipped": "on_its_way"}  # fmt: skip
    kind = states.get(order.fulfillment_status)
    if kind is None or order.status == "canceled" or order.payment_status == "not_paid":
        why = f"The shop says: {order.status}, {order.payment_status}, {order.fulfillment_status}."
        return drafts.reply(situation, "hold", f"{why} A person has to look.", wants_person=True)
    return drafts.reply(situation, kind, why or "The order's state in the shop answers it.")


def cancellation(situation: Situation, order: Order) -> Planned:
    """Cancel what has not left; what has left can be sent back."""
    if order.status == "canceled":
        why = "The order is cancelled already. A person has to look."
        return drafts.reply(situation, "hold", why, wants_person=True)
    if order.fulfillment_status == "not_fulfilled":
        return drafts.cancel(situation, order)
    return drafts.reply(situation, "return_first", "The order has left already.")
