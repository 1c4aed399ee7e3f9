"""A key is its maker's: nobody makes one for anybody else, and those that were made have ended."""

import importlib
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from apps.accounts import operations
from apps.accounts.models import ApiKey, Workspace
from apps.audit.kinds import Kind
from apps.audit.models import Event, Payload
from tests.conftest import Cast
from tests.factories.events import record

ended = importlib.import_module("apps.accounts.migrations.0007_keys_of_ones_own")


def key(workspace: Workspace, **given: Any) -> ApiKey:
    """A new key, its token thrown away."""
    return operations.create_key(workspace=workspace, name="ERP", scopes=["runs:read"], **given)[0]


def test_a_key_acts_where_its_maker_is_a_member(
    workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """Mallory makes none here; Otto's is told of as his."""
    with pytest.raises(operations.NotAMember):
        key(workspace, user=cast.mallory, now=now)
    key(workspace, user=cast.otto, now=now)
    assert Event.objects.get(kind=Kind.KEY_CREATED).actor == cast.otto.actor


def test_nobody_can_say_for_whom(workspace: Workspace, cast: Cast, now: datetime) -> None:
    """There is no other hand in it: the operation takes one person."""
    with pytest.raises(TypeError):
        key(workspace, user=cast.jun, by=cast.olga.actor, now=now)


def test_its_kinds_of_action_stand_in_the_log(
    workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """Sorted, each once; none named is told as such."""
    made = [key(workspace, user=cast.otto, now=now, actions=["set_stock", "set_price"] * 2),
            key(workspace, user=cast.otto, now=now)]  # fmt: skip
    events = {one.subject_id: one.pk for one in Event.objects.filter(kind=Kind.KEY_CREATED)}
    told = [Payload.objects.get(event_id=events[one.prefix]).fields["actions"] for one in made]
    assert told == [["set_price", "set_stock"], None]


def test_keys_that_were_made_for_others_end(
    workspace: Workspace, cast: Cast, now: datetime
) -> None:
    """With an event that says why; those people made for themselves, and seeds made, stay."""
    own = key(workspace, user=cast.otto, now=now)
    given, seeded = [
        ApiKey.objects.create(workspace=workspace, user=cast.jun, name=maker, prefix=maker[-8:],
                              secret_digest="0" * 64, created_at=now)
        for maker in (cast.olga.actor, "test-seed")
    ]  # fmt: skip
    for made in (given, seeded):
        record(kind=Kind.KEY_CREATED, workspace_id=workspace.pk, actor=made.name,
               subject_kind="key", subject_id=made.prefix, now=now)  # fmt: skip
    with connection.schema_editor() as editor:
        ended.end_keys_made_for_others(apps, editor)
    assert set(ApiKey.objects.filter(revoked_at=None)) == {own, seeded}
    told = Event.objects.get(kind=Kind.KEY_REVOKED)
    assert (told.subject_id, told.actor) == (given.prefix, "migration")
    assert Payload.objects.get(event_id=told.pk).fields == ended.FIELDS
