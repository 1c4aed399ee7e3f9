"""Where agents read from, and the rows that could not be read: shown to operators, chosen by them."""

from datetime import timedelta

import pytest
from django.urls import reverse

from apps.gateway import odd_rows, rows, sources
from apps.gateway.configuration import configure_connector
from apps.gateway.models import Connector, OddRow, Source

pytestmark = pytest.mark.django_db


@pytest.fixture
def feeds(workspace, now) -> list[Connector]:
    """Two mailboxes and two shops."""
    return [
        configure_connector(workspace=workspace, name=name, kind=kind, secret="",
                            address="http://127.0.0.1:9", settings=settings, by="test", now=now)
        for name, kind, settings in (
            ("Support", "feed", {"messages": "/m"}), ("Sales", "feed", {"messages": "/m"}),
            ("Alpine", "medusa", {}), ("Beach", "medusa", {}),
        )
    ]  # fmt: skip


def page(client, person) -> str:
    client.force_login(person)
    return client.get(reverse("console:connectors")).content.decode()


def test_the_page_says_where_everything_is_read_from(client, cast, feeds) -> None:
    """And what is undecided or missing."""
    text = page(client, cast.otto)
    assert "Read from Support and Sales together" in text
    assert "Alpine and Beach have them: nothing happens until you choose one." in text
    assert "No connector has them yet" in text
    assert "for Refund desk" in text


def test_an_operator_chooses(client, cast, feeds, workspace) -> None:
    """A shop, and lets it go again."""
    client.force_login(cast.otto)
    beach = feeds[3]
    answer = client.post(reverse("console:source"), {"resource": "orders", "connector": beach.pk})
    assert answer.status_code == 302
    assert sources.chosen(workspace.pk) == {"orders": beach.pk}
    assert "Read from Beach only" in page(client, cast.otto)
    Connector.objects.filter(pk=beach.pk).update(enabled=False)
    assert "Beach was chosen, but it is switched off" in page(client, cast.otto)
    client.post(reverse("console:source"), {"resource": "orders", "connector": ""})
    assert not Source.objects.exists()


def test_others_choose_nothing(client, cast, feeds) -> None:
    """Nor does somebody of another workspace."""
    given = {"resource": "orders", "connector": feeds[3].pk}
    client.force_login(cast.rita)
    assert client.post(reverse("console:source"), given).status_code == 403
    client.force_login(cast.mallory)
    assert client.post(reverse("console:source"), given).status_code == 404
    client.force_login(cast.otto)
    for odd in ({**given, "connector": "x"}, {**given, "resource": "secrets"}):
        assert client.post(reverse("console:source"), odd).status_code == 404
    assert not Source.objects.exists()


def test_odd_rows_are_shown_with_their_reason(client, cast, feeds, now) -> None:
    """Told what is in them as text, never as HTML."""
    found = [rows.OddRow(place=f"row {n}", identity=str(n), reason=f"amount: “{n}” is odd",
                         excerpt='{"sku": "<script>alert(1)</script>"}', is_read=n == 0)
             for n in range(60)]  # fmt: skip
    odd_rows.note(feeds[0], "messages", found, count=60, now=now)
    text = page(client, cast.otto)
    address = reverse("console:odd-rows", args=[feeds[0].pk])
    assert address in text
    assert "60 rows to look at" in text
    shown = client.get(address).content.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown
    assert shown.count("Left out") + shown.count("Read without it") == 50
    assert "?page=2" in shown
    assert "row 0" in shown + client.get(f"{address}?page=2").content.decode()
    assert client.get(f"{address}?page=x").status_code == 200


def test_the_list_is_cleared_by_operators_only(client, cast, feeds, now) -> None:
    """Of their own workspace."""
    one = rows.OddRow(place="row 1", identity="1", reason="odd", excerpt="", is_read=False)
    odd_rows.note(feeds[0], "messages", [one], count=1, now=now + timedelta(0))
    address = reverse("console:odd-rows-clear", args=[feeds[0].pk])
    for person, status in ((cast.rita, 403), (cast.mallory, 404), (cast.otto, 302)):
        assert OddRow.objects.count() == 1
        client.force_login(person)
        assert client.get(reverse("console:odd-rows", args=[feeds[0].pk])).status_code in (
            200,
            status,
        )
        assert client.post(address).status_code == status
    assert not OddRow.objects.exists()
    assert (
        "Nothing odd"
        in client.get(reverse("console:odd-rows", args=[feeds[0].pk])).content.decode()
    )
