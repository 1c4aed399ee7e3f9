"""Whether a message states what a word in it says, or denies, imagines or asks it. Pure.

“Not damaged at all”, “if it were late”, “does it get scratched?” hold the words of a complaint and
are none. What is in doubt here counts as not stated: then a person reads the message.
"""

import re

NEAR = 4  # words before a sign in which a negation bears on it
AFTER = 3  # words behind it, in languages which put the negation there
NEGATIONS = frozenset(  # en, de, fr, es, it, nl
    word
    for words in (
        "not no never nothing without none neither nor hardly isn wasn aren weren hasn didn "
        "doesn don",
        "nicht nichts kein keine keinen keinem keiner keinerlei nie niemals ohne weder",
        "pas rien jamais aucun aucune sans ni nullement",
        "nada nunca sin ningún ninguna ninguno tampoco jamás",
        "non niente nulla nessun nessuno nessuna senza mai né neppure neanche",
        "niet niets geen nooit zonder noch evenmin",
    )
    for word in words.split()
)
BEHIND = frozenset({"nicht", "pas", "nullement", "niet", "non"})
# “Not only broken” denies nothing
ONLY = re.compile(
    r"\b(?:not (?:only|just)|nicht (?:nur|bloß)|pas (?:seulement|que)|no (?:solo|sólo|solamente)|"
    r"non (?:solo|soltanto)|niet (?:alleen|slechts))\b"
)
SENTENCE = re.compile(r"[^.!?;\n]*[.!?;\n]?")
CLAUSE = re.compile(r"[,:()–—]|\b(?:but|aber|mais|pero|ma|però|maar)\b")
IMAGINED = re.compile(
    r"\b(?:if(?! (?:possible|you (?:can|could|would|need|want|wish|like))\b)|in case|what happens|"
    r"suppose|should (?:it|something|anything)|"
    r"falls(?! (?:apart|off|out)\b)|"
    r"wenn(?! (?:möglich|sie (?:können|könnten|möchten|wollen|mir))\b)|"
    r"was passiert|angenommen|im falle|"
    r"au cas où|s'ils?(?! (?:vous|te)\b)|que se passe|supposons|jamais cela|si(?= l')|"
    r"si (?:le|la|les|mon|ma|mes|une?|el|mis?|los|las|algo|se|llega|resulta)|"
    r"si .{0,30}(?:était|avait|arrivait|devait|fuera|llegara|estuviera|resultara|tuviera)|"
    r"en caso de|por si|qué pasa|supongamos|"
    r"(?<!anche )se .{0,30}"
    r"(?:fosse|fossero|arrivasse|dovesse|succede|rompe|ritarda|è|arriva|arrivano|risulta)|"
    r"nel caso|cosa succede|che succede|qualora|"
    r"als .{0,30}(?:zou|zouden|mocht)|mocht(?:en)?|stel dat|wat gebeurt|voor het geval)(?!\w)"
    r"|^\W*als (?:de|het|een|mijn|ik|er|die|dat|deze|ze|hij)\b"
)
# Beginnings of a yes-or-no question about a thing; in French the verb may come later
ASKING = re.compile(
    r"^\W*(?:(?:and|und|et|y|e|en) )?(?:do|does|is|are|can|could|will|would|has|have|may|might|"
    r"ist|sind|kann|können|könnte|wird|werden|würde|wäre|hat|haben|gibt|geht|verkratzt|bricht|"
    r"est|sont|peut|peuvent|pourrait|serait|a-t|est-ce|y a|"
    r"es|son|está|están|puede|pueden|podría|sería|estaría|hay|tiene|tienen|se|"
    r"è|sono|può|possono|potrebbe|sarebbe|c'è|ci sono|ha|avete|si|"
    r"is|zijn|kan|kunnen|zou|wordt|worden|heeft|hebben|krast|gaat)\b"
    r"|^(?!\W*(?:pourquoi|comment|quand)\b).*"
    r"\b(?:est|sont|était|étaient|peut|peuvent|serait|seraient|a-t|ont)-(?:il|elle|on)s?\b"
)


def stated(text: str, start: int, end: int, *, may_be_asked: bool = False) -> bool:
    """Whether the folded text states what stands at [start, end), or asks for it if it may."""
    sentence_start, sentence = sentence_at(text, start)
    before = sentence[: start - sentence_start]
    behind = sentence[end - sentence_start :]
    if denied(before, behind) or imagined(before):
        return False
    return may_be_asked or not asked(sentence)


def sentence_at(text: str, place: int) -> tuple[int, str]:
    """Where the sentence around a place begins, and the sentence."""
    found = next(m for m in SENTENCE.finditer(text) if m.start() <= place < max(m.end(), place))
    return found.start(), found.group()


def denied(before: str, behind: str) -> bool:
    """Whether a negation in the same clause bears on what stands between these."""
    clause = CLAUSE.split(before)[-1]
    near = words(ONLY.sub(" ", clause))[-NEAR:]
    after = words(CLAUSE.split(behind)[0])[:AFTER]
    return bool(NEGATIONS & set(near)) or (bool(BEHIND & set(after)) and not ONLY.search(behind))


def imagined(before: str) -> bool:
    """Whether the sentence up to here speaks of what might be."""
    return bool(IMAGINED.search(before))


def asked(sentence: str) -> bool:
    """Whether the sentence is a yes-or-no question."""
    return sentence.rstrip().endswith("?") and bool(ASKING.search(sentence))


def words(text: str) -> list[str]:
    """The words of a folded text; what an apostrophe joins is two."""
    return re.findall(r"[^\W\d_]+", text)
