"""Names in German texts: found among the nouns, and nouns left alone."""

import pytest

from apps.agents.playbooks.refund_desk.replies import FRAME, TEXTS
from apps.proposals.text.provenance import names, supported

PLAIN = [
    "Guten Tag, wir haben Ihre Bestellung heute an den Versanddienst übergeben.",
    "Leider ist der Becher beim Transport zerbrochen. Wir schicken Ihnen gern kostenlos Ersatz.",
    "Das Geld wird innerhalb von fünf Werktagen auf Ihrem Konto gutgeschrieben.",
    "Aufgrund hoher Nachfrage kommt es zu Verzögerungen beim Versand. Wir bitten um Verständnis.",
    "Falls Sie weitere Fragen haben, melden Sie sich jederzeit per Mail bei unserem Kundenservice.",
    "Die Ware muss unbenutzt und in Originalverpackung bei uns eintreffen.",
    "Gern tauschen wir den Artikel gegen eine andere Farbe oder Größe um.",
    "Sie können die Bestellung innerhalb von zwei Wochen ohne Angabe von Gründen widerrufen.",
    "Aus Sicherheitsgründen dürfen wir Zahlungsdaten nur mit Zustimmung ändern.",
    "Ihre E-Mail-Adresse haben wir wie gewünscht in Ihrem Kundenkonto geändert.",
    "Wir haben 3 Tassen und 12 Teller für Sie zurückgelegt.",
    "Wenn du magst, schicken wir dir und deiner Familie gern ein Foto.",
]
NAMED = [
    ("wir haben das Paket an Schneider übergeben und melden uns", "Schneider"),
    ("Ihr Paket liegt für Sie in der Filiale in Hamburg", "Hamburg"),
    ("das Paket wurde uns von Hermes als zugestellt gemeldet", "Hermes"),
    ("Guten Tag Frau Becker, Ihre Bestellung ist auf dem Weg zu Ihnen", "Becker"),
    ("Hallo Anna, vielen Dank für Ihre Nachricht und die Fotos", "Anna"),
    ("Sehr geehrter Herr Dr. Neuhaus, wir haben Ihre Nachricht erhalten", "Neuhaus"),
    ("unsere Kollegin Sabine Krüger meldet sich bald bei Ihnen", "Sabine Krüger"),
    ("Sie erhalten die Lampe Corrie als Ersatz für Ihren Artikel", "Corrie"),
    ("wir haben es mit Frau Lange am Telefon geklärt", "Lange"),
    ("gestern hat Bergmann die Bestellung noch einmal geprüft", "Bergmann"),
    ("das Geld geht auf Ihr Konto bei der Bank in Köln", "Köln"),
]


@pytest.mark.parametrize("text", PLAIN)
def test_common_nouns_are_no_names(text: str) -> None:
    """Neither with an article nor bare; nor is the polite form."""
    assert names(text) == []


@pytest.mark.parametrize("kind", TEXTS)
def test_our_own_texts_hold_no_names(kind: str) -> None:
    """What the shop says itself is never doubted for its nouns."""
    text = FRAME["de"].format(text=TEXTS[kind]["de"].format(number="1001"))
    assert supported(text, [{"title": "1001"}]) == []


@pytest.mark.parametrize(("text", "name"), NAMED)
def test_a_lone_name_is_found_among_nouns(text: str, name: str) -> None:
    """Of a person, a place, a firm, a product; and it is all that is found."""
    assert names(text) == [name]
    assert supported(text, [{"title": "Anna Schmidt"}]) == (
        [] if name == "Anna" else [f"“{name}” stands in none of its sources."]
    )


@pytest.mark.parametrize(
    "text",
    [
        "it was so late in the Hamburg branch that an order was lost in an Austrian warehouse",
        "vous avez reçu des articles des Alpes et des photos des employés de Strasbourg",
    ],
)
def test_words_other_languages_have_as_well_make_no_text_german(text: str) -> None:
    """An English or French text is read as before, names with an article included."""
    assert names(text) == [word for word in text.split() if word[0].isupper()]


def test_a_headline_in_another_language_is_not_read_as_german() -> None:
    """Where every word has a capital none of them tells anything, as before."""
    assert names("The Big Blue Mug for Early Risers and Late Sleepers") == []
