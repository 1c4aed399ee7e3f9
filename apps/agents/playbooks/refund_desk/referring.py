"""How a person is asked to answer a customer when what was planned has come to nothing. Pure."""

from dataclasses import replace
from typing import Any

from apps.agents.playbooks.refund_desk.evidence import own_text, sources
from apps.agents.playbooks.refund_desk.replies import TEXTS, message
from apps.agents.playbooks.said import DOUBTED
from apps.agents.playbooks.scope import CUSTOMER
from apps.proposals.evidence import REFERRED
from apps.proposals.operations import Draft

ANSWER, HOLD, URGENT = "send_message", "hold", 7
NEEDED = "A person is needed: "


def refer(draft: Draft, why: str) -> Draft:
    """The same case as a reply a person judges: that somebody looks after it, or better words.

    What had been planned is told in the evidence, and nothing of it is proposed.
    """
    case = draft.case
    language = str(case.get("language"))
    if language not in TEXTS[HOLD]:
        language = "en"
    words = message(
        HOLD,
        language=language,
        to=recipient(draft),
        message_id=str(case.get("message_id") or ""),
        number=str(case.get("order") or "") or None,
    )
    evidence = [*map(dict, draft.evidence), because(why), planned(draft), own_text(HOLD, language)]
    changes = [(ANSWER, words)]
    return replace(
        draft,
        title=draft.title if draft.title.startswith(NEEDED) else f"{NEEDED}{draft.title}",
        rationale=f"{why} A person has to look.",
        changes=changes,
        evidence=evidence,
        confidence=min(draft.confidence, DOUBTED),
        priority=URGENT,
        sources=sources(changes, evidence, HOLD),
    )


def recipient(draft: Draft) -> str:
    """Whom the answer goes to: as it was planned, else who the case is about."""
    for action, params in draft.changes:
        if action == ANSWER and params.get("to"):
            return str(params["to"])
    return str(draft.case.get("about") or "").removeprefix(CUSTOMER)


def because(why: str) -> dict[str, Any]:
    """Why a person is asked; it has one look whatever the policy allows."""
    return {"kind": REFERRED, "title": "Why a person is asked", "detail": why}


def planned(draft: Draft) -> dict[str, Any]:
    """What was planned and is not proposed here."""
    return {"kind": "decision", "title": f"Planned: {draft.title}", "detail": draft.rationale}
