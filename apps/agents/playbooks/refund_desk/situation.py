"""A message weighed: how it was read, which articles, what reviewers said, what is due. Pure."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.agents.playbooks import base
from apps.agents.playbooks.refund_desk import conversation
from apps.agents.playbooks.refund_desk.articles import Named, named
from apps.agents.playbooks.refund_desk.corrections import Lesson, lesson_of
from apps.agents.playbooks.refund_desk.decision import Refund, refund_amount
from apps.agents.playbooks.refund_desk.reading import Reading
from apps.agents.playbooks.refund_desk.sense import Case, Sensed, read_by_rules, text_of
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.gateway.records import OrderLine


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A case with all that the decision rests on."""

    case: Case
    reading: Reading
    named: Named
    lesson: Lesson | None
    refund: Refund | None  # None without an order

    @property
    def lines(self) -> tuple[OrderLine, ...]:
        """The lines of the order the message speaks of."""
        return self.named.lines

    @property
    def skus(self) -> list[str]:
        """The articles the message speaks of."""
        return [line.sku for line in self.lines]


def weigh(
    case: Case, sensed: Sensed, settings: Settings, *, now: datetime, reading: Reading | None = None
) -> Situation:
    """Work out what a case is; `reading` is the model's, if it read the message."""
    by_rules = reading is None
    reading = reading or read_by_rules(case, shop_language=settings.shop_language)
    reading, earlier = conversation.together(reading, case.thread)
    words = f"{text_of(case)}\n{earlier}" if earlier else text_of(case)
    found = named(case.order, words, reading.signs) if case.order else Named()
    heeded = base.corrections(sensed.corrections, now=now, days=settings.correction_days)
    skus = [line.sku for line in found.lines]
    lesson = lesson_of(heeded, intent=reading.intent, skus=skus, by_rules=by_rules)
    refund = None
    if case.order is not None:
        refund = refund_amount(
            order=case.order,
            intent=reading.intent,
            lines=found.lines,
            pieces=found.pieces,
            settings=settings,
            now=now,
            ratio=lesson.ratio if lesson and not lesson.refused else Decimal(1),
            cap=case.cap,
        )
        refund = conversation.once(refund, reading.intent, found.lines, case.thread)
    return Situation(case=case, reading=reading, named=found, lesson=lesson, refund=refund)
