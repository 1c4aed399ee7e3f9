"""The bare address in what people write."""

import pytest

from apps.gateway.email_address import (
    NoAddress,
    SeveralAddresses,
    bare,
    same,
    sole,
    spellings,
    tidy,
)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("ann@x.example", "ann@x.example"),
        ("Ann Lee <annlee@x.example>", "annlee@x.example"),
        ("  <ann@x.example> ", "ann@x.example"),
        ("Lee, Ann <ann@x.example>", "ann@x.example"),
        ('"Lee, Ann" <ann@x.example>', "ann@x.example"),
        ("ann@x.example (Ann, at work)", "ann@x.example"),
        ("mailto:ann@x.example", "ann@x.example"),
        ("Ann@X.Example", "Ann@x.example"),
        ("ann@x.example.", "ann@x.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("Ann <ann@BÜCHER.example>", "ann@xn--bcher-kva.example"),
        ("ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah"),
        ("ann+shop@x.example", "ann+shop@x.example"),
        ("ann@localhost", "ann@localhost"),
        ("ann@x.example, Ann <ANN@x.example>", "ANN@x.example"),
        ('"bob@bank.example" <eve@x.example>', "eve@x.example"),
        ("bob@bank.example <eve@x.example>", "eve@x.example"),
    ],
)
def test_one_address(written: str, address: str) -> None:
    """A name, quotes, comments and an umlaut domain lead to the one address that is meant."""
    assert bare(written) == address
    assert bare(address) == address


@pytest.mark.parametrize("written", ["a@x.example, b@x.example", "a@x.example; B <b@x.example>",
                                     "A <a@x.example>, B <b@y.example>"])  # fmt: skip
def test_several(written: str) -> None:
    """Nobody guesses which one is meant."""
    with pytest.raises(SeveralAddresses):
        bare(written)


@pytest.mark.parametrize(
    "written",
    ["", "Ann", "ann@", "@x.example", "ann@@x.example", "a b@x.example", "ann@x..example",
     ".ann@x.example", "ann.@x.example", "a..b@x.example", "ann@-x.example", "ann@[127.0.0.1]",
     "müller@x.example", "ann@\u2603\u200d.example", "ann@x.example\r\nBcc: eve@y.example",
     "a" * 65 + "@x.example", "a@" + "x" * 300, "x" * 3000 + "@x.example"],
)  # fmt: skip
def test_none(written: str) -> None:
    """What no mail reaches is refused, in short words."""
    with pytest.raises(NoAddress) as error:
        bare(written)
    assert len(str(error.value)) < 300


def test_sole_takes_nothing_with_it() -> None:
    """The last check before mail goes out knows no names and no lists."""
    assert sole("ann@bücher.example") == "ann@xn--bcher-kva.example"
    for text in ("Ann <ann@x.example>", "a@x.example,b@x.example", "a@x.example\n"):
        with pytest.raises(NoAddress):
            sole(text)


def test_spellings_of_a_domain() -> None:
    """A shop may have either."""
    assert spellings("ann@x.example") == ["ann@x.example"]
    assert spellings(bare("ann@bücher.example")) == [
        "ann@xn--bcher-kva.example", "ann@bücher.example",
    ]  # fmt: skip


def test_the_same_mailbox() -> None:
    """However it is written; nobody is not the same as nobody."""
    assert same("Ann <ann@BÜCHER.example>", "ANN@xn--bcher-kva.example")
    assert not same("ann@x.example", "joann@x.example")
    assert not same("\u212aim@x.example", "kim@x.example")
    assert not same("", "")
    assert not same(" ", "")


def test_tidy_keeps_what_it_cannot_read() -> None:
    """For people to look at."""
    assert tidy(" a@x.example, b@x.example ") == "a@x.example, b@x.example"
    assert tidy("Ann <ann@x.example>") == "ann@x.example"
