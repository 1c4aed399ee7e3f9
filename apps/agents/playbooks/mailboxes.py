"""Whether two e-mail addresses are the same mailbox, strictly: in doubt they are not. Pure."""

import unicodedata

import idna


def is_same(one: str, other: str) -> bool:
    """Whether both name one mailbox: case aside, and however the domain is written."""
    found = canonical(one)
    return found is not None and found == canonical(other)


def canonical(address: str) -> tuple[str, str] | None:
    """(local part, domain in ASCII) of a bare address; None for anything else."""
    local, at, domain = address.strip().rpartition("@")
    if not at or not local or "@" in local or any(map(str.isspace, address.strip())):
        return None
    try:
        name = idna.encode(domain, uts46=True).decode("ascii").lower()
    except idna.IDNAError:
        return None
    # Composing comes last: it would turn a Kelvin sign into a K
    return unicodedata.normalize("NFC", "".join(map(lowered, local))), name


def lowered(letter: str) -> str:
    """A letter without case; never another alphabet's letter: a Kelvin sign is not a k."""
    small = letter.lower()
    return small if letter.isascii() or not small.isascii() else letter
