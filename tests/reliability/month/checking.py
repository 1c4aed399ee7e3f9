"""What must hold after the month, found in the shop's own books and in the product's rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from apps.accounts.models import Workspace
from apps.agents.models import Handled
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.proposals.models import OPEN_STATES, Proposal, Review, State
from tests.reliability.month.world import LEVEL, Letter, Month, owed

ALONE_UP_TO = Decimal(10)  # EUR, as the default policy says
DECIDED_BY_PEOPLE = (State.REJECTED,)
ENDED = (State.DONE, *OPEN_STATES, *DECIDED_BY_PEOPLE)


@dataclass
class Checked:
    """What was found: `faults` in words, and the figures of what was decided alone."""

    faults: list[str] = field(default_factory=list)
    messages: int = 0
    alone: int = 0
    wrong_alone: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)

    def figures(self, name: str) -> str:
        """The month in a line."""
        share = self.alone / max(self.messages, 1)
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"month, {name}: {self.messages} messages, {self.alone} decided alone ({share:.0%}), "
            f"{len(self.wrong_alone)} of them wrong, {len(self.faults)} faults; {states}"
        )


def check(
    month: Month, letters: Mapping[str, Letter], workspace: Workspace, given: Mapping[int, Decimal]
) -> Checked:
    """Every promise, against what the shop gave back (`given`, by order) and our own rows."""
    found = Checked(messages=len(letters))
    check_money(found, month, given)
    about: dict[str, list[Proposal]] = {}
    for proposal in Proposal.objects.filter(workspace=workspace).prefetch_related("changes"):
        about.setdefault(str(proposal.case.get("message_id")), []).append(proposal)
        found.states[proposal.state] += 1
    by_people = set(
        Review.objects.filter(proposal__workspace=workspace).values_list("proposal_id", flat=True)
    )
    handled = set(Handled.objects.filter(workspace=workspace).values_list("key", flat=True))
    for message_id, letter in letters.items():
        made = about.get(message_id, [])
        check_ended(found, message_id, letter, made, handled)
        for proposal in made:
            if proposal.state == State.DONE and proposal.pk not in by_people:
                check_alone(found, letter, proposal)
    return found


def check_money(found: Checked, month: Month, given: Mapping[int, Decimal]) -> None:
    """Nothing above what is owed for what was written, and nothing beyond what was paid."""
    most = owed(month)
    for sale in month.sales:
        paid_back = given.get(sale.number, Decimal()) - sale.refunded
        due = most.get(sale.number, Decimal())
        if paid_back > due:
            found.faults.append(
                f"order {sale.number}: {paid_back} {sale.currency} given back, at most {due} owed"
            )


def check_ended(
    found: Checked, message_id: str, letter: Letter, made: list[Proposal], handled: set[str]
) -> None:
    """Each message led to an outcome, or stands before a person; a thank-you needs neither."""
    if any(proposal.state in ENDED for proposal in made):
        return
    thanks = letter.intent == Intent.THANKS and f"message:{message_id}" in handled and not made
    if not thanks:
        states = ", ".join(proposal.state for proposal in made) or "no proposal"
        found.faults.append(f"{message_id} ({letter.intent}, {letter.sale.language}): {states}")


def check_alone(found: Checked, letter: Letter, proposal: Proposal) -> None:
    """What passed without a person was inside the thresholds; whether it was right is counted."""
    found.alone += 1
    changes = list(proposal.changes.all())
    refunds = [change.params for change in changes if change.action == "refund_payment"]
    worth = sum(
        (Decimal(one["amount"]) / LEVEL[one["currency"]] for one in refunds), Decimal()
    )  # fmt: skip
    if worth > ALONE_UP_TO:
        found.faults.append(f"“{proposal.title}” passed alone and gives back {worth} EUR")
    if any(change.action == "cancel_order" for change in changes):
        found.faults.append(f"“{proposal.title}” was cancelled by nobody")
    said = [change.params for change in changes if change.action == "send_message"]
    languages = {one["language"] for one in said}
    read = proposal.case.get("intent")
    if read != letter.intent or languages - {letter.sale.language}:
        found.wrong_alone.append(
            f"{letter.sale.language} {letter.intent} read as {read}, answered in {languages}: "
            f"{letter.body[:80]}"
        )
