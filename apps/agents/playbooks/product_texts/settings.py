"""What an operator can turn."""

from pydantic import Field

from apps.agents.playbooks import base


class Settings(base.PlaybookSettings):
    """Settings of the product texts playbook."""

    quieten: bool = Field(
        default=True, description="Whether titles in capitals alone are written as names."
    )
