"""Playbooks by name. Adding one: copy a neighbour's folder, add a line here."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from apps.agents.playbooks.base import Playbook
from apps.agents.playbooks.refund_desk.playbook import RefundDesk
from apps.agents.playbooks.repricing.playbook import Repricing

HERE = Path(__file__).parent
PLAYBOOKS: dict[str, Playbook[Any, Any]] = {
    playbook.name: playbook for playbook in (Repricing(), RefundDesk())
}


class UnknownPlaybook(LookupError):
    """There is no playbook of this name."""


class DefaultPolicy(BaseModel):
    """A policy as a file beside its playbook says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    description: str
    limits: dict[str, Any]
    rules: list[dict[str, Any]]


def playbook(name: str) -> Playbook[Any, Any]:
    """The playbook of this name. Raises `UnknownPlaybook`."""
    try:
        return PLAYBOOKS[name]
    except KeyError:
        known = ", ".join(PLAYBOOKS)
        raise UnknownPlaybook(f"There is no playbook '{name}'; known: {known}.") from None


def default_policies() -> list[DefaultPolicy]:
    """The policies a workspace starts with: one of each playbook, one for everything else."""
    files = [HERE / name / "policy.toml" for name in PLAYBOOKS] + [HERE / "catalogue_policy.toml"]
    return [DefaultPolicy.model_validate(tomllib.loads(file.read_text())) for file in files]
