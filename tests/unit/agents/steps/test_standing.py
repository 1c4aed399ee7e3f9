"""How the proposals of a run stand, as its summary says it."""

from apps.agents.steps.standing import counted, stand
from apps.proposals.models import Proposal, State


def test_states_read_as_a_sentence_whatever_their_number():
    """Nothing says `12 waits`."""
    made = [
        Proposal(state=state) for state in (*[State.WAITING] * 2, State.DONE, State.NEEDS_PERSON)
    ]
    assert f"{counted(made)}: {stand(made)}." == (
        "4 proposals: 2 waiting for a person; 1 done and proven; 1 for a person to look at."
    )


def test_one_is_no_plural():
    """`1 proposal`."""
    assert counted([Proposal()]) == "1 proposal"
