"""Lists of records (the goods of a return): told item by item, under the names people know."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from apps.console.presenters.values import field_of_item
from apps.proposals.changes import FieldDiff

Items = Sequence[Mapping[str, Any]]


def names_in(before: Mapping[str, Any], field: str) -> dict[str, str]:
    """What the record calls each thing such a field may name: `line_ids` are those of `line_id`."""
    known = before.get(f"{field}s")
    if not field.endswith("_id") or not isinstance(known, Mapping):
        return {}
    return {str(value): str(words) for words, value in known.items()}


def by_item(diff: FieldDiff, before: Mapping[str, Any]) -> Iterator[tuple[str, FieldDiff]]:
    """A difference between two lists of records as one for each field of each item.

    Each with its words (`Pieces of MUG`); anything else comes back as it is, without any.
    """
    old, new = records(diff.before), records(diff.after)
    key = next((name for item in [*old, *new] for name in item if name.endswith("_id")), "")
    if not key or not all(key in item for item in [*old, *new]):
        yield "", diff
        return
    names = names_in(before, key)
    was, now = ({str(item[key]): item for item in items} for items in (old, new))
    for place in dict.fromkeys([*was, *now]):
        item, other = was.get(place, {}), now.get(place, {})
        for field in dict.fromkeys([*item, *other]):
            if item.get(field) != other.get(field) and field != key:
                words = f"{field_of_item(field)} of {names.get(place, place)}"
                yield words, FieldDiff(path=field, before=item.get(field), after=other.get(field))


def records(value: object) -> Items:
    """The records of a list; none of what is no such list."""
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []
