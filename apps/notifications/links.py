"""Addresses that open a page. They name what to show and carry no right to do anything."""

from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse

from apps.notifications.models import Notice, NoticeKind

PAGES = {
    NoticeKind.STOPPED: "console:stop",
    NoticeKind.AWAY: "console:connectors",
    NoticeKind.TEST: "console:notifications",
}


def public_url() -> str:
    """Where people reach this installation: what is set, else the first origin it trusts."""
    told = str(settings.PUBLIC_URL)
    return told or next(iter(settings.CSRF_TRUSTED_ORIGINS), "http://127.0.0.1:8000")


def absolute(name: str, *args: object) -> str:
    """The whole address of a page of the console."""
    return urljoin(public_url(), reverse(name, args=args))


def page_of(notice: Notice) -> str:
    """The page a notice leads to; a signed-out person is asked to sign in there first."""
    if notice.proposal_id:
        return absolute("console:proposal", notice.proposal_id)
    kind = NoticeKind(notice.kind)
    if kind == NoticeKind.NEEDS_PERSON:
        return absolute("console:run", notice.subject_id)
    if kind == NoticeKind.FAILED:
        return absolute("console:execution", notice.subject_id)
    return absolute(PAGES[kind])


def preferences() -> str:
    """The page on which a person says what they want to be told."""
    return absolute("console:notifications")
