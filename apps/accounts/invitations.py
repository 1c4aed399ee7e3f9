"""Asking people into a workspace: a link that one person with the address may use, once.

Nothing here tells whether an address has an account: who invites gets the same answer and the same
kind of link, and what is behind it is the same until the person has shown who they are: signed in,
or with a proof that was mailed to the address.
"""

import secrets
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.db import IntegrityError, models, transaction

from apps.accounts import operations, permissions
from apps.accounts.models import Invitation, Membership, User, Workspace
from apps.accounts.queries import digest
from apps.audit import acting
from apps.audit.event import Event
from apps.audit.events.people import InvitationAccepted, InvitationMade, InvitationWithdrawn
from apps.audit.operations import record

LASTS = timedelta(days=7)
PROOF_LASTS = timedelta(hours=1)
PROOFS = signing.Signer(salt="apps.accounts.invitations", sep=".")


class Standing(models.TextChoices):
    """Where an invitation stands; the label is what a list says."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
    LAPSED = "lapsed", "Who made it is no owner any more"


WAYS_ON = {
    Standing.ACCEPTED: "This invitation was used already. If it was you, sign in; if not, tell "
    "an owner of the workspace.",
    Standing.WITHDRAWN: "This invitation was withdrawn. Ask an owner of the workspace for a new "
    "one.",
    Standing.EXPIRED: "This invitation has expired. Ask an owner of the workspace for a new one.",
    Standing.LAPSED: "Who invited you does not own the workspace any more. Ask an owner for a new "
    "invitation.",
}


class MayNotInvite(PermissionError):
    """Only an owner of the workspace invites to it, whatever the role."""


class AlreadyMember(ValueError):
    """The person has a place in the workspace; their role is changed there, not by invitation."""


class NoInvitation(LookupError):
    """No invitation has this link. Open it exactly as it was sent, or ask an owner for another."""


class NotOpen(ValueError):
    """The invitation lets nobody in any more; the text says what to do."""


class ForSomebodyElse(ValueError):
    """The invitation is for another address than that of the person who is signed in."""


class HasAccount(ValueError):
    """The address has an account: sign in with it, then open the invitation again."""


def standing(invitation: Invitation, *, now: datetime) -> Standing:
    """Whether the invitation still lets somebody in, and if not, why."""
    if invitation.accepted_at:
        return Standing.ACCEPTED
    if invitation.withdrawn_at:
        return Standing.WITHDRAWN
    if invitation.expires_at <= now:
        return Standing.EXPIRED
    if not permissions.can(invitation.made_by, "administer", invitation.workspace_id):
        return Standing.LAPSED
    return Standing.OPEN


def find(token: str, *, now: datetime) -> Invitation:
    """The open invitation with this token. Raises `NoInvitation`, `NotOpen`."""
    rows = Invitation.objects.select_related("workspace", "made_by")
    invitation = rows.filter(token_digest=digest(token)).first()
    if invitation is None:
        raise NoInvitation(NoInvitation.__doc__)
    stands = standing(invitation, now=now)
    if stands is not Standing.OPEN:
        raise NotOpen(WAYS_ON[stands])
    return invitation


def prove(invitation: Invitation, *, now: datetime) -> str:
    """What is mailed to the address and shown nowhere else: whoever has it reads that mailbox."""
    return PROOFS.sign_object([str(invitation.pk), (now + PROOF_LASTS).timestamp()])


def is_proven(invitation: Invitation, proof: str, *, now: datetime) -> bool:
    """Whether the proof is of this invitation's address and not too old.

    Where no other workspace shares the installation there is nothing to tell of others, and the
    link alone is enough: a small shop may have no mail server.
    """
    if not Workspace.objects.exclude(pk=invitation.workspace_id).exists():
        return True
    try:
        of, until = PROOFS.unsign_object(proof)
    except signing.BadSignature:
        return False
    return bool(of == str(invitation.pk) and now.timestamp() < until)


def refuse_member(workspace: Workspace, email: str) -> None:
    """Raise `AlreadyMember` if somebody with the address has a place in this workspace."""
    if Membership.objects.filter(workspace=workspace, user__email__iexact=email).exists():
        raise AlreadyMember(f"{email} has a place here: change the role under Memberships.")


@transaction.atomic
def invite(
    *, workspace: Workspace, email: str, role: str, by: User, now: datetime
) -> tuple[Invitation, str]:
    """A new invitation and its token, which is shown this once; an earlier open one is withdrawn.

    Raises `MayNotInvite`, `AlreadyMember`.
    """
    if not permissions.can(by, "administer", workspace.pk):
        raise MayNotInvite(MayNotInvite.__doc__)
    email = email.strip().lower()
    refuse_member(workspace, email)
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # two at once: in turn
    for earlier in Invitation.objects.filter(
        workspace=workspace, email=email, accepted_at=None, withdrawn_at=None
    ):
        withdraw(invitation=earlier, by=by, now=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        workspace=workspace,
        email=email,
        role=role,
        token_digest=digest(token),
        made_by=by,
        created_at=now,
        expires_at=now + LASTS,
    )
    note(InvitationMade(email=invitation.email, role=role), invitation, by=by.actor, now=now)
    return invitation, token


@transaction.atomic
def withdraw(*, invitation: Invitation, by: User, now: datetime) -> None:
    """End an open invitation at once; of one that has ended nothing changes."""
    ended = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if ended.update(withdrawn_at=now):
        note(InvitationWithdrawn(email=invitation.email), invitation, by=by.actor, now=now)


@transaction.atomic
def join(*, token: str, user: User, now: datetime) -> Workspace:
    """Give the person their place in the workspace. The caller vouches that they are signed in.

    Raises `NoInvitation`, `NotOpen`, `ForSomebodyElse`, `AlreadyMember`.
    """
    invitation = find(token, now=now)
    if user.email.lower() != invitation.email:
        raise ForSomebodyElse(ForSomebodyElse.__doc__)
    refuse_member(invitation.workspace, user.email)
    take(invitation, user=user, now=now)
    return invitation.workspace


def join_as_new(*, token: str, name: str, password: str, now: datetime) -> tuple[User, Workspace]:
    """Make an account for the address, with its place. Nothing of an existing account changes.

    Raises `NoInvitation`, `NotOpen`, `HasAccount`, and Django's `ValidationError` for a password
    its validators refuse.
    """
    invitation = find(token, now=now)
    email = invitation.email
    validate_password(password, User(email=email, name=name))
    if User.objects.filter(email__iexact=email).exists():
        raise HasAccount(HasAccount.__doc__)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name)
            with acting.signed_in(lambda: user.actor):  # who sets the password is them from now on
                take(invitation, user=user, now=now)
    except IntegrityError as error:  # somebody made one with this address at the same moment
        raise HasAccount(HasAccount.__doc__) from error
    return user, invitation.workspace


def take(invitation: Invitation, *, user: User, now: datetime) -> None:
    """Use the invitation up and give its place, in the caller's transaction. Raises `NotOpen`.

    By conditional update: of two who open one link at once, one moves the row.
    """
    unused = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if not unused.update(accepted_at=now):
        raise NotOpen(WAYS_ON[Standing.ACCEPTED])
    accepted = InvitationAccepted(
        email=invitation.email, role=invitation.role, made_by=invitation.made_by.actor
    )
    note(accepted, invitation, by=user.actor, now=now)
    operations.add_member(
        workspace=invitation.workspace, user=user, role=invitation.role, by=user.actor, now=now
    )


def note(event: Event, invitation: Invitation, *, by: str, now: datetime) -> None:
    """Record what became of an invitation, in the caller's transaction."""
    record(
        event,
        workspace_id=invitation.workspace_id,
        actor=by,
        subject_kind="invitation",
        subject_id=invitation.pk,
        now=now,
    )
