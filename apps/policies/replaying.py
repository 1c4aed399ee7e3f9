"""What a version would have decided: on what was recorded lately, and on typical changes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from apps.policies.cel import STRICTNESS, Ruleset, Verdict, combine
from apps.policies.facts import Facts
from apps.policies.measure import Market
from apps.policies.samples import actions, samples

MOST_RECORDED = 200  # changes, the newest
LONGEST = 1.5  # seconds; what is left then is told


@dataclass
class Replay:
    """How many changes were looked at, how they moved, and what each rule said of them.

    `moves` counts `(before, after)` outcomes that differ; `milder` names the actions of changes
    that would be let through further than they are.
    """

    recorded: int = 0
    left_out: int = 0
    typical: int = 0
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: dict[str, Counter[str]] = field(default_factory=dict)
    milder: set[str] = field(default_factory=set)

    def told(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "recorded": self.recorded,
            "left_out": self.left_out,
            "typical": self.typical,
            "moves": [[old, new, times] for (old, new), times in sorted(self.moves.items())],
            "rules": [[name, dict(said)] for name, said in self.rules.items()],
        }


def replay(
    before: Sequence[Ruleset],
    after: Sequence[Ruleset],
    recorded: Iterable[Facts],
    *,
    changed: Ruleset,
    market: Market,
) -> Replay:
    """Judge recorded and typical changes by the rules in force and by those that would be.

    `changed` is the version in question, of which each rule is told of. Ends after 1.5 s.
    """
    found = Replay(rules={rule.rule.name: Counter() for rule in changed.rules})
    until = monotonic() + LONGEST
    for facts in recorded:
        if monotonic() > until:
            found.left_out += 1
            continue
        found.recorded += 1
        judge(found, before, after, facts, changed=changed, market=market, counts=True)
    for action in actions():
        for facts in samples(action):
            found.typical += 1
            judge(found, before, after, facts, changed=changed, market=market, counts=False)
    return found


def judge(
    found: Replay,
    before: Sequence[Ruleset],
    after: Sequence[Ruleset],
    facts: Facts,
    *,
    changed: Ruleset,
    market: Market,
    counts: bool,
) -> None:
    """Judge one change both ways, and note it; typical ones are no part of the count of moves."""
    old, new = verdict(before, facts, market), verdict(after, facts, market)
    if counts and (old.outcome, old.reviewers) != (new.outcome, new.reviewers):
        found.moves[named(old), named(new)] += 1
    if strictness(new) < strictness(old):
        found.milder.add(facts.action)
    for fired in changed.evaluate(facts, market):
        said = found.rules.setdefault(fired.rule, Counter())
        said["failed" if fired.error else "matched" if counts else "typical"] += 1


def verdict(rulesets: Sequence[Ruleset], facts: Facts, market: Market) -> Verdict:
    """What all rules together say."""
    return combine([fired for ruleset in rulesets for fired in ruleset.evaluate(facts, market)])


def strictness(verdict: Verdict) -> tuple[int, int]:
    """How strict a verdict is; of two reviews the one by more people."""
    return STRICTNESS[verdict.outcome], verdict.reviewers


def named(verdict: Verdict) -> str:
    """A verdict in words."""
    if verdict.reviewers > 1:
        return f"waits for {verdict.reviewers} people"
    return {"allow": "is done without a person", "review": "waits for a person"}.get(
        verdict.outcome, "is denied"
    )


def in_words(told: dict[str, Any]) -> list[str]:
    """What a replay found, a sentence each: of all changes, then of each rule."""
    return [*in_all(told), *of_rules(told)]


def in_all(told: dict[str, Any]) -> list[str]:
    """How many changes would be decided otherwise, a sentence each."""
    recorded, moves = told["recorded"], told["moves"]
    if not recorded:
        said = ["Nothing has been decided here lately that it could be tried on."]
    else:
        same = recorded - sum(times for _, _, times in moves)
        said = [f"Of the {recorded} changes decided last, it would decide {same} as they are "
                "decided by the rules in force."]  # fmt: skip
    said += [f"{times} of them: {old} now, {new} then." for old, new, times in moves]
    if told["left_out"]:
        said.append(f"{told['left_out']} more were not tried, because it would take too long.")
    return said


def of_rules(told: dict[str, Any]) -> list[str]:
    """What each rule matches, a sentence each."""
    said = []
    for name, counts in told["rules"]:
        failed = f", and fails on {counts['failed']}" if counts.get("failed") else ""
        said.append(
            f"Rule “{name}” matches {counts.get('matched', 0)} of those changes and "
            f"{counts.get('typical', 0)} of {told['typical']} typical ones{failed}."
        )
    return said
