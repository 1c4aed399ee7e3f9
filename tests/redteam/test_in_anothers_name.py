"""With the product's own SQL nobody puts an event into the log that passes for somebody's."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace
from apps.audit import acting, enrolment, queries, seal
from apps.audit import operations as audit
from apps.audit.kinds import Kind
from apps.audit.models import Event
from apps.audit.operations import INSERT_EVENTS, Fact, record_all, row_of
from apps.console.presenters.events import in_words
from apps.insights.counting import count
from apps.insights.spans import Span
from apps.proposals.blind import TELLING
from apps.proposals.queries import told_by_people
from tests.conftest import Cast
from tests.factories import events
from tests.factories.signing_in import sign_in
from tests.redteam.role import as_the_product

pytestmark = pytest.mark.django_db


def fact(workspace: Workspace, actor: str, kind: Kind = Kind.PROPOSAL_SETTLED) -> Fact:
    """Something Rita could have done."""
    return events.fact(kind=kind, workspace_id=workspace.pk, actor=actor,
                       subject_kind="proposal", subject_id=uuid7(), fields={"title": "Refund 500"})  # fmt: skip


def insert(*rows: dict[str, Any]) -> list[queries.Recorded]:
    """These rows, written by hand with the product's credentials, as they are read."""
    with as_the_product(), transaction.atomic(), connection.cursor() as sql:
        sql.execute(INSERT_EVENTS, [json.dumps(rows), datetime.now(UTC)])
    return read(*(row["id"] for row in rows))


def read(*ids: object) -> list[queries.Recorded]:
    """The events as pages, exports and figures read them."""
    return queries.load([(0, UUID(str(one))) for one in ids])


def sealed_row(fact: Fact, session: str) -> dict[str, Any]:
    """What a process of the product writes, and whoever reads its traffic sees."""
    return row_of(fact, key=seal.key_of(settings.SECRET_KEY), session=session)


@pytest.fixture
def rita(cast: Cast) -> str:
    """Whose name is taken."""
    return cast.rita.actor


def test_a_row_of_ones_own_is_shown_as_such(workspace: Workspace, rita: str) -> None:
    """No seal, a guessed one, somebody else's key, the answer itself: none passes for Rita's."""
    row = sealed_row(fact(workspace, rita), rita)
    guesses = [None, "", rita, f"{'0' * 64} {rita}", seal.sealed(os.urandom(32), row, rita)]
    forged = insert(*(row | {"id": str(uuid7()), "session": one} for one in guesses))
    assert [(one.session, one.attested) for one in forged] == [("", False)] * len(guesses)
    told = in_words(forged[0], {rita: "Rita"})
    assert (told.who, told.tone) == ("Somebody in the name of Rita", "bad")


def test_the_policys_name_is_no_freer(workspace: Workspace) -> None:
    """Nor is that of any part of the product, which signs in nowhere."""
    [forged] = insert(sealed_row(fact(workspace, "policy"), "worker") | {"session": "worker"})
    assert not forged.attested


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "user:11111111-1111-1111-1111-111111111111"},
        {"kind": Kind.PROPOSAL_REJECTED},
        {"subject_id": "another"},
        {"subject_kind": "run"},
        {"workspace_id": "11111111-1111-1111-1111-111111111111"},
        {"run_id": "11111111-1111-1111-1111-111111111111"},
        {"digest": "00" * 32},
        {"id": str(uuid7())},
    ],
)
def test_a_seal_is_good_for_no_other_event(
    workspace: Workspace, rita: str, change: dict[str, str]
) -> None:
    """A seal that was seen on its way is of no use, for this session or another."""
    [own] = insert(sealed_row(fact(workspace, rita), rita))
    assert (own.session, own.attested) == (rita, True)
    [forged] = insert(sealed_row(fact(workspace, rita), rita) | change)
    assert (forged.session, forged.attested) == ("", False)


def test_a_session_is_not_put_into_a_seal(workspace: Workspace, rita: str) -> None:
    """Where Otto had signed in Rita had not, though the seal is of this very event."""
    row = sealed_row(fact(workspace, rita), "worker")
    [forged] = insert(row | {"session": row["session"].replace("worker", rita)})
    assert not forged.attested


def test_fields_do_not_run_into_each_other(workspace: Workspace) -> None:
    """Two events that read alike when put in a row are two."""
    row = sealed_row(fact(workspace, "policy:8"), "user:a") | {"subject_kind": "x", "actor": "a:1"}
    seen = seal.sealed(seal.key_of(settings.SECRET_KEY), row, "worker")
    [forged] = insert(row | {"session": seen, "actor": "a", "subject_kind": "1:x"})
    assert not forged.attested


