"""Evidence for which a person has to look, whatever the policy allows. Pure."""

from collections.abc import Iterable, Mapping

from apps.proposals.stale import STALE

BEYOND = "beyond"  # a model asked for what is not of its case
DISSENT = "dissent"  # a model and the rules came to different things
UNMEASURED = "unmeasured"  # a model's own word, which too few people have judged
REFERRED = "referred"  # the proposer asks a person to look, and says why
DOUBTS = frozenset({STALE, BEYOND, DISSENT, UNMEASURED, REFERRED})  # kinds of evidence


def is_doubted(evidence: Iterable[object]) -> bool:
    """Whether any of the evidence has a person look."""
    return any(isinstance(one, Mapping) and one.get("kind") in DOUBTS for one in evidence)
