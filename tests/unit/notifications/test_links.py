"""Addresses in notices: absolute, and only ever of a page."""

from uuid import uuid4

import pytest

from apps.console.views.workspace_redirect import find_page
from apps.notifications import links
from apps.notifications.models import Notice, NoticeKind


def test_they_begin_where_people_reach_the_installation(settings):
    """What is set, else the first origin it trusts, else this machine."""
    settings.CSRF_TRUSTED_ORIGINS = []
    here = uuid4()
    told = f"http://127.0.0.1:8000/in/{here}/preferences/notifications"
    assert links.preferences(here) == told
    settings.CSRF_TRUSTED_ORIGINS = ["https://aios.example", "https://other.example"]
    assert links.public_url() == "https://aios.example"
    settings.PUBLIC_URL = "https://told.example"
    assert links.public_url() == "https://told.example"


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_leads_somewhere(kind, settings):
    """To a page that exists, with no query and nothing that decides."""
    settings.CSRF_TRUSTED_ORIGINS = ["https://aios.example"]
    row = "0197a000-0000-7000-8000-000000000000"
    for proposal_id in (None, row):
        if proposal_id is None and kind in (
            "waiting",
            "returned",
            "answered",
            "due",
            "overdue",
            "claimed",
        ):
            continue  # these are always about a proposal
        notice = Notice(
            kind=kind, proposal_id=proposal_id, subject_id=row, workspace_id=uuid4()
        )  # fmt: skip
        address = links.page_of(notice)
        assert address.startswith(f"https://aios.example/in/{notice.workspace_id}/")
        assert find_page(address.partition(f"{notice.workspace_id}/")[2])
        assert not set("?#") & set(address)
