"""What is known from other customers' cases, without what tells who they are. Pure.

A person who reviews may open the item itself: its identifier stays.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from apps.agents.playbooks import base
from apps.agents.playbooks.base import Known
from apps.agents.playbooks.calibration import READ
from apps.agents.playbooks.scope import CUSTOMER
from apps.gateway import email_address

ADDRESS = re.compile(r"[^\s<>\"'“”‘’(),;:]+@[^\s<>\"'“”‘’(),;:]+")
ORDER = re.compile(r"#\s?\w[\w-]*|(?<!\w)n°\s?\w[\w-]*", re.IGNORECASE)
LONG_NUMBER = re.compile(r"(?<![\w.,])\+?\d(?:[\s()/.-]{0,2}\d){6,}(?![\w])")  # telephone, account
ACCOUNT = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{2,4}){3,8}\b")  # IBAN
IN_NUMBERS = ("amount", "currency")  # edited fields that tell of no person
IN_GENERAL = ("intent", "language", "skus", "share", "sku", "currency", "from", "to", READ)
HOUSE = ("intent:", "sku:", "product:")  # beginnings of subjects that are nobody's


def redact(text: str, *, keep: Iterable[str] = ()) -> str:
    """The text without addresses, order numbers, telephone and account numbers but those kept."""
    kept = {kept_word.casefold() for kept_word in keep if kept_word}

    def hide(mark: str) -> Any:
        return lambda found: (
            found.group() if found.group().casefold().strip(".!?") in kept else mark
        )

    text = ADDRESS.sub(hide("[address]"), text)
    text = ACCOUNT.sub(hide("[account]"), text)
    text = ORDER.sub(hide("[order]"), text)
    return LONG_NUMBER.sub(hide("[number]"), text)


def for_customer(items: Sequence[Known], *, customer: str, numbers: Iterable[str]) -> list[Known]:
    """Those of the items a case of this customer may rest on, in their order.

    Their own as they are; what is nobody's without what names a person; an episode of somebody
    else only as what was proposed for which intent and how it ended; all else not at all.
    """
    keep = [customer, *(f"#{number}" for number in numbers)]
    found = [seen_from(item, customer, keep) for item in items]
    return [item for item in found if item is not None]


def seen_from(item: Known, customer: str, keep: Sequence[str]) -> Known | None:
    """The item as a case of this customer may know it; None if it may not."""
    owner = owner_of(item)
    if owner and email_address.same(owner, customer):
        return item
    if item.type == "episode":
        return episode(item)
    if owner or not is_nobodys(item.subject):
        return None
    if item.type == "correction":
        return correction(item)
    return item.model_copy(update={"text": redact(item.text, keep=keep), "data": {}})


def owner_of(item: Known) -> str:
    """The address of the customer an item is about; empty if it is about none."""
    if item.subject.startswith(CUSTOMER):
        return item.subject.removeprefix(CUSTOMER)
    about = str(base.case_of(item).get("about") or "") if item.type == "episode" else ""
    return about.removeprefix(CUSTOMER) if about.startswith(CUSTOMER) else ""


def is_nobodys(subject: str) -> bool:
    """Whether a subject is an intent, an article, or none at all."""
    return not subject or subject.startswith(HOUSE)


def episode(item: Known) -> Known | None:
    """What was done in a similar case; None where the item does not tell it in our terms."""
    case = general(base.case_of(item))
    intent, state = case.get("intent"), str(item.data.get("state") or "")
    if not intent or not state:
        return None
    what = str(intent).replace("_", " ")
    text = f"A similar case of another customer ({what}). Outcome: {state.replace('_', ' ')}."
    data = {"case": case, "state": state}
    return item.model_copy(update={"text": text, "subject": "", "data": data})


def correction(item: Known) -> Known:
    """What a reviewer corrected, in terms of the kind of case: amounts and their reason."""
    case, edits = general(base.case_of(item)), edits_of(item)
    shown = [edit for edit in edits if edit.get("field") in IN_NUMBERS]
    reason = redact(base.reason(item))
    parts = [f"{edit['field']}: {edit['before']} → {edit['after']}" for edit in shown]
    parts += ["other words"] * (len(edits) > len(shown))
    done = "rejected" if base.rejected(item) else f"changed ({'; '.join(parts)})"
    what = str(case.get("intent") or "similar").replace("_", " ")
    text = f"A reviewer {done} a case of this kind ({what})." + (
        f" Reason: {reason}" if reason else ""
    )
    data = {name: item.data[name] for name in item.data if name in ("verdict", "actions")}
    data |= {"case": case, "edited": shown, "reason": reason}
    return item.model_copy(update={"text": text, "data": data})


def edits_of(item: Known) -> list[dict[str, Any]]:
    """The fields a reviewer edited."""
    edits = item.data.get("edited")
    return [edit for edit in edits if isinstance(edit, dict)] if isinstance(edits, list) else []


def general(case: dict[str, Any]) -> dict[str, Any]:
    """The part of a case that tells of no person."""
    return {name: case[name] for name in IN_GENERAL if name in case}
