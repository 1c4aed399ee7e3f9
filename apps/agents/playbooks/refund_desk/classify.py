"""What a customer's message is about, by transparent rules in English, German and French. Pure."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """What a message asks for; the order is that of precedence: the specific beats the general."""

    SUSPICIOUS = "suspicious"
    CANCEL = "cancel"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    LATE = "late"
    WHERE = "where"
    MONEY_BACK = "money_back"
    QUESTION = "question"
    THANKS = "thanks"
    OTHER = "other"


LANGUAGES = ("en", "de", "fr")
# Each is the beginning of a word, or of several; hyphens and case do not matter
SIGNS: dict[Intent, tuple[str, ...]] = {
    Intent.SUSPICIOUS: (
        r"ignore (all |any |the )*(earlier|previous|prior|above) (instruction|rule)",
        "system (notice|prompt|message)", "you are (now )?authori[sz]ed", "without review",
        r"ignoriere?n? (sie )?(alle )?(vorherigen|bisherigen|früheren) (anweisung|regel)",
        r"ignore[rz]? (toutes )?(les )?(instruction|consigne)",
    ),
    Intent.CANCEL: ("cancel", "stornier", "annule"),
    Intent.DAMAGED: (
        "damaged", "broken", "defect", "faulty", "a tear", "torn", "cracked", "scratched",
        "beschädigt", "kaputt", "defekt", "aufgerissen", "zerbrochen", "zerrissen", "zerkratzt",
        "endommagé", "cassé", "déchiré", "défectueu", "abîmé", "rayé",
    ),
    Intent.WRONG_ITEM: (
        "wrong (size|item|article|colou?r)", "too (small|large|big|tight)", "different (size|item)",
        r"does(n't| not) fit", "falsche[rsn]? (größe|artikel|farbe)", "zu (klein|groß|eng)",
        "passt (mir )?(leider )?nicht", "mauvais(e)? (taille|article|couleur)",
        "trop (petit|grand|serré)", "pas la bonne taille", "ne (me )?va pas",
    ),
    Intent.LATE: (
        "late", "delayed", "should have (been|arrived)", "tracking has not moved",
        "verspät", "sollte schon", "sendungsverfolgung", "en retard", "devait arriver",
        "suivi ne bouge",
    ),
    Intent.WHERE: (
        "where (is )?my order", "order status", "when will", "no news", "not arrived",
        "wo (ist|bleibt)", "meine bestellung .{0,12}bleibt", "lieferstatus", "wann wird",
        "nichts mehr gehört", "où (est|se trouve)", "aucune nouvelle", "quand (sera|vais)",
    ),
    Intent.MONEY_BACK: (
        "refund", "money back", "not happy", "not satisfied", "nothing like the description",
        "geld zurück", "erstatt", "nicht zufrieden", "entspricht nicht", "rembours",
        "pas satisfait", "ne correspond pas",
    ),
    Intent.QUESTION: (
        "question about", "before i (buy|order)", "is it suitable", "can the", "frage zu",
        "bevor ich", "kann man", "gibt es", "question sur", "avant de commander", "est-il",
        "existe-t-il",
    ),
    Intent.THANKS: (
        "thank you", "many thanks", "wonderful", "keep it up", "vielen dank", "großartig",
        "danke", "merci beaucoup", "parfait", "un petit mot",
    ),
}  # fmt: skip
PATTERNS = {
    intent: [re.compile(rf"(?<!\w){sign}") for sign in signs] for intent, signs in SIGNS.items()
}
# Asking for money is what these come with, so it is no contradiction
WITH_MONEY = {Intent.DAMAGED, Intent.WRONG_ITEM, Intent.LATE, Intent.CANCEL}
TELLING = {
    "en": "the my is and i it of to for this order please hello was with not you have",
    "de": "der die das ist und ich mein meine nicht bitte guten tag bestellung zu aus sie mit ein "
    "eine war es",
    "fr": "le la les est et je ma mon ne pas bonjour commande de du vous un une que suis l en",
}
TELLING_WORDS = {language: frozenset(words.split()) for language, words in TELLING.items()}
NUMBER = re.compile(
    r"(?:#|(?<!\w)(?:order|bestellung|bestellnummer|commande|nr|no|n)\.?\s*(?:number|nr\.?|n°|no\.?|"
    r"nummer|°)?\s*[:#]?\s*)(\d{3,12})(?!\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a message was read, and the signs that led to it."""

    intent: Intent
    language: str
    confidence: float  # 0..1
    signs: tuple[str, ...]
    reader: str = "rules"  # or the model's name


def classify(subject: str, body: str) -> Reading:
    """The most specific thing the message asks for."""
    text = f"{subject}\n{body}".casefold().replace("’", "'")
    found = {intent: signs_in(text, intent) for intent in SIGNS}
    hits = {intent: signs for intent, signs in found.items() if signs}
    intent = next(iter(hits), Intent.OTHER)
    return Reading(
        intent=intent,
        language=language_of(text),
        confidence=confidence(intent, hits),
        signs=tuple(hits.get(intent, ())),
    )


def signs_in(text: str, intent: Intent) -> list[str]:
    """The different pieces of text that speak for the intent."""
    matches = (pattern.search(text) for pattern in PATTERNS[intent])
    return list(dict.fromkeys(match.group() for match in matches if match))


def confidence(intent: Intent, hits: dict[Intent, list[str]]) -> float:
    """Surer with two signs than with one, less sure when others speak for something else."""
    if intent == Intent.OTHER:
        return 0.3
    expected = {Intent.MONEY_BACK} if intent in WITH_MONEY else set()
    rivals = [other for other in hits if other != intent and other not in expected]
    return round((0.95 if len(hits[intent]) > 1 else 0.85) - 0.15 * len(rivals[:3]), 2)


def language_of(text: str) -> str:
    """The language most of the telling words belong to; English when none does."""
    words = re.findall(r"[^\W\d_]+", text)
    counts = {
        name: sum(word in telling for word in words) for name, telling in TELLING_WORDS.items()
    }
    return max(LANGUAGES, key=lambda name: counts[name])


def order_number(text: str) -> str | None:
    """The first order number written in the text."""
    found = NUMBER.search(text)
    return found.group(1) if found else None
