"""What exactly is approved: canonical hashes, field differences, edits. Pure."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import rfc8785


@dataclass(frozen=True, kw_only=True)
class FieldDiff:
    """One field before and after; `None` means absent."""

    path: str
    before: Any
    after: Any


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of a value, in hex."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def binding(
    *,
    change_id: UUID,
    revision: int,
    action: str,
    params: Mapping[str, Any],
    before: Any,
    basis: str,
) -> str:
    """The hash an approval is given on: the action, the policy versions, the target's state.

    Change any of them, even the amount by a cent, and the approval is void.
    """
    return digest(
        {
            "change": str(change_id),
            "revision": revision,
            "action": action,
            "params": dict(params),
            "before": digest(before),
            "basis": basis,
        }
    )


def joint_binding(bindings: Sequence[str]) -> str:
    """The hash of a whole proposal: of its changes' bindings in order."""
    return digest(list(bindings))


def flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a JSON value with their dotted paths; lists count as leaves."""
    if isinstance(value, Mapping) and value:
        for name in value:
            yield from flatten(value[name], f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldDiff]:
    """The fields that differ, in the order of `after`, then those that are gone."""
    old, new = dict(flatten(before)), dict(flatten(after))
    paths = [*new, *(path for path in old if path not in new)]
    return [
        FieldDiff(path=path, before=old.get(path), after=new.get(path))
        for path in paths
        if old.get(path) != new.get(path)
    ]
