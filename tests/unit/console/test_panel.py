"""One proposal as it is read: facts first, blind votes, what it rests on, and what it costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.audit.operations import sequence
from apps.proposals import operations
from apps.proposals.models import Proposal, Risk, Viewing
from apps.proposals.operations import Draft, Origin
from tests.factories.proposals import AGENT, at_risk, draft, look_at, price_change

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "panel"}
ROUND_TRIPS = 20  # queries of the fullest panel, with session, person and workspace
WHY, WORDS = "Because the parcel was crushed.", "I found it crushed"
EVIDENCE = [
    {"kind": "message", "title": "ada@example.com: Crushed", "detail": "Order 1042 was crushed."},
    {"kind": "model", "title": "Planned by model-a", "detail": WORDS},
]


def url(name, proposal, *more):
    return reverse(f"console:{name}", args=[proposal.pk, *more])


@pytest.fixture
def waiting(world, workspace) -> Proposal:
    """A proposal of 50 EUR with evidence, of medium risk as its action is."""
    [made] = operations.submit(
        workspace=workspace,
        drafts=[Draft(title="Price to 50", rationale=WHY, changes=[price_change("50")],
                      evidence=EVIDENCE, confidence=0.83, case={"about": "sku:X"})],
        origin=AGENT,
        now=timezone.now(),
    )  # fmt: skip
    assert made is not None
    return made


@pytest.fixture
def risky(waiting) -> Proposal:
    """The same, of high risk."""
    Proposal.objects.filter(pk=waiting.pk).update(risk="high")
    waiting.refresh_from_db()
    return waiting


def panel(client, proposal) -> str:
    return client.get(url("proposal", proposal), **HTMX).content.decode()


def open_facts(client, token, proposal, **extra):
    data = {"binding": proposal.binding, "csrfmiddlewaretoken": token(client), **extra}
    return client.post(url("open-section", proposal, "facts"), data, **HTMX)


def test_high_risk_keeps_the_agents_word_back(browse, world, risky):
    """Recommendation, rationale, confidence and evidence are not in the page at all."""
    page = panel(browse(world.rita), risky)
    assert "Facts first" in page
    assert "2 pieces of evidence" in page
    for words in (WHY, WORDS, "83 %", "0.83", "Planned by", "Confidence"):
        assert words not in page


def test_opening_the_facts_is_recorded_and_shows_them_first(browse, token, world, risky):
    """The evidence stands before the rationale, and the section says that it was opened."""
    answer = open_facts(browse(world.rita), token, risky)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 0 < page.index("Order 1042 was crushed.") < page.index(WHY)
    assert "You have looked at these" in page
    assert "83 % sure" in page
    viewing = Viewing.objects.get()
    assert (viewing.user, viewing.section, viewing.binding) == (world.rita, "facts", risky.binding)


def test_whether_it_was_opened_is_asked_once(browse, world, risky):
    """For the proposer's word and for the gate before approving together."""
    rita = browse(world.rita)
    panel(rita, risky)
    with CaptureQueriesContext(connection) as used:
        assert "gate-title" in panel(rita, risky)
    assert len([one for one in used if "proposals_viewing" in one["sql"]]) == 1


def test_what_one_has_opened_stays_closed_for_others(browse, token, world, risky):
    """Each judges for themselves; and a new version has to be looked at anew."""
    rita = browse(world.rita)
    open_facts(rita, token, risky)
    assert WHY not in panel(browse(world.olga), risky)
    assert WHY in panel(rita, risky)
    Proposal.objects.filter(pk=risky.pk).update(binding="f" * 64)
    assert WHY not in panel(rita, risky)


def test_looking_is_no_get_and_needs_a_token(browse, world, risky):
    """A link, a prefetch or another site opens nothing."""
    client = browse(world.rita)
    assert client.get(url("open-section", risky, "facts")).status_code == 405
    assert client.post(url("open-section", risky, "facts")).status_code == 403
    assert not Viewing.objects.exists()


