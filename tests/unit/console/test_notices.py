"""The page of notices: one's own choices, the channels for operators, and links that only show."""

import re
from datetime import time, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.agents.models import Agent, Run
from apps.audit.models import Event
from apps.audit.operations import sequence
from apps.gateway.health import evolve
from apps.gateway.models import KillSwitch
from apps.gateway.switches import engage
from apps.notifications import operations
from apps.notifications.models import Channel, Notice, NoticeKind, Preference
from apps.policies import operations as policies
from apps.policies import publishing
from apps.proposals.models import Proposal, Review
from tests.conftest import LIMITS, RULES
from tests.factories.proposals import propose

pytestmark = pytest.mark.django_db
PAGE = "/preferences/notifications"
FORM = {"kinds": ["waiting", "stopped"], "by_mail": "1", "minimum_risk": "medium",
        "rhythm": "daily", "every_minutes": "15", "daily_at": "07:30", "quiet_from": "22:00",
        "quiet_until": "06:45", "time_zone": "Europe/Berlin", "escalations": "1"}  # fmt: skip


def post(client, token, address=PAGE, **data):
    return client.post(address, {"csrfmiddlewaretoken": token(client), **data})


def make_channel(workspace, **changes):
    given = {"name": "Team list", "kind": "mail", "address": "team@example.com", "secret": "",
             "kinds": ["waiting"]}  # fmt: skip
    return operations.configure_channel(
        workspace=workspace, by="test", now=timezone.now(), **(given | changes)
    )


def test_choices_are_kept_and_shown_again(browse, token, world, workspace):
    """All of them, in one go."""
    rita, channel = browse(world.rita), make_channel(workspace)
    answer = post(rita, token, **FORM, channels=[channel.pk])
    assert (answer.status_code, answer.url) == (302, f"{PAGE}?saved=1")
    kept = Preference.objects.get()
    assert (kept.user, kept.workspace) == (world.rita, workspace)
    assert (kept.kinds, kept.minimum_risk) == (["waiting", "stopped"], "medium")
    assert (kept.daily_at, kept.quiet_from, kept.quiet_until) == (
        time(7, 30), time(22), time(6, 45)
    )  # fmt: skip
    assert (kept.decidable_only, kept.pierces, kept.escalations) == (False, False, True)
    assert list(kept.channels.all()) == [channel]
    page = rita.get(f"{PAGE}?saved=1").content.decode()
    for part in ("Saved.", 'value="07:30"', "<option selected>Europe/Berlin</option>",
                 f'value="{channel.pk}" checked'):  # fmt: skip
        assert part in page, part


