"""Which connectors a workspace reads something from, and through which it acts.

A connector declares what it can be read for: a feed what its settings name, a shop what it sells.
Several of a kind may live in one workspace. Then

- messages and competitor prices are read from all of them together: a shop has several mailboxes
  and watches several competitors. Choosing one reads only that one;
- orders and variants are read from one shop only, the chosen one; with several and none chosen
  nothing is read, since the records of two shops must not be mixed up, and it is said what to do;
- an action goes through the connector its record is read from; where no record is read at all (a
  ledger that only counts) through the oldest.

`NoConnector` and `Undecided` say in words what is missing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.models import Workspace
from apps.audit.events.connectors import SourceChosen
from apps.audit.operations import record
from apps.gateway import catalogue
from apps.gateway.models import Connector, Source
from apps.gateway.resources import CHOSEN_WITH, is_shared


class NoConnector(LookupError):
    """No enabled connector of the workspace can do this. Configure one in the admin."""


class Undecided(NoConnector):
    """Several connectors can do this and nobody has said which one it is."""


class InvalidSource(ValueError):
    """This connector cannot be chosen for it; the text says why."""


def chosen(workspace_id: UUID) -> dict[str, UUID]:
    """The connectors that were chosen, by what they were chosen for."""
    rows = Source.objects.filter(workspace_id=workspace_id)
    return dict(rows.values_list("resource", "connector_id"))


def readers(workspace_id: UUID, resource: str, able: Sequence[Connector]) -> list[Connector]:
    """The connectors a resource is read from, of those that can tell it, oldest first.

    Raises `NoConnector` where none can, `Undecided` where only one may and none is chosen, or the
    chosen one is not among them.
    """
    if not able:
        raise NoConnector(f"No enabled connector of this workspace can read '{resource}'.")
    wanted = chosen(workspace_id).get(CHOSEN_WITH.get(resource, resource))
    if wanted is None:
        return list(able) if len(able) == 1 or is_shared(resource) else undecided(resource, able)
    picked = [connector for connector in able if connector.pk == wanted]
    if not picked:
        raise Undecided(
            f"The connector '{resource}' is to be read from is switched off or cannot tell it any "
            "more. Choose another one on the page Connectors, under Operations."
        )
    return picked


def actor(
    workspace_id: UUID, action: str, able: Sequence[Connector], tells: Mapping[UUID, frozenset[str]]
) -> Connector:
    """The connector an action goes through, of those that can carry it out.

    `tells` has what each of them can be read for. Raises as `readers`.
    """
    if not able:
        raise NoConnector(f"No enabled connector of this workspace can do '{action}'.")
    about = catalogue.spec(action).record
    fitting = (
        [connector for connector in able if about in tells[connector.pk]] if about else list(able)
    )
    if len(fitting) == 1 or not fitting:
        return (fitting or able)[0]
    known = chosen(workspace_id)
    wanted = known.get(action) or known.get(about)
    return next(
        iter(
            [connector for connector in fitting if connector.pk == wanted]
            or undecided(action, fitting)
        )
    )


def undecided(what: str, able: Sequence[Connector]) -> list[Connector]:
    """Raise `Undecided` with what there is to choose from."""
    names = ", ".join(f"'{connector.name}'" for connector in able)
    raise Undecided(
        f"Several connectors of this workspace have '{what}': {names}. Choose one of them on the "
        "page Connectors, under Operations."
    )


@transaction.atomic
def choose(
    *, workspace: Workspace, resource: str, connector: Connector | None, by: str, now: datetime
) -> None:
    """Read the resource from this connector only; None: as without a choice.

    Recorded only if it differs. Raises `InvalidSource` for a connector of somebody else. Whether it
    can tell the resource its settings say, and they may change later.
    """
    if connector is not None and connector.workspace_id != workspace.pk:
        raise InvalidSource("This workspace has no such connector.")
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # one choice is made at a time
    rows = Source.objects.filter(workspace=workspace, resource=resource)
    before = rows.select_related("connector").first()
    if (before and before.connector_id) == (connector and connector.pk):
        return
    about = connector or (before and before.connector)
    rows.delete()
    if connector is not None:
        Source.objects.create(workspace=workspace, resource=resource, connector=connector)
    record(
        SourceChosen(
            resource=resource,
            before=before.connector.name if before else "",
            after=connector.name if connector else "",
        ),
        workspace_id=workspace.pk,
        actor=by,
        subject_kind="connector",
        subject_id=about.pk if about else None,
        now=now,
    )
