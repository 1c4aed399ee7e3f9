"""A key acts for the member who made it: those made for somebody else end, with an event each."""

import hashlib
import os

import rfc8785
from django.db import migrations
from uuid_utils.compat import uuid7

MADE_FOR_OTHERS = """
    UPDATE accounts_apikey made SET revoked_at = now()
    FROM audit_event created
    WHERE created.kind = 'key.created' AND created.subject_id = made.prefix
      AND created.workspace_id = made.workspace_id AND made.revoked_at IS NULL
      AND created.actor LIKE 'user:%' AND created.actor <> 'user:' || made.user_id
    RETURNING made.workspace_id, made.prefix
"""
TOLD = """
    INSERT INTO audit_event (id, kind, at, workspace_id, actor, subject_kind, subject_id,
                             payload_digest)
    VALUES (%s, 'key.revoked', now(), %s, 'migration', 'key', %s, %s)
"""
CONTENT = "INSERT INTO audit_payload (event_id, salt, fields) VALUES (%s, %s, %s)"
FIELDS = {"reason": "It was made for somebody else."}


def end_keys_made_for_others(apps, schema_editor):  # noqa: ARG001  (Django gives both)
    """Revoke them; their people make their own."""
    with schema_editor.connection.cursor() as sql:
        sql.execute(MADE_FOR_OTHERS)
        for workspace_id, prefix in sql.fetchall():
            event_id, salt = uuid7(), os.urandom(16)
            content = rfc8785.dumps(FIELDS)
            digest = hashlib.sha256(salt + content).digest()
            sql.execute(TOLD, [event_id, workspace_id, prefix, digest])
            sql.execute(CONTENT, [event_id, salt, content.decode()])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_reader_locale"),
        ("audit", "0002_append_only"),
    ]

    operations = [
        migrations.RunPython(end_keys_made_for_others, migrations.RunPython.noop),
    ]
