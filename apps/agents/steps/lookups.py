"""What a model may read while it plans: what belongs to its case, and nothing else.

Prices are no secret of a customer, but a batch is bound to its own articles all the same: words in
one competitor's feed must not make a model read the rest of the catalogue. Customers are told of
what is sold, never of what it costs us. Whether something beyond the case exists is not told.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field

from apps.agents.playbooks import base, redaction, scope
from apps.agents.playbooks.base import Briefing
from apps.agents.playbooks.scope import Scope
from apps.agents.steps.base import Context
from apps.gateway import email_address
from apps.gateway import queries as gateway
from apps.gateway.errors import ConnectorError
from apps.gateway.records import Order
from apps.inference.providers.base import Tool
from apps.memory import queries as memory

ROWS = 10  # of any answer
NOT_OF_THIS_CASE = (
    "Nothing of this case fits that. Only a person can allow a look at anything else; say so in "
    "your answer."
)
SEARCHED = (
    "The model searched the memory with an address that is not this customer's; it was shown "
    "nothing of anybody else."
)
OURS_ALONE = frozenset({"cost", "inventory_item_id", "location_id"})  # no customer is told
Row = dict[str, Any]


class Arguments(BaseModel):
    """Base of the arguments of a lookup."""

    model_config = ConfigDict(extra="forbid")


class FindOrder(Arguments):
    """One order by its number."""

    number: str = Field(min_length=1, max_length=40)


class ListVariants(Arguments):
    """Variants whose SKU or text fits."""

    sku: str | None = Field(default=None, max_length=100)
    text: str | None = Field(default=None, max_length=100)


class CompetitorPrices(Arguments):
    """What competitors ask for an article."""

    sku: str = Field(min_length=1, max_length=100)


class Recall(Arguments):
    """What is known about something."""

    text: str = Field(min_length=1, max_length=500)


@dataclass(kw_only=True)
class Found:
    """Rows for the model; `beyond` is what else it asked for, in words for a person.

    `widened`: a row is not of the case, but a person has named it.
    """

    rows: list[Row] = field(default_factory=list)
    beyond: str = ""
    widened: bool = False


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A reading tool; `fits` says whether it is any use within a scope."""

    tool: Tool
    arguments: type[Arguments]
    read: Callable[[Context, Scope, Any], Found]
    fits: Callable[[Scope], bool]


def find_order(context: Context, within: Scope, asked: FindOrder) -> Found:
    """The order as the shop tells it, if it is the customer's or a person has named it."""
    number = scope.order_number(asked.number)
    if not number:
        return Found()
    rows = cast(list[Order], gateway.read(context.run.workspace_id, "orders", number=number))
    own = [row for row in rows if within.owns(row)]
    if own:
        return Found(rows=[row.model_dump(mode="json") for row in own])
    if rows and number in within.named:
        return Found(rows=[row.model_dump(mode="json") for row in rows], widened=True)
    told = f"The model asked for order #{number}, which is not this customer's; it was not shown."
    return Found(beyond=told if rows else "")


def list_variants(context: Context, within: Scope, asked: ListVariants) -> Found:
    """The case's variants with prices and stock, for a case without a customer with costs."""
    skus = within.skus_like(asked.text or "")
    if asked.sku is not None:
        skus = [sku for sku in skus if sku == asked.sku]
    hidden = OURS_ALONE if within.customer else frozenset()
    rows = [
        row.model_dump(mode="json", exclude=set(hidden))
        for sku in skus[:ROWS]
        for row in gateway.read(context.run.workspace_id, "variants", sku=sku)
    ]
    return Found(rows=rows)


def competitor_prices(context: Context, within: Scope, asked: CompetitorPrices) -> Found:
    """The feed's rows of one of the case's SKUs."""
    if asked.sku not in within.articles:
        return Found()
    rows = gateway.read(context.run.workspace_id, "competitor_prices")
    found = [row.model_dump(mode="json") for row in rows]
    return Found(rows=[row for row in found if row["sku"] == asked.sku])


def recall(context: Context, within: Scope, asked: Recall) -> Found:
    """Items of the playbook's own memory about the case's customer, articles and intents."""
    found = memory.recall(
        workspace=context.run.workspace,
        namespaces=[context.playbook.namespace],
        text=asked.text,
        within=within.subjects,
        limit=ROWS,
        now=context.now,
    )
    known = base.known(found)
    if within.customer:
        known = redaction.for_customer(known, customer=within.customer, numbers=())
    rows = [{"type": case.type, "about": case.subject, "text": case.text} for case in known]
    named = redaction.ADDRESS.findall(asked.text) if within.customer else []
    strange = any(not email_address.same(number.strip(".!?"), within.customer) for number in named)
    return Found(rows=rows, beyond=SEARCHED if strange else "")


def lookup(
    description: str,
    arguments: type[Arguments],
    read: Callable[[Context, Scope, Any], Found],
    fits: Callable[[Scope], bool],
) -> Lookup:
    """A reading tool named after its function."""
    tool = Tool(
        name=read.__name__, description=description, parameters=arguments.model_json_schema()
    )
    return Lookup(tool=tool, arguments=arguments, read=read, fits=fits)


LOOKUPS = {
    made.tool.name: made
    for made in (
        lookup("Read an order of this case's customer by its number.", FindOrder, find_order,
               lambda within: bool(within.customer or within.orders or within.named)),
        lookup("Read variants of this case's articles with prices and stock.", ListVariants,
               list_variants, lambda within: bool(within.articles)),
        lookup("Read competitors' prices for a SKU of this case.", CompetitorPrices,
               competitor_prices, lambda within: bool(within.articles) and not within.customer),
        lookup("Recall what we know of this case, corrections included.", Recall, recall,
               lambda within: bool(within.subjects)),
    )
}  # fmt: skip


def offered(within: Scope) -> list[Tool]:
    """The reading tools that are any use within a scope."""
    return [lookup.tool for lookup in LOOKUPS.values() if lookup.fits(within)]


def look(context: Context, briefing: Briefing, name: str, arguments: dict[str, Any]) -> Row:
    """The rows a lookup finds within the case; an outside system that refuses is told as such."""
    chosen = LOOKUPS[name]
    asked = chosen.arguments.model_validate(arguments)
    try:
        found = chosen.read(context, briefing.scope, asked)
    except (ConnectorError, gateway.NoConnector) as error:
        return {"rows": [], "note": f"It could not be read: {error}"}
    if found.beyond and found.beyond not in briefing.beyond:
        briefing.beyond.append(found.beyond)
    briefing.widened = briefing.widened or found.widened
    if not found.rows:
        return {"rows": [], "note": NOT_OF_THIS_CASE}
    return {"rows": found.rows[:ROWS]}
