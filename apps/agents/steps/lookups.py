"""What a model may read while it plans, each through the gateway or the memory."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from apps.agents.steps.base import Context
from apps.gateway import queries as gateway
from apps.gateway.errors import ConnectorError
from apps.inference.providers.base import Tool
from apps.memory import queries as memory

ROWS = 10  # of any answer


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


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A reading tool."""

    tool: Tool
    arguments: type[Arguments]
    read: Callable[[Context, Any], list[dict[str, Any]]]


def find_order(context: Context, asked: FindOrder) -> list[dict[str, Any]]:
    """The order as the shop tells it."""
    rows = gateway.read(context.run.workspace_id, "orders", number=asked.number)
    return [row.model_dump(mode="json") for row in rows]


def list_variants(context: Context, asked: ListVariants) -> list[dict[str, Any]]:
    """Variants with prices, cost and stock."""
    query = {**asked.model_dump(exclude_none=True), "limit": ROWS}
    rows = gateway.read(context.run.workspace_id, "variants", **query)
    return [row.model_dump(mode="json") for row in rows]


def competitor_prices(context: Context, asked: CompetitorPrices) -> list[dict[str, Any]]:
    """The feed's rows of one SKU."""
    rows = gateway.read(context.run.workspace_id, "competitor_prices")
    found = [row.model_dump(mode="json") for row in rows]
    return [row for row in found if row["sku"] == asked.sku]


def recall(context: Context, asked: Recall) -> list[dict[str, Any]]:
    """Items of the playbook's own memory."""
    found = memory.recall(
        workspace=context.run.workspace,
        namespaces=[context.playbook.namespace],
        text=asked.text,
        limit=ROWS,
        now=context.now,
    )
    return [
        {"type": one.item.type, "about": one.item.subject, "text": one.item.text} for one in found
    ]


def lookup(
    description: str,
    arguments: type[Arguments],
    read: Callable[[Context, Any], list[dict[str, Any]]],
) -> Lookup:
    """A reading tool named after its function."""
    tool = Tool(
        name=read.__name__, description=description, parameters=arguments.model_json_schema()
    )
    return Lookup(tool=tool, arguments=arguments, read=read)


LOOKUPS = {
    one.tool.name: one
    for one in (
        lookup("Read an order of the shop by its number.", FindOrder, find_order),
        lookup("Read variants with prices, cost and stock.", ListVariants, list_variants),
        lookup("Read competitors' prices for a SKU.", CompetitorPrices, competitor_prices),
        lookup("Recall what we know, corrections included.", Recall, recall),
    )
}


def look(context: Context, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The rows a lookup finds; an outside system that refuses is told as such."""
    found = LOOKUPS[name]
    try:
        rows = found.read(context, found.arguments.model_validate(arguments))
    except (ConnectorError, gateway.NoConnector) as error:
        return {"rows": [], "note": f"It could not be read: {error}"}
    return {"rows": rows[:ROWS]}
