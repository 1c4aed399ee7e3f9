"""A series that a cap has stopped, with its proposals: one verdict for all of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.policies import series as windows
from apps.policies.models import Decision, Standing
from apps.policies.series import Member
from apps.proposals.models import Change, Proposal, State
from apps.proposals.queries import LONG

FEWEST = 2  # steps that are a series
HAPPENED = (State.DONE, State.UNDONE)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change of a series, and its proposal."""

    proposal: Proposal
    change: Change
    member: Member

    @property
    def waits(self) -> bool:
        """Whether a person still decides it."""
        return self.member.standing == Standing.WAITING


@dataclass(frozen=True, kw_only=True)
class Series:
    """The steps of a series, oldest first; `rule` stopped it in the window `scope` and `span`.

    `has_more`: older ones than these are left out.
    """

    rule: str
    scope: str
    span: str
    steps: list[Step]
    has_more: bool

    @property
    def waiting(self) -> list[Proposal]:
        """The proposals of the series that wait for a person, each once."""
        return list({step.proposal.pk: step.proposal for step in self.steps if step.waits}.values())


def stopped(decisions: Iterable[Decision]) -> Series | None:
    """The series in which the first of these was stopped by a cap; three queries at most.

    None where no cap stopped any, or where it is alone. What came to nothing takes no part; what
    was done and undone does.
    """
    found = next((series for series in map(windows.series_of, decisions) if series), None)
    if found is None:
        return None
    rows = Change.objects.filter(pk__in=[member.subject_id for member in found.members])
    changes = {
        change.pk: change
        for change in rows.select_related("proposal").defer(*(f"proposal__{name}" for name in LONG))
    }
    made = (
        Step(
            proposal=changes[member.subject_id].proposal,
            change=changes[member.subject_id],
            member=member,
        )
        for member in found.members
        if member.subject_id in changes
    )
    steps = [step for step in made if takes_part(step)]
    if len(steps) < FEWEST:
        return None
    return Series(
        rule=found.rule,
        scope=found.scope,
        span=found.span,
        steps=steps,
        has_more=found.has_more,
    )


def takes_part(step: Step) -> bool:
    """Whether a step waits, counts, or has happened; not what was rejected, failed or expired."""
    if step.waits:
        return step.proposal.state == State.WAITING
    return step.member.standing != Standing.GIVEN_BACK or step.proposal.state in HAPPENED
