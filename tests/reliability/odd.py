"""Documents as the wild sends them: good rows, and among them some that are odd. Seeded."""

import copy
import csv
import io
import json
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.factories.outside import message_row, order_row, price_row, variant_row

VALUES: list[Any] = [
    None, True, False, 0, -1, 7, 1.5, 1e30, -1e30, 1e-30, float("nan"), float("inf"), 10**25,
    "", " ", "n/a", "12,50", "1,000", "1.000,00", "1e30", "-0", "NaN", "null", "12.50 EUR", "€ 5",
    "\0", "a\0b", "\ud800", "\u202egnp.exe", "\U0001f9fd", "x" * 5_000, "y" * 250_000, "\r\nBcc: x",
    [], {}, [None], [[[[]]]], {"a": {"b": {}}}, {"value": "1"},
    "2026-11-30T12:00:00", "2026-11-30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "soon",
    "2026-13-45", "Mon, 30 Nov 2026 12:00:00 +0100", 1796040000, 1796040000000, 10**18,
    "EUR", "eur", "XXX", "JPY", "KWD", "euro", "1.005", "0.001", "99999999999999999999",
    "Ann Lee <ann@x.example>", "ann@bücher.example", "a@x.example, b@x.example", "ann", "@", "<>",
    "=cmd()", "<script>", "'; DROP TABLE orders; --", "../../etc/passwd", "%s%n", "{{7*7}}",
]  # fmt: skip
ROWS: list[Any] = [None, True, 7, 1.5, "text", "", [], [[]], {}, {"hello": 1}, [None, None]]
BROKEN = ['{"sku": "A, "amount": 1}', "{'sku': 'A'}", '{"sku": }', '{"sku": "\x01"}', "nope",
          '{"a": [{"x": 1}, {"y": }], "b": 2}', '{"sku": "A",, "amount": 1}', "[" * 3_000 + "]" * 3_000,
          '{"amount": ' + "9" * 5_000 + "}", '{"sku" "A"}', "{\\}", '{"sku": "\\x41"}']  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A document of a kind: its body and content type, the good rows in it, and how many in all."""

    kind: str
    content_type: str
    body: bytes
    good: list[dict[str, Any]]
    rows: int
    values: list[Any]  # all rows, where they are values and not broken text


def document(random: Random, number: int) -> Document:
    """Two to five good rows and one to three odd ones, in any order."""
    kind = random.choice(["prices", "messages", "orders", "variants"])
    good = [make(kind, f"{number}-{place}", random) for place in range(random.randint(2, 5))]
    odd = [mutate(make(kind, f"{number}-odd-{n}", random), random) for n in range(random.randint(1, 3))]  # fmt: skip
    rows: list[Any] = [*good, *odd]
    random.shuffle(rows)
    if kind in ("orders", "variants"):
        return Document(kind, "application/json", json.dumps(rows).encode(), good, len(rows), rows)
    return written(random, kind, rows, good)


def make(kind: str, name: str, random: Random) -> dict[str, Any]:
    """A good row; its name is its own."""
    amount = f"{random.randint(1, 900)}.{random.randint(0, 99):02}"
    number = int("".join(filter(str.isdigit, name))) * 2 + ("odd" in name)
    if kind == "prices":
        return price_row(f"SKU-{name}", amount)
    if kind == "messages":
        return message_row(f"m-{name}", sender=f"c{number}@x.example", subject=f"About {name}")
    if kind == "orders":
        return order_row(number, f"c{number}@x.example", original_total=amount)
    return variant_row(f"SKU-{name}", amount)


def mutate(row: dict[str, Any], random: Random) -> Any:
    """The row with one to three things wrong, or no row at all."""
    if random.random() < 0.1:
        return copy.deepcopy(random.choice(ROWS))
    row = copy.deepcopy(row)
    for _ in range(random.randint(1, 3)):
        at: Any = row
        while True:
            key = random.choice(list(at) if isinstance(at, dict) else range(len(at)))
            inner = at[key]
            if not (isinstance(inner, dict | list) and inner) or random.random() < 0.3:
                break
            at = inner
        if isinstance(at, dict) and len(at) > 1 and random.random() < 0.15:
            del at[key]
        else:
            at[key] = copy.deepcopy(random.choice(VALUES))
    return row


def written(random: Random, kind: str, rows: list[Any], good: list[dict[str, Any]]) -> Document:
    """The rows as JSON, JSON lines or CSV, some of them not even well-formed."""
    form = random.choice(["json", "json", "jsonl", "csv"])
    if form == "csv":
        return as_csv(kind, rows, good)
    texts = [json.dumps(row) for row in rows]
    if random.random() < 0.3:
        texts.insert(random.randint(1, len(texts) - 1), random.choice(BROKEN))
    if form == "json":
        body = "[" + random.choice([",", ", ", ",\n  "]).join(texts) + "]"
        return Document(kind, "application/json", body.encode(), good, len(texts), rows)
    body = "\n".join(["{}", *texts]) + "\n"  # a first line that settles the format
    return Document(kind, "application/x-ndjson", body.encode(), good, len(texts) + 1, rows)


def as_csv(kind: str, rows: list[Any], good: list[dict[str, Any]]) -> Document:
    """The rows that are objects, as CSV."""
    names = list(good[0])
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    given = [row for row in rows if isinstance(row, dict) and any(row.get(name) for name in names)]
    for row in given:
        writer.writerow([cell(row.get(name)) for name in names])
    body = out.getvalue().encode("utf-8", "replace")
    return Document(kind, "text/csv", body, good, len(given), rows)


def cell(value: Any) -> str:
    """A value as a spreadsheet exports it."""
    return "" if value is None else str(value).replace("\0", "").replace("\ud800", "?")
