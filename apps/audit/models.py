"""The tables of the audit log. Events are inserted, never changed; history has no foreign keys."""

from typing import Any

from django.db import models
from django.db.models import F, Func
from uuid_utils.compat import uuid7

from apps.audit.health import Part
from apps.audit.kinds import Kind


class XidField(models.Field):  # type: ignore[type-arg]  # not subscriptable at run time
    """PostgreSQL's 64-bit transaction id (`xid8`)."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class Event(models.Model):
    """One thing that happened, written in the transaction in which it happened.

    `xid` is that transaction's id: the sequencer only numbers events of transactions that are
    surely over. The content lives in `Payload`, so that it can be erased without touching the
    event; `payload_digest` is SHA-256 over salt and canonical payload (RFC 8785).

    `actor` is who acted, `session` in whose session it was recorded, stamped by the database: the
    actors who had signed in with spaces between, or a part of the product; empty where no process
    of the product has shown itself, None where the database was not asked.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=64)  # of an `Event`; no choices: a new kind moves no table
    at = models.DateTimeField()
    workspace_id = models.UUIDField()
    actor = models.CharField(max_length=200)
    session = models.CharField(max_length=200, null=True)
    subject_kind = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=200)
    run_id = models.UUIDField(null=True)
    payload_digest = models.BinaryField(max_length=32)
    xid = XidField(db_default=Func(function="pg_current_xact_id", output_field=XidField()))

    class Meta:
        indexes = [
            models.Index(fields=["xid", "id"], name="audit_event_xid"),
            models.Index(fields=["subject_kind", "subject_id"], name="audit_event_subject"),
            # what insights counts by day; no event is in two of these
            models.Index(
                fields=["workspace_id", "at", "id"],
                name="audit_event_decided",
                condition=models.Q(
                    kind__in=[
                        Kind.PROPOSAL_APPROVED,
                        Kind.PROPOSAL_DENIED,
                        Kind.PROPOSAL_REJECTED,
                        Kind.PROPOSAL_EXPIRED,
                    ]
                ),
            ),
            models.Index(
                fields=["workspace_id", "at", "id"],
                name="audit_event_settled",
                condition=models.Q(kind=Kind.PROPOSAL_SETTLED),
            ),
            models.Index(
                fields=["workspace_id", "at", "id"],
                name="audit_event_mishap",
                condition=models.Q(
                    kind__in=[
                        Kind.EXECUTION_UNKNOWN,
                        Kind.BREAKER_OPENED,
                        Kind.BREAKER_CLOSED,
                    ]
                ),
            ),
            models.Index(
                fields=["workspace_id", "at", "id"],
                name="audit_event_stepped",
                condition=models.Q(kind=Kind.RUN_STEPPED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind} {self.subject_kind}:{self.subject_id}"


class Payload(models.Model):
    """The erasable content of an event."""

    event_id = models.UUIDField(primary_key=True)
    salt = models.BinaryField(max_length=16)
    fields = models.JSONField()


class Entry(models.Model):
    """An event's place in the log: dense numbers from 1, given by the one sequencer."""

    index = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    workspace_id = models.UUIDField()
    run_id = models.UUIDField(null=True)
    kind = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "index"], name="audit_entry_workspace"),
            models.Index(
                F("run_id"),
                F("index"),
                name="audit_entry_run",
                condition=models.Q(run_id__isnull=False),
            ),
        ]


class Cursor(models.Model):
    """How far a reader of the log has come.

    The sequencer keeps the transaction id below which everything is numbered in `xid` and the
    last number it gave in `index`; other readers keep only `index`.
    """

    name = models.CharField(primary_key=True, max_length=64)
    index = models.BigIntegerField(default=0)
    xid = models.BigIntegerField(default=0)


class Pulse(models.Model):
    """The last signs of life of a part: a worker (by its node name), the sweeper or the broker.

    A worker: `sent_at` is when the canary it has not yet answered was sent, `missed` how many in a
    row it has not, `busy_at` when it was last found too busy to, and `taken` how many tasks it had
    taken when last asked. The sweeper: `busy_at` is its last beat, `seen_at` when it last got on
    with its round. The broker: `seen_at` is the last canary it took, `missed` how many since not.
    """

    name = models.CharField(primary_key=True, max_length=255)
    part = models.CharField(max_length=16, choices=[(part.value, part.value) for part in Part])
    since = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    busy_at = models.DateTimeField(null=True)
    missed = models.PositiveIntegerField(default=0)
    taken = models.PositiveBigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.part} {self.name}"
