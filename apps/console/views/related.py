"""What stands behind a proposal: its record's past, others like it, others beside it."""

from dataclasses import replace
from typing import Any

from apps.console.presenters import history_charts as words
from apps.console.presenters import series as together
from apps.console.presenters.proposals import ChangeCard
from apps.gateway.catalogue.action_spec import Measure
from apps.proposals.queries import ProposalView
from apps.proposals.reading import history, precedents, series
from apps.proposals.reading.precedents import Precedents


def draw(view: ProposalView, cards: list[ChangeCard]) -> list[ChangeCard]:
    """The cards with their pictures; one query for each change that has a past to be drawn."""
    evidence = view.proposal.evidence
    return [
        replace(card, pictures=words.pictures_of(change_view, past_of(change_view), evidence))
        for change_view, card in zip(view.changes, cards, strict=True)
    ]


def past_of(stored: Any) -> list[history.Past]:
    """Earlier changes of the same record; none are read where nothing would show them."""
    return history.of_target(stored.change) if stored.spec.measure == Measure.PRICE else []


def context(view: ProposalView, *, withheld: bool) -> dict[str, Any]:
    """Its neighbours, its place in the run, and what people decided before; three queries.

    And the series a cap has stopped it in, with three more.

    What people decided on the like is kept back together with the proposer's word.
    """
    proposal = view.proposal
    others = history.around(proposal, [change_view.change for change_view in view.changes])
    if not view.changes:  # a case that was only referred: there is nothing to compare
        return {"neighbours": words.neighbours(proposal, others)}
    first = view.changes[0]
    decision = first.decision
    siblings = precedents.siblings(proposal, first.change)
    none = Precedents(listed=[], approved=0, decided=0)
    found = series.stopped(
        [change_view.decision for change_view in view.changes if change_view.decision]
    )
    return {
        "neighbours": words.neighbours(proposal, others),
        "series": together.card(found, proposal) if found else None,
        "distribution": words.distribution(siblings, proposal, decision.facts if decision else {}),
        "precedents": none if withheld else precedents.find(proposal, first.change),
    }
