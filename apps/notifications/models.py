"""Whom AIOS tells of what waits, by which channel and when, and what it has still to send."""

from datetime import time

from django.db import models
from django.db.models import Q
from uuid_utils.compat import uuid7

from apps.accounts.models import User, Workspace
from apps.proposals.models import Proposal, Risk


class NoticeKind(models.TextChoices):
    """What a notice is about; each with the phrase a person chooses it by."""

    WAITING = "waiting", "A proposal waits for me"
    RETURNED = "returned", "A proposal came back because something has changed"
    ANSWERED = "answered", "My question about a proposal was answered"
    DUE = "due", "A proposal is due within the hour"
    OVERDUE = "overdue", "Nobody has decided in time (escalation)"
    CLAIMED = "claimed", "I have held a proposal for a quarter of an hour"
    NEEDS_PERSON = "needs_person", "The outcome is unproven: a person has to look"
    FAILED = "failed", "An approved action was refused or set aside"
    STOPPED = "stopped", "A kill switch was engaged"
    AWAY = "away", "A back end does not answer"
    BUDGET = "budget", "A budget is used up: no model is asked"
    RUN_FAILED = "run_failed", "A run of an agent has failed"
    POLICY = "policy", "A policy change lets something new through and is not in force yet"
    RATES = "rates", "Exchange rates are new, or have moved by more than 5 %"
    TEST = "test", "A test"


CHOOSABLE = tuple(kind for kind in NoticeKind if kind is not NoticeKind.TEST)
PERSONAL = (NoticeKind.CLAIMED, NoticeKind.ANSWERED)  # of no interest to all
FOR_CHANNELS = tuple(kind for kind in CHOOSABLE if kind not in PERSONAL)
ABOUT_PROPOSALS = (
    NoticeKind.WAITING,
    NoticeKind.RETURNED,
    NoticeKind.ANSWERED,
    NoticeKind.DUE,
    NoticeKind.OVERDUE,
    NoticeKind.CLAIMED,
    NoticeKind.NEEDS_PERSON,
)
# never gathered into a later message
URGENT = (NoticeKind.OVERDUE, NoticeKind.CLAIMED, NoticeKind.STOPPED, NoticeKind.TEST)


def all_kinds() -> list[str]:
    """Every kind somebody may choose."""
    return [kind.value for kind in CHOOSABLE]


class ChannelKind(models.TextChoices):
    """How a channel is spoken to."""

    MAIL = "mail", "Mail to one address"
    SLACK = "slack", "Slack, or what takes the same messages"
    WEBHOOK = "webhook", "Signed webhook (Standard Webhooks)"


class Channel(models.Model):
    """A place a workspace tells things to: a list, a chat, a program.

    `kinds` and `minimum_risk` say what it is told by itself, for everybody; members may besides
    have their own notices sent there. `sealed` holds the secret (a signing key; for Slack the URL
    itself), `earlier` the one before, which signs too for a while after `rotated_at`. After a
    failure, or a slow answer, it is left alone until `retry_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="channels")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=ChannelKind.choices)
    address = models.CharField(max_length=500)
    sealed = models.BinaryField(null=True)
    earlier = models.BinaryField(null=True)
    rotated_at = models.DateTimeField(null=True)
    enabled = models.BooleanField(default=True)
    kinds = models.JSONField(default=list, blank=True)
    minimum_risk = models.CharField(max_length=10, choices=Risk.choices, default=Risk.LOW)
    failures = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    last_error_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_channel_of_a_name"),
            models.CheckConstraint(
                condition=Q(kind="mail") | Q(sealed__isnull=False), name="channels_have_a_secret"
            ),
            models.CheckConstraint(
                condition=Q(earlier__isnull=True) | Q(rotated_at__isnull=False),
                name="an_earlier_secret_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Rhythm(models.TextChoices):
    """How notices that are not urgent come."""

    AT_ONCE = "at_once", "Each at once"
    MINUTES = "minutes", "Together, every few minutes"
    DAILY = "daily", "Together, once a day"


class Preference(models.Model):
    """How one member of a workspace wants to be told; without a row these defaults hold.

    Times of day are those of `time_zone` (IANA name). `decidable_only`: only of proposals the
    person may decide. In quiet hours nothing is sent; a high-risk escalation is if it `pierces`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kinds = models.JSONField(default=all_kinds)
    by_mail = models.BooleanField(default=True)
    channels = models.ManyToManyField(Channel, blank=True, related_name="+")
    minimum_risk = models.CharField(max_length=10, choices=Risk.choices, default=Risk.LOW)
    decidable_only = models.BooleanField(default=True)
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices, default=Rhythm.MINUTES)
    every_minutes = models.PositiveSmallIntegerField(default=5)
    daily_at = models.TimeField(default=time(8, 0))
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    escalations = models.BooleanField(default=True)
    pierces = models.BooleanField(default=False)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_preference_each"),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="quiet_hours_have_two_ends",
            ),
            models.CheckConstraint(
                condition=Q(every_minutes__gte=1, every_minutes__lte=1440),
                name="a_digest_comes_within_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"how {self.user} is told"


class State(models.TextChoices):
    """Where a notice stands."""

    QUEUED = "queued", "Waits to be sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Could not be sent"
    DROPPED = "dropped", "Not needed any more"


class Notice(models.Model):
    """One thing to tell one recipient: a row of the outbox.

    To `recipient` by mail, or by `channel` (in their name if there is a recipient, else for all).
    `subject_id` names what it is about where that is no proposal. `key` is the same for the same
    thing told to the same place. Sent with the row it is `gathered_in`, if there is one; the
    row's own id is the message's id, the same on every try. A worker holds it until `lease_until`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="notices")
    recipient = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    channel = models.ForeignKey(Channel, models.CASCADE, null=True, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    proposal = models.ForeignKey(Proposal, models.CASCADE, null=True, related_name="+")
    subject_id = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=64, unique=True)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    gathered_in = models.ForeignKey("self", models.SET_NULL, null=True, related_name="gathered")
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                name="notice_due",
                condition=Q(state="queued", gathered_in__isnull=True),
            ),
            models.Index(
                fields=["recipient", "due_at"],
                name="notice_queued_for",
                condition=Q(state="queued", gathered_in__isnull=True),
            ),
            models.Index(fields=["workspace", "-id"], name="notice_newest"),
            models.Index(
                fields=["workspace", "-ended_at"],
                name="notice_failed",
                condition=Q(state="failed"),
            ),
            models.Index(
                fields=["ended_at"], name="notice_ended", condition=Q(ended_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(recipient__isnull=False) | Q(channel__isnull=False),
                name="a_notice_goes_somewhere",
            ),
            models.CheckConstraint(
                condition=Q(state="queued", ended_at__isnull=True)
                | (~Q(state="queued") & Q(ended_at__isnull=False)),
                name="a_notice_that_ended_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_state_display()}"
