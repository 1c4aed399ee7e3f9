"""Whether what is read is what was recorded."""

import hashlib

import pytest

from apps.audit.content import digest, fits
from apps.audit.kinds import Kind
from apps.audit.models import Event, Payload
from apps.audit.operations import record_all
from tests.factories.events import fact

SALT = bytes(16)
FIELDS = {"b": [1, {"c": None}], "a": "\u00e4\u20ac\U0001f600", "amount": "9.50", "yes": True}


def test_the_digest_is_over_salt_and_canonical_json():
    """Anybody can make it again from the two: sorted names, no space, UTF-8 (RFC 8785)."""
    text = '{"a":"\u00e4\u20ac\U0001f600","amount":"9.50","b":[1,{"c":null}],"yes":true}'
    assert digest(SALT, FIELDS) == hashlib.sha256(SALT + text.encode()).digest()


@pytest.mark.parametrize(
    "changed",
    [{}, {**FIELDS, "amount": "9.51"}, {**FIELDS, "more": 1}, {**FIELDS, "yes": 1}, [], None, "x",
     {**FIELDS, "big": 10**400}],
)  # fmt: skip
def test_another_content_does_not_fit(changed):
    """Whatever was put in its place, even what has no canonical form."""
    assert fits(digest(SALT, FIELDS), salt=SALT, fields=FIELDS)
    assert not fits(digest(SALT, FIELDS), salt=SALT, fields=changed)


def test_another_salt_does_not_fit():
    """The salt is part of it."""
    assert not fits(digest(SALT, FIELDS), salt=bytes(15) + b"1", fields=FIELDS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [0, -1, 2**53 - 1, 1.0, -0.0, 0.1, 1e-7, 1e16, 9007199254740993.0, 1e21, 1.5e300, 5e-324,
     "\\u0041", "\u200b", {"": {"z": [], "a": {}}}],
)  # fmt: skip
def test_what_the_database_gives_back_fits(workspace, now, value):
    """It writes numbers in its own way; none of them is called a forgery for that."""
    record_all([fact(kind=Kind.RUN_STARTED, workspace_id=workspace.pk, actor="t",
                     subject_kind="run", subject_id="x", fields={"value": value})], now=now)  # fmt: skip
    event = Event.objects.latest("pk")
    payload = Payload.objects.get(pk=event.pk)
    assert fits(event.payload_digest, salt=payload.salt, fields=payload.fields)
