"""Opening sections of a proposal: high risk is not approved by who has not looked."""

import re
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.audit.events.proposals import ProposalViewed
from apps.audit.operations import record_all
from apps.money.typed import Ambiguous, NotAnAmount
from apps.proposals.models import Proposal, Risk, Viewing
from apps.proposals.operations.judge import proposal_fact
from apps.proposals.operations.preconditions import StaleApproval, enter
from apps.proposals.operations.submit import InvalidDraft
from apps.proposals.queries import DECISIVE
from apps.proposals.typed import read

SECTION = re.compile(r"[a-z_]{1,20}")


class NotLooked(Exception):
    """This is high risk: open its facts first, or type the amount. Nothing was changed."""


@transaction.atomic
def open_section(
    *, proposal_id: UUID, user: User, binding: str, section: str, now: datetime
) -> Proposal:
    """Note that the person has opened a section of exactly what `binding` names; once each.

    Raises `AlreadyDecided`, `NotAuthorised`, `StaleApproval`, `InvalidDraft`.
    """
    if not SECTION.fullmatch(section):
        raise InvalidDraft(
            "There is no such section.",
            [{"field": "section", "problem": "has to be a word like 'facts'"}],
        )
    proposal, _ = enter(proposal_id, user=user, now=now)
    if proposal.binding != binding:
        raise StaleApproval(StaleApproval.__doc__)
    _, new = Viewing.objects.get_or_create(
        proposal=proposal,
        user=user,
        binding=binding,
        section=section,
        defaults={"workspace_id": proposal.workspace_id, "at": now},
    )
    if new:
        viewed = ProposalViewed(revision=proposal.revision, section=section, binding=binding)
        record_all([proposal_fact(viewed, proposal, by=user.actor)], now=now)
    return proposal


def check_looked(proposal: Proposal, user: User, *, seen: str, typed_amount: str) -> None:
    """Refuse high risk from who has neither opened the facts nor typed the amount.

    `seen` is the binding the person was shown; what was edited since has its own. Raises
    `NotLooked`.
    """
    if proposal.risk != Risk.HIGH:
        return
    if typed_amount.strip() and proposal.amount is not None:
        check_typed(typed_amount, proposal.amount, proposal.currency)
        return
    looked = Viewing.objects.filter(proposal=proposal, user=user, binding=seen, section=DECISIVE)
    if not looked.exists():
        raise NotLooked(NotLooked.__doc__)


def check_typed(text: str, amount: Decimal, currency: str) -> None:
    """Refuse a text that is not this amount, or could be another. Raises `NotLooked`."""
    try:
        if read(text, amount, currency) == amount:
            return
    except Ambiguous as error:
        raise NotLooked(f"{error} Nothing was changed.") from error
    except NotAnAmount:
        pass
    raise NotLooked("The amount you typed is not the amount at stake. Nothing was changed.")
