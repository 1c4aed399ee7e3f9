"""The page of labelled examples: who sees it, adding, removing, and what is refused."""

import pytest
from django.urls import reverse

from apps.agents import labelling
from apps.agents.models import LabelledExample

pytestmark = pytest.mark.django_db
PAGE = "/operations/examples/"
GIVEN = {"intent": "late", "language": "nl", "text": "Nog altijd niets in de bus."}


@pytest.fixture
def example(workspace, now) -> LabelledExample:
    """One the workspace has added."""
    return labelling.add(workspace=workspace, by="user:1", now=now, **GIVEN)


def post(client, address, **fields):
    """A form as a browser sends it."""
    client.get(PAGE)
    token = client.cookies["csrftoken"].value
    return client.post(address, {"csrfmiddlewaretoken": token, **fields})


def test_operators_add_and_remove(cast, browse, workspace):
    """The example is listed under its intent and language, and gone after."""
    otto = browse(cast.otto)
    assert post(otto, PAGE, **GIVEN).status_code == 302
    [kept] = LabelledExample.objects.all()
    assert kept.added_by == cast.otto.actor
    shown = otto.get(PAGE, {"intent": "late", "language": "nl"}).content.decode()
    assert GIVEN["text"] in shown
    assert "late, Dutch" in shown
    assert GIVEN["text"] not in otto.get(PAGE, {"intent": "cancel"}).content.decode()
    assert post(otto, reverse("console:remove-example", args=[kept.pk])).status_code == 302
    assert not LabelledExample.objects.exists()


def test_what_ships_is_shown_when_narrowed(cast, browse):
    """Intent and language chosen: the shipped ones are read there."""
    text = browse(cast.otto).get(PAGE, {"intent": "where", "language": "en"}).content.decode()
    assert "Where is my order?" in text


def test_a_refusal_keeps_what_was_typed(cast, browse, example):
    """It says why; nothing is lost."""
    answer = post(browse(cast.otto), PAGE, **(GIVEN | {"intent": "where"}))
    assert answer.status_code == 422
    assert "an example already" in answer.content.decode()
    assert GIVEN["text"] in answer.content.decode()


def test_reviewers_do_not(cast, browse, example):
    """Neither look nor act."""
    rita = browse(cast.rita)
    assert rita.get(PAGE).status_code == 403
    assert rita.post(PAGE, GIVEN).status_code == 403


def test_another_workspaces_examples_are_not_there(cast, browse, elsewhere, now):
    """Not shown and not to be removed."""
    foreign = labelling.add(workspace=elsewhere, by="user:9", now=now, **GIVEN)
    otto = browse(cast.otto)
    assert GIVEN["text"] not in otto.get(PAGE).content.decode()
    assert post(otto, reverse("console:remove-example", args=[foreign.pk])).status_code == 404
    assert LabelledExample.objects.filter(pk=foreign.pk).exists()
