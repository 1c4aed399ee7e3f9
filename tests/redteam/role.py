"""The product's own credentials at the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def as_the_product() -> Iterator[None]:
    """As the role that web, workers and sweep sign in with."""
    with connection.cursor() as sql:
        sql.execute("SET ROLE aios_app")
    try:
        yield
    finally:
        with connection.cursor() as sql:
            sql.execute("RESET ROLE")
