"""Claiming, skipping, snoozing, asking, answering and looking through the API."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey, Workspace
from apps.audit.models import Event, Payload
from apps.gateway.models import Connector
from apps.policies import operations as policies
from apps.policies import publishing
from apps.policies.models import Version
from apps.proposals.models import Proposal, Question, Review, Risk, Viewing
from tests.conftest import LIMITS, RULES, Cast
from tests.factories.keys import Caller, caller
from tests.factories.outside_agents import key_of, register
from tests.factories.proposals import at_risk, propose
from tests.unit.api.calls import body, problem, verdict

pytestmark = pytest.mark.usefixtures("connector", "policy")


@pytest.fixture
def olga(workspace: Workspace, cast: Cast, now: datetime) -> Caller:
    """Olga's key, with every scope."""
    return caller(workspace, cast.olga, now=now)


@pytest.fixture
def jun(workspace: Workspace, cast: Cast, now: datetime) -> Caller:
    """Jun's key, with every scope; 50 is above his authority."""
    return caller(workspace, cast.jun, now=now)


@pytest.fixture
def waiting(workspace: Workspace, connector: Connector, policy: Version) -> Proposal:
    """One that waits, by the clock the API goes by."""
    return propose(workspace, "50", now=timezone.now())


@pytest.fixture
def grave(workspace: Workspace, policy: Version, waiting: Proposal) -> Proposal:
    """One of high risk, under a policy that lets keys approve it."""
    limits = {**policy.limits, "keys_may_approve_high_risk": True}
    version = policies.draft(workspace=workspace, name="Guardrails", rules=policy.rules,
                             limits=limits, by="t", now=timezone.now())  # fmt: skip
    policies.publish(version=version, by="t", now=timezone.now())
    return at_risk(propose(workspace, "50", now=timezone.now()), Risk.HIGH)


def path(proposal: Proposal, *steps: str) -> str:
    """An address below the proposal's."""
    return "/".join([f"/proposals/{proposal.pk}", *steps])


def typed(caller: Caller, proposal: Proposal) -> dict[str, Any]:
    """An approval of what the caller sees now, with the amount typed."""
    return verdict(caller.get(path(proposal)).json(), typed_amount="50")


class TestClaims:
    def test_one_holds_it_and_others_read(
        self, rita: Caller, olga: Caller, waiting: Proposal
    ) -> None:
        """Claim, keep, release; 409 with the holder's name meanwhile."""
        claimed = rita.post(path(waiting, "claim"), {}).json()
        assert claimed["claimed_by"] == "Rita"
        seen = olga.get(path(waiting)).json()
        assert seen["claimed_until"] == claimed["claimed_until"]
        for where, what in (("claim", {}), ("reviews", verdict(seen))):
            refused = problem(olga.post(path(waiting, where), what), 409)
            assert refused["type"] == "urn:aios:problem:claimed"
            assert "Rita is deciding this" in refused["detail"]
        assert olga.post(path(waiting, "claim", "keep"), {}).json() == {"kept": False}
        assert rita.post(path(waiting, "claim", "keep"), {}).json() == {"kept": True}
        assert rita.post(path(waiting, "claim", "release"), {}).json() == {"released": True}
        assert rita.post(path(waiting, "claim", "release"), {}).json() == {"released": False}
        assert olga.post(path(waiting, "reviews"), verdict(seen)).json()["state"] == "approved"

    def test_who_may_not(self, jun: Caller, mallory: Caller, waiting: Proposal) -> None:
        """403 above one's authority, 404 from elsewhere, 422 with a body nobody reads."""
        problem(jun.post(path(waiting, "claim"), {}), 403)
        problem(mallory.post(path(waiting, "claim"), {}), 404)
        problem(jun.post(path(waiting, "claim"), {"for": "ever"}), 422)


