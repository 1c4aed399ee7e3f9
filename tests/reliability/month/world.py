"""The month: orders in six currencies and messages about them, with what is owed. Pure.

What a customer paid for each line is drawn first, in whole minor units; unit prices, discounts and
taxes are what the shop says of it. The oracle knows only what was paid.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from apps.agents.playbooks.refund_desk.intents import Intent
from apps.money.currency import round_to, step
from tests.reliability.month.letters import LANGUAGES, LETTERS, SHARES

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CURRENCIES = ("EUR", "USD", "JPY", "KRW", "KWD", "TND")  # two, none and three decimals
ARTICLES = (  # SKU and title: without a SKU, one inside another, titles inside titles
    ("", "Sticker set"), ("PN-1", "Eraser"), ("PN-10", "Ruler"), ("PN-100", "Ruler set"),
    ("LAMP-7", "Desk lamp"), ("CUP", "Tea cup"), ("CUP-XL", "Tea cup large"), ("", "Pencil case"),
    ("DC-1", "Notebook"), ("DC-2", "Marker"), ("S-100", "Office chair"), ("GH-3", "Garden hose"),
    ("WC-2", "Wall clock"), ("BK-9", "Bookend"),
)  # fmt: skip
LEVEL = {"EUR": 1, "USD": 1, "JPY": 160, "KRW": 1450, "KWD": Decimal("0.35"), "TND": 3}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: `paid` is what the customer paid for all of it, tax in, discounts off."""

    sku: str
    title: str
    quantity: int
    unit_price: Decimal  # as the shop lists it, before discount and perhaps before tax
    discount: Decimal  # of all pieces, in the currency
    tax: Decimal  # that is not in the unit price
    paid: Decimal


