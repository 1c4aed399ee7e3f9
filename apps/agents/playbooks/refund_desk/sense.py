"""What the refund desk reads: new messages, the orders they are about, what is known."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from apps.accounts.models import Workspace
from apps.agents import queries
from apps.agents.playbooks import apart, base, redaction
from apps.agents.playbooks.base import Known
from apps.agents.playbooks.refund_desk import conversation, threads
from apps.agents.playbooks.refund_desk.conversation import Exchange
from apps.agents.playbooks.refund_desk.decision import Cap
from apps.agents.playbooks.refund_desk.examples import Example
from apps.agents.playbooks.refund_desk.heard import Heard
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.letter import own_words
from apps.agents.playbooks.refund_desk.listening import hear
from apps.agents.playbooks.refund_desk.numbers import doubtful, order_numbers
from apps.agents.playbooks.refund_desk.reading import Reading, read
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.agents.playbooks.scope import CUSTOMER
from apps.gateway import email_address
from apps.gateway import queries as gateway
from apps.gateway.errors import BadAnswer, Refused
from apps.gateway.records import Message, Order
from apps.memory import queries as memory
from apps.policies import queries as policies
from apps.proposals import queries as proposals

NAMESPACE = "refund_desk"
SIMILAR = 4  # items recalled for a message
SPARE = 3  # times as many are looked at: some are other customers' own
CORRECTIONS = 40
PAST = 20  # earlier orders of a customer that are looked at
MANY = 5  # numbers of one message that are looked up
UNTOLD = "The shop could not tell which orders are theirs"


class Case(BaseModel):
    """A message with its order; `problem` says why there is none that can be trusted.

    problem: "" | "no_number" | "not_found" | "other_sender" | "several"
    """

    model_config = ConfigDict(frozen=True)

    message: Message
    number: str | None
    order: Order | None
    problem: str
    known: list[Known] = []
    earlier: bool = False  # the desk has proposed something for this customer before
    past: list[Order] = []  # the customer's other orders, newest first, at most `PAST`
    thread: list[Exchange] = []  # what the message continues, newest first
    cap: Cap | None = None  # the most goodwill in the order's currency, by today's rate
    heard: Heard | None = None  # what the embedding model made of it
    trouble: str = ""  # why the desk could not work on it; then a person does

    @property
    def key(self) -> str:
        """The name under which this case is handled once."""
        return message_key(self.message.key)

    @property
    def customer(self) -> str:
        """The subject of what is known about the sender; one without an address is a stranger."""
        return customer_of(self.message)


class Sensed(base.Sensed):
    """Cases, oldest first, and reviewers' corrections of the desk."""

    cases: list[Case]
    corrections: list[Known]
    left: int  # new messages beyond this batch

    def count(self) -> int:
        """How many cases there are."""
        return len(self.cases)

    def describe(self) -> str:
        """What was read."""
        found = sum(case.order is not None for case in self.cases)
        more = f"; {self.left} more for the next run" if self.left else ""
        return f"Read {len(self.cases)} new messages, found the order of {found}{more}."


def customer_of(message: Message) -> str:
    """The subject of what is known about the sender; one without an address is a stranger."""
    return CUSTOMER + (message.sender.casefold() or f"of {message_key(message.key)}")


def message_key(message_id: str) -> str:
    """The key of a message among the handled cases."""
    return f"message:{message_id}"


def sense(
    workspace: Workspace, settings: Settings, *, now: datetime, shadow_agent: UUID | None = None
) -> Sensed:
    """Read new messages and what belongs to them."""
    messages = cast(Sequence[Message], gateway.read(workspace.pk, "messages"))
    keys = [message_key(message.key) for message in messages]
    done = queries.handled(workspace.pk, NAMESPACE, keys, shadow_agent=shadow_agent)
    fresh = [mail for mail in messages if message_key(mail.key) not in done]
    fresh.sort(key=lambda message: message.received_at)
    cases = [gather_apart(workspace, mail, settings, now=now) for mail in fresh[: settings.batch]]
    caps = caps_for(workspace, cases, settings, now=now)
    cases = [
        case.model_copy(update={"cap": caps.get(case.order.currency)}) if case.order else case
        for case in cases
    ]
    return Sensed(
        cases=beside(listen(mark_earlier(workspace, cases), own_examples(workspace))),
        corrections=recall_corrections(workspace, now=now) if fresh else [],
        left=max(len(fresh) - settings.batch, 0),
    )


