"""How the proposals of a run stand, in words for its summary. Pure."""

from collections import Counter
from collections.abc import Sequence

from apps.proposals.models import Proposal, State

OF_SEVERAL = {State.WAITING: "waiting for a person", State.NEEDS_PERSON: "for a person to look at"}


def counted(made: Sequence[Proposal]) -> str:
    """`1 proposal` or `12 proposals`."""
    return f"{len(made)} proposal{'' if len(made) == 1 else 's'}"


def stand(made: Sequence[Proposal]) -> str:
    """How many there are of each state: `12 waiting for a person; 3 done and proven`."""
    counts = Counter(State(proposal.state) for proposal in made)
    return "; ".join(
        f"{count} {OF_SEVERAL.get(state, str(state.label).lower())}"
        for state, count in counts.items()
    )
