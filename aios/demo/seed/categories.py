"""Where the demo shop shows its products."""

from aios.demo.seed.ground import Ground
from aios.demo.seed.words import CATEGORIES


def plant_categories(ground: Ground) -> None:
    """Seven; first aid kits and towels are in none. Uses no chance, so all else stays."""
    for place, (name, kinds) in enumerate(CATEGORIES, start=1):
        category = f"pcat_{place:026}"
        ground.store.insert("categories", id=category, name=name)
        for kind in kinds:
            ground.store.run(
                "INSERT OR IGNORE INTO product_categories (product_id, category_id) "
                "SELECT product_id, ? FROM variants WHERE sku LIKE ?", category, f"{kind}-%",
            )  # fmt: skip
