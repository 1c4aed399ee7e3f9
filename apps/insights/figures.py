"""What a tally says: shares with intervals, percentiles, money. Pure."""

from dataclasses import dataclass

from apps.insights.histogram import Percentile, Share, percentile, share
from apps.insights.tally import Key, Tally

OUTCOMES = ("auto", "approved", "edited", "rejected", "denied", "expired")
BY_PEOPLE = ("approved", "edited", "rejected")
MISHAPS = ("unknown", "needs_person", "breaker", "run")
DOLLAR = 100_000_000  # the unit costs are added up in


@dataclass(frozen=True, kw_only=True)
class Times:
    """Half of the durations are within `half`, 95 of 100 within `most`."""

    half: Percentile
    most: Percentile

    @property
    def n(self) -> int:
        """Of how many durations."""
        return self.half.n


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How often something went wrong, how often it was mended, and how long that took."""

    began: int
    ended: int
    took: Times


@dataclass(frozen=True, kw_only=True)
class Figures:
    """All figures of a tally; costs in US dollars.

    `waited`: from submission to the first verdict; `held`: from taking it to the verdict, and
    `approving` the same of approvals alone. `undone` may be of proposals done before.
    """

    submitted: int
    decided: int
    outcomes: dict[str, Share]
    waited: Times
    held: Times
    approving: Times
    done: int
    undone: int
    failed: int
    mishaps: dict[str, Recovery]
    calls: int
    cost: float
    tokens_in: int
    tokens_out: int
    latency: Times
    errors: Share
    recalled: Share

    @property
    def alone(self) -> Share:
        """What policy alone let pass, of all that was submitted: what waits counts, too."""
        passed = self.outcomes["auto"].part
        return share(passed, max(self.submitted, passed))

    @property
    def cost_each(self) -> float | None:
        """What models cost for each proposal that was done; None without any."""
        return self.cost / self.done if self.done else None

    @property
    def undone_per_hundred(self) -> float | None:
        """How many were undone for each hundred done in the same days; None without any."""
        return 100 * self.undone / self.done if self.done else None

    @property
    def unchanged(self) -> Share:
        """How many people approved as proposed, of those they decided."""
        judged = sum(self.outcomes[what].part for what in BY_PEOPLE)
        return share(self.outcomes["approved"].part, judged)


def figures(tally: Tally) -> Figures:
    """Everything the tally says."""
    decided = tally.count("decided")
    calls = tally.count("call")
    return Figures(
        submitted=tally.count("submitted"),
        decided=decided,
        outcomes={what: share(tally.count("decided", what), decided) for what in OUTCOMES},
        waited=times(tally, "first_verdict"),
        held=times(tally, "held_verdict"),
        approving=times(tally, "held_verdict", "approve"),
        done=tally.count("settled", "done"),
        undone=tally.count("settled", "undone"),
        failed=tally.count("settled", "failed"),
        mishaps={what: recovery(tally, what) for what in MISHAPS},
        calls=calls,
        cost=tally.total("call") / DOLLAR,
        tokens_in=tally.total("tokens_in"),
        tokens_out=tally.total("tokens_out"),
        latency=times(tally, "call"),
        errors=share(calls - tally.count("call", "ok"), calls),
        recalled=share(tally.total("recalled", "found"), tally.total("recalled", "cases")),
    )


def times(tally: Tally, fact: str, *what: str) -> Times:
    """The durations of a fact."""
    counts = tally.buckets(fact, *what)
    return Times(half=percentile(counts, 0.5), most=percentile(counts, 0.95))


def recovery(tally: Tally, what: str) -> Recovery:
    """How a kind of mishap went."""
    if what == "needs_person":
        began = tally.count("settled", "needs_person")
    else:
        began = tally.count("broken", what)
    return Recovery(
        began=began,
        ended=tally.count("recovered", what),
        took=times(tally, "recovered", what),
    )


def narrow(tally: Tally, *, agent: str = "", version: str = "", action: str = "") -> Tally:
    """The cells of one agent, policy version or action; empty narrows nothing.

    Facts that know nothing of policy or action fall out where one is asked for.
    """

    def wanted(key: Key) -> bool:
        return (
            (not agent or key.agent == ("" if agent == NOBODY else agent))
            and (not version or key.version == version)
            and (not action or key.action == action)
        )

    return tally.where(wanted) if agent or version or action else tally


NOBODY = "none"  # the agent of what people and integrations proposed
