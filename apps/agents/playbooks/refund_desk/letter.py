"""What a customer wrote themselves: without quoted mail, signature and our own sentences. Pure."""

import re
import unicodedata
from functools import cache

from apps.agents.playbooks.refund_desk.replies import TEXTS
from apps.gateway.records import Order

MOST = 20_000  # characters of a body that are looked at
LONGEST = 2_000  # characters that are read; what a letter is about stands in its beginning
SIGNED = 8  # lines a signature has at most

QUOTED = re.compile(r"^\s*[>|].*$", re.MULTILINE)
# From such a line on, a mail repeats an earlier one
EARLIER = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|forwarded message|ursprüngliche nachricht|"
    r"weitergeleitete nachricht|message d'origine|message transféré|mensaje original|"
    r"mensaje reenviado|messaggio originale|messaggio inoltrato|oorspronkelijk bericht|"
    r"doorgestuurd bericht)\b|"
    r"on .{4,80} wrote:|am .{4,80} schrieb .{0,80}:|le .{4,80} a écrit ?:|"
    r"el .{4,80} escribió:|il .{4,80} ha scritto:|op .{4,80} schreef .{0,80}:|"
    r"(?:from|von|de|da|van) ?: [^\n]*\n\s*(?:sent|gesendet|date|datum|envoyé|enviado|inviato|"
    r"verzonden|to|an|à|para|a|aan) ?:).*",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
SIGN_OFF = re.compile(
    r"^\s*(?:-- ?$|(?:kind |best |warm |many )?(?:regards|wishes)|yours (?:sincerely|faithfully|"
    r"truly)|sincerely|cheers|mit (?:freundlichen|besten|herzlichen) grüßen|(?:viele|beste|liebe|"
    r"freundliche|schöne) grüße|mfg|(?:bien )?cordialement|bien à vous|salutations|"
    r"meilleures salutations|(?:un )?saludos?(?: cordial(?:es)?)?|atentamente|"
    r"(?:cordiali|distinti) saluti|saluti|met (?:vriendelijke|hartelijke) groet(?:en)?|"
    r"(?:vriendelijke |hartelijke )?groet(?:en|jes)?|sent from my .*|von meinem .* gesendet|"
    r"envoyé de mon .*|enviado desde mi .*|inviato da(?:l mio)? .*|verzonden vanaf mijn .*)"
    r"\s*[,.!]?\s*$",
    re.IGNORECASE | re.MULTILINE,
)
POSTSCRIPT = re.compile(r"^\s*p\.? ?s\.?\b.*", re.IGNORECASE | re.MULTILINE | re.DOTALL)
GREETING = re.compile(
    r"^\s*(?:hello|hi|hey|dear|good (?:morning|day|afternoon|evening)|"
    r"hallo|guten (?:tag|morgen|abend)|sehr geehrte\w*|liebe[rs]?|"
    r"bonjour|bonsoir|madame|monsieur|"
    r"hola|buen[oa]s(?: días| tardes| noches)?|estimad\w+|"
    r"buongiorno|buonasera|salve|ciao|gentil[ei]|egregi\w*|spett\w*|"
    r"goede(?:dag|morgen|middag|navond)|beste|geachte)(?: [^,.!?\n]{0,40})?[,!]?\s*$",
    re.IGNORECASE | re.MULTILINE,
)


def own_words(subject: str, body: str) -> str:
    """Subject and body as far as the customer wrote them now; the whole where nothing is left."""
    subject = unicodedata.normalize("NFC", subject)
    body = unicodedata.normalize("NFC", body[:MOST]).replace("\r\n", "\n").replace("\xa0", " ")
    kept = EARLIER.sub("", QUOTED.sub("", body))
    kept = without_our_texts(without_signature(kept))
    kept = GREETING.sub("", kept)
    text = f"{without_our_texts(subject)}\n{kept}".strip()
    return (text or f"{subject}\n{body}")[:LONGEST]


def without_signature(body: str) -> str:
    """The body up to its sign-off, and a postscript behind it."""
    for found in SIGN_OFF.finditer(body):
        rest = body[found.end() :]
        postscript = POSTSCRIPT.search(rest)
        signature = rest[: postscript.start()] if postscript else rest
        if len([line for line in signature.splitlines() if line.strip()]) <= SIGNED:
            return body[: found.start()] + (postscript.group() if postscript else "")
    return body


def without_our_texts(text: str) -> str:
    """The text without sentences of our replies, however they were quoted."""
    for pattern in our_texts():
        text = pattern.sub(" ", text)
    return text


@cache
def our_texts() -> tuple[re.Pattern[str], ...]:
    """Our replies and subjects, whatever the number and however their lines were broken."""
    return tuple(
        re.compile(
            r"[\s>]+".join(re.escape(word) for word in sentence.split()).replace(
                r"\{number\}", r"\S+"
            ),
            re.IGNORECASE,
        )
        for texts in TEXTS.values()
        for text in texts.values()
        for sentence in re.split(r"(?<=[.?:;])(?<! n\.) ", text)
        if len(sentence.split()) > 4
    )


def masked(text: str, order: Order | None) -> str:
    """The text with the names of the order's articles left out: latex gloves are not late."""
    names = {name for line in (order.lines if order else []) for name in names_of(line.title)}
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


def names_of(title: str) -> set[str]:
    """How a customer may call an article: its whole title, or that without the variant."""
    found = {title.strip(), title.split(" / ", 1)[0].strip()}
    return {name for name in found if len(name) > 2}
