"""Several reviewers on one queue: nothing is decided twice, nothing is lost, claims come back.

Each reviewer is a process of its own that takes what is next, looks at it, and decides; one of
them is killed in the middle of its work. Without claims the same reviewers do each other's work:
that control must show it.
"""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.audit.models import Event, Payload
from apps.gateway.models import Connector, Execution
from apps.policies.models import Version
from apps.proposals import operations
from apps.proposals.models import Proposal, Review, State
from apps.proposals.operations import AlreadyDecided, Claimed, StaleApproval
from apps.proposals.reading import queue
from apps.proposals.reading.queue import Split
from tests.conftest import Cast
from tests.factories.proposals import AGENT, draft
from tests.reliability.forks import Process, run_together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1200)]

ITEMS = 500
LOOKS_SECONDS = (0.002, 0.02)  # how long a scripted person looks at one
LEASE = timedelta(seconds=2)  # as short for the test as a person's pace is quick


@dataclass
class Diary:
    """What one reviewer did: proposals looked at, decided, and found taken by others."""

    looked: list[str] = field(default_factory=list)
    decided: list[str] = field(default_factory=list)
    in_vain: int = 0

    def save(self, path: Path) -> None:
        """Keep it for the parent process."""
        path.write_text(json.dumps(vars(self)))


@dataclass(frozen=True)
class Reviewer:
    """A scripted person: takes what is next, looks at it, decides, until nothing is left."""

    user: User
    workspace_id: UUID
    seed: int
    claims: bool
    diary: Path
    dies_after: int = 0  # so many decisions, while holding the next; 0: lives to the end

    def work(self) -> None:
        """Until nothing is left to take."""
        random, diary, last = Random(self.seed), Diary(), None
        while (proposal := self.take(last)) is not None:
            last = proposal
            if self.claims and not self.hold(proposal):
                diary.in_vain += 1
                continue
            diary.looked.append(str(proposal.pk))
            time.sleep(random.uniform(*LOOKS_SECONDS))
            if self.dies_after and len(diary.decided) == self.dies_after:
                diary.save(self.diary)
                os.kill(os.getpid(), signal.SIGKILL)
            if self.decide(proposal, random):
                diary.decided.append(str(proposal.pk))
        diary.save(self.diary)

    def take(self, last: Proposal | None) -> Proposal | None:
        """The next one; while others hold the rest, wait for them to finish or to lapse."""
        while True:
            found = queue.next_for(
                self.workspace_id, self.user, split=Split.ALL, after=last, now=timezone.now()
            ) or queue.next_for(
                self.workspace_id, self.user, split=Split.ALL, after=None, now=timezone.now()
            )
            if found is not None or not queue.count(self.workspace_id, now=timezone.now()):
                return found
            time.sleep(0.05)

    def hold(self, proposal: Proposal) -> bool:
        """Whether it could be claimed."""
        try:
            operations.claim(proposal_id=proposal.pk, user=self.user, now=timezone.now())
        except (Claimed, AlreadyDecided):
            return False
        return True

    def decide(self, proposal: Proposal, random: Random) -> bool:
        """Approve most, reject some; whether it counted."""
        given = {"proposal_id": proposal.pk, "user": self.user, "binding": proposal.binding}
        try:
            if random.random() < 0.2:
                operations.reject(**given, reason="Not now.", now=timezone.now())
            else:
                operations.approve(**given, now=timezone.now())
        except (AlreadyDecided, Claimed, StaleApproval):
            return False
        return True


@pytest.fixture
def items(request: pytest.FixtureRequest) -> int:
    """How many proposals the queue has (`--runs`)."""
    return int(request.config.option.runs or ITEMS)


@pytest.fixture
def made(
    items: int, workspace: Workspace, cast: Cast, connector: Connector, policy: Version
) -> list[UUID]:
    """A full queue."""
    drafts = [draft(f"{20 + n % 50}", variant=f"variant_c{n}") for n in range(items)]
    rows = operations.submit(workspace=workspace, drafts=drafts, origin=AGENT, now=timezone.now())
    return [row.pk for row in rows if row is not None]