class TestLater:
    def test_skip_snooze_wake(self, rita: Caller, waiting: Proposal) -> None:
        """Each answers with the proposal as it is then."""
        assert rita.post(path(waiting, "skip"), {}).json()["state"] == "waiting"
        until = (timezone.now() + timedelta(hours=2)).replace(microsecond=0)
        asleep = rita.post(path(waiting, "snooze"), {"until": until.isoformat()}).json()
        assert asleep["snoozed_until"] == until.isoformat().replace("+00:00", "Z")
        assert rita.post(path(waiting, "wake"), {}).json()["snoozed_until"] is None

    def test_times_that_do_not_fit(self, rita: Caller, waiting: Proposal) -> None:
        """422 that names the field: what has passed, what has no zone, what is too late."""
        for until in ("2020-01-01T00:00:00Z", "2126-01-01T00:00:00Z", "tomorrow"):
            refused = problem(rita.post(path(waiting, "snooze"), {"until": until}), 422)
            assert "until" in str(refused["errors"])
        problem(rita.post(path(waiting, "snooze"), {"until": "2026-01-01T00:00:00"}), 422)


class TestQuestions:
    def test_the_key_that_submitted_answers(self, otto: Caller, rita: Caller, olga: Caller) -> None:
        """With other parameters: a new revision that says what changed, with the question."""
        made = otto.post("/proposals", body("50")).json()
        address = f"/proposals/{made['id']}"
        asked = rita.post(f"{address}/questions", {"text": "Why not 55?"})
        assert asked.status_code == 201
        [question] = asked.json()["questions"]
        assert (question["asked_by"], question["answered_at"]) == ("Rita", None)
        change = made["changes"][0]["id"]
        reply = {"question_id": question["id"], "text": "True.",
                 "changes": {change: {"amount": "55"}}}  # fmt: skip
        problem(olga.post(f"{address}/answers", reply), 403)
        answered = otto.post(f"{address}/answers", reply).json()
        assert (answered["revision"], answered["state"]) == (2, "waiting")
        assert answered["returned"][0]["after"] == "55.00"
        assert answered["questions"][0]["answer"] == "True."
        assert answered["questions"][0]["changed"] == answered["returned"]
        again = problem(otto.post(f"{address}/answers", reply), 409)
        assert again["type"] == "urn:aios:problem:answered"

    def test_an_agent_answers_with_any_of_its_keys(
        self, rita: Caller, otto: Caller, workspace: Workspace, cast: Cast
    ) -> None:
        """Not with one of another agent of the same owner, nor of the owner."""
        now = timezone.now()
        robot, other = (
            register(workspace, cast.otto, name=name, now=now) for name in ("Robot", "Other")
        )
        first, second, foreign = (key_of(one, now=now) for one in (robot, robot, other))
        made = first.post("/proposals", body("50")).json()
        address = f"/proposals/{made['id']}"
        [question] = rita.post(f"{address}/questions", {"text": "Why?"}).json()["questions"]
        reply = {"question_id": question["id"], "text": "So."}
        for strange in (foreign, otto):
            problem(strange.post(f"{address}/answers", reply), 403)
        [answered] = second.post(f"{address}/answers", reply).json()["questions"]
        assert answered["answer"] == "So."
        used = ApiKey.objects.filter(agent=robot).latest("pk")
        assert Question.objects.get().answered_by == used.actor

    def test_answers_that_do_not_fit(self, otto: Caller, rita: Caller, waiting: Proposal) -> None:
        """Another proposal's question is 404, its change 422, a denied one 409."""
        made = otto.post("/proposals", body("50")).json()
        address = f"/proposals/{made['id']}"
        rita.post(path(waiting, "questions"), {"text": "Why?"})
        foreign = waiting.questions.get()
        problem(
            otto.post(f"{address}/answers", {"question_id": str(foreign.pk), "text": "So."}), 404
        )
        problem(otto.post(f"{address}/answers", {"question_id": str(uuid4()), "text": "So."}), 404)
        question = rita.post(f"{address}/questions", {"text": "Why?"}).json()["questions"][0]["id"]
        other = str(waiting.changes.get().pk)
        strange = {"question_id": question, "text": "So.", "changes": {other: {"amount": "1"}}}
        assert problem(otto.post(f"{address}/answers", strange), 422)["errors"] == [
            {"pointer": f"#/changes/{other}", "detail": "Not a change of this proposal."}
        ]
        denied = {**strange, "changes": {made["changes"][0]["id"]: {"amount": "5000"}}}
        refused = problem(otto.post(f"{address}/answers", denied), 409)
        assert refused["type"] == "urn:aios:problem:denied-by-policy"
        problem(rita.post(f"{address}/questions", {"text": "  "}), 422)