def caps_for(
    workspace: Workspace, cases: Sequence[Case], settings: Settings, *, now: datetime
) -> dict[str, Cap]:
    """The most goodwill by currency, of the orders at hand; a currency without a rate is left out.

    That of the settings needs none.
    """
    currencies = {case.order.currency for case in cases if case.order} - {
        settings.late_most_currency
    }
    found = {}
    for currency in sorted(currencies):
        most = policies.convert(
            workspace_id=workspace.pk,
            amount=settings.late_most,
            currency=settings.late_most_currency,
            to=currency,
            now=now,
        )
        if most.amount is not None:
            found[currency] = Cap(amount=most.amount, currency=currency, source=most.reason)
    return found


def gather_apart(
    workspace: Workspace, message: Message, settings: Settings, *, now: datetime
) -> Case:
    """The message with what belongs to it, or alone with the trouble there was."""
    bare = Case(message=message, number=None, order=None, problem="")
    return apart.attempt(
        bare.key,
        lambda: gather(workspace, message, settings, now=now),
        instead=lambda why: bare.model_copy(update={"trouble": why}),
    )


def gather(workspace: Workspace, message: Message, settings: Settings, *, now: datetime) -> Case:
    """A message with its order and what is recalled about the customer and similar cases."""
    theirs = orders(workspace, email=message.sender, limit=PAST + 1) if message.sender else []
    earlier = threads.exchanges(
        workspace.pk, NAMESPACE, customer_of(message), days=settings.conversation_days, now=now
    )
    number, order, problem = choose_order(workspace, message, theirs)
    if problem == "no_number" and (named := conversation.order_of(message, earlier)):
        number, (order, problem) = named, find_order(workspace, message, named, theirs)
    past = [
        their_order for their_order in theirs if order and their_order.order_id != order.order_id
    ][:PAST]
    thread = conversation.continued_by(message, order.number if order else "", earlier)
    case = Case(
        message=message, number=number, order=order, problem=problem, past=past, thread=thread
    )
    found = memory.recall(
        workspace=workspace,
        namespaces=[NAMESPACE],
        subjects=[case.customer, *(f"sku:{line.sku}" for line in (order.lines if order else []))],
        types=("fact", "preference", "episode"),
        text=f"{message.subject}\n{message.body}",
        limit=SIMILAR * SPARE,
        now=now,
    )
    numbers = [their_order.number for their_order in theirs]
    known = redaction.for_customer(base.known(found), customer=message.sender, numbers=numbers)
    return case.model_copy(update={"known": known[:SIMILAR]})


def listen(cases: Sequence[Case], own: Sequence[Example] = ()) -> list[Case]:
    """The cases with what the embedding model hears in each; here, because planning is pure.

    Where hearing them together fails, each is heard for itself.
    """
    return apart.otherwise(
        lambda: listen_at_once(cases, own),
        instead=lambda _: [listen_apart(case, own) for case in cases],
    )


def listen_apart(case: Case, own: Sequence[Example]) -> Case:
    """The case with what is heard in it, or with the trouble there was."""
    if case.trouble:  # told already
        return apart.otherwise(lambda: listen_at_once([case], own)[0], instead=lambda _: case)
    return apart.attempt(
        case.key,
        lambda: listen_at_once([case], own)[0],
        instead=lambda why: case.model_copy(update={"trouble": why}),
    )


def listen_at_once(cases: Sequence[Case], own: Sequence[Example]) -> list[Case]:
    """The cases with what is heard in each."""
    texts = [own_words(case.message.subject, case.message.body) for case in cases]
    return [
        case.model_copy(update={"heard": heard})
        for case, heard in zip(cases, hear(texts, own=own), strict=True)
    ]


def mark_earlier(workspace: Workspace, cases: Sequence[Case]) -> list[Case]:
    """The cases, those marked whose customer had one before; also within this batch."""
    customers = [case.customer for case in cases]
    seen = proposals.handled_cases(workspace.pk, NAMESPACE, "about", customers)
    marked = []
    for case in cases:
        marked.append(case.model_copy(update={"earlier": case.customer in seen}))
        seen.add(case.customer)
    return marked


