"""Evidence that says a proposal was planned from an older answer. Pure."""

from collections.abc import Iterable, Mapping

STALE = "stale"  # kind of evidence


def rests_on_stale(evidence: Iterable[object]) -> bool:
    """Whether any of the evidence says so."""
    return any(isinstance(one, Mapping) and one.get("kind") == STALE for one in evidence)
