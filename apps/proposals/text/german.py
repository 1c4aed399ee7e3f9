"""Names in German, where every noun has a capital: which of them are no common nouns. Pure.

A common noun mostly says so itself: a determiner stands before it, perhaps with adjectives, or it
ends as common nouns do, or it is one of the few that letters of a shop use bare (`in Ordnung`,
`bei Fragen`). What is left is taken for a name: of a person, a place, a firm, a product. Grammar
and a short list, no dictionary: a name with an article (`die Post`) is not seen, and a rare noun
without one (`mit Kardamom`) is taken for a name.
"""

import re
from collections.abc import Sequence

SHARE = 0.12  # of the words of a text, from which on of `TELLING` it is German
FEW = 4  # words a determiner may stand before its noun
FIGURE = "\ue000"  # stands in a text where a figure was: no word, and no end of a sentence
WORD = re.compile(rf"[^\W\d_]+|{FIGURE}")
_TELLING = (
    "aber als auch auf aus bei beim bis bitte da das dass dem den der die dieser durch ein eine "
    "einem einen einer er für gern gerne haben hat ich ihnen ihr ihre ihrem ihren ihrer im ist "
    "kann kein keine mit nach nicht noch nur ob oder sehr sein sich sie sind um und uns unser "
    "unsere vielen vom von vor wenn werden wie wir wird zu zum zur"
)
TELLING = frozenset(_TELLING.split())
DETERMINER = re.compile(
    rf"{FIGURE}|das|de[mnrs]|die|"
    r"(?:(?:k|m|d|s)?ein|ihr|unser|euer|dies|jen|jed|welch|manch|solch|all|beid|einig|mehrer|"
    r"sämtlich|ander|viel|wenig|weiter|nächst|letzt|erst|zweit|dritt|ganz|gut)(?:e[mnrs]?)?|"
    r"unsre[mnrs]?|eure[mnrs]?|etwas|nichts|mehr|genug|ohne|pro|je|"
    r"am|ans|im|ins|beim|vom|zu[mr]|aufs|fürs|ums|übers|durchs|"
    r"zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf",
    re.IGNORECASE,
)
_PREPOSITIONS = (
    "ab an auf aus außer bei binnen bis durch für gegen in mit nach neben oder per seit statt "
    "trotz über um und unter von wegen während zu zwischen"
)
PREPOSITION = frozenset(_PREPOSITIONS.split())
BENT = re.compile(r"\w{2,}e[mnrs]?")  # as an adjective before its noun
FORMAL = re.compile(r"Sie|Ihnen|(?:Ihr|Dein|Euer)(?:e[mnrs]?)?|Eure[mnrs]?|Du|Dich|Dir|Euch")
TITLE = re.compile(r"Herrn?|Frau|Familie|Firma|Dr|Prof")
ENDED = re.compile(r"\w{2,}(?:ung|heit|keit|schaft|tät|ion|nis|ling|chen|tum|ment)(?:s?en|e|s)?")
INFLECTIONS = ("", "e", "en", "er", "ern", "es", "in", "innen", "n", "nen", "s", "se", "sen")
# The last parts of the words letters of a shop speak in: compounds end in them
_COMMON = (
    "abend adresse alternativ anfang anfrage angabe angebot anhang anlass anliegen anruf anspruch "
    "antrag antwort arbeit artikel aufpreis auftrag auge ausnahme auswahl baumwolle becher bedarf "
    "bedenken beginn beispiel beleg bereich bescheid besuch betrag betreff bild bitte blick brief "
    "buch bücher code dame dank daten datum deckel dienst druck ecke eile eingang eingänge "
    "einkauf einkäufe einsatz element empfang empfänger ende erfolg ersatz etikett fach fächer "
    "fall fälle farbe fehler feld folge form foto frage freude frist gebrauch gebühr gedanke "
    "geduld gefahr geld gerät geschäft geschenk geschirr geschmack gewähr glas gläser glück grad "
    "größe grund gründe gruß grüße gutschein hälfte hand hände haus häuser henkel herr herz hilfe "
    "hinweis höhe holz idee inhalt interesse jahr kaffee karte kasse kauf keramik kollege kontakt "
    "konten konto kopie kosten kraft kräfte küche kulanz kunde kürze lager länge leder leid "
    "leinen leuchte licht lieferant link liste lust mail mängel mangel marke maß maßnahme "
    "material menge metall meter minute mitarbeiter mitte mittel moment monat morgen mühe nachbar "
    "nachhinein nachlass nachlässe nachricht nachschub nachteil name natur nummer nutzen ordnung "
    "ort paar paket papier partner pause person pflege platz plätze porto post preis problem "
    "produkt prozent punkt rabatt rahmen rand rate raum räume recht regel reihe rest rückfrage "
    "ruhe sache schäden schaden schein schicht schmuck schritt schutz seite sekunde service set "
    "shop sicht sinn sorge sorgfalt spaß sprache stand start stelle steuer stift stoff stück "
    "stunde summe tag tasse team tee teil telefon teller termin text thema themen ticket tisch "
    "titel ton transport übersicht uhr umgang umstand umstände umtausch unternehmen ursache "
    "vergleich verkauf verlust versand versehen verständnis vertrag verträge vertrauen verzug "
    "voraus vorfall vorgang vorgänge vorkasse vorrat vorräte vorschlag vorschläge vorteil wahl "
    "ware wärme wasser web website wechsel weg weile weise welle wert widerruf woche wochenende "
    "wolle wort wörter wunsch wünsche zahl zeichen zeit zentimeter zeug ziel ziffer zimmer "
    "zubehör zufall zukunft zusage zustand zweck zweifel"
)
COMMON = tuple(_COMMON.casefold().split())


