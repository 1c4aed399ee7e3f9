"""Typed inputs for editing a proposal, and reading what came back from them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import QueryDict

from apps.console.inputs import LONG, Input, clean, input_name, kind_of
from apps.console.item_lists import ItemList, item_lists, read_lists
from apps.console.presenters.values import label
from apps.money.typed import NotAnAmount
from apps.proposals.operations import InvalidDraft
from apps.proposals.queries import ChangeView, editable_fields

REASONS = (
    "The amount is wrong",
    "Not covered by our policy",
    "Wrong customer or order",
    "Already handled",
    "Needs more evidence",
    "The wording is wrong",
)
LASTS = (  # how long to snooze: value, words
    ("hour", "For an hour"),
    ("tomorrow", "Tomorrow, 9:00 UTC"),
    ("monday", "Next Monday, 9:00 UTC"),
    ("change", "Until the shop changes"),
)
MORNING = time(9, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class EditGroup:
    """The inputs of one change, and its lists of records."""

    title: str
    inputs: list[Input]
    lists: list[ItemList]


def edit_groups(
    changes: Sequence[ChangeView], posted: QueryDict | None, errors: Sequence[Mapping[str, Any]]
) -> list[EditGroup]:
    """Inputs of all changes, holding what was typed and what is wrong with it.

    An error that names its `change` is about that one alone.
    """
    groups = [edit_group(view, posted, errors) for view in changes]
    return [group for group in groups if group.inputs or group.lists]


def edit_group(
    view: ChangeView, posted: QueryDict | None, errors: Sequence[Mapping[str, Any]]
) -> EditGroup:
    """The inputs of one change."""
    problems = {
        str(error.get("field")): str(error.get("problem", ""))
        for error in errors
        if error.get("change") in (None, str(view.change.pk))
    }
    return EditGroup(
        title=view.spec.title,
        inputs=list(inputs(view, posted, problems)),
        lists=list(item_lists(view, posted, problems)),
    )


def inputs(
    view: ChangeView, posted: QueryDict | None, problems: Mapping[str, str]
) -> Iterator[Input]:
    """The single inputs of one change."""
    schema = view.spec.parameters.model_fields
    order = list(schema)  # stored parameters come back in no order
    for name, value in sorted(editable_fields(view.change), key=lambda pair: order.index(pair[0])):
        kind, choices = kind_of(schema[name].annotation)
        if kind == "text" and (len(str(value)) > LONG or "\n" in str(value)):
            kind = "long"
        key = input_name(view.change.pk, name)
        yield Input(
            name=key,
            label=label(name),
            kind=kind,
            choices=tuple((choice, choice) for choice in choices),
            value=str(value) if posted is None else posted.get(key, str(value)),
            error=problems.get(name, ""),
        )


def read_edits(changes: Sequence[ChangeView], posted: QueryDict) -> dict[UUID, dict[str, Any]]:
    """The values that differ from the proposed ones, by change; still unchecked.

    Raises `InvalidDraft` with every field in which what was typed is no number, or could be two.
    """
    edits: dict[UUID, dict[str, Any]] = {}
    problems = []
    for field in changed_fields(changes, posted):
        try:
            meant = clean(field.typed, field.kind, currency=field.currency)
        except NotAnAmount as error:
            problems.append(
                {"change": str(field.change), "field": field.name, "problem": str(error)}
            )
            continue
        if meant != field.proposed:
            edits.setdefault(field.change, {})[field.name] = meant
    if problems:
        raise InvalidDraft(f"Nothing was changed: {problems[0]['problem']}", problems)
    for view in changes:
        for name, items in changed_lists([view], posted):
            edits.setdefault(view.change.pk, {})[name] = items
    return edits


def changed_lists(
    changes: Sequence[ChangeView], posted: QueryDict
) -> Iterator[tuple[str, list[Any]]]:
    """The lists of records that differ from the proposed ones, by the names of their fields."""
    for view in changes:
        yield from read_lists(view.change, view.spec.parameters.model_fields, posted).items()


@dataclass(frozen=True, kw_only=True)
class TypedField:
    """A single input that no longer holds what was proposed; `currency` is that of its change."""

    change: UUID
    name: str
    kind: str
    currency: str
    proposed: str
    typed: str


def changed_fields(changes: Sequence[ChangeView], posted: QueryDict) -> Iterator[TypedField]:
    """The single inputs somebody has touched, as they were typed."""
    for view in changes:
        schema, params = view.spec.parameters.model_fields, view.change.params
        for name, value in editable_fields(view.change):
            key = input_name(view.change.pk, name)
            if key not in posted or str(posted[key]).replace("\r\n", "\n") == str(value):
                continue
            yield TypedField(
                change=view.change.pk,
                name=name,
                kind=kind_of(schema[name].annotation)[0],
                currency=str(params.get("currency", "")) if name == "amount" else "",
                proposed=str(value),
                typed=str(posted[key]),
            )


def read_reason(posted: QueryDict) -> str:
    """The chosen chips and the typed text as one reason."""
    chips = [chip for chip in posted.getlist("chip") if chip in REASONS]
    text = posted.get("reason", "").strip()
    return ". ".join([*chips, *([text] if text else [])])


class NotATime(ValueError):
    """No time was chosen, or what was typed is none."""


def read_snooze(posted: QueryDict, *, now: datetime) -> tuple[datetime | None, bool]:
    """Until when to snooze (None: nobody said), and whether a change of the shop ends it sooner.

    A time without a zone is UTC, as it is shown. Raises `NotATime`.
    """
    last = posted.get("last", "")
    if last == "change":
        return None, True
    if last == "hour":
        return now + timedelta(hours=1), False
    if last in ("tomorrow", "monday"):
        days = 1 if last == "tomorrow" else 7 - now.weekday()
        return datetime.combine((now + timedelta(days=days)).date(), MORNING), False
    try:
        typed = datetime.fromisoformat(posted.get("until", "").strip())
    except ValueError:
        raise NotATime("Choose until when, or type a day and a time.") from None
    return typed if typed.tzinfo else typed.replace(tzinfo=UTC), posted.get("change") == "1"
