"""Which correction of a reviewer a case heeds."""

from apps.agents.playbooks.calibration import READ, read_by
from apps.agents.playbooks.refund_desk.corrections import lesson_of
from tests.factories.agents import correction


def of_case(intent: str, *, by: str, rules: str, skus: tuple[str, ...] = ()) -> dict[str, object]:
    """A case as its proposal kept it."""
    read = read_by(by, name="gpt", rules=rules, model=intent)
    return {"intent": intent, "skus": list(skus), READ: read}


def test_what_only_a_model_misread_teaches_the_rules_nothing() -> None:
    """The rules had read another intent: the rejection was about the model's reading."""
    theirs = correction(case=of_case("damaged", by="model", rules="question"))
    assert lesson_of([theirs], intent="damaged", skus=[]) is None
    assert lesson_of([theirs], intent="damaged", skus=[], by_rules=False) is not None


def test_what_rules_and_model_read_alike_teaches_both() -> None:
    """Whoever was followed."""
    alike = correction(case=of_case("damaged", by="model", rules="damaged"))
    followed = correction(case=of_case("damaged", by="rules", rules="damaged"))
    for one in (alike, followed):
        assert lesson_of([one], intent="damaged", skus=[]) is not None


def test_the_same_article_comes_before_the_newer_correction() -> None:
    """Corrections come newest first; another reason to write is another kind of case."""
    newer = correction(case={"intent": "damaged", "skus": ["LAMP"]}, reason="newer")
    same = correction(case={"intent": "damaged", "skus": ["MUG"]}, reason="same article")
    other = correction(case={"intent": "late", "skus": ["MUG"]}, reason="other intent")
    found = lesson_of([other, newer, same], intent="damaged", skus=["MUG"])
    assert found is not None
    assert found.reason == "same article"
    assert "MUG" in found.why


def test_a_case_without_a_reader_is_the_rules() -> None:
    """As all cases were kept before models were told apart."""
    old = correction(case={"intent": "damaged", READ: None})
    assert lesson_of([old], intent="damaged", skus=[]) is not None
