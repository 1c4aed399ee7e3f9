"""What is learnt from reviewers: their edits and the reasons of their rejections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from apps.accounts.models import User
from apps.memory import operations as memory
from apps.proposals.models import Change, Proposal
from apps.proposals.quorum import Verdict


def keep_lessons(
    proposal: Proposal, changes: Sequence[Change], *, title: str, now: datetime
) -> None:
    """Learn from the edit that made a proposal what it now is approved as, whoever's it was.

    Not before it is approved: until then nobody is to know who has voted, by the log either.
    """
    edited = proposal.reviews.filter(binding=proposal.binding).exclude(edited=[])
    for review in edited.select_related("reviewer"):
        learn(
            proposal,
            changes,
            review.reviewer,
            Verdict.APPROVE,
            reason=review.reason,
            edited=review.edited,
            now=now,
            title=title,
        )


def learn(
    proposal: Proposal,
    changes: Sequence[Change],
    user: User,
    verdict: Verdict,
    *,
    reason: str,
    edited: list[dict[str, Any]],
    now: datetime,
    title: str,
) -> None:
    """Keep a reviewer's edit or reject reason as a correction for similar cases.

    `title` is what it was called when they were asked.
    """
    what = "; ".join(f"{e['field']}: {e['before']} → {e['after']}" for e in edited)
    done = "rejected" if verdict == Verdict.REJECT else f"changed ({what[:10_000]})"
    memory.remember(
        workspace=proposal.workspace,
        type="correction",
        namespace=proposal.playbook or "general",
        subject=proposal.subject,
        text=f"A reviewer {done} “{title}”." + (f" Reason: {reason}" if reason else ""),
        data={
            "verdict": verdict.value,
            "reason": reason,
            "edited": edited,
            "case": proposal.case,
            "actions": [change.action for change in changes],
        },
        provenance={"source": "review", "proposal_id": str(proposal.pk), "by": user.actor},
        now=now,
    )
