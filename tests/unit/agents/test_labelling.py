"""An operator's labelled examples: kept once, recorded, and used from the next run on."""

from datetime import datetime
from unittest.mock import patch

import pytest

from apps.accounts.models import Workspace
from apps.agents import labelling, queries
from apps.agents.models import LabelledExample
from apps.agents.playbooks.refund_desk import sense as desk
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.audit.models import Event, Payload
from tests.factories import agents as make

pytestmark = pytest.mark.django_db
ODD = "The gizmo went all wibbly and sings the blues at night."


def add(workspace: Workspace, now: datetime, **fields: str) -> LabelledExample:
    """An example, damaged and English unless said."""
    given = {"intent": "damaged", "language": "en", "text": ODD, "by": "user:1", **fields}
    return labelling.add(workspace=workspace, now=now, **given)


def test_an_example_is_kept_and_recorded(workspace: Workspace, now: datetime) -> None:
    """With who added it; white space is joined."""
    example = add(workspace, now, text="  It  went\nwibbly. ")
    assert example.text == "It went wibbly."
    assert list(queries.labelled_examples(workspace.pk, "refund_desk")) == [example]
    event = Event.objects.get(kind="example.added")
    assert event.actor == "user:1"
    fields = Payload.objects.get(event_id=event.pk).fields
    assert fields == {"intent": "damaged", "language": "en", "text": "It went wibbly."}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"intent": "joy"}, "Choose what the customer wants"),
        ({"language": "tlh"}, "Choose the language"),
        ({"text": " "}, "3 to 500 characters"),
        ({"text": "x" * 501}, "this one 501"),
        ({"text": "a\0bc"}, "NUL"),
    ],
)
def test_what_cannot_be_an_example(
    workspace: Workspace, now: datetime, fields: dict[str, str], said: str
) -> None:
    """It says what would fit; nothing is kept and nothing recorded."""
    with pytest.raises(labelling.UnfitExample, match=said):
        add(workspace, now, **fields)
    assert not LabelledExample.objects.exists()
    assert not Event.objects.filter(kind="example.added").exists()


def test_a_text_means_one_thing(workspace: Workspace, elsewhere: Workspace, now: datetime) -> None:
    """In a workspace; another may see it otherwise."""
    add(workspace, now)
    with pytest.raises(labelling.UnfitExample, match="an example already, of “damaged”"):
        add(workspace, now, intent="late")
    add(elsewhere, now, intent="late")
    assert LabelledExample.objects.count() == 2


def test_there_is_a_limit(workspace: Workspace, now: datetime) -> None:
    """Reading does not grow without end."""
    with patch.object(labelling, "MOST", 1):
        add(workspace, now)
        with pytest.raises(labelling.UnfitExample, match="at most 1"):
            add(workspace, now, text="another one")


def test_removing_is_recorded_once(workspace: Workspace, now: datetime) -> None:
    """The second click finds nothing."""
    example = add(workspace, now)
    assert labelling.remove(example=example, by="user:2", now=now)
    example.pk = Event.objects.get(kind="example.added").subject_id
    assert not labelling.remove(example=example, by="user:2", now=now)
    assert Event.objects.filter(kind="example.removed").count() == 1


def test_an_example_is_read_by_from_the_next_run_on(
    workspace: Workspace, elsewhere: Workspace, now: datetime
) -> None:
    """It is what the message is most like; for the neighbour it is not there."""
    case = make.case(ODD)

    def read(where: Workspace) -> tuple[Intent, str]:
        [heard] = desk.listen([case], desk.own_examples(where))
        reading = desk.read_by_rules(heard)
        return reading.intent, reading.nearest[0]

    assert ODD not in read(workspace)[1]
    add(workspace, now)
    add(workspace, now, text="The gizmo has gone wibbly and sings all night.")
    intent, nearest = read(workspace)
    assert intent == Intent.DAMAGED
    assert ODD in nearest
    assert ODD not in read(elsewhere)[1]
