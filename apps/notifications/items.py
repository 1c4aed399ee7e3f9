"""Notices as they are told: with what the rows they are about hold now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from apps.money.display import DEFAULT
from apps.notifications.links import page_of
from apps.notifications.messages import Item
from apps.notifications.models import ABOUT_PROPOSALS, Notice, NoticeKind
from apps.notifications.queries import about
from apps.proposals.models import Proposal

WITH_DUE = (NoticeKind.WAITING, NoticeKind.RETURNED, NoticeKind.ANSWERED, NoticeKind.DUE,
            NoticeKind.OVERDUE, NoticeKind.CLAIMED)  # fmt: skip
TEST_TITLE = "If you can read this, notices reach you here"


def items_of(
    notices: Sequence[Notice], proposals: Mapping[UUID, Proposal], *, locale: str = DEFAULT
) -> list[Item]:
    """The notices in words; nothing of a proposal but title, risk, amount and due time.

    Amounts are written for readers of the locale.
    """
    found = [item_of(notice, about(notice, proposals)) for notice in notices]
    return [replace(item, locale=locale) for item in found]


def item_of(notice: Notice, proposal: Proposal | None) -> Item:
    """One notice in words."""
    if proposal is None:
        return Item(
            kind=notice.kind,
            title=TEST_TITLE if notice.kind == NoticeKind.TEST else notice.detail,
            url=page_of(notice),
            happened_at=notice.created_at,
            subject=notice.subject_id,
            for_all=notice.recipient_id is None,
        )
    return Item(
        kind=notice.kind,
        title=proposal.title,
        url=page_of(notice),
        happened_at=notice.created_at,
        subject=str(proposal.pk),
        risk=proposal.risk,
        amount=proposal.amount,
        currency=proposal.currency,
        due_at=proposal.due_at if notice.kind in WITH_DUE else None,
        detail="" if notice.kind in ABOUT_PROPOSALS else notice.detail,
        for_all=notice.recipient_id is None,
    )
