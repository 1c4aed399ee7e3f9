"""Events: the audit log in its order, to be followed by number."""

from django.http import HttpRequest
from ninja import Query, Router

from apps.api.auth import Key, key_of
from apps.api.schemas.events import EventPage, EventPaging
from apps.audit import queries
from apps.proposals import blind

router = Router(tags=["events"], auth=Key("events:read"))


@router.get("", response=EventPage)
def list_events(request: HttpRequest, paging: Query[EventPaging]) -> dict[str, object]:
    """Events behind `after`; nothing is missed or doubled when followed by `last`.

    Of a vote on a proposal that the key's person has still to judge only that it was given is told:
    `actor` and `session` are `hidden`, `fields` is {"hidden": true}.
    """
    key = key_of(request)
    items = queries.stream(
        workspace_id=key.workspace_id,
        after=paging.after,
        run_id=paging.run_id,
        limit=paging.limit,
    )
    items = blind.visible_events(items, key.user)
    return {"items": items, "last": items[-1].index if items else paging.after}
