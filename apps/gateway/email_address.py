"""The bare e-mail address in what people and shops write: names, quotes, umlaut domains. Pure.

Written here and not with `email.utils.getaddresses`, which reads `"ann@a.example" <eve@b.example>`
and its like differently from one Python to the next (CVE-2023-27043).
"""

import re

import idna

LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?")
QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
COMMENT = re.compile(r"\([^()]*\)")
IN_ANGLES = re.compile(r"<([^<>]*)>\s*$")
LONGEST_LOCAL, LONGEST = 64, 254  # characters, as SMTP has it
MOST_TEXT = 2_000  # characters of a text in which addresses are looked for


class NoAddress(ValueError):
    """There is no address in it that a message can be sent to."""


class SeveralAddresses(ValueError):
    """There is more than one address in it; which one is meant only a person can say."""


def bare(text: str) -> str:
    """The one address in a text such as `Ann Lee <ann@bücher.example>`, its domain in ASCII.

    The part before the @ stays as it is, the domain becomes lower case and punycode. The same
    address twice is one. Raises `NoAddress`, `SeveralAddresses`.
    """
    if len(text) > MOST_TEXT:
        raise NoAddress(f"“{text[:60]}…” is too long for an e-mail address.")
    parts = re.split(r"[,;]", COMMENT.sub(" ", QUOTED.sub(" ", text)))
    found = {sole(candidate) for part in parts if "@" in (candidate := inside(part))}
    if not found:
        raise NoAddress(f"“{text[:100]}” holds no e-mail address.")
    if len({address.casefold() for address in found}) > 1:
        raise SeveralAddresses(f"“{text[:100]}” holds more than one e-mail address.")
    return min(found)


def inside(part: str) -> str:
    """What stands in the angle brackets of one mailbox, or all of it."""
    angled = IN_ANGLES.search(part)
    return (angled[1] if angled else part).strip().removeprefix("mailto:")


def sole(text: str) -> str:
    """A bare address in canonical form. Raises `NoAddress` for anything with it or unusual."""
    local, _, domain = text.rpartition("@")
    domain = ascii_domain(domain)
    plain = LOCAL.fullmatch(local) and len(local) <= LONGEST_LOCAL and DOMAIN.fullmatch(domain)
    if not plain or len(local) + 1 + len(domain) > LONGEST:
        raise NoAddress(f"“{text[:100]}” is not one plain e-mail address.")
    return f"{local}@{domain}"


def ascii_domain(domain: str) -> str:
    """The domain as it goes over the wire: `bücher.example` is `xn--bcher-kva.example`.

    Empty where there is no such domain.
    """
    name = domain.rstrip(".")
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return ""


def spellings(address: str) -> list[str]:
    """How a shop may have an address written: as it is, and with the domain in its own letters."""
    local, _, domain = address.rpartition("@")
    try:
        shown = idna.decode(domain) if "xn--" in domain else domain
    except (idna.IDNAError, UnicodeError):
        shown = domain
    return [address] if shown == domain else [address, f"{local}@{shown}"]


def tidy(text: str) -> str:
    """The bare address where the text holds exactly one, else the text without the space around."""
    try:
        return bare(text)
    except (NoAddress, SeveralAddresses):
        return text.strip()


def mailbox(text: str) -> str:
    """One text for all the ways to write an address that end in one mailbox, as most hosts have it.

    Case and what follows a `+` are left out. To count by, never to send to.
    """
    local, at, domain = tidy(text).rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}".casefold()


def same(left: str, other: str) -> bool:
    """Whether both name one mailbox; nobody's address is the same as nobody's.

    Case matters in what is not ASCII: a Kelvin sign is not a k.
    """
    first, second = tidy(left), tidy(other)
    if first.isascii() and second.isascii():
        return bool(first) and first.lower() == second.lower()
    return first == second
