"""Finding proposals by words. Reads only."""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from apps.proposals.models import WORDS, Proposal

WORD = re.compile(r"[^\s\0&|!():*<>'\"\\]+")
NUMBERED = re.compile(r"([^\W\d_]+)-(\d+)")
MOST = 8  # words that are looked at
RECENT = 2_000  # proposals that are read one by one before the index of words is asked


def newest(found: QuerySet[Proposal], words: str, *, limit: int) -> list[Proposal]:
    """The newest of these whose title or subject has words that begin like all of `words`.

    The newest of all where `words` holds none. A word that many have is found among the recent
    ones; for any other the index of words knows all who have it.
    """
    query = query_of(words)
    if query is None:
        return list(found.order_by("-pk")[:limit])
    matching: QuerySet[Proposal] = found.alias(words=WORDS).filter(words=query)
    oldest_recent = Subquery(found.order_by("-pk").values("pk")[RECENT - 1 : RECENT])
    rows = list(matching.filter(pk__gte=oldest_recent).order_by("-pk")[:limit])
    if len(rows) == limit:
        return rows
    # By a text no index is sorted by: PostgreSQL would else go through all there are from the
    # newest on, years of them for a product that is not sold any more
    by_age = Cast("pk", TextField())
    return list(matching.order_by(by_age.desc())[:limit])


def query_of(words: str) -> SearchQuery | None:
    """The query for words that begin like these; None without any."""
    parts = WORD.findall(words)[:MOST]
    if not parts:
        return None
    wanted = " & ".join(begins_like(part) for part in parts)
    return SearchQuery(wanted, search_type="raw", config="simple")


def begins_like(word: str) -> str:
    """The condition for a word. PostgreSQL takes `SKU-17` for `sku` before `-17`: of these only
    the number is one that may go on, or all that begin like `sku` were gathered first.
    """
    if numbered := NUMBERED.fullmatch(word):
        return f"'{numbered[1]}' <-> '-{numbered[2]}':*"
    return f"'{word}':*"
