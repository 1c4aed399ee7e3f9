"""Addresses that pass for others."""

import pytest

from apps.proposals.text.lookalikes import lookalikes


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("pay@аpple.example", "letters of 2 scripts"),
        ("see https://xn--pple-43d.com/login", "letters of 2 scripts"),
        ("mail ivan@хор.example", "Cyrillic letters"),
        ("https://shop.example@evil.example/pay", "leads to evil.example"),
    ],
)
def test_an_address_is_odd_by_itself(text: str, why: str) -> None:
    """By its letters, or by the host it hides."""
    [found] = lookalikes([("evidence 1", text)])
    assert (found.place, why in found.words) == ("evidence 1", True)


@pytest.mark.parametrize(
    "domain", ["examp1e.com", "exarnple.com", "exampIe.com", "èxample.com", "www.examp1e.com"]
)
def test_two_that_look_the_same_are_told_apart(domain: str) -> None:
    """The customer's own stands in the order, the other one in the mail."""
    address = domain if domain.startswith("www") else f"ada@{domain}"
    texts = [("evidence 1", "ada@example.com"), ("evidence 2", f"From {address}")]
    [found] = lookalikes(texts)
    assert found.place == "evidence 2"
    assert found.words.endswith("looks like ada@example.com")


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com and ada@EXAMPLE.com, www.example.com",
        "ada@gmail.com writes to bob@gmx.de and eva@web.de",
        "ann@bücher.example, info@почта.example",
        "order 1.000 at 10:00, v1.2.3, user@",
    ],
)
def test_ordinary_addresses_are_not_marked(text: str) -> None:
    """Not those of other languages either."""
    assert lookalikes([("title", text)]) == []
