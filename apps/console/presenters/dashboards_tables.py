"""The tables of the page of figures, for reading and for spreadsheets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.urls import reverse

from apps.console.presenters import dashboards_words as words
from apps.console.presenters.dashboards_asked import Asked
from apps.console.presenters.dashboards_csv import Value
from apps.insights.figures import DOLLAR, NOBODY, OUTCOMES, Figures, figures, times
from apps.insights.histogram import Percentile, Share, percentile
from apps.insights.rules import NEARLY_ALWAYS, OFTEN_ENOUGH, RuleStanding
from apps.insights.standing import Standing
from apps.insights.tally import Tally

OUTCOME_WORDS = {
    "auto": "Carried out by policy alone",
    "approved": "Approved as proposed",
    "edited": "Approved after an edit",
    "rejected": "Rejected",
    "denied": "Denied by policy",
    "expired": "Expired undecided",
}
OUTCOME_HEADS = {
    "auto": "By policy",
    "approved": "As proposed",
    "edited": "Edited",
    "rejected": "Rejected",
    "denied": "Denied",
    "expired": "Expired",
}
MISHAP_WORDS = {
    "unknown": "Outcome not proven",
    "needs_person": "Needs a person",
    "breaker": "Breaker open",
    "run": "Run failed",
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell: what a person reads, what a spreadsheet gets, and where its rows are."""

    text: str
    value: Value
    href: str = ""
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; the first cell of a row names it, `plain` columns are text and not numbers."""

    name: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    intro: str = ""
    empty: str = "Nothing in this period."
    plain: tuple[int, ...] = field(default=(0,))


def said(text: str, href: str = "", note: str = "") -> Cell:
    """A text."""
    return Cell(text=text, value=text, href=href, note=note)


def counted(n: int, href: str = "") -> Cell:
    """A number; without rows there is nothing to follow."""
    return Cell(text=words.count(n), value=n, href=href if n else "")


def of_share(share: Share, href: str = "", *, note: bool = True) -> Cell:
    """A share with its interval; a spreadsheet gets the share as a number, however few."""
    value = round(share.value, 6) if share.n else None
    shown = words.between(share) if note and share.n else ""
    return Cell(text=words.shared(share), value=value, href=href if share.part else "", note=shown)


def of_time(percentile: Percentile, href: str = "") -> Cell:
    """A percentile; a spreadsheet gets seconds."""
    value = round(percentile.ms / 1000, 3) if percentile.ms is not None else None
    note = words.around(percentile) if percentile.n else ""
    return Cell(
        text=words.timed(percentile), value=value, href=href if percentile.n else "", note=note
    )


def of_money(amount: float | None) -> Cell:
    """US dollars."""
    value = None if amount is None else round(amount, 8)
    return Cell(text=words.dollars(amount), value=value)


def outcomes(asked: Asked, now: Figures, before: Figures | None) -> Table:
    """What became of proposals, as a share of all decisions."""
    rows = [
        [
            said(OUTCOME_WORDS[what]),
            counted(now.outcomes[what].part, asked.rows("decided", what)),
            of_share(now.outcomes[what], note=False),
            said(words.between(now.outcomes[what]) if now.decided else words.NOTHING),
            said(words.moved_share(now.outcomes[what], before.outcomes[what] if before else None)),
        ]
        for what in OUTCOMES
    ]
    return Table(
        name="outcomes",
        title="What became of proposals",
        intro=f"{words.plural(now.decided, 'decision')}. A proposal that came back counts again.",
        columns=["Outcome", "Number", "Share", "95 % interval", "Compared"],
        rows=rows if now.decided else [],
        plain=(0, 4),
    )


def split(
    asked: Asked,
    tally: Tally,
    dimension: str,
    names: Mapping[str, str],
    *,
    title: str,
    none: str,
) -> Table:
    """The outcomes for each agent, policy version or action, the busiest first."""
    costs = dimension == "agent" and not (asked.version or asked.action)
    parts = {key: figures(part) for key, part in tally.by(dimension).items()}
    busy = {
        key: group
        for key, group in parts.items()
        if group.decided or group.done or (costs and group.calls)
    }
    heads = ["Decided", *OUTCOME_HEADS.values(), "Time to decide", "Done", "Undone"]
    return Table(
        name=f"{dimension}s",
        title=title,
        columns=[title.removeprefix("By ").capitalize(), *heads,
                 *(["Model cost", "Each done"] if costs else [])],
        rows=[
            one_part(asked, group, name=names.get(key, "Removed" if key else none), costs=costs,
                     narrowed={dimension: key or (NOBODY if dimension == "agent" else "")})
            for key, group in sorted(busy.items(), key=lambda pair: (-pair[1].decided, pair[0]))
        ],
    )  # fmt: skip


def one_part(
    asked: Asked, figures: Figures, *, name: str, costs: bool, narrowed: dict[str, str]
) -> list[Cell]:
    """The outcomes of one agent, policy version or action; no links where it has no name."""

    def rows_of(fact: str, what: str = "") -> str:
        return asked.rows(fact, what, **narrowed) if any(narrowed.values()) else ""

    return [
        said(name, asked.address("insights", **narrowed) if any(narrowed.values()) else ""),
        counted(figures.decided, rows_of("decided")),
        *(
            of_share(figures.outcomes[what], rows_of("decided", what), note=False)
            for what in OUTCOMES
        ),
        of_time(figures.waited.half, rows_of("first_verdict")),
        counted(figures.done, rows_of("settled", "done")),
        counted(figures.undone, rows_of("settled", "undone")),
        *([of_money(figures.cost), of_money(figures.cost_each)] if costs else []),
    ]  # fmt: skip


def reviewers(asked: Asked, tally: Tally, names: Mapping[str, str]) -> Table:
    """How long each person holds a proposal before approving it, the quickest first."""
    found = []
    for person, part in tally.by("extra", "held_verdict").items():
        took = times(part, "held_verdict", "approve")
        if took.n:
            found.append((took.half.ms or 0.0, person, took))
    rows = [
        [
            said(names.get(person, "A former member")),
            counted(took.n, asked.rows("held_verdict", "approve", extra=person)),
            of_time(took.half),
            of_time(took.most),
        ]
        for _, person, took in sorted(found)
    ]
    return Table(
        name="reviewers",
        title="Time per approval",
        intro="From taking a proposal to approving it. Very short times may be rubber stamps.",
        columns=["Reviewer", "Approvals", "Median", "95 of 100 within"],
        rows=rows,
        empty="Nobody has approved a proposal they had taken before.",
    )


def models(asked: Asked, tally: Tally) -> Table:
    """How models answer, by tier and model, the most asked first."""
    parts = tally.by("extra", "call", "tokens_in", "tokens_out")
    ranked = sorted(parts.items(), key=lambda pair: -pair[1].count("call"))
    rows = []
    for extra, part in ranked:
        group = figures(part)
        tier, _, model = extra.partition("|")
        rows.append(
            [
                said(model or tier, note=f"tier {tier}" if model else ""),
                counted(group.calls, asked.rows("call", extra=extra)),
                of_time(group.latency.half),
                of_time(group.latency.most),
                of_share(group.errors, asked.rows("call", "failed", extra=extra)),
                counted(group.tokens_in),
                counted(group.tokens_out),
                of_money(group.cost),
            ]
        )
    return Table(
        name="models",
        title="Models",
        columns=["Model", "Calls", "Median answer", "95 of 100 within", "Errors", "Tokens in",
                 "Tokens out", "Cost"],
        rows=rows,
        empty="No model was asked in this period.",
    )  # fmt: skip


def mishaps(asked: Asked, now: Figures, standing: Standing) -> Table:
    """What went wrong and how long it took to mend."""
    open_now = {
        "unknown": (standing.unknown, reverse("console:stuck")),
        "needs_person": (standing.needs_person, reverse("console:inbox")),
        "breaker": (standing.breakers, reverse("console:connectors")),
        "run": (standing.failed, f"{reverse('console:runs')}?state=failed"),
    }
    rows = [
        [
            said(MISHAP_WORDS[what]),
            counted(
                recovery.began,
                asked.rows("settled", what) if what == "needs_person"
                else asked.rows("broken", what),
            ),
            counted(recovery.ended, asked.rows("recovered", what)),
            of_time(recovery.took.half),
            of_time(recovery.took.most),
            counted(*open_now[what]),
        ]
        for what, recovery in now.mishaps.items()
    ]  # fmt: skip
    return Table(
        name="mishaps",
        title="Failures and recovery",
        columns=["What", "Began", "Mended", "Median time", "95 of 100 within", "Open now"],
        rows=rows,
    )


def rules(found: Sequence[RuleStanding], *, link: Callable[[RuleStanding], str]) -> Table:
    """How often people approve unchanged what a rule sends to them."""
    rows = [
        [
            said(standing.rule, link(standing), note=str(standing.version)),
            counted(standing.unchanged.n),
            of_share(standing.unchanged),
            said(
                "Nearly always approved: consider raising the threshold."
                if standing.nearly_always
                else "",
            ),
        ]
        for standing in found
    ]
    return Table(
        name="rules",
        title="Rules that ask a person",
        intro="Of the last 200 verdicts of each rule now in force, whatever the period. Above "
        f"{100 * NEARLY_ALWAYS:.0f} % of at least {OFTEN_ENOUGH}, the rule is one to change.",
        columns=["Rule", "Verdicts", "Approved unchanged", "Suggestion"],
        rows=rows,
        empty="Nobody has decided yet what a rule now in force has sent them.",
        plain=(0, 3),
    )


def days(asked: Asked, by_day: Mapping[date, Tally]) -> Table:
    """Every day, the newest first."""
    rows = []
    for day, tally in sorted(by_day.items(), reverse=True):
        waits = tally.buckets("first_verdict")
        decided = {what: tally.count("decided", what) for what in OUTCOMES}
        span = {"days": "", "from": day.isoformat(), "to": day.isoformat()}
        half, most = percentile(waits, 0.5), percentile(waits, 0.95)
        rows.append(
            [
                Cell(text=f"{day:%-d %b %Y}", value=day),
                counted(tally.count("submitted"), asked.rows("submitted", **span)),
                *(counted(n, asked.rows("decided", what, **span)) for what, n in decided.items()),
                Cell(text=words.duration(half.ms), value=half.ms and round(half.ms / 1000, 3)),
                Cell(text=words.duration(most.ms), value=most.ms and round(most.ms / 1000, 3)),
                counted(tally.count("settled", "done"), asked.rows("settled", "done", **span)),
                of_money(tally.total("call") / DOLLAR),
            ]
        )
    return Table(
        name="days",
        title="Every day",
        columns=["Day", "Submitted", *OUTCOME_HEADS.values(), "Median time to decide",
                 "95 of 100 within", "Done", "Model cost"],
        rows=rows,
    )  # fmt: skip