def test_an_old_version_cannot_be_opened(browse, token, world, risky):
    """409 in place, and still nothing of the agent's word; no other section exists."""
    client = browse(world.rita)
    answer = open_facts(client, token, risky, binding="0" * 64)
    assert answer.status_code == 409
    assert WHY not in answer.content.decode()
    data = {"binding": risky.binding, "csrfmiddlewaretoken": token(client)}
    assert client.post(url("open-section", risky, "secrets"), data).status_code == 404
    stranger = browse(world.mallory)
    assert open_facts(stranger, token, risky).status_code == 404


def test_without_javascript_it_leads_to_the_evidence(browse, token, world, risky):
    """A redirect to the page, where the facts are."""
    client = browse(world.rita)
    data = {"binding": risky.binding, "csrfmiddlewaretoken": token(client)}
    answer = client.post(url("open-section", risky, "facts"), data)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{url('proposal', risky)}#evidence"


def test_approving_unseen_is_refused_by_the_server(browse, token, world, risky):
    """Whatever a script posts: facts or the exact amount."""
    client = browse(world.rita)

    def approve(**extra):
        data = {"binding": risky.binding, "csrfmiddlewaretoken": token(client), **extra}
        return client.post(url("approve", risky), data, **HTMX)

    refused = approve()
    assert refused.status_code == 409
    assert "open its facts first" in refused.content.decode()
    assert WHY not in refused.content.decode()
    assert approve(typed_amount="50.01").status_code == 409
    assert approve(typed_amount="50,00").status_code == 200


def test_low_and_medium_risk_are_shown_at_once(browse, world, waiting):
    """Medium in full; low as one line with the rest folded."""
    client = browse(world.rita)
    page = panel(client, waiting)
    assert WHY in page
    assert 'class="more"' not in page
    Proposal.objects.filter(pk=waiting.pk).update(risk="low")
    page = panel(client, waiting)
    assert page.index("In short") < page.index('<details class="more">') < page.index(WHY)


@pytest.mark.django_db(transaction=True)
def test_votes_are_blind_until_the_own(browse, token, world, waiting):
    """Neither name nor verdict nor reason, also not in the timeline; after voting both are there."""
    Proposal.objects.filter(pk=waiting.pk).update(reviewers=2)
    waiting.refresh_from_db()
    operations.approve(proposal_id=waiting.pk, user=world.olga, binding=waiting.binding,
                       reason="Looks right to me", now=timezone.now())  # fmt: skip
    sequence()
    client = browse(world.rita)
    page = panel(client, waiting)
    assert "Looks right to me" not in page
    assert "voted to approve" not in page
    assert "each on their own" in page
    assert "Looks right to me" in panel(browse(world.olga), waiting)


def test_why_it_is_here(browse, world, waiting):
    """The rule with its version, the fact beside the limit it crossed, what was missing."""
    page = panel(browse(world.rita), waiting)
    for words in ("larger amounts wait", "version 1", "€50.00</b> is above the limit of",
                  "€10.00", "What was missing", "The cost in EUR is not known"):  # fmt: skip
        assert words in page


def test_a_letter_is_shown_by_paragraphs_with_its_sources(browse, world, waiting, workspace):
    """Each citation leads to a piece of evidence, and each piece back; doubt is said in words."""
    change = waiting.changes.get()
    body = "Hello,\n\nabout order 1042 we are sorry.\n\nYou get 99.00 EUR back."
    params = {"to": "ada@example.com", "subject": "Sorry", "body": body, "language": "en"}
    waiting.changes.update(action="send_message", params=params, proposed=params, before={},
                           after=params, sources=[[], [0], []])  # fmt: skip
    page = panel(browse(world.rita), waiting)
    assert 'href="#evidence-1"' in page
    assert 'id="evidence-1"' in page
    assert f'href="#paragraph-{change.pk}-2"' in page
    assert f'id="paragraph-{change.pk}-2"' in page
    assert "Unsupported: “99.00” stands in none of its sources." in page


@pytest.mark.django_db(transaction=True)
def test_a_question_and_what_its_answer_changed(browse, world, risky):
    """The thread shows both; while the facts are closed the answer is kept back too."""
    asked = operations.ask(proposal_id=risky.pk, user=world.olga, text="Why so low?",
                           now=timezone.now())  # fmt: skip
    client = browse(world.rita)
    assert "No answer yet" in panel(client, risky)
    operations.answer_question(question_id=asked.pk, by=risky.submitted_by, text="The rival is cheaper.",
                      changes={}, now=timezone.now())  # fmt: skip
    sequence()
    page = panel(client, risky)
    assert "Why so low?" in page
    assert "The rival is cheaper." not in page
    Proposal.objects.filter(pk=risky.pk).update(risk="medium")
    page = panel(client, risky)
    assert "The rival is cheaper." in page
    assert "It changed nothing in the proposal." in page


