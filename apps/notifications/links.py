"""Addresses that open a page. They name what to show and carry no right to do anything."""

from urllib.parse import urljoin
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from apps.notifications.models import Notice, NoticeKind

PAGES = {
    NoticeKind.STOPPED: "console:stop",
    NoticeKind.AWAY: "console:connectors",
    NoticeKind.BUDGET: "console:runs",
    NoticeKind.POLICY: "console:trace",
    NoticeKind.RATES: "console:trace",
    NoticeKind.TEST: "console:notifications",
}


def public_url() -> str:
    """Where people reach this installation: what is set, else the first origin it trusts."""
    told = str(settings.PUBLIC_URL)
    return told or next(iter(settings.CSRF_TRUSTED_ORIGINS), "http://127.0.0.1:8000")


def absolute(name: str, *args: object) -> str:
    """The whole address of a page of the console."""
    return urljoin(public_url(), reverse(name, args=args))


def within(workspace_id: UUID, path: str) -> str:
    """The whole address of a page as it is in a workspace: people may be members of several."""
    return absolute("console:open-in", workspace_id, path.removeprefix("/"))


def page_of(notice: Notice) -> str:
    """The page a notice leads to; a signed-out person is asked to sign in there first."""
    return within(notice.workspace_id, path_of(notice))


def path_of(notice: Notice) -> str:
    """The page itself, as it is in whichever workspace the person is."""
    if notice.proposal_id:
        return reverse("console:proposal", args=[notice.proposal_id])
    kind = NoticeKind(notice.kind)
    if kind in (NoticeKind.NEEDS_PERSON, NoticeKind.RUN_FAILED):
        return reverse("console:run", args=[notice.subject_id])
    if kind == NoticeKind.BUDGET and notice.subject_id:
        return reverse("console:run", args=[notice.subject_id])
    if kind == NoticeKind.FAILED:
        return reverse("console:execution", args=[notice.subject_id])
    return reverse(PAGES[kind])


def preferences(workspace_id: UUID) -> str:
    """The page on which a member says what they want to be told."""
    return within(workspace_id, reverse("console:notifications"))