def beside(cases: Sequence[Case]) -> list[Case]:
    """The cases, each with the messages about the same order that came before it in this batch."""
    found: list[Case] = []
    for case in cases:
        others = [
            Exchange(
                message_id=earlier.message.message_id,
                at=earlier.message.received_at,
                order=earlier.order.number if earlier.order else "",
                intent=intent_of(earlier),
                wrote=text_of(earlier)[: conversation.QUOTED],
            )
            for earlier in reversed(found)
            if case.order and earlier.order and earlier.order.order_id == case.order.order_id
            and earlier.customer == case.customer
        ]  # fmt: skip
        found.append(case.model_copy(update={"thread": [*others, *case.thread]}))
    return found


def intent_of(case: Case) -> str:
    """What the rules read in a message; empty where they fail, which planning it will tell."""
    return apart.otherwise(lambda: read_by_rules(case).intent.value, instead=lambda _: "")


def choose_order(
    workspace: Workspace, message: Message, theirs: Sequence[Order]
) -> tuple[str | None, Order | None, str]:
    """The order a message is about: (number, order, problem).

    A number in the form's own field counts; else those in what the customer wrote, else those in
    what they quote. Of several, the one that is the sender's. A number that is nobody's and looks
    like a year or a telephone number falls back to the sender's only order.
    """
    numbers = numbers_in(message)
    if len(numbers) < 2:
        number = numbers[0] if numbers else None
        return number, *find_order(workspace, message, number, theirs)
    found = [(number, *find_order(workspace, message, number, theirs)) for number in numbers[:MANY]]
    mine = [lookup for lookup in found if lookup[1] is not None]
    return mine[0] if len(mine) == 1 else (numbers[0], None, "several")


def numbers_in(message: Message) -> list[str]:
    """The order numbers a message names, the surest kind only."""
    if message.order_number:
        return [message.order_number]
    everything = f"{message.subject}\n{message.body}"
    own = own_words(message.subject, message.body)
    return order_numbers(own) or order_numbers(everything)


def find_order(
    workspace: Workspace, message: Message, number: str | None, theirs: Sequence[Order]
) -> tuple[Order | None, str]:
    """The sender's order with this number, or the only one they have; else the problem.

    `theirs` are the sender's newest orders; the number is looked up where it is not among them.
    """
    if not number:
        return (theirs[0], "") if len(theirs) == 1 else (None, "no_number")
    wanted = number.lstrip("#")
    found = [order for order in theirs if order.number == wanted] or orders(
        workspace, number=wanted
    )
    if not found:
        is_theirs = doubtful(wanted) and not message.order_number and len(theirs) == 1
        return (theirs[0], "") if is_theirs else (None, "not_found")
    if not email_address.same(found[0].email, message.sender):
        return None, "other_sender"
    return found[0], ""


def orders(workspace: Workspace, **query: str | int) -> Sequence[Order]:
    """Orders from the shop. Raises `Refused` or `BadAnswer`, in words for the person who looks."""
    try:
        return cast(Sequence[Order], gateway.read(workspace.pk, "orders", **query))
    except Refused as error:
        raise Refused(f"{UNTOLD}: {error}", code=error.code, field=error.field) from error
    except BadAnswer as error:
        raise BadAnswer(f"{UNTOLD}: {error}") from error


def recall_corrections(workspace: Workspace, *, now: datetime) -> list[Known]:
    """What reviewers corrected, for every intent, without whom it was about."""
    found = memory.recall(
        workspace=workspace,
        namespaces=[NAMESPACE],
        subjects=[f"intent:{intent}" for intent in Intent],
        types=("correction",),
        limit=CORRECTIONS,
        now=now,
    )
    return [redaction.correction(item) for item in base.known(found)]


def own_examples(workspace: Workspace) -> list[Example]:
    """The examples the workspace has added to those that ship."""
    return [
        Example(intent=Intent(row.intent), language=row.language, text=row.text, own=True)
        for row in queries.labelled_examples(workspace.pk, NAMESPACE)
        if row.intent in set(Intent)
    ]


def text_of(case: Case) -> str:
    """Everything the customer wrote."""
    return f"{case.message.subject}\n{case.message.body}"


def read_by_rules(case: Case, *, shop_language: str = "en") -> Reading:
    """How the desk itself reads the message: by signs, and by what was heard when it was sensed."""
    return read(
        case.message.subject,
        case.message.body,
        heard=case.heard,
        order=case.order,
        shop_language=shop_language,
    )
