"""Made-up values for the style guide: nothing here comes from a workspace or is kept."""

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from apps.agents.queries import Shadowed, ShadowedChange
from apps.console.presenters.evidence import exhibits
from apps.console.presenters.proposals import TONES, Difference, difference
from apps.console.presenters.shadow import Shadow, show_shadow
from apps.console.presenters.values import money
from apps.proposals.changes import FieldDiff
from apps.proposals.models import Proposal, Risk, State

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NOTICES = (
    ("good", "check", "The shop is connected.", "It answered in 0.2 s."),
    ("", "wait", "This approval came back.", "The price in the shop has changed since."),
    ("bad", "alert", "Nothing answers at the shop.", "Nothing was changed. Try again soon."),
    ("busy", "run", "The agent is reading.", "This takes a few seconds."),
)
BADGES = (("good", "check", "Done and proven"), ("warn", "wait", "Waits for a person"),
          ("bad", "alert", "Refused by the shop"), ("busy", "run", "Being carried out"),
          ("", "note", "Expired"))  # fmt: skip
REASONS = ("Wrong amount", "Wrong customer", "Not now", "Tone of the text")
SPACES = ("gap-1", "gap-2", "gap-3", "gap-4", "gap-5", "gap-6")
TYPE = (("display", "Display, 1.75 rem"), ("title", "Title, 1.375 rem"),
        ("large", "Large, 1.0625 rem"), ("body", "Body, 0.9063 rem"),
        ("small", "Small, 0.8125 rem"), ("tiny", "Tiny, 0.75 rem"))  # fmt: skip
PRICE = FieldDiff(path="prices.EUR", before="19.90", after="18.90")
REPLY = FieldDiff(
    path="body",
    before="We are sorry. We will look into it and come back to you within five days.",
    after="We are sorry about the mug. We are giving you 12.90 EUR back within five days.",
)
EVIDENCE = (
    {"kind": "competitor_price", "title": "Competitor: 18.95 EUR", "detail": "Seen 2 hours ago."},
    {"kind": "correction", "title": "Never below 18 EUR", "detail": "Rita, of TEE-BLK-M."},
)


def everything() -> dict[str, Any]:
    """The context of the style guide."""
    rows = [proposal(*fields) for fields in (
        ("Lower TEE-BLK-M to 18.90 EUR", State.DONE, Risk.LOW, "18.90"),
        ("Refund 20.95 EUR: order #1032", State.WAITING, Risk.HIGH, "20.95"),
        ("Cancel order #1007", State.DENIED, Risk.MEDIUM, "612.00"),
    )]  # fmt: skip
    return {
        "badges": BADGES,
        "notices": NOTICES,
        "reasons": REASONS,
        "spaces": SPACES,
        "sizes": TYPE,
        "sample_rows": [{"proposal": sample, "amount": money(sample.amount or 0, "EUR"),
                         "tone": TONES[State(sample.state)]} for sample in rows],
        "sample_differences": differences(),
        "evidence": exhibits(list(EVIDENCE)),
        "shadow": shadow(),
        "told": SimpleNamespace(event=SimpleNamespace(at=AT, index=4711, run_id=None), tone="good",
                                icon="check", who="Rita Reviewer", text="approved it"),
    }  # fmt: skip


def proposal(title: str, state: State, risk: Risk, amount: str) -> Proposal:
    """A proposal nobody made."""
    return Proposal(id=UUID(int=0), title=title, state=state, risk=risk, amount=Decimal(amount),
                    currency="EUR", agent="Repricing", created_at=AT, expires_at=AT)  # fmt: skip


def differences() -> list[Difference]:
    """A price and a text, as the panel shows them."""
    return [difference(PRICE, "EUR"), difference(REPLY, "EUR")]


def shadow() -> Shadow | None:
    """What an agent would have proposed."""
    change = ShadowedChange(action="set_price", target="", fields=(PRICE,), verdict="allow",
                            rule="small price move",
                            reason="The move is inside the safe range.")  # fmt: skip
    proposal = Shadowed(title="Lower TEE-BLK-M to 18.90 EUR", rationale="A competitor is cheaper.",
                   risk="low", amount=Decimal("18.90"), currency="EUR", confidence=0.9,
                   verdict="allow", reviewers=0, is_taken=False, changes=(change,))  # fmt: skip
    return show_shadow([proposal])
