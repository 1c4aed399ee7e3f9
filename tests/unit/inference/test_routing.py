"""Picking a model is a function of the tiers and the need."""

from decimal import Decimal

from apps.inference.routing import EMBEDDING, Option, route


def option(name: str, *, price: int = 0, fallback: str | None = None) -> Option:
    return Option(
        name=name, provider="openai", model=name, price_out=Decimal(price), fallback=fallback
    )


def names(options: list[Option], need: str) -> list[str]:
    return [chosen.name for chosen in route(options, need=need)]


def test_the_needed_tier_comes_first_then_its_fallbacks() -> None:
    """Large, then what large falls back to, and so on."""
    options = [
        option("small", fallback="tiny"),
        option("tiny"),
        option("large", fallback="small"),
    ]
    assert names(options, "large") == ["large", "small", "tiny"]


def test_a_circle_of_fallbacks_ends() -> None:
    """Two tiers that fall back to each other are asked once each."""
    options = [option("a", fallback="b"), option("b", fallback="a")]
    assert names(options, "a") == ["a", "b"]


def test_a_missing_tier_is_stood_in_for_by_the_cheapest() -> None:
    """An agent that needs a tier nobody made still gets an answer, at the lowest price."""
    assert names([option("dear", price=9), option("cheap", price=1)], "medium") == ["cheap"]


def test_a_fallback_that_is_switched_off_is_left_out() -> None:
    """A name that leads nowhere ends the chain."""
    assert names([option("large", fallback="gone")], "large") == ["large"]


def test_the_tier_of_embeddings_never_answers_questions() -> None:
    """It only holds a price."""
    assert names([option(EMBEDDING)], EMBEDDING) == []


def test_cost_is_rounded_up_so_that_no_token_is_free() -> None:
    """One token at a cent per million costs the smallest amount there is."""
    cheap = Option(name="x", provider="openai", model="x", price_in=Decimal("0.0001"))
    assert cheap.cost(input_tokens=1, output_tokens=0) == Decimal("0.00000001")
    assert cheap.cost(input_tokens=0, output_tokens=5) == 0
