"""Approving similar proposals of low risk together."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from apps.api.auth import Key, key_of
from apps.api.idempotency import WelcomeKey, once
from apps.api.responses import respond
from apps.api.schemas.reviewing import Approved, ApprovedTogether, Together
from apps.proposals import operations

router = Router(tags=["proposals"])


@router.post("", auth=Key("proposals:review"), response={200: ApprovedTogether})
def approve_together(
    request: HttpRequest, together: Together, idempotency_key: WelcomeKey
) -> HttpResponse:
    """Approve similar proposals as the key's person, exactly what each binding names.

    422 `not-in-bulk`, and nothing is approved, unless all are of low risk, have the same action,
    were sent to a person by the same rule, need one approval, stay under the ceiling together and
    none stands out from what else waits. Nor before you have opened a section of those that are
    drawn from them, which the errors name. Otherwise each has its own result.
    """
    key = key_of(request)

    def do() -> HttpResponse:
        results = operations.approve_all(
            workspace_id=key.workspace_id, user=key.user, bindings=together.bindings,
            now=timezone.now(), via="api",
        )  # fmt: skip
        approved = [
            Approved(
                proposal_id=result.proposal_id, approved=result.decided, problem=result.problem
            )
            for result in results
        ]
        return respond(ApprovedTogether(results=approved))

    return once(request, idempotency_key, do)
