"""One typical change of each action as a rule sees it: what a draft is tried on. Pure.

The catalogue of actions has an example of each, with all that may be known of a change; here it
comes twice: so, and with as little as may be known. This app is told of the catalogue when it is
set up (`settings.CATALOGUE`): an import may not lead to the gateway.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from apps.policies.facts import Facts


class NoCatalogue(LookupError):
    """Nobody has said which actions there are: `settings.CATALOGUE` leads to none."""


class Example(Protocol):
    """A typical change: its parameters in canonical form, its record before and after."""

    @property
    def params(self) -> dict[str, Any]: ...
    @property
    def before(self) -> Mapping[str, Any]: ...
    @property
    def after(self) -> Mapping[str, Any]: ...


class Entry(Protocol):
    """An action of the catalogue."""

    @property
    def example(self) -> Example: ...


catalogue: Mapping[str, Entry] = {}


ENTRIES, LETTERS = 40, 2_000  # of each list and each text of a large change


def large(action: str) -> Facts:
    """A change as large as they come: what its rules take in time is counted on it."""
    full = next(samples(action))
    grown = {name: grow(getattr(full, name)) for name in ("before", "after", "params")}
    return replace(full, **grown)


def grow(value: Any) -> Any:
    """A value with long lists and long texts in it."""
    if isinstance(value, str):
        return value.ljust(LETTERS, ".")
    if isinstance(value, list):
        return [grow(value[0])] * ENTRIES if value else []
    if isinstance(value, Mapping):
        return {name: grow(part) for name, part in value.items()}
    return value


def actions() -> Iterable[str]:
    """The names of all actions. Raises `NoCatalogue`: tried on nothing, a draft would pass."""
    if not catalogue:
        raise NoCatalogue(NoCatalogue.__doc__)
    return tuple(catalogue)


def samples(action: str) -> Iterator[Facts]:
    """Typical changes of an action; of one that is not known only what all have in common."""
    known = catalogue.get(action)
    full = Facts(
        action=action,
        connector="medusa",
        risk="high",
        reversibility="reversible",
        actor="agent:refund_desk",
        agent="Refund desk",
        playbook="refund_desk",
        trigger="schedule",
        confidence=0.9,
        hour=10,
        currency="EUR",
        amount=8.0,
        has_amount=True,
        total_amount=8.0,
        change_percent=5.0,
        has_change=True,
        margin_percent=40.0,
        has_margin=True,
        approved_change_percent=5.0,
        has_approved=True,
        customer_orders=3,
        has_customer_orders=True,
        catalogue_size=400,
        has_catalogue_size=True,
        pressure=["urgency"],
        links=["shop.example"],
        addresses=2,
        before=known.example.before if known else {},
        after=known.example.after if known else {},
        params=known.example.params if known else {},
    )
    yield full
    yield replace(full, currency="", amount=0.0, total_amount=0.0, change_percent=0.0, agent="",
                  actor="key:1a2b3c4d5e6f", key="1a2b3c4d5e6f",
                  margin_percent=0.0, has_amount=False, has_change=False, has_margin=False,
                  approved_change_percent=0.0, has_approved=False, pressure=[],
                  customer_orders=0, has_customer_orders=False, catalogue_size=0,
                  has_catalogue_size=False,
                  links=[], addresses=0,
                  before={}, after={}, playbook="", trigger="undo", confidence=1.0,
                  hour=0)  # fmt: skip