class TestHighRisk:
    def test_a_key_has_not_signed_in(self, rita: Caller, waiting: Proposal) -> None:
        """Whatever it opens and types, its person has to come; it may reject."""
        at_risk(waiting, Risk.HIGH)
        seen = rita.get(path(waiting)).json()
        rita.post(path(waiting, "sections", "facts"), {"binding": seen["binding"]})
        for more in ({}, {"typed_amount": "50"}):
            refused = problem(rita.post(path(waiting, "reviews"), verdict(seen, **more)), 403)
            assert refused["type"] == "urn:aios:problem:sign-in-needed"
        assert not Review.objects.exists()
        no = {**verdict(seen), "verdict": "reject", "reason": "Too much."}
        assert rita.post(path(waiting, "reviews"), no).json()["state"] == "rejected"

    def test_what_lets_a_key_stands_with_the_vote(self, rita: Caller, grave: Proposal) -> None:
        """In the row, in the answer and in the log."""
        seen = rita.get(path(grave)).json()
        typed = verdict(seen, typed_amount="50")
        [told] = rita.post(path(grave, "reviews"), typed).json()["reviews"]
        key = ApiKey.objects.get()
        assert (told["key"], told["key_allowed_by"]) == (key.prefix, "Guardrails v2")
        event = Event.objects.get(kind="review.recorded")
        fields = Payload.objects.get(event_id=event.pk).fields
        assert event.actor == key.user.actor
        assert (fields["key"], fields["key_allowed_by"]) == (key.prefix, "Guardrails v2")

    def test_a_hundred_scripted_approvals(self, rita: Caller, grave: Proposal) -> None:
        """0 accepted without a look, by whatever body; the control with one is accepted."""
        seen = rita.get(path(grave)).json()
        tricks: list[dict[str, Any]] = [
            {}, {"reason": "looked"}, {"typed_amount": ""}, {"typed_amount": "0"},
            {"typed_amount": "5000"}, {"typed_amount": "50 USD"}, {"viewed": True},
            {"section": "facts"}, {"typed_amount": True}, {"edits": {}},
        ]  # fmt: skip
        answers = [
            rita.post(path(grave, "reviews"), verdict(seen, **tricks[n % len(tricks)]))
            for n in range(100)
        ]
        assert {answer.status_code for answer in answers} == {409, 422}
        assert not Review.objects.exists()
        opened = rita.post(path(grave, "sections", "facts"), {"binding": seen["binding"]}).json()
        assert opened["changes"][0]["fields"] == seen["changes"][0]["fields"]
        assert opened["evidence"] == seen["evidence"]
        accepted = rita.post(path(grave, "reviews"), verdict(seen))
        assert accepted.json()["state"] == "approved"

    def test_the_amount_typed(self, rita: Caller, grave: Proposal) -> None:
        """Is as good as the look."""
        seen = rita.get(path(grave)).json()
        refused = problem(rita.post(path(grave, "reviews"), verdict(seen)), 409)
        assert refused["type"] == "urn:aios:problem:not-looked"
        typed = verdict(seen, typed_amount="50,00 EUR")
        assert rita.post(path(grave, "reviews"), typed).json()["state"] == "approved"

    def test_a_version_published_meanwhile_lends_its_permission_to_no_other(
        self, rita: Caller, cast: Cast, workspace: Workspace, connector: Connector
    ) -> None:
        """An older policy that lets keys comes to say the same, which needs no second person.

        The proposal waits under a policy that does not let keys, and is decided on anew.
        """
        narrow = {"name": "few", "when": "amount == 7.0", "outcome": "review", "reason": "Few."}
        wide = narrow | {"name": "wide", "when": "has_amount"}
        lets = LIMITS | {"keys_may_approve_high_risk": True}

        def saved(name: str, rules: Any, limits: Any) -> Version:
            return policies.draft(workspace=workspace, name=name, rules=rules, limits=limits,
                                  by=cast.otto.actor, now=now)  # fmt: skip

        now = timezone.now()
        policies.publish(version=saved("Guardrails", [narrow], lets), by="t", now=now)
        policies.publish(version=saved("Newer", RULES, LIMITS), by="t", now=now)
        grave = at_risk(propose(workspace, "50", now=now), Risk.HIGH)
        more = saved("Guardrails", [narrow, wide], lets)
        assert publishing.submit(version=more, by=cast.otto.actor, now=now) is None
        problem(rita.post(path(grave, "reviews"), typed(rita, grave)), 409)  # policy has changed
        grave = at_risk(grave, Risk.HIGH)
        refused = problem(rita.post(path(grave, "reviews"), typed(rita, grave)), 403)
        assert refused["type"] == "urn:aios:problem:sign-in-needed"
        assert not Review.objects.exists()

    def test_sections_that_are_none(self, rita: Caller, mallory: Caller, waiting: Proposal) -> None:
        """Unknown ones, other bindings, other workspaces: nothing is noted."""
        binding = {"binding": waiting.binding}
        problem(rita.post(path(waiting, "sections", "secrets"), binding), 422)
        problem(rita.post(path(waiting, "sections", "facts"), {"binding": "0" * 64}), 409)
        problem(mallory.post(path(waiting, "sections", "facts"), binding), 404)
        assert not Viewing.objects.exists()


