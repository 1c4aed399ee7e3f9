"""What tests of undoing need: changes of the demo shop, rules, and how things stand."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from apps.accounts.models import Workspace
from apps.audit.models import Event, Payload
from apps.gateway import clients
from apps.gateway import queries as gateway
from apps.gateway.errors import Refused
from apps.gateway.models import Connector
from apps.gateway.records import Variant
from apps.policies import operations as policies
from apps.proposals.models import Proposal

ALLOW = {"name": "all", "when": "true", "outcome": "allow", "reason": "Let pass."}

Propose = Callable[..., Proposal]


def rule(workspace: Workspace, now: datetime, *rules: dict[str, Any], **limits: Any) -> None:
    """Have exactly these rules decide from now on, with these limits."""
    version = policies.draft(workspace=workspace, name="Rules", rules=rules, limits=limits,
                             by="test", now=now)  # fmt: skip
    policies.publish(version=version, by="test", now=now)


def priced(variant: Variant, more: int = 1, currency: str = "EUR") -> tuple[str, dict[str, Any]]:
    """A price change."""
    earlier = variant.prices.get(currency, 10)
    return ("set_price", {"product_id": variant.product_id, "variant_id": variant.variant_id,
                          "currency": currency, "amount": f"{earlier + more:.2f}"})  # fmt: skip


def price_now(workspace: Workspace, variant: Variant, currency: str = "EUR") -> Any:
    """The price in the shop."""
    found = gateway.read(workspace.pk, "variants", limit=200)
    return next(
        v.prices.get(currency)
        for v in found
        if isinstance(v, Variant) and v.variant_id == variant.variant_id
    )


def told(proposal: Proposal, kind: str) -> list[dict[str, Any]]:
    """The fields of the proposal's events of a kind."""
    events = Event.objects.filter(kind=kind, subject_id=str(proposal.pk)).order_by("id")
    return [Payload.objects.get(event_id=event.pk).fields for event in events]


def states(proposal: Proposal) -> list[str]:
    """The states of its newest executions, in order of the changes."""
    changes = list(proposal.changes.order_by("position").values_list("pk", flat=True))
    newest = gateway.executions_of(changes)
    return [newest[pk].state if pk in newest else "" for pk in changes]


def refusing(monkeypatch: pytest.MonkeyPatch, workspace: Workspace, variant: Variant) -> None:
    """The shop refuses to change this variant."""
    client = clients.client_of(Connector.objects.get(workspace=workspace, kind="medusa"))
    perform = client.perform

    def refuse(action: str, params: dict[str, Any], **more: Any) -> Any:
        if params.get("variant_id") == variant.variant_id:
            raise Refused("Not this one.", code="not_allowed")
        return perform(action, params, **more)

    monkeypatch.setattr(client, "perform", refuse)
