"""From the outbox to the world: sent once, tried again, given up in sight, dropped when moot."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts import operations as accounts
from apps.accounts.models import Authority, Membership
from apps.agents import loop
from apps.agents import operations as agents
from apps.agents.models import Agent, Run
from apps.audit.events.runs import RunFailed
from apps.audit.models import Event, Payload
from apps.gateway.switches import engage, release
from apps.notifications import operations
from apps.notifications.models import Notice
from apps.proposals import operations as proposals
from apps.proposals.models import Proposal
from tests.factories.proposals import propose
from tests.unit.notifications.conftest import SECRET, deliver, read, states, waiting

pytestmark = pytest.mark.django_db(transaction=True)


class TestMail:
    def test_says_what_waits_with_a_link(self, only_rita, workspace, mailbox, now, settings):
        """To their own address, with text and HTML, and nothing that decides."""
        settings.CSRF_TRUSTED_ORIGINS = ["https://aios.example"]
        proposal = propose(workspace, "100", now=now)
        waiting(now)
        assert deliver(now) == 1
        [told] = mailbox.mails
        assert told["To"] == only_rita.email
        assert told["Subject"] == "[AIOS] Waits for you: Price to 100"
        assert told["Auto-Submitted"] == "auto-generated"
        text = told.get_body(("plain",)).get_content()
        page = told.get_body(("html",)).get_content()
        link = f"https://aios.example/in/{proposal.workspace_id}/proposals/{proposal.pk}/"
        assert link in text
        assert f'href="{link}"' in page
        assert "€100.00" in text
        assert proposal.rationale not in text + page
        assert proposal.binding not in text + page
        assert states() == {"sent": 1}

    def test_gathers_what_is_due_together(self, only_rita, workspace, mailbox, now):
        """One mail for five, and each is counted as sent."""
        for _ in range(5):
            propose(workspace, "100", now=now)
        waiting(now)
        assert deliver(now) == 1
        assert mailbox.mails[0]["Subject"] == "[AIOS] 5 notices from Alpine Shop"
        assert states() == {"sent": 5}

    def test_a_digest_is_one_mail_however_much_there_is(self, only_rita, workspace, mailbox, now):
        """Of 120 proposals twenty are named; what each says costs no statement of its own."""
        for _ in range(3):
            propose(workspace, "100", now=now)
        waiting(now)
        with CaptureQueriesContext(connection) as few:
            deliver(now)
        for _ in range(120):
            propose(workspace, "100", now=now)
        waiting(now)
        with CaptureQueriesContext(connection) as many:
            assert deliver(now) == 1
        assert mailbox.mails[-1]["Subject"] == "[AIOS] 120 notices from Alpine Shop"
        assert "And 100 more." in mailbox.mails[-1].get_body(("plain",)).get_content()
        assert states() == {"sent": 123}
        assert len(many) == len(few)

    def test_keeps_its_id_when_it_is_tried_again(self, only_rita, workspace, mailbox, now):
        """What was gathered stays together: nothing that came later joins a retry."""
        propose(workspace, "100", now=now)
        waiting(now)
        mailbox.refusal = "451 4.3.0 Later"
        assert deliver(now) == 1
        assert states() == {"queued": 1}
        mailbox.refusal = ""
        propose(workspace, "100", now=now)
        waiting(now)
        again = now + timedelta(minutes=1)
        head = Notice.objects.order_by("pk").first()
        assert deliver(again) == 2
        ids = [told["Message-ID"] for told in mailbox.mails]
        assert f"<notice_{head.pk.hex}@localhost>" in ids
        assert len(set(ids)) == 2
        assert states() == {"sent": 2}

    def test_a_no_for_good_is_shown(self, only_rita, workspace, mailbox, now):
        """Failed at once, with an event; nothing is tried again."""
        propose(workspace, "100", now=now)
        waiting(now)
        mailbox.refusal = "550 5.1.1 No such mailbox"
        deliver(now)
        assert states() == {"failed": 1}
        event = Event.objects.get(kind="notice.failed")
        assert "550" in Payload.objects.get(event_id=event.pk).fields["error"]
        assert deliver(now + timedelta(days=1)) == 0

    def test_a_server_that_is_down_is_asked_once_a_call(self, world, workspace, now, settings):
        """Not once for each of many people."""
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        propose(workspace, "15", now=now)
        waiting(now)
        assert Notice.objects.count() == 3
        later = now + timedelta(minutes=5)
        assert deliver(later) == 1
        assert states() == {"queued": 3}


class TestAWebhook:
    def test_is_signed_over_its_very_bytes(self, world, workspace, channel, receiver, now):
        """Id, time and signature as the specification has them; the secret stays here."""
        made = channel(kinds=["waiting"])
        proposal = propose(workspace, "100", now=now)
        read(now)
        deliver(now)
        [(headers, body)] = receiver.requests
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = b64decode(SECRET.removeprefix("whsec_"))
        expected = b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert headers["webhook-timestamp"] == str(int(now.timestamp()))
        told = json.loads(body)
        assert told["type"] == "notice.waiting"
        assert told["data"]["subject"] == str(proposal.pk)
        assert SECRET not in body.decode() + str(headers)
        made.refresh_from_db()
        assert (made.last_success_at, made.failures) == (now, 0)

    def test_that_is_down_and_back_loses_nothing(self, world, workspace, channel, receiver, now):
        """The same id on every try, left alone meanwhile, and then all of them in order."""
        made = channel(kinds=["waiting"])
        for _ in range(4):
            propose(workspace, "100", now=now)
        read(now)
        Notice.objects.exclude(channel=made).delete()
        receiver.status = 503
        assert deliver(now) == 1  # the others wait, too
        made.refresh_from_db()
        assert made.failures == 1
        assert "503" in made.last_error
        assert made.retry_at > now
        receiver.status = 204
        assert deliver(made.retry_at) == 4
        ids = [headers["webhook-id"] for headers, _ in receiver.requests]
        assert (len(ids), len(set(ids))) == (5, 4)
        assert states() == {"sent": 4}

    def test_comes_again_when_it_is_asked_to(self, world, workspace, channel, receiver, now):
        """Retry-After, within reason."""
        made = channel(kinds=["waiting"])
        propose(workspace, "100", now=now)
        read(now)
        receiver.status, receiver.headers = 429, {"Retry-After": "90"}
        deliver(now)
        made.refresh_from_db()
        assert made.retry_at == now + timedelta(seconds=90)

    def test_signs_with_both_secrets_for_a_day(self, world, workspace, channel, receiver, now):
        """Then with the new one alone."""
        newer = "whsec_" + b64encode(b"n" * 32).decode()
        channel(kinds=["waiting"])
        channel(kinds=["waiting"], secret=newer)
        for at in (now, now + timedelta(hours=25)):
            propose(workspace, "100", now=at)
            read(at)
            deliver(at)
        signatures = [headers["webhook-signature"].split() for headers, _ in receiver.requests]
        assert [len(one) for one in signatures] == [2, 1]

    def test_that_is_gone_is_switched_off(self, world, workspace, channel, receiver, now):
        """As the specification asks, with an event; what it could not take is shown."""
        made = channel(kinds=["waiting"])
        propose(workspace, "100", now=now)
        read(now)
        receiver.status = 410
        deliver(now)
        made.refresh_from_db()
        assert not made.enabled
        event = Event.objects.filter(kind="channel.changed").latest("id")
        assert Payload.objects.get(event_id=event.pk).fields["after"] == {"enabled": False}
        assert Notice.objects.filter(channel=made, state="failed").count() == 1

    def test_a_redirect_is_not_followed(self, world, workspace, channel, receiver, now):
        """It is tried again, and shown."""
        made = channel(kinds=["waiting"])
        propose(workspace, "100", now=now)
        read(now)
        receiver.status, receiver.headers = 302, {"Location": receiver.url}
        deliver(now)
        made.refresh_from_db()
        assert "redirects" in made.last_error
        assert len(receiver.requests) == 1

    def test_that_is_slow_holds_up_nobody_else(
        self, only_rita, workspace, channel, receiver, mailbox, now
    ):
        """It takes nine seconds for each: between two of them it is the others' turn."""
        made = channel(kinds=["waiting"])
        for _ in range(3):
            propose(workspace, "100", now=now)
        read(now)
        Notice.objects.exclude(channel=made).delete()
        propose(workspace, "100", now=now + timedelta(seconds=1))
        waiting(now + timedelta(seconds=1))

        def clock():
            return now + timedelta(seconds=2 + 9 * len(receiver.requests))

        for _ in range(2):
            operations.deliver(clock=clock)
        assert (len(receiver.requests), len(mailbox.mails)) == (1, 1)
        later = now + timedelta(minutes=1)
        assert deliver(later) == 3
        assert len(receiver.requests) == 4
        made.refresh_from_db()
        assert (made.failures, made.retry_at) == (0, None)