@pytest.mark.parametrize(("minutes", "attested"), [(-6, False), (6, False), (-4, True)])
def test_a_seal_expires(workspace: Workspace, rita: str, minutes: int, attested: bool) -> None:
    """What a broken transaction took back cannot be put in an hour later."""
    then = int((datetime.now(UTC) + timedelta(minutes=minutes)).timestamp() * 1000)
    row = sealed_row(fact(workspace, rita), rita)
    row["id"] = str(UUID(f"{then:012x}{UUID(row['id']).hex[12:]}"))
    row["session"] = seal.sealed(seal.key_of(settings.SECRET_KEY), row, rita)
    assert insert(row)[0].attested is attested


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT inner_pad FROM audit_seal_key",
        "UPDATE audit_seal_key SET inner_pad = inner_pad",
        "DELETE FROM audit_seal_key",
        "INSERT INTO audit_seal_key VALUES (true, repeat('a', 64)::bytea, repeat('a', 64)::bytea)",
        "UPDATE audit_event SET session = actor",
        "ALTER TABLE audit_event DISABLE TRIGGER event_is_stamped",
        "ALTER FUNCTION audit_stamp_event() RESET search_path",
        """CREATE TEMPORARY TABLE mine AS SELECT * FROM audit_event;
           CREATE TRIGGER mine BEFORE INSERT ON mine
           FOR EACH ROW EXECUTE FUNCTION audit_stamp_event()""",
    ],
)
def test_the_key_stays_the_owners(workspace: Workspace, rita: str, statement: str) -> None:
    """A permission error for whoever wants to read it, replace it or have it checked elsewhere."""

    def attempt() -> None:
        with as_the_product(), transaction.atomic(), connection.cursor() as sql:
            for one in statement.split(";"):
                sql.execute(one)

    with pytest.raises(ProgrammingError) as caught:
        attempt()
    assert isinstance(caught.value.__cause__, psycopg.errors.InsufficientPrivilege)


def test_a_key_of_ones_own_is_not_found_first(workspace: Workspace, rita: str) -> None:
    """A temporary table of the same name changes nothing."""
    key = os.urandom(32)
    with as_the_product(), connection.cursor() as sql:
        sql.execute("CREATE TEMPORARY TABLE audit_seal_key (inner_pad bytea, outer_pad bytea)")
        sql.execute("INSERT INTO pg_temp.audit_seal_key VALUES (%s, %s)", seal.pads(key))
        sql.execute("SET LOCAL search_path = pg_temp, public")
    row = sealed_row(fact(workspace, rita), rita)
    [forged] = insert(row | {"session": seal.sealed(key, row, rita)})
    assert not forged.attested


def test_nobody_records_for_another(workspace: Workspace, cast: Cast, now: datetime) -> None:
    """Code that names somebody else than who has signed in is shown to have done so."""
    with as_the_product(), acting.signed_in(lambda: cast.otto.actor), transaction.atomic():
        record_all([fact(workspace, cast.rita.actor), fact(workspace, cast.otto.actor)], now=now)
    ids = Event.objects.order_by("pk").values_list("pk", flat=True)
    named, own = read(*ids.filter(workspace_id=workspace.pk).order_by("-pk")[:2][::-1])
    assert (named.session, named.attested) == (cast.otto.actor, False)
    assert (own.session, own.attested) == (cast.otto.actor, True)


def test_a_forgery_is_in_no_figure(workspace: Workspace, rita: str, now: datetime) -> None:
    """It is counted as one, and nothing is learnt from it; its subject need be no id at all."""
    row = sealed_row(fact(workspace, rita, Kind.PROPOSAL_APPROVED), rita) | {"session": rita}
    odd = row | {"id": str(uuid7()), "subject_id": "no id"}
    insert(row, odd)
    today = datetime.now(UTC)
    [tally] = count(workspace.pk, [Span(today - timedelta(hours=1), today + timedelta(hours=1))])
    assert (tally.count("altered", "unattested"), tally.count("decided")) == (2, 0)
    settled = sealed_row(fact(workspace, rita), rita) | {"session": rita}
    insert(settled)
    assert not told_by_people([UUID(settled["subject_id"])])


@pytest.mark.django_db(transaction=True)  # the sequencer numbers committed events
def test_a_forgery_shuts_no_page(workspace: Workspace, cast: Cast, client: Client) -> None:
    """Ids that are none, in the actor as in the subject, keep nobody from reading the rest."""
    odd = [fact(workspace, "user:nobody", kind) for kind in TELLING]
    insert(*(sealed_row(one, "") | {"session": "user:nobody", "subject_id": "?"} for one in odd))
    audit.sequence()
    sign_in(client, cast.olga)
    page = client.get(reverse("console:trace"))
    assert page.status_code == 200
    assert page.content.decode().count("Somebody in the name of A former member") == len(TELLING)


def test_a_new_key_ends_the_old(workspace: Workspace, rita: str, settings: Any) -> None:
    """After `migrate` with another secret what the old one has sealed is not believed."""
    old = sealed_row(fact(workspace, rita), rita)
    settings.SECRET_KEY = "another"
    enrolment.enrol_key(using="default")
    assert [one.attested for one in insert(old, sealed_row(fact(workspace, rita), rita))] == [
        False, True,
    ]  # fmt: skip


def test_the_role_enrols_nothing(workspace: Workspace, rita: str, settings: Any) -> None:
    """Who migrates as the product's role leaves the key as it is, and is not stopped by it."""
    row = sealed_row(fact(workspace, rita), rita)
    settings.SECRET_KEY = "another"
    with as_the_product():
        enrolment.enrol_key(using="default")
    assert insert(row)[0].attested
