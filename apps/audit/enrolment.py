"""Telling the database the key by which it knows the product's own processes."""

from django.conf import settings
from django.db import connections

from apps.audit import seal

MAY_ENROL = """
    SELECT coalesce(has_table_privilege(to_regclass('audit_seal_key'), 'INSERT, DELETE'), false)
"""
ENROL = """
    INSERT INTO audit_seal_key (inner_pad, outer_pad) VALUES (%s, %s)
    ON CONFLICT (only_one) DO UPDATE
    SET inner_pad = EXCLUDED.inner_pad, outer_pad = EXCLUDED.outer_pad
"""


def enrol_key(*, using: str, **_: object) -> None:
    """Replace the key by that of this `SECRET_KEY`; only for the tables' owner.

    From then on events of processes that still have another one are not attested.
    """
    with connections[using].cursor() as sql:
        sql.execute(MAY_ENROL)
        if sql.fetchone() == (True,):
            sql.execute(ENROL, seal.pads(seal.key_of(settings.SECRET_KEY)))
