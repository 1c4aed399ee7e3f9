"""People, their places in workspaces, and what they may approve."""

from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from apps.accounts import invitations, operations
from apps.accounts.key_admin import action_choices
from apps.accounts.models import (
    Authority,
    Invitation,
    Membership,
    Role,
    User,
)
from apps.accounts.permissions import holders
from apps.accounts.queries import owners_besides
from apps.accounts.scope import WithinWorkspaces, person
from apps.money.currency import codes
from apps.money.typed import LONGEST, NotAnAmount, parse

admin.site.unregister(Group)  # rights come from roles and authorities, not from groups
admin.site.unregister(EmailAddress)  # would let an owner take over people of other workspaces
admin.site.unregister(Authenticator)  # would show the second factor of people everywhere


def refuse_without_owner(workspace_id: UUID, leaving: list[User]) -> None:
    """Raise `ValidationError` if the workspace would have no owner without these people."""
    if not owners_besides(workspace_id, [user.pk for user in leaving]).exists():
        raise ValidationError(
            f"{', '.join(map(str, leaving))}: a workspace keeps at least one owner. "
            "Make somebody else an owner first."
        )


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A person; the last owner of a workspace stays active."""

    class Meta:
        model = User
        fields = ["name", "is_active"]

    def clean(self) -> dict[str, Any]:
        """Refuse to leave a workspace without an owner."""
        cleaned = super().clean() or {}
        if not cleaned.get("is_active"):
            for place in self.instance.memberships.filter(role=Role.OWNER):
                refuse_without_owner(place.workspace_id, [self.instance])
        return cleaned


@admin.register(User)
class UserAdmin(WithinWorkspaces):
    """People of the workspaces you own."""

    verb = "administer"
    form = PersonForm
    list_display = ["email", "name", "is_active", "is_staff"]
    fields = ["email", "name", "is_active"]
    search_fields = ["email", "name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """People of the workspaces the person owns."""
        own = self.workspaces(request)
        return User.objects.filter(memberships__workspace__in=own).distinct()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Who may change an address may take over the person, so nobody changes it here."""
        return ["email"] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only people all of whose workspaces one owns: the row is the same in each of them."""
        if obj is None:
            return self.is_open(request)
        elsewhere = obj.memberships.exclude(workspace__in=self.workspaces(request))
        return self.is_open(request) and not elsewhere.exists()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are invited: who is known elsewhere already must not be found out here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History refers to people: make them inactive instead."""
        return False


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Whom to invite, where and as what."""

    class Meta:
        model = Invitation
        fields = ["workspace", "email", "role"]

    def clean(self) -> dict[str, Any]:
        """Refuse a member; of people elsewhere nothing is told."""
        cleaned = super().clean() or {}
        place, email = cleaned.get("workspace"), cleaned.get("email")
        if place and email:
            try:
                invitations.refuse_member(place, email)
            except invitations.AlreadyMember as error:
                self.add_error("email", str(error))
        return cleaned

    def validate_constraints(self) -> None:
        """An earlier open invitation is no conflict: the new one takes its place."""


@admin.register(Invitation)
class InvitationAdmin(WithinWorkspaces):
    """Who was asked into the workspaces you own; the link is shown once."""

    verb = "administer"
    form = InvitationForm
    list_display = ["email", "workspace", "role", "made_by", "created_at", "standing"]
    list_select_related = ["workspace", "made_by"]
    actions = ["withdraw"]

    @admin.display(description="Stands")
    def standing(self, invitation: Invitation) -> str:
        """Whether it still lets somebody in, in words."""
        return invitations.standing(invitation, now=timezone.now()).label

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        """Invite and show the link."""
        made, token = invitations.invite(
            workspace=obj.workspace,
            email=obj.email,
            role=obj.role,
            by=person(request),
            now=timezone.now(),
        )
        obj.pk, obj._state.adding = made.pk, False
        link = request.build_absolute_uri(reverse("console:invitation", args=[token]))
        messages.success(
            request,
            f"Send {made.email} this link; it works once and until "
            f"{made.expires_at:%Y-%m-%d}: {link}",
        )

    @action(description="Withdraw")
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        """End the chosen invitations at once; those accepted stay as they are."""
        for invitation in queryset:
            invitations.withdraw(invitation=invitation, by=person(request), now=timezone.now())
        messages.success(request, "Their links lead nowhere now.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An invitation is withdrawn, never changed."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Withdraw it instead."""
        return False


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A person's role in a workspace."""

    class Meta:
        model = Membership
        fields = ["workspace", "user", "role"]

    def clean_role(self) -> str:
        """Refuse to leave the workspace without an owner."""
        role = str(self.cleaned_data["role"])
        if self.initial.get("role") == Role.OWNER and role != Role.OWNER:
            refuse_without_owner(self.instance.workspace_id, [self.instance.user])
        return role


