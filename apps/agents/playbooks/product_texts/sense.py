"""What the product texts playbook reads: the titles of all products."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from apps.accounts.models import Workspace
from apps.agents import queries
from apps.agents.playbooks import base
from apps.agents.playbooks.base import Known
from apps.agents.playbooks.product_texts.settings import Settings
from apps.agents.playbooks.product_texts.tidy import tidy
from apps.gateway import queries as gateway
from apps.gateway.catalogue import spec
from apps.gateway.records import Variant
from apps.memory import queries as memory
from apps.proposals import queries as proposals

NAMESPACE = "product_texts"


class Product(BaseModel):
    """A product with the title customers read and the articles sold under it."""

    model_config = ConfigDict(frozen=True)

    product_id: str
    title: str
    skus: list[str]
    known: list[Known] = []

    @property
    def subject(self) -> str:
        """Under which things are known about it."""
        return f"product:{self.product_id}"

    @property
    def key(self) -> str:
        """The name under which this very title is dealt with once."""
        return f"title:{self.product_id}:{self.title}"[:250]


class Sensed(base.Sensed):
    """Products whose titles are untidy, in the order of their titles."""

    products: list[Product]
    read: int  # products in all

    def count(self) -> int:
        """How many untidy titles there are."""
        return len(self.products)

    def describe(self) -> str:
        """What was read."""
        return f"Read {self.read} products; {len(self.products)} titles could be tidier."


def sense(
    workspace: Workspace, settings: Settings, *, now: datetime, shadow_agent: UUID | None = None
) -> Sensed:
    """Read the shop's products; those with an open proposal or dealt with before are left out."""
    reading = gateway.read_or_recall(workspace.pk, "variants")
    found = products(cast(Sequence[Variant], reading.rows))
    untidy = [product for product in found if tidy(product.title, quieten=settings.quieten).done]
    taken = proposals.taken_targets(workspace.pk, "update_product")
    free = [
        product
        for product in untidy
        if spec("update_product").target(product.model_dump()) not in taken
    ]
    keys = [product.key for product in free]
    done = queries.handled(workspace.pk, NAMESPACE, keys, shadow_agent=shadow_agent)
    left, caveat = [product for product in free if product.key not in done], reading.caveat()
    items = recall(workspace, left, now=now)
    return Sensed(
        products=[
            product.model_copy(update={"known": [i for i in items if i.subject == product.subject]})
            for product in left
        ],
        read=len(found),
        caveats=[caveat] if caveat else [],
    )


def recall(workspace: Workspace, found: Sequence[Product], *, now: datetime) -> list[Known]:
    """What people have said about these products."""
    subjects = [product.subject for product in found]
    items = memory.recall(
        workspace=workspace,
        namespaces=[NAMESPACE],
        subjects=subjects,
        types=("correction", "fact", "preference"),
        limit=len(subjects),
        now=now,
    )
    return base.known(items)


def products(variants: Sequence[Variant]) -> list[Product]:
    """The products of these variants, by title."""
    skus: dict[tuple[str, str], list[str]] = {}
    for variant in variants:
        skus.setdefault((variant.product_title, variant.product_id), []).append(variant.sku)
    return [
        Product(product_id=product_id, title=title, skus=sorted(found))
        for (title, product_id), found in sorted(skus.items())
    ]
