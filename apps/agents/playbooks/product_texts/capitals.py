"""A title in capitals alone, written as names; left alone wherever a word may be meant so. Pure."""

import re
import unicodedata

from apps.agents.playbooks.product_texts.words import ORDINARY, SPECIAL, SZ, TURKISH

FEWEST_LETTERS = 8  # a shorter title in capitals may be a name, such as IKEA or NATO
FEWEST_OF_A_WORD = 4  # a shorter one may be an abbreviation
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
VOWEL = re.compile(r"[AEIOUYÀ-ÆÈ-ÏÒ-ÖØ-ÝŒŸ]")
ROMAN = re.compile(r"M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
SCOTS = re.compile(r"MC|MAC[DGKLNP]")  # McDonald, MacKenzie
GERMAN = re.compile(r"[ÄÖÜ]|\b(MIT|UND|FÜR|DER|DIE|DAS|DEM|DEN|OHNE|AUS|VON|ZUM|ZUR|IM)\b")
DOTTED = re.compile(r"[İıŞĞƏ]")  # Turkish and its neighbours write i in two ways
BESIDE_NUMBER = re.compile(r"\d[\s.,]*$")
LATIN = "LATIN "


def quiet(title: str) -> str:
    """The title with capitals at the beginnings of its words, if it shouts and nothing is in doubt.

    Accents are composed first: a mark that stands alone ends no word.
    """
    whole = unicodedata.normalize("NFC", title)
    if not shouts(whole) or is_doubtful(whole):
        return title
    return WORD.sub(lambda found: named(found.group()), whole)


def shouts(title: str) -> bool:
    """Whether it is written in capitals alone, and too long to be an abbreviation."""
    letters = [letter for letter in title if letter.isalpha()]
    return len(letters) >= FEWEST_LETTERS and all(
        letter.isupper() and len(letter.lower()) == 1 for letter in letters
    )


def is_doubtful(title: str) -> bool:
    """Whether any word of a title in capitals may have to be written in another way than a name."""
    found = list(WORD.finditer(title))
    words = {part for match in found for part in re.split(r"['’]", match.group())}
    return (
        any(unicodedata.combining(letter) for letter in title)
        or not all(unicodedata.name(c, "").startswith(LATIN) for c in title if c.isalpha())
        or bool(DOTTED.search(title) or words & TURKISH)
        or (any("SS" in word for word in words) and bool(GERMAN.search(title) or words & SZ))
        or any(touches_digit(title, match) for match in found)
        or not all(is_ordinary(match.group(), ahead=title[: match.start()],
                               behind=title[match.end() :]) for match in found)
    )  # fmt: skip


def touches_digit(title: str, found: re.Match[str]) -> bool:
    """Whether letters and digits are one: 4K, M8, 500ML."""
    around = title[max(found.start() - 1, 0) : found.start()] + title[found.end() :][:1]
    return any(neighbour.isdigit() or neighbour == "_" for neighbour in around)


def is_ordinary(word: str, *, ahead: str, behind: str) -> bool:
    """Whether a word in capitals is written with one capital at its beginning, for sure."""
    parts = re.split(r"['’]", word)
    if len(parts) == 2 and parts[1] in ("S", "T"):
        return is_plain(parts[0])
    if len(parts) == 2 and parts[0] in ("L", "O"):  # L'Oréal, O'Neill
        return is_plain(parts[1])
    if len(parts) > 1:
        return False
    if len(word) == 2 and (BESIDE_NUMBER.search(ahead) or re.match(r"[\s.]*\d", behind)):
        return False  # 24 IN, EN 388
    return len(word) == 1 or is_plain(word)


def is_plain(word: str) -> bool:
    """Whether it is no abbreviation, numeral or name of another spelling."""
    if word in ORDINARY:
        return True
    return (
        len(word) >= FEWEST_OF_A_WORD
        and word not in SPECIAL
        and VOWEL.search(word) is not None
        and not ROMAN.fullmatch(word)
        and not SCOTS.match(word)
        and not word.startswith("IJ")  # IJsland
    )


def named(word: str) -> str:
    """One word with a capital at its beginning, and after the article of L'Oréal and O'Neill."""
    start = 2 if len(word) > 3 and word[1] in "'’" else 0
    return word[: start + 1] + word[start + 1 :].lower()
