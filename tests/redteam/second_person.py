"""Ways in which one person tries to be the second one too, or to vote as somebody else has.

Each takes a `Attempt` with a proposal that needs two people, and says whether it got through. They
use what the product offers: browsers, API keys, pages of the admin.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts import operations as accounts
from apps.accounts import permissions
from apps.accounts.models import Role, User, Workspace
from apps.gateway.models import Execution
from apps.proposals import operations
from apps.proposals.models import Proposal, Risk, State
from tests.factories.keys import Caller, caller
from tests.factories.outside_agents import key_of, register
from tests.factories.proposals import at_risk, propose
from tests.factories.signing_in import sign_in

TOKEN = re.compile(r"aios_[0-9a-f]+_[\w-]+")
SCOPES = ["proposals:read", "proposals:submit", "proposals:review"]


def key_made_for(attempt: "Attempt", other: User) -> Caller | None:
    """A key that an owner makes in the admin for somebody else, if there is one."""
    answer = attempt.browser().post(reverse("admin:accounts_apikey_add"), {
        "workspace": attempt.workspace.pk, "user": other.pk, "name": "ERP", "scopes": SCOPES,
        "expires_at_0": "", "expires_at_1": ""}, follow=True)  # fmt: skip
    found = TOKEN.search(answer.content.decode())
    return Caller(found.group()) if found else None


@dataclass
class Attempt:
    """One person against the rule that two decide; `other` is who would have to agree."""

    random: Random
    workspace: Workspace
    person: User
    other: User
    make_key_for: Callable[["Attempt", User], Caller | None] = key_made_for
    secret: str = field(default_factory=lambda: uuid4().hex)

    @property
    def now(self) -> datetime:
        """The time requests see."""
        return timezone.now()

    def proposal(self, *, people: int = 2, risk: Risk = Risk.MEDIUM) -> Proposal:
        """One that waits, by an agent nobody started."""
        made = at_risk(propose(self.workspace, self.price(), now=self.now), risk)
        Proposal.objects.filter(pk=made.pk).update(reviewers=people)
        return made

    def price(self) -> str:
        """An amount that waits for people."""
        return f"{self.random.randint(20, 400)}.{self.random.randint(0, 99):02}"

    def browser(self, who: User | None = None) -> Client:
        """A new session of the attacker, or of somebody else."""
        return sign_in(Client(), who or self.person)

    def key(self, who: User | None = None) -> Caller:
        """A new key which that person has made."""
        return caller(self.workspace, who or self.person, now=self.now)

    def click(self, proposal: Proposal, client: Client | None = None, **more: Any) -> None:
        """Approve in a browser what is there now."""
        proposal.refresh_from_db()
        page = f"/proposals/{proposal.pk}/approve"
        (client or self.browser()).post(page, {"binding": proposal.binding, **more})

    def call(self, proposal: Proposal, key: Caller | None = None, **more: Any) -> Any:
        """Approve with a key what is there now."""
        proposal.refresh_from_db()
        wanted = {"verdict": "approve", "binding": proposal.binding, **more}
        return (key or self.key()).post(f"/proposals/{proposal.pk}/reviews", wanted)

    def honest_vote(self, proposal: Proposal, **more: Any) -> None:
        """The other one approves, with a reason nobody else is to know yet."""
        proposal.refresh_from_db()
        operations.approve(proposal_id=proposal.pk, user=self.other, binding=proposal.binding,
                           reason=self.secret, now=self.now, **more)  # fmt: skip

    def vote_somehow(self, proposal: Proposal) -> None:
        """Once more, by browser or key."""
        self.random.choice([self.click, self.call])(proposal)


def released(proposal: Proposal) -> bool:
    """Whether it is approved, or is being carried out."""
    proposal.refresh_from_db()
    changes = proposal.changes.values("pk")
    done = proposal.state in (State.APPROVED, State.DONE)
    return done or Execution.objects.filter(subject_id__in=changes).exists()


def two_sessions(attempt: Attempt) -> bool:
    """The same person in several browsers at once."""
    proposal = attempt.proposal()
    for client in [attempt.browser() for _ in range(attempt.random.randint(2, 4))]:
        attempt.click(proposal, client)
    return released(proposal)


def session_and_keys(attempt: Attempt) -> bool:
    """A browser and keys of one's own, in any order; also with repeated Idempotency-Keys."""
    proposal = attempt.proposal()
    for _ in range(attempt.random.randint(2, 4)):
        attempt.vote_somehow(proposal)
    return released(proposal)


def key_for_a_colleague(attempt: Attempt) -> bool:
    """An owner makes a key for the other one, votes with it, and in the browser."""
    proposal = attempt.proposal()
    steps: list[Callable[[], Any]] = [lambda: attempt.click(proposal)]
    if key := attempt.make_key_for(attempt, attempt.other):
        steps.append(lambda: attempt.call(proposal, key))
    attempt.random.shuffle(steps)
    for step in steps:
        step()
    return released(proposal)


def wish_of(attempt: Attempt, key: Caller) -> Proposal:
    """What the attacker has proposed with a key, as if it needed two people."""
    wanted = {"title": "Cheaper", "rationale": "It sells.", "changes": [
        {"action": "set_price", "params": {
            "product_id": "p", "variant_id": uuid4().hex, "currency": "EUR",
            "amount": attempt.price()}}]}  # fmt: skip
    proposal = Proposal.objects.get(pk=key.post("/proposals", wanted).json()["id"])
    Proposal.objects.filter(pk=proposal.pk).update(reviewers=2)
    return proposal


