"""For which evidence a person has to look."""

import pytest

from apps.proposals.evidence import is_doubted


@pytest.mark.parametrize("kind", ["stale", "beyond", "dissent", "unmeasured"])
def test_a_doubt_is_seen_among_other_evidence(kind: str) -> None:
    """Wherever it stands."""
    assert is_doubted([{"kind": "shop"}, {"kind": kind, "title": "t"}])


def test_other_evidence_is_no_doubt() -> None:
    """Nor is what is no evidence at all."""
    assert not is_doubted([{"kind": "shop"}, {"title": "stale"}, "stale", None])
    assert not is_doubted([])
