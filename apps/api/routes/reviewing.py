"""What a reviewer does with a proposal beside voting: claim, skip, snooze, ask, open a section."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from apps.accounts.models import ApiKey
from apps.api.auth import Key, key_of
from apps.api.idempotency import WelcomeKey, once
from apps.api.parsing import refuse_body
from apps.api.problems import Problem, not_found, pointer
from apps.api.responses import respond
from apps.api.routes.proposals import in_full, known_changes
from apps.api.schemas.proposals import ProposalDetail
from apps.api.schemas.reviewing import (
    Answer,
    Kept,
    Opening,
    Released,
    Section,
    SectionName,
    Snooze,
    Wording,
)
from apps.proposals import operations, queries

router = Router(tags=["proposals"])
REVIEW = Key("proposals:review")


@router.post("/{proposal_id}/claim", auth=REVIEW, response={200: ProposalDetail})
def claim_proposal(
    request: HttpRequest, proposal_id: UUID, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Hold it for the key's person for two minutes; the holder's again extends it.

    403 for who may not decide it; 409 `claimed` while somebody else holds it.
    """
    key = bare(request, proposal_id)

    def do() -> HttpResponse:
        operations.claim(proposal_id=proposal_id, user=key.user, now=timezone.now())
        return respond(in_full(key, proposal_id))

    return once(request, idempotency_key, do)


@router.post("/{proposal_id}/claim/keep", auth=REVIEW, response={200: Kept})
def keep_claim(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Extend the claim of the key's person by two minutes from now, if they still have it."""
    key = bare(request, proposal_id)
    kept = operations.renew(proposal_id=proposal_id, user=key.user, now=timezone.now())
    return respond(Kept(kept=kept))


@router.post("/{proposal_id}/claim/release", auth=REVIEW, response={200: Released})
def release_claim(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Give the claim of the key's person up, if they have it."""
    key = bare(request, proposal_id)
    released = operations.release(proposal_id=proposal_id, user=key.user, now=timezone.now())
    return respond(Released(released=released))


@router.post("/{proposal_id}/skip", auth=REVIEW, response={200: ProposalDetail})
def skip_proposal(
    request: HttpRequest, proposal_id: UUID, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Put it at the end of the key's person's own queue; others' stay as they are."""
    key = bare(request, proposal_id)

    def do() -> HttpResponse:
        operations.skip(proposal_id=proposal_id, user=key.user, now=timezone.now())
        return respond(in_full(key, proposal_id))

    return once(request, idempotency_key, do)


@router.post("/{proposal_id}/snooze", auth=REVIEW, response={200: ProposalDetail})
def snooze_proposal(
    request: HttpRequest, proposal_id: UUID, snooze: Snooze, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Hide it from everybody's queue until a time, or until the shop's record has changed."""
    key = known(request, proposal_id)

    def do() -> HttpResponse:
        operations.snooze(
            proposal_id=proposal_id, user=key.user, until=snooze.until, on_change=snooze.on_change,
            now=timezone.now(),
        )  # fmt: skip
        return respond(in_full(key, proposal_id))

    return once(request, idempotency_key, do)


@router.post("/{proposal_id}/wake", auth=REVIEW, response={200: ProposalDetail})
def wake_proposal(
    request: HttpRequest, proposal_id: UUID, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Put a snoozed proposal back into the queue."""
    key = bare(request, proposal_id)

    def do() -> HttpResponse:
        operations.wake(proposal_id=proposal_id, user=key.user, now=timezone.now())
        return respond(in_full(key, proposal_id))

    return once(request, idempotency_key, do)


@router.post("/{proposal_id}/questions", auth=REVIEW, response={201: ProposalDetail})
def ask_question(
    request: HttpRequest, proposal_id: UUID, wording: Wording, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Ask who proposed it; it stays open, and can be decided without the answer."""
    key = known(request, proposal_id)

    def do() -> HttpResponse:
        operations.ask(
            proposal_id=proposal_id, user=key.user, text=wording.text, now=timezone.now()
        )
        return respond(in_full(key, proposal_id), status=201)

    return once(request, idempotency_key, do)


@router.post("/{proposal_id}/answers", auth=Key("proposals:submit"), response={200: ProposalDetail})
def answer_question(
    request: HttpRequest, proposal_id: UUID, answer: Answer, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Answer a question about a proposal this very key has submitted, perhaps with `changes`.

    An agent from outside answers with any of its keys. New parameters are decided on anew and make
    a new revision, which waits; `returned` says what changed. 403 for another key; 409
    `denied-by-policy` where the policy denies the changes.
    """
    key = known(request, proposal_id)
    check_question(key, proposal_id, answer)

    def do() -> HttpResponse:
        operations.answer_question(
            question_id=answer.question_id, by=key.actor, text=answer.text, changes=answer.changes,
            sources=answer.sources, agent_id=key.agent_id, now=timezone.now(),
        )  # fmt: skip
        return respond(in_full(key, proposal_id))

    return once(request, idempotency_key, do)


@router.post("/{proposal_id}/sections/{section}", auth=REVIEW, response={200: Section})
def open_section(
    request: HttpRequest, proposal_id: UUID, section: SectionName, opening: Opening
) -> HttpResponse:
    """Read a section of what `binding` names, and have it noted that the key's person did.

    High risk is approved only by who has opened `facts`. 409 `stale-approval` if it has changed.
    """
    key = known(request, proposal_id)
    operations.open_section(
        proposal_id=proposal_id, user=key.user, binding=opening.binding, section=section,
        now=timezone.now(),
    )  # fmt: skip
    return respond(Section.of(queries.detail(key.workspace_id, proposal_id), section))


def known(request: HttpRequest, proposal_id: UUID) -> ApiKey:
    """The key, if its workspace has the proposal. Raises `Problem` 404."""
    key = key_of(request)
    known_changes(key, proposal_id)
    return key


def bare(request: HttpRequest, proposal_id: UUID) -> ApiKey:
    """The key, as `known`, of a request that has no body. Raises `Problem` 404, 422."""
    refuse_body(request)
    return known(request, proposal_id)


def check_question(key: ApiKey, proposal_id: UUID, answer: Answer) -> None:
    """Refuse questions and changes of other proposals. Raises `Problem` 404, 422."""
    if not queries.has_question(proposal_id, answer.question_id):
        raise not_found("question")
    known = known_changes(key, proposal_id)
    wrong = [
        {"pointer": pointer([name, change]), "detail": "Not a change of this proposal."}
        for name, named in (("changes", answer.changes), ("sources", answer.sources))
        for change in named
        if change not in known
    ]
    if wrong:
        raise Problem(422, "The changes do not fit the proposal.", kind="invalid", errors=wrong)
