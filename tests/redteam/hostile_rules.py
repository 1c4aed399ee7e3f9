"""Fifty expressions that would hold everybody up, or deny all, if a rule could be any of them."""

DIGITS = "[0,1,2,3,4,5,6,7,8,9]"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def nest(macro: str, over: str, depth: int, inmost: str) -> str:
    """Loops inside each other, each with a variable of its own."""
    for letter in reversed(LETTERS[:depth]):
        inmost = f"{over}.{macro}({letter}, {inmost})"
    return inmost


def row(macro: str, over: str, times: int, inmost: str) -> str:
    """Loops one after the other, each over what the one before gives."""
    return over + f".{macro}(x, {inmost})" * times


FREEZE = nest("all", DIGITS, 7, "true").replace(" ", "")  # 43 s for every tenant
FROZEN = FREEZE + " && amount>0.0".ljust(252 - len(FREEZE)) if len(FREEZE) < 252 else FREEZE

HOSTILE: dict[str, str] = {
    # loops inside each other
    "the nest that froze every tenant": FROZEN,
    "a nest of all": nest("all", DIGITS, 8, "true"),
    "a nest of exists": nest("exists", DIGITS, 8, "false"),
    "a nest of exists_one": nest("exists_one", DIGITS, 8, "a == h"),
    "a nest of map": nest("map", DIGITS, 6, "a") + ".size() > 0",
    "a nest of filter": "size(" + nest("filter", DIGITS, 6, "a == f") + ") > 0",
    "a nest over what the shop sends": nest("all", "params.items", 12, "a == l"),
    "a nest over the record itself": nest("all", "before", 10, "true"),
    "a nest over a text in pieces": nest("exists", "['a','b','c','d']", 12, "a == 'z'"),
    "a nest behind a choice": f"has_amount ? true : {nest('all', DIGITS, 8, 'true')}",
    "a nest behind and": f"false && {nest('all', DIGITS, 8, 'true')}",
    "a nest behind or": f"true || {nest('all', DIGITS, 8, 'true')}",
    "a nest in a negation": f"!({nest('exists', DIGITS, 8, 'false')})",
    "a nest in an index": f"[1,2][size({nest('map', DIGITS, 6, 'f')})] > 0",
    "a nest in a key": "{string(" + nest("all", DIGITS, 8, "true") + "): 1}.size() > 0",
    "a nest that hides a word": nest("all", DIGITS, 7, "true").replace("a,", "amount,"),
    "a nest with old spelling": nest("existsOne", DIGITS, 8, "true"),
    "a map of three": DIGITS + ".map(a, " + nest("all", DIGITS, 7, "true") + ", a).size() > 0",
    # lists that grow
    "a list that doubles": row("map", "[[1]]", 25, "x + x") + ".size() > 0",
    "a text that doubles": row("map", "['aaaaaaaaaa']", 28, "x + x") + ".size() > 0",
    "bytes that double": row("map", "[b'aaaaaaaaaa']", 28, "x + x") + ".size() > 0",
    "a list of lists of itself": row("map", "[[1]]", 24, "[x, x]") + ".size() > 0",
    "mappings of mappings": row("map", "[{'k': 1}]", 22, "{'a': x, 'b': x}") + ".size() > 0",
    "copies in a loop": "params.items.all(a, params.items.all(b, size([params, params]) > 0))",
    "sums in a loop": "params.items.all(a, size(params.items + params.items) > 0)"
                      " && " + nest("all", "params.items", 4, "size(params.items + [a]) > 0"),
    "everything compared with everything": nest("all", "params.items", 3, "params == params"),
    "a record compared two hundred times": " && ".join(["[params] == [params]"] * 80),
    "a text made of texts": row("map", "[string(params.note)]", 25, "x + x") + ".size() > 0",
    # patterns
    "a pattern of the stranger": "params.note.matches(params.note)",
    "a pattern that is worked out": "'x'.matches('a' + params.note)",
    "a pattern of all letters, often": "params.note.matches('(\\\\w{50}){9}')",
    "a pattern counted thrice": "'x'.matches('((a{100}){100}){100}')",
    "a pattern of classes": "'x'.matches('" + "\\\\pL" * 50 + "')",
    "a pattern at each item": "params.items.all(i, 'x'.matches('\\\\w+@\\\\w+'))",
    "a pattern that is too long": "'x'.matches('" + "a?" * 300 + "')",
    "a pattern without case": "'x'.matches('(?iu)[\\\\w]{90}')",
    # nesting that breaks readers
    "brackets": "(" * 900 + "true" + ")" * 900,
    "brackets left open": "(" * 1_900,
    "lists left open": "[" * 1_900,
    "negations": "!" * 1_900 + "true",
    "negations in brackets": ("!" * 30 + "(") * 29 + "true" + ")" * 29,
    "signs": "-" * 1_900 + "1 > 0",
    "fields": "params" + ".a" * 900 + " == 1",
    "choices": "true ? " * 130 + "true" + " : true" * 130,
    "a text without an end": "'" + "a" * 1_900,
    # what would only ever deny
    "a text as a number": "change_percent > '5'",
    "a number beside a text in a loop": "params.items.all(i, i.quantity > '3')",
    "no truth": "amount * 2",
    "division by nothing": "1 / 0 > 1",
    "a word nobody knows": "params.items.all(i, j.quantity > 3)",
}  # fmt: skip
