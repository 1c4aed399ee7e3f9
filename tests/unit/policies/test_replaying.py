"""What a version would have decided, rule by rule, is counted and said in words."""

from typing import Any

from apps.policies import replaying
from apps.policies.cel import Rule, Ruleset
from apps.policies.facts import Facts
from apps.policies.measure import Market
from apps.policies.replaying import Replay, in_words, replay

LIMIT = Rule(name="small", when="amount < 10", outcome="allow", reason="x", actions=["set_price"])
LARGE = Rule(name="large", when="amount >= 10", outcome="review", reason="x", reviewers=2)
FAILS = Rule(name="fails", when="params.nothing > 1", outcome="deny", reason="x")


def priced(amount: float, **more: Any) -> Facts:
    """A change of a price."""
    return Facts(action="set_price", connector="c", risk="low", reversibility="final",
                 amount=amount, total_amount=amount, has_amount=True, **more)  # fmt: skip


def tried(before: list[Rule], after: list[Rule], *amounts: float) -> Replay:
    """What is found on changes of these amounts."""
    old, new = Ruleset(before, {}), Ruleset(after, {})
    return replay([old], [new], map(priced, amounts), changed=new, market=Market())


def test_moves_are_counted_both_ways_and_only_milder_ones_are_new() -> None:
    """Two people instead of none is stricter; a denial that goes is milder."""
    found = tried([LIMIT, LARGE], [LIMIT], 5, 20, 30)
    assert found.moves == {("waits for 2 people", "is denied"): 2}
    assert "set_price" not in found.milder
    found = tried([LIMIT], [LIMIT, LARGE], 5, 20)
    assert found.moves == {("is denied", "waits for 2 people"): 1}
    assert "set_price" in found.milder


def test_it_is_said_in_words() -> None:
    """How many stay, which move, and what each rule matches."""
    said = in_words(tried([LIMIT], [LIMIT, LARGE], 5, 20, 30).told())
    assert said[0] == (
        "Of the 3 changes decided last, it would decide 1 as they are decided by the rules in force."
    )
    assert said[1] == "2 of them: is denied now, waits for 2 people then."
    assert said[2].startswith("Rule “small” matches 1 of those changes and ")
    assert said[3].startswith("Rule “large” matches 2 of those changes and ")


def test_a_rule_that_fails_says_so() -> None:
    """It denies, which is no match."""
    said = in_words(tried([LIMIT], [LIMIT, FAILS], 5, 6).told())
    assert "Rule “fails” matches 0 of those changes" in said[-1]
    assert ", and fails on " in said[-1]


def test_what_takes_too_long_is_left_out_and_told(monkeypatch) -> None:
    """Typical changes are always tried."""
    moments = iter([0.0, 0.1, *[9.0] * 50])
    monkeypatch.setattr(replaying, "monotonic", lambda: next(moments))
    found = tried([LIMIT], [LIMIT], 1, 2, 3)
    assert (found.recorded, found.left_out) == (1, 2)
    assert found.typical > 10
    assert "2 more were not tried, because it would take too long." in in_words(found.told())
