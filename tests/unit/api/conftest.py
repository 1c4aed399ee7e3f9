"""Callers: Otto proposes through his key, Rita decides through hers, Mallory is elsewhere."""

from datetime import datetime

import pytest

from apps.accounts.models import Workspace
from apps.gateway.models import Connector
from apps.policies.models import Version
from apps.proposals.models import Proposal
from tests.conftest import Cast
from tests.factories.keys import Caller, caller
from tests.factories.proposals import propose


@pytest.fixture
def otto(workspace: Workspace, cast: Cast, now: datetime) -> Caller:
    """Otto's key, with every scope."""
    return caller(workspace, cast.otto, now=now)


@pytest.fixture
def rita(workspace: Workspace, cast: Cast, now: datetime) -> Caller:
    """Rita's key, with every scope."""
    return caller(workspace, cast.rita, now=now)


@pytest.fixture
def mallory(elsewhere: Workspace, cast: Cast, now: datetime) -> Caller:
    """Mallory's key of another workspace, with every scope."""
    return caller(elsewhere, cast.mallory, now=now)


@pytest.fixture
def proposals(
    connector: Connector, policy: Version, workspace: Workspace, now: datetime
) -> list[Proposal]:
    """Allowed, waiting and denied."""
    return [propose(workspace, amount, now=now) for amount in (5, 50, 5000)]
