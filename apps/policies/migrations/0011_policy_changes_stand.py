"""Who asked for a policy change, for what, and since when stands; once it is decided all of it."""

from django.db import migrations

PROTECT = """
CREATE TRIGGER publication_stays BEFORE UPDATE ON policies_publication
    FOR EACH ROW WHEN (current_user = 'aios_app' AND OLD.state <> 'waiting')
    EXECUTE FUNCTION audit_refuse('a policy change that was decided stays as it is');

DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE UPDATE, DELETE ON policies_publication FROM aios_app;
        GRANT UPDATE (state, decided_by, decided_at, is_exception) ON policies_publication
            TO aios_app;
    END IF;
END $$
"""
UNPROTECT = """
DROP TRIGGER publication_stays ON policies_publication;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        GRANT UPDATE, DELETE ON policies_publication TO aios_app;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("policies", "0010_told_rates"),
        ("audit", "0011_stamped_by_the_session"),
    ]

    operations = [migrations.RunSQL(PROTECT, UNPROTECT)]
