"""Remembering, correcting and forgetting, each with its event in the same transaction."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from apps.accounts.models import Workspace
from apps.audit import operations as audit
from apps.audit.events.knowledge import ItemForgotten, ItemRemembered, ItemSuperseded
from apps.audit.operations import Fact
from apps.inference import operations as inference
from apps.inference import queries as embeddings
from apps.memory.models import Item, State, Type

log = logging.getLogger(__name__)

CLAIM = timedelta(minutes=3)
EMBEDDED_CHARACTERS = 2_000  # a long text is found by meaning of its beginning


class InvalidItem(ValueError):
    """What should be remembered does not fit; the text says what and where."""


class NotCurrent(RuntimeError):
    """The item was replaced or forgotten meanwhile. Recall again."""


def _without_nul(value: object) -> object:
    return value.replace("\0", " ") if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_without_nul), StringConstraints(strip_whitespace=True)]


class Provenance(BaseModel):
    """Where knowledge comes from. `by` is an actor as the audit log names it."""

    model_config = ConfigDict(extra="forbid")

    source: Annotated[Line, StringConstraints(min_length=1, max_length=100)]
    by: Annotated[Line, StringConstraints(min_length=1, max_length=200)]
    run_id: UUID | None = None
    proposal_id: UUID | None = None


class Content(BaseModel):
    """What an item says, checked at the door."""

    model_config = ConfigDict(extra="forbid")

    type: Type
    namespace: Annotated[str, StringConstraints(pattern=r"^[\w.:\-]{1,100}$")]
    subject: Annotated[Line, StringConstraints(max_length=300)]
    text: Annotated[Line, StringConstraints(min_length=1, max_length=20_000)]
    data: dict[str, Any]
    provenance: Provenance


def remember(
    *,
    workspace: Workspace,
    type: str,  # noqa: A002  # the word of the glossary and of the column
    namespace: str,
    subject: str,
    text: str,
    data: Mapping[str, Any],
    provenance: Mapping[str, Any],
    now: datetime,
    expires_at: datetime | None = None,
) -> Item:
    """Keep something known. It can be recalled at once; its embedding follows.

    Remembering the same words about the same subject from the same proposal again (a repeated
    step) returns the item there is. Raises `InvalidItem`.
    """
    content = _check(
        type=type,
        namespace=namespace,
        subject=subject,
        text=text,
        data=dict(data),
        provenance=dict(provenance),
    )
    with transaction.atomic():
        known = _find_same(workspace, content)
        if known is not None:
            return known
        return _create(workspace, content, now=now, expires_at=expires_at, supersedes=None)


def _check(**fields: Any) -> Content:
    """The fields, if they fit."""
    try:
        return Content.model_validate(fields)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in detail['loc'])}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_url=False)
        )
        raise InvalidItem(f"This cannot be remembered. {wrong}.") from None


def _find_same(workspace: Workspace, content: Content) -> Item | None:
    """The current item that says just this already."""
    proposal_id = content.provenance.proposal_id
    return Item.objects.filter(
        workspace=workspace,
        state=State.CURRENT,
        namespace=content.namespace,
        type=content.type,
        subject=content.subject,
        text=content.text,
        provenance__proposal_id=str(proposal_id) if proposal_id else None,
    ).first()


def _create(
    workspace: Workspace,
    content: Content,
    *,
    now: datetime,
    expires_at: datetime | None,
    supersedes: Item | None,
) -> Item:
    """Insert the row and record it."""
    item = Item.objects.create(
        workspace=workspace,
        **content.model_dump(exclude={"provenance"}),
        provenance=content.provenance.model_dump(mode="json"),
        version=supersedes.version + 1 if supersedes else 1,
        supersedes=supersedes,
        created_at=now,
        expires_at=expires_at,
    )
    audit.record(
        ItemRemembered(
            type=content.type.value,
            namespace=content.namespace,
            subject=content.subject,
            version=item.version,
        ),
        workspace_id=workspace.pk,
        actor=content.provenance.by,
        subject_kind="item",
        subject_id=item.pk,
        run_id=content.provenance.run_id,
        now=now,
    )
    return item


@transaction.atomic
def supersede(
    item: Item,
    *,
    text: str,
    data: Mapping[str, Any],
    provenance: Mapping[str, Any],
    now: datetime,
    expires_at: datetime | None = None,
) -> Item:
    """Replace what an item says by a new version; the old one stays readable, not recallable.

    Raises `NotCurrent` and `InvalidItem`.
    """
    content = _check(
        type=item.type,
        namespace=item.namespace,
        subject=item.subject,
        text=text,
        data=dict(data),
        provenance=dict(provenance),
    )
    # Claim by conditional update: of two writers one moves the row, the other learns of it
    moved = Item.objects.filter(pk=item.pk, state=State.CURRENT).update(state=State.SUPERSEDED)
    if not moved:
        raise NotCurrent(NotCurrent.__doc__)
    successor = _create(item.workspace, content, now=now, expires_at=expires_at, supersedes=item)
    audit.record(
        ItemSuperseded(by=str(successor.pk)),
        workspace_id=item.workspace_id,
        actor=content.provenance.by,
        subject_kind="item",
        subject_id=item.pk,
        run_id=content.provenance.run_id,
        now=now,
    )
    return successor


@transaction.atomic
def forget(item: Item, *, by: str, reason: str, now: datetime) -> None:
    """Erase an item and all its versions, leaving rows that say only that something was there.

    Forgetting twice changes nothing.
    """
    pks = _versions(item)
    erased = Item.objects.filter(pk__in=pks).exclude(state=State.FORGOTTEN)
    facts = [
        Fact(
            event=ItemForgotten(reason=reason),
            workspace_id=item.workspace_id,
            actor=by,
            subject_kind="item",
            subject_id=pk,
        )
        for pk in erased.select_for_update().values_list("pk", flat=True)
    ]
    erased.update(
        state=State.FORGOTTEN,
        text="",
        subject="",
        data={},
        embedding=None,
        embedding_model="",
        expires_at=None,
    )
    audit.record_all(facts, now=now)


def _versions(item: Item) -> list[UUID]:
    """Ids of all versions of an item, this one included."""
    found = {item.pk}
    while True:
        linked = Q(supersedes__in=found) | Q(superseded_by__in=found)
        fresh = set(Item.objects.filter(linked).values_list("pk", flat=True)) - found
        if not fresh:
            return sorted(found)
        found |= fresh


def forget_expired(*, now: datetime, limit: int = 100) -> int:
    """Forget items whose time has come; returns how many were found."""
    due = Item.objects.filter(expires_at__lte=now).exclude(state=State.FORGOTTEN)
    items = list(due.order_by("expires_at")[:limit])
    for item in items:
        forget(item, by="memory", reason="expired", now=now)
    return len(items)


def embed_pending(*, now: datetime, limit: int = 64) -> int:
    """Give a batch of items their embeddings; returns how many were found wanting.

    Pending is what is not embedded, or embedded by another model than the one in use. The rows
    are claimed for three minutes, so that no lock is held while the model works; a claim whose
    worker died runs out. Without any model all of it stays pending. Raises `ModelUnavailable`,
    `BudgetExhausted`.
    """
    space = embeddings.embedding_space()
    if space is None:
        return 0
    items = _claim(space.name, now=now, limit=limit)
    by_workspace: dict[UUID, list[Item]] = {}
    for item in items:
        by_workspace.setdefault(item.workspace_id, []).append(item)
    for owned in by_workspace.values():
        made = inference.embed(
            [item.text[:EMBEDDED_CHARACTERS] for item in owned],
            workspace=owned[0].workspace,
            now=now,
        )
        for item, vector in zip(owned, made.vectors, strict=True):
            # Only if it was not forgotten meanwhile
            Item.objects.filter(pk=item.pk, state=State.CURRENT).update(
                embedding=vector, embedding_model=made.space.name, embedding_claimed_until=None
            )
    _log_change(items, to=space.name)
    return len(items)


def _log_change(items: Sequence[Item], *, to: str) -> None:
    """Tell the operator of items which another model embedded before."""
    before = [item.embedding_model for item in items if item.embedding_model]
    if before:
        replaced = ", ".join(sorted(set(before)))
        log.info("%d items of the memory embedded anew: by %s, not %s", len(before), to, replaced)


@transaction.atomic
def _claim(model: str, *, now: datetime, limit: int) -> list[Item]:
    """Take up to `limit` current items that `model` has not embedded and nobody works on."""
    # "not equal" as two ranges: those the index can follow
    other_model = Q(embedding_model__lt=model) | Q(embedding_model__gt=model)
    free = Q(embedding_claimed_until=None) | Q(embedding_claimed_until__lte=now)
    items = list(
        Item.objects.filter(other_model, free, state=State.CURRENT)
        .select_related("workspace")
        .only("text", "workspace", "embedding_model")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("embedding_model", "created_at")[:limit]  # what has no vector yet comes first
    )
    Item.objects.filter(pk__in=[item.pk for item in items]).update(
        embedding_claimed_until=now + CLAIM
    )
    return items
