"""The application's role may add events and read them; it may not change or remove any.

Numbering needs INSERT on entries and UPDATE on cursors; erasing a payload needs DELETE there.
The role `aios_app` exists in the embedded database and in compose.yaml; where somebody runs AIOS
with one role for everything, the system check `audit.W001` says that the log is unprotected.
"""

from django.db import migrations

NARROW = """
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE ALL ON audit_event, audit_entry, audit_payload FROM aios_app;
        GRANT SELECT, INSERT ON audit_event, audit_entry TO aios_app;
        GRANT SELECT, INSERT, DELETE ON audit_payload TO aios_app;
        GRANT SELECT, INSERT, UPDATE ON audit_cursor TO aios_app;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(NARROW, migrations.RunSQL.noop)]
