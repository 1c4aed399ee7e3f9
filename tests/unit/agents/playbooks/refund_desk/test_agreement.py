"""A model's answer beside the rules': what is proposed, how sure it is, and who decides."""

from typing import Any

import pytest

from apps.agents.playbooks.base import UNKNOWN
from apps.agents.playbooks.calibration import RULES, Calibration, Tally, both, own_words
from apps.agents.playbooks.refund_desk import planner
from apps.agents.playbooks.refund_desk.agreement import effects
from apps.agents.playbooks.refund_desk.briefing import Classification, Conversation
from apps.agents.playbooks.refund_desk.intents import Intent
from apps.agents.playbooks.refund_desk.sense import Case, Sensed, read_by_rules
from apps.agents.playbooks.refund_desk.settings import Settings
from apps.agents.playbooks.refund_desk.situation import weigh
from apps.proposals.evidence import is_doubted
from apps.proposals.operations import Draft
from tests.factories import agents as make

SURE = make.case("the Alder Mug is damaged: a tear. It arrived broken.")
UNSURE = make.case("the Alder Mug is broken")
OPEN = make.case("Could somebody ring me up about it?")
THANKS = make.case("Thank you, it is wonderful!")
OWN = "Dear Ann, here is what I think."


def by_rules(case: Case) -> Draft | None:
    """What the rules plan."""
    return planner.plan_of(weigh(case, sensed(case), Settings(), now=make.NOW)).draft


def sensed(case: Case) -> Sensed:
    """The case alone."""
    return Sensed(cases=[case], corrections=[], left=0)


def answered(
    case: Case,
    intent: Intent | None,
    *,
    language: str = "en",
    measured: Calibration = UNKNOWN,
    **settings: Any,
) -> Draft | None:
    """What is proposed where a model reads this, does what is due for it, and writes `OWN`."""
    talk = Conversation(case, sensed(case), Settings(**settings), now=make.NOW, measured=measured)
    if intent is not None:
        talk.classify(Classification(intent=intent, language=language))  # type: ignore[arg-type]
    planned = planner.plan_of(talk.situation).draft
    for action, params in planned.changes if planned else []:
        if action != "send_message":
            talk.offer(action, dict(params))
    talk.offer("send_message", {"to": "ann@example.com", "subject": "s", "body": OWN})
    [made] = talk.conclude("Because.", "m")
    return made.draft


def body(draft: Draft) -> str:
    """What the customer would read."""
    return str(dict(draft.changes)["send_message"]["body"])


@pytest.mark.parametrize("case", [SURE, UNSURE])
def test_of_one_mind_it_is_the_rules_plan_as_sure_as_before(case: Case) -> None:
    """In our fixed words, with the model's agreement beside it."""
    rules = by_rules(case)
    made = answered(case, read_by_rules(case).intent)
    assert rules is not None
    assert made is not None
    assert list(made.changes) == list(rules.changes)
    assert made.confidence == rules.confidence
    assert not is_doubted(made.evidence)
    assert made.case["read"]["by"] == "both"
    assert "m came to the same: Because." in made.rationale


def test_who_reads_nothing_and_does_the_same_follows_the_rules() -> None:
    """It costs nothing and is not counted as a second reader."""
    made = answered(SURE, None)
    assert made is not None
    assert made.case["read"] == {"by": "rules", "name": "m", "rules": "damaged"}


@pytest.mark.parametrize(
    ("intent", "language"), [(Intent.LATE, "en"), (Intent.QUESTION, "en"), (Intent.DAMAGED, "fr")]
)
def test_a_dissent_takes_nothing_from_rules_that_are_sure(intent: Intent, language: str) -> None:
    """It is shown; a model nobody has measured takes no autonomy away."""
    rules, made = by_rules(SURE), answered(SURE, intent, language=language)
    assert rules is not None
    assert made is not None
    assert rules.confidence >= 0.95
    assert list(made.changes) == list(rules.changes)
    assert made.confidence == rules.confidence
    assert not is_doubted(made.evidence)
    assert "came to something else" in made.evidence[-1]["title"]
    assert OWN in made.evidence[-1]["detail"]


def test_every_dissent_waits_where_somebody_wants_it_so() -> None:
    """A setting of the agent."""
    made = answered(SURE, Intent.LATE, heed_every_dissent=True)
    assert made is not None
    assert is_doubted(made.evidence)
    assert made.confidence <= 0.4


def test_a_dissent_where_the_rules_are_not_sure_is_for_a_person() -> None:
    """With the lower confidence of the two."""
    made = answered(UNSURE, Intent.LATE)
    assert made is not None
    assert is_doubted(made.evidence)
    assert made.confidence <= 0.4


