"""A message the desk could not work on: a person answers it. Pure."""

from apps.agents.playbooks.base import Planned
from apps.agents.playbooks.refund_desk import drafts
from apps.agents.playbooks.refund_desk.articles import Named
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.languages import LANGUAGES
from apps.agents.playbooks.refund_desk.reading import Reading
from apps.agents.playbooks.refund_desk.sense import Case
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.agents.playbooks.refund_desk.situation import Situation

UNSURE = 0.1


def for_person(case: Case, why: str, settings: Settings) -> Planned:
    """The customer's words and the reason; nothing else of the case is touched again."""
    language = (case.heard and case.heard.language) or settings.shop_language
    reading = Reading(
        intent=Intent.OTHER,
        language=language if language in LANGUAGES else settings.shop_language,
        confidence=UNSURE,
        signs=(),
        sure=False,
        doubt="The message could not be worked on.",
    )
    bare = Case(message=case.message, number=None, order=None, problem="", trouble=why)
    situation = Situation(case=bare, reading=reading, named=Named(), lesson=None, refund=None)
    return drafts.reply(situation, "hold", why, wants_person=True)
