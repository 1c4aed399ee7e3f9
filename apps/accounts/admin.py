"""People, their places in workspaces, what they may approve, and keys of integrators."""

from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import get_users_with_perms
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from apps.accounts import operations
from apps.accounts.models import ApiKey, Authority, Membership, Role, User, Workspace
from apps.accounts.scope import WithinWorkspaces, person

admin.site.unregister(Group)  # rights come from roles and authorities, not from groups


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A new person and their first place; they choose their password themselves."""

    workspace = forms.ModelChoiceField(Workspace.objects.none(), widget=UnfoldAdminSelectWidget())
    role = forms.ChoiceField(choices=Role.choices, widget=UnfoldAdminSelectWidget())

    class Meta:
        model = User
        fields = ["email", "name"]


@admin.register(User)
class UserAdmin(WithinWorkspaces):
    """People who share a workspace with you."""

    list_display = ["email", "name", "is_active", "is_staff"]
    fields = ["email", "name", "is_active", "is_staff"]
    search_fields = ["email", "name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        """People who share a workspace, and oneself."""
        shared = Workspace.objects.filter(memberships__user=person(request))
        return User.objects.filter(memberships__workspace__in=shared).distinct()

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Inviting asks for the first place too."""
        return self.fields if obj else ["email", "name", "workspace", "role"]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        """The invitation for a new person, offering the inviter's workspaces."""
        if obj is not None:
            return super().get_form(request, obj, change, **kw)
        places = Workspace.objects.filter(
            memberships__user=person(request), memberships__role=Role.OWNER
        )
        field = forms.ModelChoiceField(places, widget=UnfoldAdminSelectWidget())
        return type("Invite", (InviteForm,), {"workspace": field})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save, or invite and show the link with which the person sets a password."""
        if change:
            super().save_model(request, obj, form, change)
            return
        obj.set_unusable_password()
        obj.save()
        operations.add_member(
            workspace=form.cleaned_data["workspace"],
            user=obj,
            role=form.cleaned_data["role"],
            by=person(request).actor,
            now=timezone.now(),
        )
        messages.success(
            request, f"Send {obj.email} this link, it works once: {link(request, obj)}"
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History refers to people: make them inactive instead."""
        return False


def link(request: HttpRequest, user: User) -> str:
    """Where an invited person sets their first password."""
    key = default_token_generator.make_token(user)
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
    )
    return request.build_absolute_uri(path)


@admin.register(Membership)
class MembershipAdmin(WithinWorkspaces):
    """Who is what in which workspace."""

    list_display = ["user", "workspace", "role"]
    list_filter = ["role"]

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


class AuthorityForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What a person may approve; an empty ceiling means any amount."""

    user = forms.ModelChoiceField(User.objects.all(), widget=UnfoldAdminSelectWidget())

    class Meta:
        model = Authority
        fields = ["workspace", "user", "action", "ceiling", "currency"]

    def clean(self) -> dict[str, Any]:
        """An authority that exists is granted to one more person, so it is no conflict."""
        cleaned = super().clean() or {}
        same = {name: cleaned.get(name) for name in ("workspace", "action", "ceiling", "currency")}
        self.instance = Authority.objects.filter(**same).first() or self.instance
        return cleaned


@admin.register(Authority)
class AuthorityAdmin(WithinWorkspaces):
    """Rights to approve, and who holds them."""

    form = AuthorityForm
    list_display = ["action", "ceiling", "currency", "workspace", "held_by"]
    list_filter = ["action"]

    @admin.display(description="Held by")
    def held_by(self, authority: Authority) -> str:
        """The people who hold it."""
        people = get_users_with_perms(authority, only_with_perms_in=["exercise_authority"])
        return ", ".join(sorted(str(person) for person in people)) or "nobody"

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


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A key of an integrator; it acts with a person's rights, narrowed to its scopes."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in operations.SCOPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )

    class Meta:
        model = ApiKey
        fields = ["workspace", "user", "name", "scopes", "expires_at"]


@admin.register(ApiKey)
class ApiKeyAdmin(WithinWorkspaces):
    """Keys; the token of a new one is shown once."""

    form = ApiKeyForm
    list_display = ["name", "prefix", "user", "scopes", "last_used_at", "revoked_at"]
    actions = ["revoke"]

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Make the key and show its token."""
        key, token = operations.create_key(
            workspace=obj.workspace,
            user=obj.user,
            name=obj.name,
            scopes=form.cleaned_data["scopes"],
            by=person(request).actor,
            now=timezone.now(),
            expires_at=obj.expires_at,
        )
        obj.pk, obj.prefix, obj._state.adding = key.pk, key.prefix, False
        messages.warning(request, f"The token of {obj.name}, shown this once: {token}")

    @action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the chosen keys at once."""
        for key in queryset:
            by = person(request).actor
            operations.revoke_key(key=key, by=by, now=timezone.now())
        messages.success(request, "The keys are revoked.")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A key is revoked, never changed."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """History refers to keys: revoke them instead."""
        return False
