"""Finding proposals by words. Reads only."""

import re

from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet

from apps.proposals.models import WORDS, Proposal

WORD = re.compile(r"[^\s&|!():*<>'\"\\]+")
MOST = 8  # words that are looked at


def named(found: QuerySet[Proposal], words: str) -> QuerySet[Proposal]:
    """Those whose title or subject has words that begin like all of these; all without any."""
    parts = WORD.findall(words)[:MOST]
    if not parts:
        return found
    query = SearchQuery(
        " & ".join(f"'{part}':*" for part in parts), search_type="raw", config="simple"
    )
    return found.annotate(words=WORDS).filter(words=query)
