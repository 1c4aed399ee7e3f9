"""What a connector can be chosen for: the resources agents read, and the letters they send. Pure.

Adding one: a line here, its record in `records`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One thing that is read, or sent (`is_sent`).

    `label` names it, `system` the kind of system that has it. `is_shared`: it is read from all
    connectors that can tell it together; else from one only, since the records of two systems must
    not be mixed up.
    """

    name: str
    label: str
    system: str
    is_shared: bool = False
    is_sent: bool = False


RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        Resource(name="variants", label="Articles, prices and stock", system="a shop with prices"),
        Resource(name="orders", label="Orders", system="a shop with orders"),
        Resource(
            name="messages",
            label="Customer messages",
            system="a feed of customer messages",
            is_shared=True,
        ),
        Resource(
            name="competitor_prices",
            label="Competitor prices",
            system="a feed of competitor prices",
            is_shared=True,
        ),
        Resource(
            name="send_message",
            label="Replies to customers",
            system="a mail server for replies (set up in the admin)",
            is_sent=True,
        ),
    )
}
CHOSEN_WITH = {"order": "orders"}  # read from where the other is


def label(resource: str) -> str:
    """What it is called; of an unknown resource its name in words."""
    known = RESOURCES.get(resource)
    return known.label if known else resource.replace("_", " ").capitalize()


def system_with(resource: str) -> str:
    """What has to be connected for it, in words; of an unknown resource its name."""
    known = RESOURCES.get(resource)
    return known.system if known else resource.replace("_", " ")


def is_shared(resource: str) -> bool:
    """Whether it is read from all connectors together."""
    known = RESOURCES.get(resource)
    return known is not None and known.is_shared
