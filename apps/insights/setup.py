"""How far a workspace is on the way to its first agent: told from what exists, kept nowhere."""

from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from apps.agents import queries as agents
from apps.agents.models import LIVE_STATES, Agent, Autonomy, Run
from apps.agents.playbooks.registry import PLAYBOOKS, policy_of
from apps.agents.queries import Shadowed
from apps.gateway import queries as gateway
from apps.gateway.models import Connector
from apps.policies import thresholds
from apps.policies.models import Version
from apps.policies.thresholds import NoPolicy


class Screen(IntEnum):
    """The screens of the first-run guide, in their order."""

    WELCOME = 1
    SHOP = 2
    AGENT = 3
    SHADOW = 4
    THRESHOLD = 5


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What there is: systems, the agent that is being tried out, and what it would have done.

    `run` is the newest of the agent; `version` what its policy says now, None without one.
    """

    connectors: list[Connector]
    agent: Agent | None
    run: Run | None
    shadowed: list[Shadowed]
    version: Version | None

    @property
    def shop(self) -> Connector | None:
        """What articles are read from, if it is connected."""
        return next(
            (
                connector
                for connector in self.connectors
                if "variants" in gateway.readable(connector)
            ),
            None,
        )

    @property
    def is_running(self) -> bool:
        """Whether the agent is at it right now."""
        return self.run is not None and self.run.state in LIVE_STATES

    @property
    def is_live(self) -> bool:
        """Whether the agent proposes for real."""
        return self.agent is not None and self.agent.autonomy != Autonomy.SHADOW

    @property
    def done(self) -> frozenset[Screen]:
        """The screens whose work is done."""
        has_run = self.run is not None and not self.is_running
        facts = {
            Screen.WELCOME: self.shop is not None,
            Screen.SHOP: self.shop is not None,
            Screen.AGENT: self.agent is not None,
            Screen.SHADOW: self.is_live or (self.agent is not None and has_run),
            Screen.THRESHOLD: self.is_live,
        }
        return frozenset(screen for screen, is_done in facts.items() if is_done)

    @property
    def here(self) -> Screen:
        """Where to go on; the last screen when all is done."""
        return next((screen for screen in Screen if screen not in self.done), Screen.THRESHOLD)


def setup(workspace_id: UUID) -> Setup:
    """How far the workspace is; at most six queries."""
    found = list(agents.agents_of(workspace_id))
    tried = [known for known in found if known.autonomy == Autonomy.SHADOW and known.enabled]
    agent = next(iter([*tried, *found]), None)
    run = agents.runs_of(workspace_id).filter(agent=agent).first() if agent else None
    shadowed = agents.shadowed(run) if run else []
    return Setup(
        connectors=gateway.connectors_of(workspace_id),
        agent=agent,
        run=run,
        shadowed=shadowed,
        version=policy_in_force(workspace_id, agent) if agent else None,
    )


def policy_in_force(workspace_id: UUID, agent: Agent) -> Version | None:
    """What the policy of the agent's playbook says now; None without one."""
    try:
        return thresholds.active(workspace_id, policy_of(agent.playbook).name)
    except NoPolicy:
        return None


def missing(connectors: list[Connector]) -> dict[str, list[str]]:
    """What each playbook needs and no connector has: names of resources and actions."""
    there = gateway.offered(connectors)
    return {
        name: [need for need in playbook.needs if need not in there]
        for name, playbook in PLAYBOOKS.items()
    }
