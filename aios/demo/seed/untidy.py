"""A few product titles as people leave them behind, for an agent to tidy."""

from aios.demo.seed.ground import Ground
from apps.gateway.connectors.medusa.fake.store import Row

EVERY = 17  # of the products nobody else sells
TITLES = 9
SHOUTED = 2  # of them in capitals, the last ones


def plant_untidy_titles(ground: Ground) -> None:
    """Nine titles: blanks doubled or left over, two in capitals. Uses no chance, so all else stays.

    Products with a competitor's price keep their titles: a price is approved with the title seen.
    """
    rows = ground.store.all(
        "SELECT id, title FROM products WHERE id NOT IN (SELECT v.product_id FROM variants v "
        "JOIN competitor_prices c ON c.sku = v.sku) ORDER BY title"
    )
    for place, row in enumerate(rows[::EVERY][:TITLES]):
        ground.store.run(
            "UPDATE products SET title = ? WHERE id = ?", untidy(row, place), row["id"]
        )


def untidy(row: Row, place: int) -> str:
    """A product's title with one thing wrong with it."""
    title = str(row["title"])
    if place >= TITLES - SHOUTED:
        return title.upper()
    wrongs = (title.replace(" ", "  ", 1), f"{title} ", f" {title}", f"{title} -")
    return wrongs[place % len(wrongs)]