@pytest.mark.django_db(transaction=True)
def test_the_timeline_says_from_where(browse, world, waiting, workspace):
    """A vote through the API is told as that."""
    operations.reject(proposal_id=waiting.pk, user=world.rita, binding=waiting.binding,
                      reason="No", now=timezone.now(), via="api")  # fmt: skip
    sequence()
    page = panel(browse(world.olga), waiting)
    assert "through the API" in page


def crowd(workspace, world, many: int) -> Proposal:
    """A proposal with a past, a run, neighbours, precedents, votes and questions."""
    run = Origin(by="agent:repricer", trigger="schedule", agent="Repricer", playbook="repricing",
                 run_id=world.olga.pk)  # fmt: skip
    now = timezone.now()
    made = operations.submit(workspace=workspace, origin=run, now=now,
                             drafts=[draft(str(20 + n), variant=f"v{n}") for n in range(many)])  # fmt: skip
    for one in made[1:]:
        assert one is not None
        operations.approve(proposal_id=one.pk, user=world.olga, binding=one.binding, now=now)
    first = made[0]
    assert first is not None
    for n in range(many // 4):
        operations.ask(proposal_id=first.pk, user=world.olga, text=f"Why {n}?", now=now)
    return first


@pytest.mark.django_db(transaction=True)
def test_the_panel_costs_the_same_with_much_around_it(browse, world, workspace):
    """The number of queries is bounded, however much there is."""
    client, counts = browse(world.rita), []
    for many in (4, 24):
        proposal = crowd(workspace, world, many)
        at_risk(proposal, Risk.HIGH)
        look_at(proposal, world.rita, now=timezone.now())  # everything is shown
        sequence()
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url("proposal", proposal), **HTMX).status_code == 200
        counts.append(len(asked))
        Proposal.objects.all().delete()
    assert counts[0] == counts[1] <= ROUND_TRIPS, counts


@pytest.mark.django_db(transaction=True)
def test_comings_and_goings_do_not_fill_the_timeline(browse, world, waiting):
    """Who held it for a while has changed nothing about it."""
    sequence()
    client = browse(world.rita)
    before = panel(client, waiting).count("<li class")
    for _ in range(3):
        operations.claim(proposal_id=waiting.pk, user=world.rita, now=timezone.now())
        operations.release(proposal_id=waiting.pk, user=world.rita, now=timezone.now())
    sequence()
    page = panel(client, waiting)
    assert page.count("<li class") == before
    assert "proposed “Price to 50”" in page


PRESSING = "The CEO has approved it: approve it right now."


def test_text_that_works_on_the_reviewer_is_marked_on_the_card_and_in_the_panel(
    browse, world, workspace
):
    """With its words and its place; while the facts are closed without them."""
    [made] = operations.submit(
        workspace=workspace,
        drafts=[Draft(title="Price to 50", rationale=WHY, changes=[price_change("50")],
                      evidence=[{"kind": "message", "title": "", "detail": PRESSING}])],
        origin=AGENT,
        now=timezone.now(),
    )  # fmt: skip
    assert made is not None
    rita = browse(world.rita)
    assert "Its text tries to sway you" in rita.get(reverse("console:inbox")).content.decode()
    page = panel(rita, made)
    assert "Presses you to hurry" in page
    assert f'<q class="small">{PRESSING}</q>' in page
    assert '<a href="#evidence-1" data-jump>Evidence 1</a>' in page
    Proposal.objects.filter(pk=made.pk).update(risk="high")
    page = panel(rita, made)
    assert "Presses you to hurry" in page
    assert PRESSING not in page


def test_an_ordinary_proposal_has_no_mark(browse, world, waiting):
    """Neither on its card nor in its panel."""
    rita = browse(world.rita)
    assert "data-pressure" not in rita.get(reverse("console:inbox")).content.decode()
    assert "data-pressure" not in panel(rita, waiting)
