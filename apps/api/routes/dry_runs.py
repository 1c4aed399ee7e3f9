"""Dry runs of proposals: what submitting one would lead to, with nothing written."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router

from apps.api.auth import Key, key_of
from apps.api.responses import respond
from apps.api.routes.proposals import drafted, origin_of
from apps.api.schemas.dry_runs import DryRunDetail
from apps.api.schemas.proposals import ProposalDraft
from apps.proposals import operations

router = Router(tags=["proposals"])


@router.post("", auth=Key("proposals:submit"), response=DryRunDetail)
def dry_run_proposal(request: HttpRequest, draft: ProposalDraft) -> HttpResponse:
    """Dry run: read the targets, predict the effect and ask the policy, and write nothing.

    Takes what `POST /proposals` takes and answers what it would lead to now. `outcome`, `rule` and
    `fields` of each change are those of the real run on the same state; `obstacles` are the guards
    that would keep it from being called. It may be repeated freely, so it takes no Idempotency-Key.
    """
    key = key_of(request)
    dry_run = operations.dry_run_draft(
        workspace=key.workspace,
        draft=drafted(key, draft),
        origin=origin_of(key),
        now=timezone.now(),
    )
    return respond(DryRunDetail.of(dry_run))
