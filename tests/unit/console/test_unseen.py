"""Characters nobody sees are seen by whoever decides."""

import json

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.urls import reverse

from apps.console.unseen import Revealing, reveal, reveal_page
from apps.proposals.models import Proposal
from tests.factories.proposals import propose

FAMILY, FLAG = "👩\u200d👩\u200d👧", "🏴\U000e0067\U000e0062\U000e0073\U000e007f"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("invoice\u202egnp.exe", "invoice⟦U+202E⟧gnp.exe"),
        ("re\u200bfund", "re⟦U+200B⟧fund"),
        ("a\u200db\u200c c", "a⟦U+200D⟧b⟦U+200C⟧ c"),
        ("x" + "\u200b" * 24 + "\ufeff", "x⟦U+200B ×24⟧⟦U+FEFF⟧"),
        ("\u2066\u2069\u200f", "⟦U+2066⟧⟦U+2069⟧⟦U+200F⟧"),
        ("ok\U000e0061\U000e0062", "ok⟦U+E0061 ×2⟧"),
        (f"Grüße, {FAMILY} {FLAG} Lebens\u00admittel\u00a0& été ⚠\ufe0f",
         f"Grüße, {FAMILY} {FLAG} Lebens\u00admittel\u00a0& été ⚠\ufe0f"),
    ],
)  # fmt: skip
def test_what_hides_is_shown(text: str, seen: str) -> None:
    """What ordinary texts are made of stays, emoji and flags too."""
    assert reveal(text) == seen


def test_json_stays_json() -> None:
    """As it goes to a page that follows a run."""
    assert json.loads(reveal(json.dumps({"words": "a\u202eb"}, ensure_ascii=False))) == {
        "words": "a⟦U+202E⟧b"
    }


def test_a_field_keeps_what_is_edited() -> None:
    """Saving it would write the number for the character."""
    fields = '<input value="a\u202eb">\n<textarea name="body">a\u202eb\n</textarea>'
    assert reveal_page(f"{fields}<p title='a\u202eb'>") == f"{fields}<p title='a⟦U+202E⟧b'>"


def test_only_pages_are_touched() -> None:
    """A file, an answer of the API or a stream has the characters as they are."""
    request = RequestFactory().get("/")
    text = "a\u202eb"
    for kind in ("text/csv", "application/json"):
        file = HttpResponse(text, content_type=kind)
        assert Revealing(lambda _, file=file: file)(request).content.decode() == text  # type: ignore[misc,attr-defined]
    stream = StreamingHttpResponse([text.encode()], content_type="text/html")
    assert Revealing(lambda _: stream)(request) is stream
    page = Revealing(lambda _: HttpResponse(text))(request)
    assert isinstance(page, HttpResponse)
    assert page.content.decode() == "a⟦U+202E⟧b"


@pytest.mark.django_db
def test_no_title_reads_backwards(browse, world, workspace, now):  # type: ignore[no-untyped-def]
    """Bidi and zero-width characters are seen in the list and in the panel, wherever they stand."""
    waiting = propose(workspace, "50", now=now)
    Proposal.objects.filter(pk=waiting.pk).update(title="Price \u202e05 ot", agent="Rep\u200bricer")
    rita = browse(world.rita)
    for address in (reverse("console:inbox"), reverse("console:proposal", args=[waiting.pk])):
        page = rita.get(address).content.decode()
        assert "Price ⟦U+202E⟧05 ot" in page
        assert "Rep⟦U+200B⟧ricer" in page
        assert not {"\u202e", "\u200b"} & set(page)
