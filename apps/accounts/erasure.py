"""Deleting what a workspace no longer wants, a little at a time, so that no lock is held long.

Each app that owns rows of a workspace has a module of this name with a `forget` of its own.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet


@transaction.atomic
def take(kinds: Sequence[QuerySet[Any]], *, most: int) -> Counter[str]:
    """Delete up to `most` rows, newest first, of the first kinds that have any.

    The kinds come in the order in which nothing points at a row that is gone. Returns how many
    went, by the plural name of what they are; empty once there is nothing left.
    """
    gone: Counter[str] = Counter()
    for rows in kinds:
        ids = list(rows.order_by("-pk").values_list("pk", flat=True)[: most - gone.total()])
        rows.model._default_manager.filter(pk__in=ids).delete()
        gone[str(rows.model._meta.verbose_name_plural)] += len(ids)
        if gone.total() >= most:
            break
    return +gone