def is_german(text: str) -> bool:
    """Whether enough of its words are those German cannot do without."""
    found = [match.group().casefold() for match in WORD.finditer(text)]
    return sum(word in TELLING for word in found) > SHARE * len(found)


def names_among(capitals: Sequence[re.Match[str]], text: str) -> list[re.Match[str]]:
    """Those of the capitalised words of a German text that are no common nouns."""
    found = list(WORD.finditer(text))
    places = {match.start(): place for place, match in enumerate(found)}
    return [
        match
        for match in capitals
        if text[match.start() - 1 : match.start()] != "-"  # the last part says what a compound is
        and is_name(match.group(), words_before(text, found, places[match.start()]))
    ]


def is_name(word: str, before: Sequence[str]) -> bool:
    """Whether the word has nothing of a common noun; `before`: the words ahead, nearest first."""
    if FORMAL.fullmatch(word) or TITLE.fullmatch(word):
        return False
    if before and TITLE.fullmatch(before[0]):
        return True
    return not (is_introduced(before) or is_common(word))


def words_before(text: str, found: Sequence[re.Match[str]], place: int) -> list[str]:
    """The few words ahead of a place, nearest first, as far as nothing but space is between."""
    words: list[str] = []
    while place and len(words) < FEW:
        earlier = found[place - 1]
        gap = text[earlier.end() : found[place].start()]
        if gap.strip(" \t\n." if TITLE.fullmatch(earlier.group()) else " \t\n"):
            break
        words.append(earlier.group())
        place -= 1
    return words


def is_introduced(before: Sequence[str]) -> bool:
    """Whether a determiner stands ahead, or a preposition and adjectives."""
    for distance, word in enumerate(before):
        if DETERMINER.fullmatch(word) or (distance and word.casefold() in PREPOSITION):
            return True
        if word[0].isupper() or not BENT.fullmatch(word):
            return False
    return False


def is_common(word: str) -> bool:
    """Whether it ends as common nouns do."""
    plain = word.casefold()
    stems = (plain[: len(plain) - len(end)] for end in INFLECTIONS if plain.endswith(end))
    return bool(ENDED.fullmatch(plain)) or any(
        stem.endswith(COMMON) or f"{stem}e".endswith(COMMON) for stem in stems
    )