@pytest.fixture
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims, also of the processes forked from here, lapse after a short time."""
    monkeypatch.setattr(import_module("apps.proposals.operations.claim"), "CLAIM_LEASE", LEASE)


def review_together(
    people: list[User], workspace: Workspace, folder: Path, *, claims: bool, dies_after: int = 0
) -> list[Diary]:
    """All of them at once, in processes of their own; the first dies if it is to."""
    reviewers = [
        Reviewer(user, workspace.pk, seed, claims, folder / f"{seed}.json",
                 dies_after if seed == 0 else 0)
        for seed, user in enumerate(people)
    ]  # fmt: skip
    killed = run_together(*(Process(reviewer.work) for reviewer in reviewers))
    assert killed == [bool(reviewer.dies_after) for reviewer in reviewers]
    return [Diary(**json.loads(reviewer.diary.read_text())) for reviewer in reviewers]


def twice(names: list[str]) -> int:
    """How many of these are there more than once."""
    return sum(1 for count in Counter(names).values() if count > 1)


def released(proposal_id: str) -> list[str]:
    """Why the claims on a proposal ended, in order."""
    events = Event.objects.filter(kind="proposal.released", subject_id=proposal_id).order_by("id")
    return [Payload.objects.get(event_id=event.id).fields["reason"] for event in events]


def test_nothing_is_decided_twice_and_nothing_is_lost(
    made: list[UUID], workspace: Workspace, cast: Cast, tmp_path: Path, say: Callable[[str], None]
) -> None:
    """Every proposal is looked at by one person, decided once, and carried out at most once."""
    began = time.monotonic()
    diaries = review_together([cast.rita, cast.olga], workspace, tmp_path, claims=True)
    looked = [name for diary in diaries for name in diary.looked]
    decided = [name for diary in diaries for name in diary.decided]
    assert sorted(decided) == sorted(looked) == sorted(map(str, made))
    assert Review.objects.count() == len(made)
    assert not Proposal.objects.filter(state=State.WAITING).exists()
    assert not Proposal.objects.filter(claimed_until__isnull=False).exists()
    approved = Proposal.objects.filter(state=State.APPROVED).count()
    assert Execution.objects.values("subject_id").distinct().count() == approved
    assert Execution.objects.count() == approved
    assert all(diary.decided for diary in diaries)
    say(
        f"claims, two reviewers, {len(made)} proposals: {len(decided)} decided in "
        f"{time.monotonic() - began:.0f} s, {twice(looked)} looked at by both, "
        f"{twice(decided)} decided twice, {sum(d.in_vain for d in diaries)} claims met another's"
    )


@pytest.mark.usefixtures("short_lease")
def test_what_a_killed_reviewer_held_comes_back(
    made: list[UUID], workspace: Workspace, cast: Cast, tmp_path: Path, say: Callable[[str], None]
) -> None:
    """Nobody else gets it before the lease is over; then it is decided once, by another."""
    dies_after = max(len(made) // 10, 1)
    killed, other = review_together(
        [cast.rita, cast.olga], workspace, tmp_path, claims=True, dies_after=dies_after
    )
    held = killed.looked[-1]
    assert held not in killed.decided
    assert other.decided.count(held) == 1
    assert sorted([*killed.decided, *other.decided]) == sorted(map(str, made))
    assert Review.objects.count() == len(made)
    assert released(held) == ["lapsed", "decided"]
    claimed = Event.objects.filter(kind="proposal.claimed", subject_id=held).order_by("at")
    first, second = [event.at for event in claimed]
    assert second - first >= LEASE
    say(
        f"claims, a reviewer killed holding 1 of {len(made)}: it was taken "
        f"{(second - first).total_seconds():.1f} s later (lease {LEASE.seconds} s), all {len(made)} decided once"
    )


def test_without_claims_they_do_each_others_work(
    made: list[UUID], workspace: Workspace, cast: Cast, tmp_path: Path, say: Callable[[str], None]
) -> None:
    """The control: both look at the same ones, and one of them in vain; the lock still holds."""
    diaries = review_together([cast.rita, cast.olga], workspace, tmp_path, claims=False)
    looked = [name for diary in diaries for name in diary.looked]
    decided = [name for diary in diaries for name in diary.decided]
    assert twice(looked) > len(made) // 10
    assert sorted(decided) == sorted(map(str, made))
    say(
        f"claims, control without them: {twice(looked)} of {len(made)} looked at by both, "
        f"{len(looked) - len(decided)} looks in vain, {twice(decided)} decided twice"
    )


@pytest.mark.parametrize("late", [False, True])
def test_a_heartbeat_keeps_it_from_others(made: list[UUID], cast: Cast, late: bool) -> None:
    """One that comes in time does; the control, one that comes too late, does not."""
    began = timezone.now()
    operations.claim(proposal_id=made[0], user=cast.rita, now=began)
    beat = began + operations.CLAIM_LEASE * (2 if late else 0.9)
    if late:
        operations.lapse(now=beat)
    assert operations.renew(proposal_id=made[0], user=cast.rita, now=beat) is not late
    try:
        operations.claim(proposal_id=made[0], user=cast.olga, now=beat + timedelta(seconds=30))
    except Claimed:
        assert not late
    else:
        assert late
