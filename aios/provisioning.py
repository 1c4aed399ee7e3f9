"""What every workspace starts with: people who may act, and the playbooks' policies."""

from datetime import datetime
from decimal import Decimal

from apps.accounts import operations as accounts
from apps.accounts.models import Role, User, Workspace
from apps.agents.playbooks.registry import default_policies
from apps.gateway.catalogue import ACTIONS
from apps.gateway.catalogue.action_spec import Measure, Reversibility
from apps.gateway.configuration import configure_action
from apps.gateway.models import ActionSetting, WhenAway
from apps.policies import operations as policies
from apps.policies.models import Policy

CURRENCY = "EUR"
PRICE_CEILING = Decimal(1000)
HOLD_SECONDS = 10  # in which an approval of what cannot simply be set back is taken back


def enrol(
    workspace: Workspace,
    user: User,
    *,
    role: Role,
    ceiling: Decimal | None,
    by: str,
    now: datetime,
) -> None:
    """Make the person a member who may approve every action up to `ceiling` (None: any amount)."""
    accounts.add_member(workspace=workspace, user=user, role=role, by=by, now=now)
    for action, spec in ACTIONS.items():
        # The amount of a price change is the price, which is no money that leaves
        limit = PRICE_CEILING if spec.measure == Measure.PRICE and ceiling else ceiling
        accounts.authorise(workspace=workspace, user=user, action=action, ceiling=limit,
                           currency=CURRENCY, by=by, now=now)  # fmt: skip


def publish_policies(workspace: Workspace, *, by: str, now: datetime) -> None:
    """The policies of the playbooks; one that exists is the operator's."""
    for default in default_policies():
        if Policy.objects.filter(workspace=workspace, name=default.name).exists():
            continue
        version = policies.draft(
            workspace=workspace,
            name=default.name,
            description=default.description,
            rules=default.rules,
            limits=default.limits,
            by=by,
            now=now,
        )
        policies.publish(version=version, by=by, now=now)


def hold_what_is_final(workspace: Workspace, *, by: str, now: datetime) -> None:
    """Hold approvals of what cannot simply be set back; a setting that exists is the operator's."""
    known = set(ActionSetting.objects.filter(workspace=workspace).values_list("action", flat=True))
    for action in ACTIONS.values():
        if action.reversibility != Reversibility.REVERSIBLE and action.name not in known:
            configure_action(workspace=workspace, action=action.name, hold_seconds=HOLD_SECONDS,
                             when_away=WhenAway.WAIT, by=by, now=now)  # fmt: skip
