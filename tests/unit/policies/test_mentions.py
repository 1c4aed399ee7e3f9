"""Hosts that texts lead to, and addresses they name."""

import time

import pytest

from apps.policies.mentions import addresses, links


@pytest.mark.parametrize(
    ("body", "hosts"),
    [
        ("See https://evil.example/pay.", ["evil.example"]),
        ("(HTTPS://WWW.Shop.example), www.shop.example!", ["shop.example"]),
        ("https://shop.example:8443, and http://b.example?q", ["b.example", "shop.example"]),
        ("https://shop.example@evil.example/x", ["evil.example"]),
        ("https://1.2.3.4/ 1ftp://files.example", ["1.2.3.4", "files.example"]),
        ("mailto:a@b.example, invoice.pdf, shop.example", []),
    ],
)
def test_links(body: str, hosts: list[str]) -> None:
    """By scheme or `www.`, wherever they pretend to lead."""
    assert links({"body": body, "to": "x@y.example"}) == hosts


@pytest.mark.parametrize("trick", ["https:\\\\evil.example", "https://evil.example\\@shop.example"])
def test_what_readers_differ_about_is_like_no_host(trick: str) -> None:
    """A browser goes to evil.example; so it is none of the shop's."""
    [found] = links({"body": trick})
    assert found != "shop.example"
    assert "evil.example" in found


def test_addresses_are_counted_once() -> None:
    """In whatever spelling and text, without the one it goes to and what is no text."""
    params = {"to": "Ada@shop.example", "subject": "For bob@b.example",
              "body": "ada@shop.example, <BOB@b.example>; cy@c.example. @home me@here", "n": 3}  # fmt: skip
    assert addresses(params) == 2
    assert addresses({}) == 0


@pytest.mark.parametrize("text", ["a" * 10_000, "a@" * 5_000, "://" * 3_333, "a@" + "b" * 9_998,
                                  ("x" * 64 + "@" + "y" * 255) * 31])  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    """The longest a message may have, written to keep the reader busy."""
    began = time.process_time()
    links({"body": text})
    addresses({"body": text})
    assert time.process_time() - began < 0.5
