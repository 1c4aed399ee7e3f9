"""Which titles to write anew, by rules. Pure."""

from apps.agents.playbooks.base import Planned
from apps.agents.playbooks.product_texts.sense import Product, Sensed
from apps.agents.playbooks.product_texts.settings import Settings
from apps.agents.playbooks.product_texts.tidy import Tidied, tidy
from apps.proposals.operations import Draft

SURE, LESS_SURE = 0.95, 0.75  # capitals and marks may be meant as they are


def plan(sensed: Sensed, settings: Settings) -> list[Planned]:
    """A draft for each untidy title."""
    return [draft_for(product, settings) for product in sensed.products]


def draft_for(product: Product, settings: Settings) -> Planned:
    """The title as it should be, and what was done to it."""
    tidied = tidy(product.title, quieten=settings.quieten)
    articles = ", ".join(product.skus)
    said = f"I {' and '.join(tidied.done)}. Nothing else of the product changes."
    draft = Draft(
        title=f"Tidy the title of “{tidied.title}”",
        rationale=said,
        changes=[("update_product", {"product_id": product.product_id, "title": tidied.title})],
        evidence=[
            {
                "kind": "product",
                "title": f"Title in the shop: “{product.title}”",
                "detail": {"title": product.title, "articles": articles},
            },
            {"kind": "rule", "title": "How titles are written", "detail": said},
            *(item.as_evidence("Known about this product") for item in product.known),
        ],
        case={"about": product.subject, "done": list(tidied.done)},
        subject=product.subject,
        confidence=confidence(product, tidied),
        priority=3,
    )
    return Planned(key=product.key, draft=draft)


def confidence(product: Product, tidied: Tidied) -> float:
    """Sure where only blanks change, less where more does or a reviewer has corrected it before."""
    corrected = any(item.type == "correction" for item in product.known)
    return SURE if tidied.is_only_spacing and not corrected else LESS_SURE
