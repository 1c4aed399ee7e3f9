"""Update product: its texts and its status; only the given fields change."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from apps.gateway.catalogue.action_spec import (
    ActionSpec,
    Compensation,
    Example,
    Identifier,
    Parameters,
    Reach,
    Reversibility,
    Risk,
    State,
)

STATUSES = ("draft", "published")  # the ones an action may set


class UpdateProduct(Parameters):
    """Texts and status of a product; only the given fields change."""

    product_id: Identifier
    title: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    subtitle: Annotated[str, StringConstraints(max_length=300)] | None = None
    description: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    status: Literal["draft", "published"] | None = None


def earlier_texts(params: State, before: State, _after: State) -> Compensation | None:
    """The changed fields as they were; None where one of them cannot be set back."""
    changed = [name for name in params if name != "product_id"]
    earlier = {name: before.get(name) for name in changed}
    known = all(isinstance(value, str) for value in earlier.values()) and earlier.get("title") != ""
    settable = earlier.get("status", STATUSES[0]) in STATUSES
    if not (changed and known and settable):
        return None
    return "update_product", {"product_id": params["product_id"], **earlier}


SPEC = ActionSpec(
    name="update_product",
    title="Update product",
    noun="product",
    effect="Customers see the new texts or status at once.",
    undo="Write the earlier texts again.",
    parameters=UpdateProduct,
    risk=Risk.LOW,
    reversibility=Reversibility.REVERSIBLE,
    record="variants",
    reach=Reach(whom="Everyone who looks at it", note="as soon as it is written"),
    target=lambda p: f"product:{p['product_id']}",
    compensate=earlier_texts,
    example=Example(
        params={"product_id": "prod_1", "title": "Tea cup", "subtitle": "Blue",
                "description": "For tea.", "status": "published"},
        before={"title": "Tea cup.", "subtitle": "Blue", "status": "published"},
        after={"title": "Tea cup", "subtitle": "Blue", "status": "published"},
    ),
)  # fmt: skip
