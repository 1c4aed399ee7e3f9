"""Approving high risk with an API key: only where the policy says that keys may.

A key is a text that lies in a file: who has it has looked at nothing and has not signed in. So high
risk asks for its person, unless each version that sent it to a person has the limit
`keys_may_approve_high_risk`, and it is true: a rule of another version that says the same does not
speak for those without it. What allowed it stands with the vote.
"""

from collections.abc import Sequence

from apps.policies import queries as policies
from apps.proposals.models import Change

LIMIT = "keys_may_approve_high_risk"


def allowed_by(changes: Sequence[Change]) -> str:
    """Which policies let a key approve these; empty if one of them does not."""
    versions = policies.behind([change.decision for change in changes])
    if not versions or not all(
        version is not None and version.limits.get(LIMIT) is True for version in versions
    ):
        return ""
    return ", ".join(dict.fromkeys(str(version) for version in versions))
