"""Events have typed payloads: one class a kind, written by the product."""

import ast
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from apps.audit.event import Event
from apps.audit.events import EVENTS
from apps.audit.events.people import KeyCreated
from apps.audit.events.proposals import ProposalSettled
from apps.audit.kinds import Kind
from apps.audit.models import Event as Row

ROOT = Path(__file__).resolve().parents[3]


def named_in_the_product() -> set[str]:
    """Every name that code of the product uses, but where events are defined."""
    found: set[str] = set()
    for path in [*ROOT.glob("apps/**/*.py"), *ROOT.glob("aios/**/*.py")]:
        if path.parent != ROOT / "apps/audit/events":
            tree = ast.parse(path.read_text())
            found |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found


def test_every_kind_has_its_class():
    """And no class is of a kind that nobody could look up."""
    assert set(EVENTS) == set(Kind)


def test_every_event_is_recorded_somewhere():
    """A class without a writer would document what never happens."""
    written = named_in_the_product()
    assert [one.__name__ for one in EVENTS.values() if one.__name__ not in written] == []


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda one: one.__name__)
def test_it_says_what_it_means(event: type[Event]):
    """In a docstring of its own; no field is called as what all events have."""
    assert event.__doc__
    assert not event.__doc__.startswith(f"{event.__name__}(")
    common = {"kind", "actor", "workspace_id", "subject_kind", "subject_id", "run_id", "at"}
    assert not common & {field.name for field in fields(event)}


def test_a_field_at_its_default_is_not_written():
    """None that was said is something else."""
    settled = ProposalSettled(revision=2, title="T", state="done")
    assert settled.payload() == {"revision": 2, "title": "T", "state": "done"}
    key = KeyCreated(name="n", scopes=["read"], actions=None)
    assert key.payload() == {"name": "n", "scopes": ["read"], "actions": None}


def test_two_events_of_one_kind_are_refused():
    """At the second class: nobody could tell them apart afterwards."""
    with pytest.raises(TypeError, match=r"run\.started"):

        @dataclass(frozen=True, kw_only=True)
        class Again(Event):
            """The same once more."""

            kind = "run.started"


def test_a_new_kind_moves_no_table():
    """The column takes any."""
    assert not Row._meta.get_field("kind").choices
