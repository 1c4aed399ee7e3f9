"""Addresses that pass for others: by letters of another script, or that look the same. Pure."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from apps.proposals.text.folding import LOOKS_LIKE

DOMAIN = re.compile(
    r"(?:(?P<scheme>https?://)(?P<user>[^\s/@<>\"]{1,100}@)?|(?P<box>[\w.+-]{1,64})@|(?<![\w.@-])(?=www\.))"
    r"(?P<domain>[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})",
    re.IGNORECASE,
)
PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("l", "i"))
DIGIT = re.compile(r"(?<=[^\W\d_])[01]|[01](?=[^\W\d_])")  # among letters


class Found(NamedTuple):
    """An address in a text that passes for another, and why."""

    place: str
    words: str


class Address(NamedTuple):
    """An address in a text: its domain in small letters, `written` as it stands there."""

    place: str
    written: str
    domain: str
    hides_host: bool


def lookalikes(texts: Sequence[tuple[str, str]]) -> list[Found]:
    """The odd addresses among (place, text) pairs: one by itself, or beside another one there."""
    every = [found_address for place, text in texts for found_address in addresses(place, text)]
    found = [
        Found(known_address.place, why) for known_address in every if (why := odd(known_address))
    ]
    plain: dict[str, Address] = {}
    for address in every:
        look = skeleton(address.domain)
        other = plain.setdefault(look, address)
        if other.domain != address.domain:
            found.append(Found(address.place, f"{address.written} looks like {other.written}"))
    return list(dict.fromkeys(found))


def addresses(place: str, text: str) -> Iterator[Address]:
    """The mail and web addresses of a text."""
    for match in DOMAIN.finditer(text):
        domain = decoded(match["domain"].casefold().removeprefix("www."))
        hides_host = bool(match["user"]) and "." in match["user"]
        yield Address(place, match.group(), domain, hides_host)


def decoded(domain: str) -> str:
    """A domain in letters; as it is where its punycode is none."""
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain


def odd(address: Address) -> str:
    """What makes an address pass for another by itself; empty if nothing does."""
    if address.hides_host:
        return f"{address.written} leads to {address.domain}"
    for label in address.domain.split("."):
        scripts = {script_of(char) for char in label if char.isalpha()}
        if len(scripts) > 1:
            return f"{address.written} has letters of {len(scripts)} scripts"
        if scripts - {"LATIN"} and skeleton(label).isascii():
            return f"{address.written} is written in {scripts.pop().capitalize()} letters"
    return ""


def script_of(char: str) -> str:
    """The script of a letter, as its Unicode name begins."""
    return unicodedata.name(char, "UNKNOWN").split(" ")[0]


def skeleton(domain: str) -> str:
    """A domain as the eye takes it: two with the same look are taken for each other."""
    plain = unicodedata.normalize("NFKC", domain).translate(LOOKS_LIKE)
    plain = "".join(
        char for char in unicodedata.normalize("NFD", plain) if not unicodedata.combining(char)
    )
    plain = DIGIT.sub(lambda match: "o" if match.group() == "0" else "l", plain)
    for seen, taken in PAIRS:
        plain = plain.replace(seen, taken)
    return plain