@admin.register(Membership)
class MembershipAdmin(WithinWorkspaces):
    """Who is what in which workspace."""

    verb = "administer"
    form = MembershipForm
    list_display = ["user", "workspace", "role"]
    list_filter = ["role"]

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> list[str]:
        """Whose place it is, and where, does not change."""
        return ["workspace", "user"] if obj else []

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Give the role, with its event."""
        saved = operations.add_member(
            workspace=obj.workspace,
            user=obj.user,
            role=obj.role,
            by=person(request).actor,
            now=timezone.now(),
        )
        obj.pk, obj._state.adding = saved.pk, False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with the chosen places; places of all owners of a workspace stay."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        owners: dict[UUID, list[User]] = {}
        for place in objs:
            if place.role == Role.OWNER:
                owners.setdefault(place.workspace_id, []).append(place.user)
        for workspace_id, leaving in owners.items():
            try:
                refuse_without_owner(workspace_id, leaving)
            except ValidationError as error:
                protected = [*protected, *error.messages]
        return deleted, counts, needed, protected

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Remove the member, with its events."""
        by = person(request).actor
        operations.remove_member(membership=obj, by=by, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """Remove each chosen member."""
        for membership in queryset:
            self.delete_model(request, membership)


class AuthorityForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What a person may approve; an empty ceiling means any amount."""

    user = forms.ModelChoiceField(User.objects.none(), widget=UnfoldAdminSelectWidget())
    ceiling = forms.CharField(
        required=False,
        max_length=LONGEST,
        widget=UnfoldAdminTextInputWidget(),
        help_text="The most they may approve at once, such as 1250.50; empty = any amount.",
    )
    action = forms.ChoiceField(choices=action_choices, widget=UnfoldAdminSelectWidget())
    currency = forms.ChoiceField(
        choices=[(code, code) for code in codes()],
        initial="EUR",
        widget=UnfoldAdminSelectWidget(),
        help_text="It covers amounts in this currency only.",
    )

    class Meta:
        model = Authority
        fields = ["workspace", "user", "action", "ceiling", "currency"]

    def clean(self) -> dict[str, Any]:
        """An authority that exists is granted to one more person, so it is no conflict."""
        cleaned = super().clean() or {}
        self.read_ceiling(cleaned)
        same = {name: cleaned.get(name) for name in ("workspace", "action", "ceiling", "currency")}
        if not self.errors:
            self.instance = Authority.objects.filter(**same).first() or self.instance
        return cleaned

    def read_ceiling(self, cleaned: dict[str, Any]) -> None:
        """Turn what was typed into an amount of the chosen currency; None where nothing was."""
        typed, currency = cleaned.get("ceiling"), cleaned.get("currency")
        cleaned["ceiling"] = None
        if not typed or not currency:
            return
        try:
            cleaned["ceiling"] = parse(typed, currency=currency)
        except NotAnAmount as error:
            self.add_error("ceiling", str(error))
        if cleaned.get("ceiling") is not None and cleaned["ceiling"] < 0:
            self.add_error("ceiling", "Write 0 or more; empty means any amount.")


@admin.register(Authority)
class AuthorityAdmin(WithinWorkspaces):
    """Rights to approve, and who holds them."""

    verb = "administer"
    form = AuthorityForm
    list_display = ["action", "up_to", "currency", "workspace", "held_by"]
    list_filter = ["action"]

    @admin.display(description="Ceiling", ordering="ceiling", empty_value="any amount")
    def up_to(self, authority: Authority) -> str | None:
        """The ceiling in the digits of its currency."""
        return authority.ceiling_text

    @admin.display(description="Held by")
    def held_by(self, authority: Authority) -> str:
        """The people who hold it."""
        return ", ".join(sorted(str(person) for person in holders(authority))) or "nobody"

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        """The form, offering people of the workspaces of the one who grants."""
        own = self.workspaces(request)
        people = User.objects.filter(memberships__workspace__in=own).distinct()
        field = forms.ModelChoiceField(people, widget=UnfoldAdminSelectWidget())
        kw["form"] = type("Grant", (AuthorityForm,), {"user": field})
        return super().get_form(request, obj, change, **kw)

    def save_model(self, request: HttpRequest, obj: Authority, form: Any, change: bool) -> None:
        """Grant, with its event."""
        granted = operations.authorise(
            workspace=obj.workspace,
            user=form.cleaned_data["user"],
            action=obj.action,
            ceiling=obj.ceiling,
            currency=obj.currency,
            by=person(request).actor,
            now=timezone.now(),
        )
        obj.pk, obj._state.adding = granted.pk, False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An authority is granted anew, never changed under those who hold it."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def delete_model(self, request: HttpRequest, obj: Authority) -> None:
        """Withdraw it from all who hold it, with their events."""
        by = person(request).actor
        operations.remove_authority(authority=obj, by=by, now=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authority]) -> None:
        """Withdraw each of the chosen."""
        for authority in queryset:
            self.delete_model(request, authority)
