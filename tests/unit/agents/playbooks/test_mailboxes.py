"""Which addresses are one mailbox."""

import pytest

from apps.agents.playbooks.mailboxes import canonical, is_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@example.com", "Ann@Example.COM"),
        (" ann@example.com ", "ann@example.com"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@BÜCHER.example", "ann@bücher.example"),
        ("MÜLLER@example.com", "müller@example.com"),
        ("mu\u0308ller@example.com", "müller@example.com"),
    ],
)
def test_one_mailbox_however_it_is_written(one: str, other: str) -> None:
    """Case, white space around it, punycode and decomposed letters say nothing."""
    assert is_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann@example.com", "ann@example.org"),
        ("ann@example.com", "anna@example.com"),
        ("ann@example.com", "ann+1@example.com"),  # another mailbox, as far as anybody knows
        ("ann@straße.example", "ann@strasse.example"),  # two domains since IDNA 2008
        ("strauß@example.com", "strauss@example.com"),
        ("\u212aate@example.com", "kate@example.com"),  # a Kelvin sign
        ("ann@example.com.evil.example", "ann@example.com"),
        ("ann@exаmple.com", "ann@example.com"),  # a Cyrillic a
    ],
)
def test_what_only_looks_alike_is_another_mailbox(one: str, other: str) -> None:
    """In doubt it is not the customer's."""
    assert not is_same(one, other)


@pytest.mark.parametrize(
    "address", ["", "ann", "@example.com", "ann@", "a@b@c.example", "ann lee@example.com",
                "ann@example.com, bob@example.com", "Ann <ann@example.com>", "ann@-x-.example"]
)  # fmt: skip
def test_what_is_no_bare_address_is_nobodys(address: str) -> None:
    """Not even its own."""
    assert canonical(address) is None
    assert not is_same(address, address)