def ones_own_wish(attempt: Attempt) -> bool:
    """What one has proposed oneself, or by a key, is approved by the other one and oneself."""
    proposal = wish_of(attempt, attempt.key())
    attempt.honest_vote(proposal)
    for _ in range(2):
        attempt.vote_somehow(proposal)
    return released(proposal)


def an_agents_key(attempt: Attempt) -> bool:
    """One's own agent proposes what one approves then, or votes beside one, in any order."""
    try:
        agent = register(attempt.workspace, attempt.person, name=uuid4().hex, now=attempt.now)
    except PermissionError:  # a reviewer has no agents
        return ones_own_wish(attempt)
    key = key_of(agent, now=attempt.now)
    if attempt.random.random() < 0.5:
        proposal = wish_of(attempt, key)
        attempt.honest_vote(proposal)
    else:
        proposal = attempt.proposal()
    steps = [lambda: attempt.vote_somehow(proposal), lambda: attempt.call(proposal, key)]
    attempt.random.shuffle(steps)
    for step in steps:
        step()
    return released(proposal)


def edit_between_votes(attempt: Attempt) -> bool:
    """The other one approves; the attacker edits and approves, perhaps sets it back after that."""
    proposal = attempt.proposal()
    change = proposal.changes.get()
    first = change.params["amount"]
    attempt.honest_vote(proposal)
    for amount in [attempt.price(), *attempt.random.choice([[], [first]])]:
        attempt.call(proposal, edits={str(change.pk): {"amount": amount}})
    attempt.vote_somehow(proposal)
    return released(proposal)


def roles_between_votes(attempt: Attempt) -> bool:
    """An owner changes roles so that a vote is counted twice, or one that no longer may."""
    proposal = attempt.proposal()
    place = attempt.workspace.memberships.get
    if attempt.random.random() < 0.5:
        attempt.click(proposal)
        mine = place(user=attempt.person)
        mine.role = attempt.random.choice([Role.REVIEWER, Role.OPERATOR, Role.OWNER])
        mine.save()
        if attempt.random.random() < 0.5:
            mine.delete()
            accounts.add_member(workspace=attempt.workspace, user=attempt.person,
                                role=Role.OWNER, by="test", now=attempt.now)  # fmt: skip
        for _ in range(2):
            attempt.vote_somehow(proposal)
        return released(proposal)
    attempt.honest_vote(proposal)  # by somebody who has no say any more when it is counted
    match attempt.random.choice(["authority", "place", "inactive"]):
        case "authority":
            for one in permissions.held(attempt.other, workspace_id=attempt.workspace.pk):
                permissions.withdraw(attempt.other, one)
        case "place":
            place(user=attempt.other).delete()
        case _:
            User.objects.filter(pk=attempt.other.pk).update(is_active=False)
    attempt.vote_somehow(proposal)
    return released(proposal)


def a_bare_key(attempt: Attempt) -> bool:
    """A script opens the facts, types the amount and releases what is of high risk."""
    proposal = attempt.proposal(people=1, risk=Risk.HIGH)
    key = attempt.key()
    key.post(f"/proposals/{proposal.pk}/sections/facts", {"binding": proposal.binding})
    key.post(f"/proposals/{proposal.pk}/claim", "")
    attempt.call(proposal, key, typed_amount=f"{proposal.amount} EUR")
    change = str(proposal.changes.get().pk)
    attempt.call(proposal, key, edits={change: {"amount": attempt.price()}})
    return released(proposal)


def places(proposal: Proposal, attempt: Attempt) -> list[str]:
    """What the attacker reads of a proposal, through the API and in the browser."""
    key, client = attempt.key(), attempt.browser()
    answers = [key.get(path) for path in (f"/proposals/{proposal.pk}", "/proposals", "/decisions")]
    answers += [client.get(path) for path in (f"/proposals/{proposal.pk}/", "/history/")]
    return [answer.content.decode() for answer in answers]


def the_first_verdict(attempt: Attempt) -> bool:
    """What the other one has said is read before one has voted oneself, wherever it could be."""
    proposal = attempt.proposal()
    before = json.loads(places(proposal, attempt)[0])
    attempt.honest_vote(proposal)
    told = places(proposal, attempt)
    after = json.loads(told[0])
    seen = any(attempt.secret in text for text in told)
    return seen or after != before


def the_clock(attempt: Attempt) -> bool:
    """Reading it costs more statements, or longer ones, once the other one has voted."""
    proposal = attempt.proposal()
    key = attempt.key()

    def cost() -> list[str]:
        key.get(f"/proposals/{proposal.pk}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            key.get(f"/proposals/{proposal.pk}")
        return [re.sub(r"'[^']*'", "?", one["sql"]) for one in asked.captured_queries]

    before = cost()
    attempt.honest_vote(proposal)
    return cost() != before


def the_cache(attempt: Attempt) -> bool:
    """The other one's answer is replayed by who knows or guesses their Idempotency-Key."""
    proposal = attempt.proposal()
    path = f"/proposals/{proposal.pk}/reviews"
    vote = {"verdict": "approve", "binding": proposal.binding, "reason": attempt.secret}
    once = uuid4().hex
    attempt.key(attempt.other).post(path, vote, once=once)
    answer = attempt.key().post(path, vote, once=once)
    page = attempt.key().send("GET", f"/proposals/{proposal.pk}",
                              headers={"If-None-Match": "*"})  # fmt: skip
    told = [answer.content.decode(), page.content.decode()]
    return page.status_code == 304 or any(attempt.secret in text for text in told)


WAYS: list[Callable[[Attempt], bool]] = [
    two_sessions, session_and_keys, key_for_a_colleague, ones_own_wish, an_agents_key,
    edit_between_votes, roles_between_votes, a_bare_key, the_first_verdict, the_clock, the_cache,
]  # fmt: skip
