"""Playbooks by name. Adding one: copy a neighbour's folder, add a line here."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from apps.agents.playbooks.base import Playbook
from apps.agents.playbooks.product_texts.playbook import ProductTexts
from apps.agents.playbooks.refund_desk.playbook import RefundDesk
from apps.agents.playbooks.repricing.playbook import Repricing

HERE = Path(__file__).parent
ALL_ELSE = HERE / "catalogue_policy.toml"
PLAYBOOKS: dict[str, Playbook[Any, Any]] = {
    playbook.name: playbook for playbook in (Repricing(), RefundDesk(), ProductTexts())
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
    """The policies a workspace starts with: of playbooks that have one, and for all else."""
    own = [HERE / name / "policy.toml" for name in PLAYBOOKS]
    return [read_policy(file) for file in [*filter(Path.exists, own), ALL_ELSE]]


def policy_of(playbook_name: str) -> DefaultPolicy:
    """The policy a workspace starts with for this playbook. Raises `UnknownPlaybook`."""
    playbook(playbook_name)
    own = HERE / playbook_name / "policy.toml"
    return read_policy(own if own.exists() else ALL_ELSE)


def read_policy(file: Path) -> DefaultPolicy:
    """The policy a file says."""
    return DefaultPolicy.model_validate(tomllib.loads(file.read_text()))
