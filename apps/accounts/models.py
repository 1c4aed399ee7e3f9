"""People, the workspaces they belong to, and what gives them rights."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from guardian.models import UserObjectPermissionBase
from uuid_utils.compat import uuid7

from apps.money.currency import written
from apps.money.display import LOCALES

OUTSIDE = "(outside)"  # how the name of an agent that runs elsewhere ends, and of no other


class Workspace(models.Model):
    """The tenant: every row of every app belongs to one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Creates people, who are known by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who may sign in; without a password only through a provider."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person with every right in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Rights come from memberships and granted authorities, not from this row."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the admin.")
    date_joined = models.DateTimeField(default=timezone.now)
    keyboard_shortcuts = models.BooleanField(
        default=True, help_text="Single keys decide in the console; turn off to type freely."
    )
    keymap = models.JSONField(
        default=dict, blank=True, help_text="Other keys for the console: command to key."
    )
    contrast = models.CharField(
        max_length=8,
        choices=[("auto", "As the system asks"), ("more", "High contrast")],
        default="auto",
    )
    theme = models.CharField(
        max_length=8,
        choices=[("auto", "As the system asks"), ("light", "Light"), ("dark", "Dark")],
        default="auto",
    )

    locale = models.CharField(
        max_length=8,
        blank=True,
        choices=[(code, name) for code, name in LOCALES.items()],
        help_text="How numbers and amounts are written; empty: as the browser asks.",
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def actor(self) -> str:
        """How the audit log names this person."""
        return f"user:{self.pk}"


class Role(models.TextChoices):
    """What a member is in a workspace; each includes the rights of those behind it."""

    OWNER = "owner", "Owner"
    OPERATOR = "operator", "Operator"
    REVIEWER = "reviewer", "Reviewer"


class Membership(models.Model):
    """A person's place in a workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_each"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.workspace}"


class Invitation(models.Model):
    """That whoever has the link and the address may take a place in a workspace, once.

    The link's token is shown once; here is its SHA-256. It says nothing about whether the address
    has an account, and makes none before somebody joins.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="invitations")
    email = models.EmailField()  # in lower case, as people's own
    role = models.CharField(max_length=20, choices=Role.choices)
    token_digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_each",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(withdrawn_at=None),
                name="an_invitation_ends_one_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} as {self.role} of {self.workspace}"


class Authority(models.Model):
    """The right to approve one action type up to an amount; granted per person (guardian).

    `ceiling` None means any amount. A member with no authority for an action approves nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="authorities")
    action = models.CharField(max_length=64)
    ceiling = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, default="EUR")

    @property
    def ceiling_text(self) -> str | None:
        """The ceiling in the digits of its currency; None for any amount."""
        return None if self.ceiling is None else written(self.ceiling, self.currency)

    class Meta:
        permissions = [("exercise_authority", "May approve within this authority")]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "action", "ceiling", "currency"],
                nulls_distinct=False,
                name="one_authority_each",
            ),
        ]
        verbose_name_plural = "authorities"

    def __str__(self) -> str:
        most = self.ceiling_text
        limit = "any amount" if most is None else f"up to {most} {self.currency}"
        return f"{self.action}: {limit}"


class AuthorityHolder(UserObjectPermissionBase):
    """That a person may exercise an authority: guardian's permission, kept beside its object.

    guardian finds this model by its foreign key; so one join answers what a person may approve.
    """

    content_object = models.ForeignKey(Authority, models.CASCADE, related_name="holders")

    class Meta(UserObjectPermissionBase.Meta):
        pass


# An agent proposes and reads; deciding, stopping and starting are for people.
AGENT_SCOPES = (
    "proposals:read",
    "proposals:submit",
    "runs:read",
    "executions:read",
    "events:read",
)


class OutsideAgent(models.Model):
    """An agent that runs elsewhere and proposes here with keys of its own.

    Its keys may do what `scopes` say and no more, propose only `actions` (none: every kind) and at
    most `hourly` proposals an hour (None: any number). `owner` registered it, makes its keys, and
    may not approve what it proposes. No agent of ours is called what it is (`known_as`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="outside_agents")
    owner = models.ForeignKey(User, models.PROTECT, related_name="outside_agents")
    name = models.CharField(max_length=80)
    kind = models.CharField(
        max_length=10,
        choices=[("model", "A language model"), ("rules", "Rules or a script")],
        default="model",
    )
    scopes = models.JSONField(default=list)
    actions = models.JSONField(default=list, blank=True)
    hourly = models.PositiveIntegerField(
        "proposals an hour",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="At most, by all its keys together; empty: any number.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"], name="one_outside_agent_of_a_name"
            ),
            models.CheckConstraint(
                condition=models.Q(scopes__contained_by=list(AGENT_SCOPES)),
                name="outside_agents_decide_nothing",
            ),
        ]

    def __str__(self) -> str:
        return self.known_as

    @property
    def known_as(self) -> str:
        """What policies, lists and figures call it."""
        return f"{self.name} {OUTSIDE}"


class ApiKey(models.Model):
    """A key of an integrator: a public prefix, a hash of the secret, and scopes.

    It acts with the rights of `user`, who made it, narrowed to `scopes`; whatever it votes is
    their vote. It proposes only `actions` (None, of keys made before these were named: every
    kind). A key of an `agent` acts for that, narrowed to its scopes and actions too. The secret is
    shown once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="api_keys")
    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    agent = models.ForeignKey(OutsideAgent, models.CASCADE, null=True, related_name="keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    secret_digest = models.CharField(max_length=64)  # SHA-256; the secret has 256 random bits
    scopes = models.JSONField(default=list)
    actions = models.JSONField(null=True, default=None)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def may(self, scope: str) -> bool:
        """Whether the scope is the key's; of an agent's key: its agent's too, and for agents."""
        if self.agent is None:
            return scope in self.scopes
        return all(scope in those for those in (self.scopes, self.agent.scopes, AGENT_SCOPES))

    def beyond(self, actions: Iterable[str]) -> list[str]:
        """Which of these kinds of action it may not propose, whatever its agent may."""
        return [] if self.actions is None else sorted(set(actions) - set(self.actions))

    @property
    def actor(self) -> str:
        """How the audit log names this key."""
        return f"key:{self.prefix}"


class IdempotentRequest(models.Model):
    """A request an integrator may repeat: its `Idempotency-Key`, and the answer if there is one.

    `fingerprint` is SHA-256 over who asked for what. `attempt` names the attempt that may answer,
    until `lease_until`; after that another attempt may take over. `status` None: no answer yet.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    attempt = models.UUIDField()
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="one_request_of_a_key"),
            models.CheckConstraint(
                condition=models.Q(status__isnull=True, body__isnull=True)
                | models.Q(status__isnull=False, body__isnull=False),
                name="an_answer_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.status or 'no answer yet'}"
