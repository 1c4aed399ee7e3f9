"""One verdict for many: approving what is alike, rejecting a series. Each with its own binding."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from apps.accounts.models import User
from apps.proposals import batch_rules
from apps.proposals.models import Proposal
from apps.proposals.operations.edit import DeniedByPolicy
from apps.proposals.operations.preconditions import (
    AlreadyDecided,
    Claimed,
    NotAuthorised,
    SignInNeeded,
    StaleApproval,
)
from apps.proposals.operations.review import approve, reject
from apps.proposals.operations.submit import InvalidDraft
from apps.proposals.operations.viewing import NotLooked
from apps.proposals.reading import batch_rows, queue

REFUSALS = (
    AlreadyDecided, Claimed, DeniedByPolicy, InvalidDraft, NotAuthorised, NotLooked, SignInNeeded,
    StaleApproval,
)  # fmt: skip


class NotInBulk(ValueError):
    """These are not approved together. `errors` say why: {field, problem}.

    `field` is a proposal's id, or empty where it is about all of them.
    """

    def __init__(self, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.errors = list(errors)


class NotSampled(NotInBulk):
    """They may be approved together once the person has opened the sample that was drawn."""


@dataclass(frozen=True, kw_only=True)
class BulkResult:
    """What became of one of them; `problem` says why it was not decided."""

    proposal_id: UUID
    decided: bool
    problem: str = ""


def approve_all(
    *,
    workspace_id: UUID,
    user: User,
    bindings: Mapping[UUID, str],
    now: datetime,
    via: str = "bulk",
) -> list[BulkResult]:
    """Approve similar proposals of low risk, exactly what each binding names, one by one.

    1. Refuse all of them if one is not to be approved like this (`NotInBulk`): high risk, another
       action or rule, two people needed, too many, too much money, one that stands out.
    2. Refuse all of them (`NotSampled`) before the person has opened the sample drawn for them.
    3. Approve each in its own transaction: one that was decided, claimed or changed meanwhile
       keeps nobody else from being approved.
    """
    chosen = batch_rows.chosen(workspace_id, list(bindings)[: batch_rules.MOST + 1])
    check_together(chosen, bindings, now=now)
    check_sample(
        [proposal for proposal in chosen if proposal.binding == bindings[proposal.pk]], user
    )
    yes = partial(approve, user=user, now=now, via=via)
    return [result(yes, pk, bindings[pk]) for pk in sorted(proposal.pk for proposal in chosen)]


def check_together(
    chosen: Sequence[Proposal], bindings: Mapping[UUID, str], *, now: datetime
) -> None:
    """Refuse what is not to be approved in bulk. Raises `NotInBulk`."""
    unknown = set(bindings) - {proposal.pk for proposal in chosen}
    if unknown and len(bindings) <= batch_rules.MOST:
        problems = [
            {"field": str(pk), "problem": "is not here, or has no change"} for pk in unknown
        ]
        raise NotInBulk("Some of these are not proposals of this workspace.", problems)
    items = [batch_rows.item_of(proposal) for proposal in chosen]
    similar = queue.similar_waiting(chosen[0], limit=batch_rows.COMPARED) if chosen else []
    ceiling = batch_rows.ceiling_for(items, chosen[0].workspace_id, now=now) if chosen else None
    among = [batch_rows.item_of(proposal) for proposal in similar]
    found = batch_rules.objections(items, among, ceiling=ceiling)
    if not found:
        return
    problems = [
        {"field": str(pk or ""), "problem": "; ".join(reasons)} for pk, reasons in found.items()
    ]
    raise NotInBulk("These are not approved together; nothing was approved.", problems)


def check_sample(chosen: Sequence[Proposal], user: User) -> None:
    """Refuse who has not opened the sample of these, as they are now. Raises `NotSampled`."""
    sampled = batch_rows.sampled(chosen, user)
    unopened = [proposal for proposal in chosen if not sampled.get(proposal.pk, True)]
    if not unopened:
        return
    titles = ", ".join(f"“{proposal.title}”" for proposal in unopened)
    raise NotSampled(
        f"Nothing was approved. Open first what was drawn from these for you to look at: {titles}.",
        [
            {"field": str(proposal.pk), "problem": "open it first: it was drawn"}
            for proposal in unopened
        ],
    )


def reject_all(
    *,
    workspace_id: UUID,
    user: User,
    bindings: Mapping[UUID, str],
    reason: str,
    now: datetime,
    via: str = "bulk",
) -> list[BulkResult]:
    """Reject proposals for one reason, exactly what each binding names, one by one.

    Whatever they are: nothing comes of what is rejected. One that was decided, claimed or changed
    meanwhile keeps nobody else from being rejected. Raises `InvalidDraft` without a reason, and
    `NotInBulk` for none or too many.
    """
    if not reason.strip():
        problem = {"field": "reason", "problem": "Say why."}
        raise InvalidDraft("A rejection needs a reason.", [problem])
    if not 0 < len(bindings) <= batch_rules.MOST:
        raise NotInBulk(f"Nothing was rejected: 1 to {batch_rules.MOST} are possible at once.")
    own = Proposal.objects.filter(workspace_id=workspace_id, pk__in=bindings).order_by("pk")
    no = partial(reject, user=user, reason=reason, now=now, via=via)
    return [result(no, pk, bindings[pk]) for pk in own.values_list("pk", flat=True)]


def result(decide: Callable[..., Proposal], proposal_id: UUID, binding: str) -> BulkResult:
    """Decide one of them; a refusal is its result."""
    try:
        decide(proposal_id=proposal_id, binding=binding)
    except REFUSALS as error:
        return BulkResult(proposal_id=proposal_id, decided=False, problem=str(error))
    return BulkResult(proposal_id=proposal_id, decided=True)
