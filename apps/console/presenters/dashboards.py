"""The page of figures: cards and charts. Words for numbers are in `dashboards_words`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from apps.console import reader
from apps.console.presenters import dashboards_words as words
from apps.console.presenters.dashboards_asked import Asked
from apps.console.presenters.dashboards_charts import Chart, bars, lines
from apps.insights.figures import BY_PEOPLE, DOLLAR, Figures
from apps.insights.histogram import ENOUGH, percentile
from apps.insights.tally import Tally


@dataclass(frozen=True, kw_only=True)
class Card:
    """A figure: its value, what it is of, how sure it is and how it has moved."""

    name: str
    title: str
    value: str
    of: str
    href: str
    more: list[str] = field(default_factory=list)
    moved: str = ""


def cards(asked: Asked, now: Figures, before: Figures | None) -> list[Card]:
    """The figures in the order of what a team asks first."""
    found = [
        time_to_decide(asked, now, before),
        without_a_person(asked, now, before),
        as_proposed(asked, now, before),
        undone(asked, now, before),
    ]
    if not (asked.version or asked.action):
        found += [cost(asked, now, before), latency(asked, now, before),
                  memory(asked, now, before)]  # fmt: skip
    return [*found, approving(asked, now, before)]


def time_to_decide(asked: Asked, now: Figures, before: Figures | None) -> Card:
    """From submission to the first verdict."""
    half = now.waited.half
    return Card(
        name="waited",
        title="Time to decide",
        value=words.timed(half),
        of=f"median of {words.plural(half.n, 'first verdict')}",
        href=asked.rows("first_verdict"),
        more=kept(words.of_times(now.waited), sure(words.around(half)), taken(now)),
        moved=words.moved_time(half, before.waited.half if before else None),
    )


def taken(now: Figures) -> str:
    """How long a verdict takes once somebody has taken the proposal."""
    half = now.held.half
    if half.too_few:
        return ""
    return f"{words.duration(half.ms)} once taken (n = {words.count(half.n)})"


def without_a_person(asked: Asked, now: Figures, before: Figures | None) -> Card:
    """The share policy let pass alone, of what was submitted."""
    share = now.alone
    return Card(
        name="auto",
        title="Decided by policy alone",
        value=words.shared(share),
        of=f"{words.count(share.part)} of {words.count(share.n)} submitted",
        href=asked.rows("decided", "auto"),
        more=kept(sure(words.between(share))),
        moved=words.moved_share(share, before.alone if before else None),
    )


def as_proposed(asked: Asked, now: Figures, before: Figures | None) -> Card:
    """How often people take a proposal as it is, of what they decided."""
    share = now.unchanged
    return Card(
        name="unchanged",
        title="Approved as proposed",
        value=words.shared(share),
        of=f"{words.count(share.part)} of {words.count(share.n)} that people decided",
        href=asked.rows("decided", "approved"),
        more=kept(sure(words.between(share))),
        moved=words.moved_share(share, before.unchanged if before else None),
    )


def undone(asked: Asked, now: Figures, before: Figures | None) -> Card:
    """What was undone after the fact."""
    rate = now.undone_per_hundred
    return Card(
        name="undone",
        title="Undone after the fact",
        value=words.count(now.undone),
        of=f"{words.count(now.done)} were done in the same days",
        href=asked.rows("settled", "undone"),
        more=kept(
            f"{reader.number(rate, 1)} for 100 done"
            if rate is not None and now.done >= ENOUGH
            else ""
        ),
        moved=moved_undone(now, before),
    )


def moved_undone(now: Figures, before: Figures | None) -> str:
    """How the rate moved: the number alone falls as long as the last day is not over."""
    rate, earlier = now.undone_per_hundred, before.undone_per_hundred if before else None
    if before is None or rate is None or now.done < ENOUGH:
        return ""
    if earlier is None or before.done < ENOUGH:
        return f"before: {words.TOO_FEW} (n = {words.count(before.done)})"
    return words.moved_amount(rate, earlier, said=f"{reader.number(earlier, 1)} for 100 done")


def cost(asked: Asked, now: Figures, before: Figures | None) -> Card:
    """What models cost for what was done."""
    return Card(
        name="cost",
        title="Model cost of a done proposal",
        value=words.dollars(now.cost_each),
        of=f"{words.dollars(now.cost)} for {words.count(now.done)} done",
        href=asked.rows("call"),
        more=[
            f"{words.count(now.tokens_in + now.tokens_out)} tokens "
            f"in {words.plural(now.calls, 'call')}"
        ],
        moved=words.moved_money(now.cost_each, before.cost_each if before else None),
    )


def latency(asked: Asked, now: Figures, before: Figures | None) -> Card:
    """How fast models answer, and how often they do not."""
    half = now.latency.half
    errors = words.shared(now.errors)
    return Card(
        name="latency",
        title="Model answers within",
        value=words.timed(half),
        of=f"median of {words.plural(half.n, 'answer')}",
        href=asked.rows("call"),
        more=kept(words.of_times(now.latency), f"errors: {errors}" if now.calls else ""),
        moved=words.moved_time(half, before.latency.half if before else None),
    )


def memory(asked: Asked, now: Figures, before: Figures | None) -> Card:
    """How often a plan rests on something the memory knew."""
    share = now.recalled
    return Card(
        name="memory",
        title="Memory was used",
        value=words.shared(share),
        of=f"for {words.count(share.part)} of {words.plural(share.n, 'planned proposal')}",
        href=asked.rows("recalled", "found"),
        more=kept(sure(words.between(share))),
        moved=words.moved_share(share, before.recalled if before else None),
    )


def approving(asked: Asked, now: Figures, before: Figures | None) -> Card:
    """How long the team looks before it says yes."""
    half = now.approving.half
    return Card(
        name="approving",
        title="Time per approval, whole team",
        value=words.timed(half),
        of=f"median of {words.plural(half.n, 'approval')}",
        href=asked.rows("held_verdict", "approve"),
        more=kept(sure(words.around(half)), "very short times may be rubber stamps"),
        moved=words.moved_time(half, before.approving.half if before else None),
    )


def kept(*lines: str) -> list[str]:
    """The lines that say something."""
    return [line for line in lines if line]


def sure(interval: str) -> str:
    """An interval as a line."""
    return f"95 % interval {interval}" if interval else ""


def charts(by_day: Mapping[date, Tally], *, costs: bool) -> list[Chart]:
    """What happened each day, as pictures; without costs where they cannot be told apart."""
    dates = sorted(by_day)
    tallies = [by_day[day] for day in dates]
    return [
        decisions(dates, tallies),
        waiting(dates, tallies),
        *([spending(dates, tallies)] if costs else []),
    ]


def decisions(dates: list[date], tallies: list[Tally]) -> Chart:
    """Decisions a day, by who decided."""
    series: list[tuple[str, list[float]]] = [
        (tone, [float(tally.count("decided", *what)) for tally in tallies])
        for tone, what in (
            ("one", ("auto",)), ("two", BY_PEOPLE), ("three", ("denied", "expired")),
        )
    ]  # fmt: skip
    drawn, highest = bars(series)
    return Chart(
        name="decisions",
        title="Decisions a day",
        told=alternative_text(
            dates,
            [sum(day) for day in zip(*(v for _, v in series), strict=True)],
            lambda value: reader.number(value, 0),
        ),
        top=reader.number(highest, 0),
        first=dates[0],
        last=dates[-1],
        legend=[("one", "policy alone"), ("two", "people"), ("three", "denied or expired")],
        bars=drawn,
        empty=not highest,
    )  # fmt: skip


def waiting(dates: list[date], tallies: list[Tally]) -> Chart:
    """Time to decide, each day."""
    waits = [tally.buckets("first_verdict") for tally in tallies]
    half = [percentile(counter, 0.5).ms for counter in waits]
    most = [percentile(counter, 0.95).ms for counter in waits]
    drawn, highest = lines([("two", most), ("one", half)])
    return Chart(
        name="waiting",
        title="Time to decide, each day",
        told="Median: " + alternative_text(dates, half, words.duration),
        top=words.duration(highest),
        first=dates[0],
        last=dates[-1],
        legend=[("one", "median"), ("two", "95 of 100 within")],
        lines=drawn,
        empty=not highest,
    )


def spending(dates: list[date], tallies: list[Tally]) -> Chart:
    """Model cost each day."""
    costs = [tally.total("call") / DOLLAR for tally in tallies]
    drawn, highest = bars([("one", costs)])
    return Chart(
        name="spending",
        title="Model cost a day",
        told=alternative_text(dates, costs, words.dollars),
        top=words.dollars(highest),
        first=dates[0],
        last=dates[-1],
        legend=[],
        bars=drawn,
        empty=not highest,
    )


def alternative_text(
    dates: Sequence[date], values: Sequence[float | None], say: Callable[[float], str]
) -> str:
    """A picture in a sentence: from when to when, the least and the most."""
    known = [(value, day) for value, day in zip(values, dates, strict=True) if value is not None]
    if not known:
        return "nothing in this period."
    (least, _), (most, day) = min(known), max(known)
    return (
        f"from {dates[0]:%-d %B} to {dates[-1]:%-d %B %Y}, between {say(least)} and {say(most)}, "
        f"the most on {day:%-d %B}."
    )