class TestAChat:
    def test_gets_text_and_blocks(self, world, workspace, channel, receiver, now):
        """At the address that is its secret, which no error and no row tells."""
        made = channel("slack", kinds=["waiting"])
        propose(workspace, "100", now=now)
        propose(workspace, "200", now=now)
        read(now)
        receiver.status = 500
        deliver(now)
        made.refresh_from_db()
        assert "canary" not in made.last_error + made.address
        receiver.status = 200
        deliver(made.retry_at)
        _, body = receiver.requests[-1]
        told = json.loads(body)
        assert told["text"] == "2 notices from Alpine Shop"
        assert len(told["blocks"]) == 3
        assert "Waits for a reviewer" in told["blocks"][1]["text"]["text"]

    def test_gets_a_persons_own_in_their_name(
        self, world, workspace, choose, channel, receiver, now
    ):
        """So that others know whom it is for."""
        for user in (world.olga, world.otto, world.jun):
            choose(user, by_mail=False)
        choose(world.rita, channel("slack"), by_mail=False)
        propose(workspace, "100", now=now)
        waiting(now)
        deliver(now)
        [(_, body)] = receiver.requests
        assert json.loads(body)["blocks"][0]["text"]["text"].startswith("For Rita: ")


class TestWhatIsMootIsDropped:
    def sent_after(self, now):
        """What goes out now: the subjects of the mails."""
        mail.outbox.clear()
        deliver(now)
        return [told.subject for told in mail.outbox]

    def test_decided_meanwhile(self, only_rita, world, workspace, now):
        """Olga was faster."""
        proposal = propose(workspace, "100", now=now)
        waiting(now)
        proposals.reject(proposal_id=proposal.pk, user=world.olga, binding=proposal.binding,
                         reason="No.", now=now)  # fmt: skip
        assert self.sent_after(now) == []
        assert states() == {"dropped": 1}

    def test_only_some_of_them(self, only_rita, world, workspace, now):
        """The others go out without it, also if it was the first."""
        first, _ = propose(workspace, "100", now=now), propose(workspace, "200", now=now)
        waiting(now)
        proposals.reject(proposal_id=first.pk, user=world.olga, binding=first.binding,
                         reason="No.", now=now)  # fmt: skip
        assert self.sent_after(now) == ["[AIOS] Waits for you: Price to 200"]
        assert states() == {"dropped": 1, "sent": 1}

    def test_no_longer_a_member_or_allowed(self, only_rita, world, workspace, now):
        """Nobody is told what they may not see any more."""
        propose(workspace, "100", now=now)
        waiting(now)
        place = Membership.objects.get(user=only_rita)
        accounts.remove_member(membership=place, by="test", now=now)
        assert self.sent_after(now) == []

    def test_no_authority_for_it_any_more(self, world, workspace, choose, now):
        """Late, and no longer for her to decide; an owner is told whatever they may decide."""
        choose(world.rita)
        choose(world.olga)
        late = propose(workspace, "100", now=now).due_at
        proposals.escalate(now=late)
        read(late)
        Notice.objects.exclude(kind="overdue").delete()
        for authority in Authority.objects.all():
            for user in (world.rita, world.olga):
                accounts.withdraw(authority=authority, user=user, by="test", now=now)
        mail.outbox.clear()
        deliver(late + timedelta(hours=1))
        assert {told.to[0] for told in mail.outbox} == {world.olga.email}

    def test_no_longer_an_operator(self, world, workspace, choose, now):
        """What is for those who operate is not for who did so when it happened."""
        choose(world.otto)
        choose(world.olga)
        engage(workspace=workspace, scope="workspace", target="", by="api", reason="x", now=now)
        read(now)
        accounts.add_member(workspace=workspace, user=world.otto, role="reviewer", by="test",
                            now=now)  # fmt: skip
        mail.outbox.clear()
        deliver(now)
        assert {told.to[0] for told in mail.outbox} == {world.olga.email}

    def test_unwanted_since(self, only_rita, workspace, choose, now):
        """The person has changed their mind."""
        propose(workspace, "100", now=now)
        waiting(now)
        choose(only_rita, kinds=["failed"])
        assert self.sent_after(now) == []
        assert states() == {"dropped": 1}

    def test_a_stop_that_was_released(self, world, workspace, now):
        """And one that stands is told."""
        switch = engage(workspace=workspace, scope="workspace", target="", by="api", reason="x",
                        now=now)  # fmt: skip
        read(now)
        assert len(self.sent_after(now)) == 2
        engage(
            workspace=workspace, scope="action", target="set_price", by="api", reason="y", now=now
        )
        release(switch=switch, by="api", now=now)
        read(now)
        for one in Notice.objects.filter(state="queued"):
            Notice.objects.filter(pk=one.pk).update(subject_id=str(switch.pk))
        assert self.sent_after(now) == []

    def test_a_run_that_was_tried_again(self, world, workspace, now):
        """Whoever would have looked at it has."""
        agent = Agent.objects.create(
            workspace=workspace, name="Desk", playbook="refund_desk", created_at=now
        )
        run = Run.objects.create(workspace=workspace, agent=agent, trigger="schedule",
                                 state="failed", started_by="clock", not_before=now,
                                 started_at=now, finished_at=now)  # fmt: skip
        with transaction.atomic():
            loop.record_of_run(run, RunFailed(stage="plan", error=""), now=now)
        read(now)
        agents.retry(run_id=run.pk, by=world.otto.actor, now=now)
        assert self.sent_after(now + timedelta(hours=1)) == []
        assert states() == {"dropped": 2}

    def test_a_claim_that_was_given_up(self, only_rita, workspace, now):
        """Held no longer, or taken anew since: only the latest claim counts."""
        proposal = propose(workspace, "100", now=now)
        read(now)
        Notice.objects.all().delete()
        proposals.claim(proposal_id=proposal.pk, user=only_rita, now=now)
        proposals.release(proposal_id=proposal.pk, user=only_rita, now=now)
        again = now + timedelta(minutes=10)
        proposals.claim(proposal_id=proposal.pk, user=only_rita, now=again)
        read(again)
        Proposal.objects.update(claimed_until=now + timedelta(hours=1))
        assert self.sent_after(now + timedelta(minutes=16)) == []
        assert self.sent_after(now + timedelta(minutes=26)) == [
            "[AIOS] You still hold this: Price to 100"
        ]

    def test_a_channel_that_was_switched_off(self, world, workspace, channel, receiver, now):
        """Nothing is sent there."""
        channel(kinds=["waiting"])
        propose(workspace, "100", now=now)
        read(now)
        channel(kinds=["waiting"], enabled=False)
        deliver(now)
        assert receiver.requests == []
