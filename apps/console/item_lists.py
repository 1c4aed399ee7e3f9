"""Lists of records in the edit form (the goods of a return): a row an item, and an empty one.

Plain inputs, so it works without scripts: what is ticked is removed, what is left empty is not
added. How many there may be says the action's schema.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from django.http import QueryDict
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from apps.console.inputs import Choices, Input, clean, input_name, kind_of
from apps.console.presenters.items import names_in, records
from apps.console.presenters.values import field_of_item, label
from apps.proposals.models import Change
from apps.proposals.queries import ChangeView

REMOVE = "remove"  # the field that is ticked to take an item out
Item = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Row:
    """The inputs of one item; `remove` names its tick box, empty on the row for another item."""

    title: str
    inputs: list[Input]
    remove: str
    is_removed: bool


@dataclass(frozen=True, kw_only=True)
class ItemList:
    """A parameter that holds several records."""

    name: str
    label: str
    rows: list[Row]
    error: str


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A row as it was sent: at which place of the form, and whether it is to go."""

    place: int
    item: Item
    is_removed: bool

    @property
    def is_kept(self) -> bool:
        """Whether it is an item: neither ticked nor left empty."""
        return not self.is_removed and any(value.strip() for value in self.item.values())


def lists_of(change: Change, schema: Mapping[str, FieldInfo]) -> Iterator[tuple[str, FieldInfo]]:
    """The parameters that are lists of records, in the order of the schema."""
    for name, field in schema.items():
        if name in change.params and record_of(field):
            yield name, field


def record_of(field: FieldInfo) -> type[BaseModel] | None:
    """The schema of one item; None where the parameter is no list of records."""
    if get_origin(field.annotation) is not list:
        return None
    [inner] = get_args(field.annotation)
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def most(field: FieldInfo) -> int:
    """How many items the schema allows; none more than there are where it does not say."""
    return next(
        (
            int(constraint.max_length)
            for constraint in field.metadata
            if hasattr(constraint, "max_length")
        ),
        0,
    )


def item_lists(
    view: ChangeView, posted: QueryDict | None, problems: Mapping[str, str]
) -> Iterator[ItemList]:
    """The lists of one change, with what was typed; `problems` are by path (`items.0.quantity`)."""
    for name, field in lists_of(view.change, view.spec.parameters.model_fields):
        now = items_of(view.change.params[name])
        typed = read_rows(view.change, name, field, posted) or as_rows(now)
        if len(typed) <= len(now) < most(field):
            typed = [*typed, Typed(place=len(typed), item={}, is_removed=False)]
        yield ItemList(
            name=input_name(view.change.pk, name),
            label=label(name),
            rows=list(rows(view, name, field, typed, problems)),
            error=problems.get(name, ""),
        )


def rows(
    view: ChangeView, name: str, field: FieldInfo, typed: Sequence[Typed],
    problems: Mapping[str, str],
) -> Iterator[Row]:  # fmt: skip
    """The rows as they are shown, each with what is wrong with it."""
    record, change = record_of(field), view.change
    existing = len(change.params[name])
    kept = [entry.place for entry in typed if entry.is_kept]
    for typed_item in typed:
        wrong = f"{name}.{kept.index(typed_item.place)}" if typed_item.place in kept else ""
        is_new = typed_item.place >= existing
        yield Row(
            title=f"{label(name)}, one more" if is_new
            else f"{label(name)}, {typed_item.place + 1} of {existing}",
            inputs=[
                Input(
                    name=input_name(change.pk, name, typed_item.place, part),
                    label=field_of_item(part),
                    kind=kind,
                    choices=including(choices, typed_item.item.get(part, "")),
                    value=typed_item.item.get(part, ""),
                    error=problems.get(f"{wrong}.{part}", ""),
                )
                for part, kind, choices in parts(record, change)
            ],
            remove="" if is_new else input_name(change.pk, name, typed_item.place, REMOVE),
            is_removed=typed_item.is_removed,
        )  # fmt: skip


def parts(record: type[BaseModel] | None, change: Change) -> Iterator[tuple[str, str, Choices]]:
    """Each field of an item: its name, the kind of its input, and what there is to choose from."""
    for name, field in (record.model_fields if record else {}).items():
        kind, fixed = kind_of(field.annotation)
        known = names_in(change.before, name)
        choices = tuple((value, words) for value, words in known.items())
        yield (
            name,
            "choice" if choices else kind,
            choices or tuple((option, option) for option in fixed),
        )


def including(choices: Choices, value: str) -> Choices:
    """The choices with the value there is: a browser would take the first one for it."""
    missing = choices and value not in dict(choices)
    return ((value, value), *choices) if missing else choices


def items_of(value: object) -> list[Item]:
    """The items of a parameter, as an input holds them."""
    return [{name: str(part) for name, part in record.items()} for record in records(value)]


def as_rows(items: Sequence[Item]) -> list[Typed]:
    """Items as rows nobody has touched."""
    return [
        Typed(place=place, item=item, is_removed=False) for place, item in enumerate(items)
    ]  # fmt: skip


def read_rows(change: Change, name: str, field: FieldInfo, posted: QueryDict | None) -> list[Typed]:
    """The rows of a list as they were sent; none if the list was not on the form."""
    record = record_of(field)
    if posted is None or record is None:
        return []
    kinds = {
        part: kind_of(field_info.annotation)[0] for part, field_info in record.model_fields.items()
    }
    found = []
    for place in range(len(change.params[name]) + 1):
        names = {part: input_name(change.pk, name, place, part) for part in kinds}
        if not any(key in posted for key in names.values()):
            continue
        item = {part: clean(posted.get(key, ""), kinds[part]) for part, key in names.items()}
        ticked = posted.get(input_name(change.pk, name, place, REMOVE)) == "1"
        found.append(Typed(place=place, item=item, is_removed=ticked))
    return found


def read_lists(
    change: Change, schema: Mapping[str, FieldInfo], posted: QueryDict
) -> dict[str, Any]:
    """The lists that differ from the proposed ones; still unchecked."""
    edits: dict[str, Any] = {}
    for name, field in lists_of(change, schema):
        typed = read_rows(change, name, field, posted)
        kept = [typed_item.item for typed_item in typed if typed_item.is_kept]
        if typed and kept != items_of(change.params[name]):
            edits[name] = kept
    return edits