def test_a_model_measured_to_be_right_more_often_is_followed() -> None:
    """Into its own words, which still are for a person until they are measured, too."""
    record = {
        (RULES, "damaged"): Tally(judged=100, right=70),
        ("m", "late"): Tally(judged=100, right=99),
    }
    made = answered(SURE, Intent.LATE, measured=Calibration(tallies=record))
    assert made is not None
    assert body(made) == OWN
    assert is_doubted(made.evidence)
    record[own_words("m"), "late"] = Tally(judged=200, right=200)
    made = answered(SURE, Intent.LATE, measured=Calibration(tallies=record))
    assert made is not None
    assert not [one for one in made.evidence if one["kind"] == "unmeasured"]
    record[RULES, "damaged"] = Tally(judged=19, right=0)  # too few to say so
    made = answered(SURE, Intent.LATE, measured=Calibration(tallies=record))
    assert made is not None
    assert body(made) != OWN


def test_a_better_reader_is_not_followed_where_both_read_the_same() -> None:
    """How often a reading was right says nothing of what else to do about it."""
    record = {
        (RULES, "damaged"): Tally(judged=100, right=70),
        ("m", "damaged"): Tally(judged=100, right=100),
    }
    measured = Calibration(tallies=record)
    talk = Conversation(SURE, sensed(SURE), Settings(), now=make.NOW, measured=measured)
    talk.classify(Classification(intent=Intent.DAMAGED, language="en"))  # type: ignore[arg-type]
    talk.offer("send_message", {"to": "ann@example.com", "subject": "s", "body": OWN})
    [made] = talk.conclude("Because.", "m")
    rules = by_rules(SURE)
    assert made.draft is not None
    assert rules is not None
    assert len(rules.changes) > 1
    assert list(made.draft.changes) == list(rules.changes)
    assert made.draft.confidence == rules.confidence


def test_where_the_rules_leave_it_to_a_person_the_model_writes_for_that_person() -> None:
    """Its words never pass alone before they are measured, whatever the policy's limit."""
    made = answered(OPEN, Intent.OTHER)
    assert made is not None
    assert body(made) == OWN
    assert [one["kind"] for one in made.evidence if one["kind"] == "unmeasured"]
    assert made.case["read"]["by"] == "model"


def test_thanks_on_both_sides_need_no_answer() -> None:
    """However friendly the model's would be."""
    assert by_rules(THANKS) is None
    assert answered(THANKS, Intent.THANKS) is None


def test_what_the_rules_take_for_mere_thanks_is_not_lost_if_the_model_reads_more() -> None:
    """A person sees it."""
    made = answered(THANKS, Intent.WHERE)
    assert made is not None
    assert is_doubted(made.evidence)


def test_agreement_lifts_the_unsure_once_it_is_measured() -> None:
    """By what people approved of such plans."""
    intent = read_by_rules(UNSURE).intent
    record = {(both("m"), str(intent)): Tally(judged=200, right=200)}
    made = answered(UNSURE, intent, measured=Calibration(tallies=record))
    rules = by_rules(UNSURE)
    assert made is not None
    assert rules is not None
    assert made.confidence >= max(rules.confidence, 0.95 if rules.confidence >= 0.8 else 0)


def test_a_refund_without_words_for_the_customer_is_no_answer() -> None:
    """The rules answer then."""
    talk = Conversation(SURE, sensed(SURE), Settings(), now=make.NOW)
    rules = by_rules(SURE)
    assert rules is not None
    for action, params in rules.changes:
        if action != "send_message":
            talk.offer(action, dict(params))
    [made] = talk.conclude("Done.", "m")
    assert made.draft is not None
    assert list(made.draft.changes) == list(rules.changes)


def test_effects_are_compared_by_value() -> None:
    """20 is 20.00, and words are no effect."""
    one = [("refund_payment", {"order_id": "o", "payment_id": "p", "amount": "20", "note": "a"}),
           ("send_message", {"to": "a", "body": "x"})]  # fmt: skip
    other = [("send_message", {"to": "a", "body": "y"}),
             ("refund_payment", {"order_id": "o", "payment_id": "p", "amount": "20.00"})]  # fmt: skip
    assert effects(one) == effects(other)
    assert effects(one) != effects(one[1:])
    assert effects(one) != effects([("refund_payment", {**one[0][1], "amount": "20.01"}), one[1]])
    assert effects(one) != effects([("refund_payment", {**one[0][1], "payment_id": "q"}), one[1]])
