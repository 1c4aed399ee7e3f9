"""The reader of CEL: what it takes the library takes too, and which words are free in it."""

import cel
import pytest

from apps.policies.expression import (
    Chain,
    Literal,
    Name,
    Unreadable,
    declared_words,
    free_words,
    parse,
    tokens,
)

READABLE = [
    "!(trigger in ['undo', 'saga']) && has_change",
    "a ? b : c ? d : e",
    "-5 - -5 > 1 || a-1>0 && a>-1",
    'x[0].y[\'a\'] == "b\\"c"',
    "r'\\d' == 'a' || r'a\\' == 'b'",
    "'''a\n'b''' == 'c' || \"\"\"a\"b\"\"\" == 'x'",
    "b'x' == b\"y\"",
    "a // 5 of them\n > 1.0",
    ".5 < 1e3 && 1.5e-3 < 1E5",
    "{'a': 1, 'b': [1, 2,],}['a'] == 1",
    "0x1Fu > 5u",
    "a.map(x, x > 1, x * 2).size() > 1",
    "has(a.b.c) && a.as == 1",
]
UNREADABLE = [
    "", "amount >", "a b", "(a", "a)", "a[", "[1,,2]", "{'a'}", "a ? b", "Foo{a: 1}", "a.b{c: 1}",
    "`a`", "a.?b", "1.", "'a", "in", "...", "f(1 2)", "'a' 'b'", "a == '", "a = 1", "a & b", "a; b",
    "not a", "#", "'a\n'",
]  # fmt: skip


@pytest.mark.parametrize("text", READABLE)
def test_what_is_read_the_library_takes_too(text):
    """The grammar is the same as far as it goes."""
    assert parse(text)
    assert cel.compile(text)


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_expression_is_refused(text):
    """With a sentence; never with another error."""
    with pytest.raises(Unreadable, match=r"\.$"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["(" * 200 + "a" + ")" * 200, "!" * 500 + "a", "a" + ".b" * 500, "[" * 500, "-" * 900,
             "a[" * 200, "f(" * 400, "a ? " * 300]
)  # fmt: skip
def test_nesting_has_an_end(text):
    """Whoever nests deeper than anybody reads is told, and nothing overflows."""
    with pytest.raises(Unreadable):
        parse(text)


def test_a_long_row_is_not_deep():
    """As many terms as an expression has room for."""
    assert isinstance(parse(" || ".join(["amount > 1"] * 150)), Chain)
    assert isinstance(parse("+".join(["1"] * 999)), Chain)


def test_a_sign_binds_as_the_language_says():
    """And before or, comparison before and, addition before comparison."""
    node = parse("a || b && c > 1 + 2 * 3")
    assert isinstance(node, Chain)
    assert node.rest[0][0] == "||"
    [(_, conjunction)] = node.rest
    assert isinstance(conjunction, Chain)
    assert conjunction.rest[0][0] == "&&"
    assert conjunction.rest[0][1] == Chain(
        Name("c"),
        ((">", Chain(Literal("1", "int"), (("+", Chain(Literal("2", "int"), (("*", Literal("3", "int")),))),))),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "free", "declared"),
    [
        ("params.items.exists(i, i.quantity > 3)", {"params"}, {"i"}),
        ("i.quantity > 3 || params.items.exists(i, i.quantity > 3)", {"i", "params"}, {"i"}),
        ("params.items.exists(i, i.x > 3) && i > 1", {"i", "params"}, {"i"}),
        ("i.exists(i, i > 3)", {"i"}, {"i"}),
        ("a.all(x, b.exists(y, y > x && z))", {"a", "b", "z"}, {"x", "y"}),
        ("a.map(x, x > c, x * 2)", {"a", "c"}, {"x"}),
        ("a.exists(i, v, v > 1)", {"a", "i", "v"}, set()),  # no such macro
        ("exists(i, i > 1)", {"i"}, set()),
        ("a.exists('i', i > 1)", {"a", "i"}, set()),
        ("has(a.b)", {"a"}, set()),
        ("a.b.c['d'] == {e: f}[g]", {"a", "e", "f", "g"}, set()),
        ("'i' == \"i\" // i", set(), set()),
    ],
)
def test_a_macro_declares_its_variable_for_itself_only(text, free, declared):
    """Outside of it, and in what it runs over, the same word is another."""
    node = parse(text)
    assert free_words(node) == free
    assert declared_words(node) == declared


def test_a_word_in_a_text_is_none():
    """Texts and comments are one token, whatever is in them."""
    assert tokens("'a \\' b' + r'\\' // c 'd'") == [
        ("text", "'a \\' b'", 0), ("sign", "+", 9), ("text", "r'\\'", 11)
    ]  # fmt: skip
