"""A workspace is a demo from its making or never: only of a demo may history be deleted.

`accounts_only_of_a_demo` is what the tables of history call before the product's role deletes a
row. It names its table with the schema: a temporary table of the same name would be found first.
"""

from django.db import migrations

PROTECT = """
CREATE FUNCTION accounts_only_of_a_demo() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE is_demo boolean;
BEGIN
    EXECUTE format('SELECT w.is_demo FROM %I.accounts_workspace w WHERE w.id = $1', TG_TABLE_SCHEMA)
        INTO is_demo USING OLD.workspace_id;
    IF is_demo IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = 'what happened in a workspace that is no demo is not deleted';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER demo_from_its_making BEFORE UPDATE ON accounts_workspace
    FOR EACH ROW WHEN (current_user = 'aios_app'
        AND (NEW.id <> OLD.id OR (NEW.is_demo AND NOT OLD.is_demo)))
    EXECUTE FUNCTION audit_refuse('a workspace is a demo from its making, or never');

DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE DELETE ON accounts_workspace FROM aios_app;
    END IF;
END $$
"""
UNPROTECT = """
DROP TRIGGER demo_from_its_making ON accounts_workspace;
DROP FUNCTION accounts_only_of_a_demo() CASCADE;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        GRANT DELETE ON accounts_workspace TO aios_app;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_keys_of_ones_own"),
        ("audit", "0011_stamped_by_the_session"),
    ]

    operations = [migrations.RunSQL(PROTECT, UNPROTECT)]
