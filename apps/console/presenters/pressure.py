"""Text that works on the reviewer, in words: how it does, where it stands, what it says."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.console.presenters.values import label
from apps.proposals.models import Change, Proposal
from apps.proposals.operations.marking import marks_of
from apps.proposals.text.pressure import Kind, Mark

HOW = {
    Kind.INSTRUCTION: "Gives instructions to the system or to you",
    Kind.APPROVED: "Says it is approved already",
    Kind.AUTHORITY: "Invokes somebody's authority",
    Kind.SECRECY: "Asks for secrecy, or to skip checks",
    Kind.URGENCY: "Presses you to hurry",
    Kind.ADDRESS: "Has a look-alike address",
    Kind.HIDDEN: "Hides characters",
}


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """One mark: `evidence` is the number of the evidence it stands in, if it is in one."""

    how: str
    where: str
    words: str
    evidence: str = ""


def pressed(proposal: Proposal, changes: Sequence[Change], *, withheld: bool) -> list[Pressed]:
    """The marks of a proposal; without their words while the facts have still to be opened."""
    if withheld:
        return [Pressed(how=how, where="", words="") for how in hows(proposal)]
    return [shown(mark) for mark in marks_of(proposal, changes)]


def shown(mark: Mark) -> Pressed:
    """One mark in words."""
    name, _, number = mark.place.partition(" ")
    is_evidence = name == "evidence" and number.isdigit()
    where = f"Evidence {number}" if is_evidence else label(mark.place)
    return Pressed(
        how=HOW[mark.kind], where=where, words=mark.words, evidence=number if is_evidence else ""
    )


def hows(proposal: Proposal) -> list[str]:
    """How its texts work on people, as it was noted when it was proposed."""
    return [HOW[kind] for kind in Kind if kind in proposal.pressure]