def test_votes_are_blind(
    rita: Caller, olga: Caller, jun: Caller, workspace: Workspace, policy: Version, now: datetime
) -> None:
    """Who has not voted sees nobody's vote, and how many are needed, not how many are left."""
    rules = [
        {**rule, "reviewers": 2} if rule["outcome"] == "review" else rule for rule in policy.rules
    ]
    version = policies.draft(workspace=workspace, name="Guardrails", rules=rules,
                             limits=policy.limits, by="t", now=now)  # fmt: skip
    policies.publish(version=version, by="t", now=now)
    proposal = propose(workspace, "50", now=timezone.now())
    seen = rita.get(path(proposal)).json()
    voted = rita.post(path(proposal, "reviews"), verdict(seen, reason="I am sure.")).json()
    assert (len(voted["reviews"]), voted["approvals_left"]) == (1, 1)
    for key in (olga, jun):
        answer = key.get(path(proposal))
        assert (answer.json()["reviews"], answer.json()["approvals_left"]) == ([], 2)
        assert "I am sure." not in answer.content.decode()
    decided = olga.post(path(proposal, "reviews"), verdict(seen)).json()
    assert len(decided["reviews"]) == 2
    assert len(jun.get(path(proposal)).json()["reviews"]) == 2


class TestTogether:
    def test_similar_ones(self, rita: Caller, workspace: Workspace) -> None:
        """Each with its own result."""
        made = [at_risk(propose(workspace, "12", now=timezone.now()), Risk.LOW) for _ in range(3)]
        bindings = {str(one.pk): one.binding for one in made}
        bindings[str(made[0].pk)] = "0" * 64
        refused = problem(rita.post("/proposals/approvals", {"bindings": bindings}), 422)
        assert refused["type"] == "urn:aios:problem:not-in-bulk"
        pointers = {error["pointer"] for error in refused["errors"]}
        assert pointers == {f"#/bindings/{one.pk}" for one in made[1:]}
        for one in made[1:]:
            rita.post(path(one, "sections", "changes"), {"binding": one.binding})
        results = rita.post("/proposals/approvals", {"bindings": bindings}).json()["results"]
        assert [result["approved"] for result in results] == [False, True, True]
        assert "not what you saw" in results[0]["problem"]

    def test_high_risk_by_hand(self, rita: Caller, workspace: Workspace) -> None:
        """422 with the place of each; nothing is approved."""
        made = [at_risk(propose(workspace, "12", now=timezone.now()), Risk.HIGH) for _ in range(2)]
        bindings = {str(one.pk): one.binding for one in made}
        refused = problem(rita.post("/proposals/approvals", {"bindings": bindings}), 422)
        assert refused["type"] == "urn:aios:problem:not-in-bulk"
        pointers = {error["pointer"] for error in refused["errors"]}
        assert pointers == {f"#/bindings/{one.pk}" for one in made}
        assert not Review.objects.exists()

    def test_of_another_workspace(
        self, mallory: Caller, workspace: Workspace, elsewhere: Workspace
    ) -> None:
        """They are unknown there."""
        proposal = at_risk(propose(workspace, "12", now=timezone.now()), Risk.LOW)
        answer = mallory.post(
            "/proposals/approvals", {"bindings": {str(proposal.pk): proposal.binding}}
        )
        assert "not here" in problem(answer, 422)["errors"][0]["detail"]