def test_what_is_wrong_is_said_where_it_is(browse, token, world):
    """Nothing is kept, and nothing has to be typed twice."""
    rita = browse(world.rita)
    wrong = FORM | {"every_minutes": "x", "quiet_until": "late", "time_zone": "Mars",
                    "channels": ["1"]}  # fmt: skip
    answer = post(rita, token, **wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    for words in ("Nothing was saved.", "Minutes: Write a number", "Write a time of day like 08:30",
                  "Choose a time zone", 'value="07:30"', 'aria-invalid="true"'):  # fmt: skip
        assert words in page, words
    assert not Preference.objects.exists()


def test_a_time_of_day_has_no_zone_of_its_own(browse, token, world):
    """It is refused where it is, not by the database."""
    answer = post(browse(world.rita), token, **(FORM | {"quiet_from": "22:00+02:00"}))
    assert answer.status_code == 422
    assert "Write a time of day like 08:30" in answer.content.decode()


def test_one_changes_only_ones_own(browse, token, world):
    """Whose it is comes from the session, not from the form."""
    post(browse(world.rita), token, **FORM, user=world.olga.pk)
    assert Preference.objects.get().user == world.rita


def test_a_test_is_sent_by_post_alone(browse, token, world, workspace):
    """And not twice in a moment; a GET does nothing."""
    rita, address = browse(world.rita), reverse("console:notice-test")
    assert rita.get(address).status_code == 405
    assert rita.post(address).status_code == 403  # without a token
    assert not Notice.objects.exists()
    assert post(rita, token, address).url == f"{PAGE}?saved=test"
    again = post(rita, token, address)
    assert again.status_code == 422
    assert b"Wait ten seconds" in again.content
    assert Notice.objects.get().recipient == world.rita


class TestChannels:
    def test_are_for_operators(self, browse, token, world, workspace):
        """Others see which they may choose, not how they stand."""
        channel = make_channel(workspace)
        Channel.objects.update(failures=3, last_error="It answers with status 500.",
                               last_error_at=timezone.now(), retry_at=timezone.now())  # fmt: skip
        address = reverse("console:channel-test", args=[channel.pk])
        page = browse(world.otto).get(PAGE).content.decode()
        for words in ("Failing", "status 500", "3 failures in a row", "Team list"):
            assert words in page, words
        rita = browse(world.rita)
        assert "Failing" not in rita.get(PAGE).content.decode()
        assert post(rita, token, address).status_code == 403
        assert post(browse(world.otto), token, address).status_code == 302
        assert Notice.objects.get().channel == channel

    def test_of_elsewhere_are_not_there(self, browse, token, world, workspace, elsewhere):
        """Neither to see, nor to choose, nor to test."""
        channel = make_channel(workspace)
        mallory = browse(world.mallory)
        assert "Team list" not in mallory.get(PAGE).content.decode()
        address = reverse("console:channel-test", args=[channel.pk])
        assert post(mallory, token, address).status_code == 404
        assert post(mallory, token, **FORM, channels=[channel.pk]).status_code == 422

    def test_never_show_a_secret(self, browse, world, workspace):
        """Neither a key, nor the address of a chat."""
        make_channel(workspace, name="chat", kind="slack", address="",
                     secret="https://hooks.slack.com/services/T0/B0/canary")  # fmt: skip
        page = browse(world.otto).get(PAGE).content.decode()
        assert "hooks.slack.com" in page
        assert "canary" not in page

    def test_what_could_not_be_sent_is_shown(self, browse, world, workspace):
        """With why."""
        Notice.objects.create(workspace=workspace, recipient=world.rita, kind="waiting", key="k",
                              due_at=timezone.now(), state="failed", error="550 No such mailbox",
                              created_at=timezone.now(), ended_at=timezone.now())  # fmt: skip
        page = browse(world.otto).get(PAGE).content.decode()
        assert "Could not be sent" in page
        assert "550 No such mailbox" in page


def test_the_page_costs_the_same_with_many_notices(
    browse, world, workspace, django_assert_max_num_queries
):
    """Queries do not grow with what was sent."""
    otto = browse(world.otto)
    otto.get(PAGE)
    with django_assert_max_num_queries(24) as few:
        otto.get(PAGE)
    moment = timezone.now()
    Notice.objects.bulk_create(
        Notice(workspace=workspace, recipient=world.otto, kind="test", key=str(number),
               due_at=moment, created_at=moment, state="failed", ended_at=moment)
        for number in range(200)
    )  # fmt: skip
    for number in range(20):
        make_channel(workspace, name=f"c{number}")
    with django_assert_max_num_queries(len(few.captured_queries) + 2):
        otto.get(PAGE)


@pytest.mark.django_db(transaction=True)
def test_following_every_link_of_every_notice_changes_nothing(
    browse, world, workspace, connector, settings
):
    """A stranger is asked to sign in, a member is shown a page; nobody has decided anything."""
    settings.CSRF_TRUSTED_ORIGINS = ["http://testserver"]
    now = timezone.now()
    links = send_one_of_each(world, workspace, connector, now)
    assert len(links) >= 4
    before = everything()
    stranger, member = Client(), browse(world.olga)
    for link in sorted(links):
        path = link.removeprefix("http://testserver")
        assert "?" not in path, "a link carries nothing but what to show"
        answer = stranger.get(path)
        assert answer.status_code == 302, path
        assert answer.url.startswith("/accounts/login/"), path
        assert member.get(path, follow=True).status_code == 200, path
        assert everything() == before, path


def send_one_of_each(world, workspace, connector, now) -> set[str]:
    """A mail of every kind of notice, and the links in all their forms."""
    proposal = propose(workspace, "100", now=now)
    engage(workspace=workspace, scope="workspace", target="", by="api", reason="x", now=now)
    for _ in range(5):
        evolve(connector, answered=False, error="x", now=now)
    ask_for_more(workspace, world.otto, now)
    sequence()
    operations.notify(now=now)
    Notice.objects.exclude(recipient=world.olga).delete()
    for kind in NoticeKind:
        Notice.objects.get_or_create(
            recipient=world.olga, kind=kind,
            defaults={"workspace": workspace, "key": f"k:{kind}", "proposal": proposal,
                      "due_at": now, "created_at": now},
        )  # fmt: skip
    Notice.objects.filter(kind="test").update(proposal=None)
    Notice.objects.filter(kind="run_failed").update(subject_id=failed_run(workspace, now).pk)
    Proposal.objects.update(due_at=now + timedelta(minutes=30), claimed_by=world.olga,
                            claimed_until=now + timedelta(hours=1))  # fmt: skip
    Notice.objects.update(due_at=now)
    operations.deliver(clock=lambda: now)
    texts = [told.body + told.alternatives[0].content for told in mail.outbox]
    assert sum(text.count("\n  http") for text in texts) >= len(NoticeKind) - 1
    return {link for text in texts for link in re.findall(r"http://testserver[^\s\"<]*", text)}


def ask_for_more(workspace, by, now) -> None:
    """A policy change that waits for a second person."""
    version = policies.draft(workspace=workspace, name="Guardrails", rules=RULES,
                             limits=LIMITS | {"auto_up_to": 25}, by=by.actor, now=now)  # fmt: skip
    assert publishing.submit(version=version, by=by.actor, now=now) is not None


def failed_run(workspace, now) -> Run:
    """A run nobody has tried again."""
    agent = Agent.objects.create(
        workspace=workspace, name="Repricer", playbook="repricing", created_at=now
    )
    return Run.objects.create(
        workspace=workspace, agent=agent, trigger="schedule", started_by="clock", not_before=now,
        started_at=now, finished_at=now, state="failed", error="x",
    )  # fmt: skip


def everything() -> tuple[object, ...]:
    """What a decision would change."""
    rows = Proposal.objects.values_list("state", "binding", "claimed_by", "snoozed_until")
    return (list(rows), Review.objects.count(), Event.objects.count(),
            list(KillSwitch.objects.values_list("released_at")))  # fmt: skip