@dataclass(frozen=True, kw_only=True)
class Sale:
    """An order of one customer."""

    number: int
    email: str
    language: str
    currency: str
    fulfillment: str
    placed_at: datetime
    lines: tuple[Line, ...]
    shipping: Decimal
    told: bool  # whether the shop tells what each line was charged with, or the total alone
    payments: tuple[Decimal, ...]
    refunded: Decimal  # earlier, of the first payment

    @property
    def total(self) -> Decimal:
        """What was paid in all."""
        return sum((line.paid for line in self.lines), self.shipping)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message with its known answer; `line` is the place of the line it is about, if it is."""

    sale: Sale
    intent: Intent
    line: int | None
    subject: str
    body: str
    again: bool = False  # the customer complained about the same thing before


@dataclass(frozen=True, kw_only=True)
class Month:
    """Orders and letters."""

    sales: list[Sale] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)


def make_month(seed: int, *, sales: int, letters: int) -> Month:
    """A month from one number."""
    chance = Random(seed)
    sold = [sale(chance, 5001 + place) for place in range(sales)]
    written = [letter(chance, one) for one in chance.sample(sold, min(letters, len(sold)))]
    again = [one for one in written if one.intent == Intent.DAMAGED][: max(1, letters // 30)]
    written += [
        Letter(sale=one.sale, intent=one.intent, line=one.line, subject="Again", body=one.body,
               again=True)
        for one in again
    ]  # fmt: skip
    return Month(sales=sold, letters=written)


def sale(chance: Random, number: int) -> Sale:
    """One order: one to three lines, perhaps a discount, taxes, two payments, an earlier refund.

    Where the shop tells totals alone there is nothing but a discount of everything: no reader could
    know more.
    """
    currency, told = chance.choice(CURRENCIES), chance.random() < 0.6
    off = chance.choice((0, 0, 0, 10, 25, 50))
    whole_order = not told or chance.random() < 0.5  # else the discount is of the first line
    shipping = round_to(Decimal("4.90") * LEVEL[currency], currency) if told else Decimal()
    rate = Decimal(chance.choice((0, 0, 0, 19, 7)))
    articles = chance.sample(ARTICLES, chance.choice((1, 1, 1, 2, 3)))
    lines = tuple(
        line(chance, currency, article, off if whole_order or not place else 0, rate)
        for place, article in enumerate(articles)
    )
    total = sum((one.paid for one in lines), shipping)
    payments = split(chance, total, currency)
    refunded = Decimal()
    if chance.random() < 0.1:
        refunded = round_to(payments[0] / chance.choice((3, 4, 10)), currency)
    return Sale(
        number=number,
        email=f"customer{number}@buyers.example",
        language=chance.choice(LANGUAGES),
        currency=currency,
        fulfillment=chance.choice(("delivered", "delivered", "shipped", "not_fulfilled")),
        placed_at=NOW - timedelta(days=chance.randint(1, 29), minutes=chance.randint(0, 600)),
        lines=lines,
        shipping=shipping,
        told=told,
        payments=payments,
        refunded=refunded,
    )


def line(chance: Random, currency: str, article: tuple[str, str], off: int, rate: Decimal) -> Line:
    """One line with a price that fits its currency."""
    quantity = chance.choice((1, 1, 1, 2, 3))
    base = Decimal(chance.choice((3, 4, 6, 8, 9, 12, 20, 45, 100))) * LEVEL[currency]
    unit_price = round_to(base + step(currency) * chance.randint(0, 9), currency)
    discount = round_to(unit_price * quantity * off / 100, currency)
    net = unit_price * quantity - discount
    tax = round_to(net * rate / 100, currency)
    return Line(sku=article[0], title=article[1], quantity=quantity, unit_price=unit_price,
                discount=discount, tax=tax, paid=net + tax)  # fmt: skip


def split(chance: Random, total: Decimal, currency: str) -> tuple[Decimal, ...]:
    """One payment, or two that make up the total."""
    if chance.random() < 0.75:
        return (total,)
    first = round_to(total * chance.choice((3, 5, 7)) / 10, currency)
    return (first, total - first) if 0 < first < total else (total,)


def letter(chance: Random, about: Sale) -> Letter:
    """A message about the order, in the customer's language."""
    intent = chance.choices([*SHARES], [*SHARES.values()])[0]
    place = chance.randrange(len(about.lines))
    article = about.lines[place]
    named = article.sku if article.sku and chance.random() < 0.3 else article.title
    text = chance.choice(LETTERS[intent][about.language])
    return Letter(
        sale=about,
        intent=intent,
        line=place,
        subject=f"#{about.number}" if chance.random() < 0.3 else "",
        body=text.format(article=named, number=f"#{about.number}"),
    )


def owed(month: Month) -> dict[int, Decimal]:
    """The most that may be given back of each order, by its number, for what was written.

    One piece of a damaged line; all pieces of an unwanted one; a tenth of a late order, at most
    the worth of 15 EUR; all of a cancelled one. Complaining again entitles to nothing more, and
    nothing goes beyond what was captured and not yet given back.
    """
    most: dict[int, Decimal] = {}
    for one in month.letters:
        due = min(round_to(entitled(one), one.sale.currency), one.sale.total - one.sale.refunded)
        if due and not one.sale.told:  # a share of the total alone can be a minor unit apart
            due += step(one.sale.currency)
        most[one.sale.number] = max(most.get(one.sale.number, Decimal()), due)
    return most


def entitled(letter: Letter) -> Decimal:
    """What a message entitles to, exactly."""
    sale, line_ = letter.sale, letter.sale.lines[letter.line or 0]
    if letter.intent == Intent.DAMAGED:
        return line_.paid / line_.quantity
    if letter.intent == Intent.MONEY_BACK:
        return line_.paid
    if letter.intent == Intent.LATE:
        return min(sale.total / 10, 15 * Decimal(LEVEL[sale.currency]))
    if letter.intent == Intent.CANCEL and sale.fulfillment == "not_fulfilled":
        return sale.total
    return Decimal()
