"""Decisions and published versions stand: the product's role adds to them and changes nothing.

Of a version only its stage moves, and only forward; when it was made and published the database
says. Decisions go with the demo they were made in, no others.
"""

from django.db import migrations

PROTECT = """
CREATE FUNCTION policies_stamp_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.created_at := pg_catalog.clock_timestamp();
    END IF;
    IF NEW.published_at IS NOT NULL THEN
        NEW.published_at := pg_catalog.clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_is_stamped BEFORE INSERT ON policies_version
    FOR EACH ROW WHEN (current_user = 'aios_app') EXECUTE FUNCTION policies_stamp_version();
CREATE TRIGGER version_is_published_now BEFORE UPDATE ON policies_version
    FOR EACH ROW WHEN (current_user = 'aios_app' AND OLD.stage = 'draft')
    EXECUTE FUNCTION policies_stamp_version();
CREATE TRIGGER version_moves_forward BEFORE UPDATE ON policies_version
    FOR EACH ROW WHEN (current_user = 'aios_app' AND OLD.stage <> 'draft' AND (
        NEW.published_at IS DISTINCT FROM OLD.published_at
        OR (NEW.stage <> OLD.stage AND NOT (OLD.stage = 'active' AND NEW.stage = 'retired'))))
    EXECUTE FUNCTION audit_refuse('a published version of a policy only retires');

CREATE TRIGGER decision_is_stamped BEFORE INSERT ON policies_decision
    FOR EACH ROW WHEN (current_user = 'aios_app') EXECUTE FUNCTION audit_stamp_at();
CREATE TRIGGER decision_stays BEFORE DELETE ON policies_decision
    FOR EACH ROW WHEN (current_user = 'aios_app') EXECUTE FUNCTION accounts_only_of_a_demo();

DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE UPDATE ON policies_decision FROM aios_app;
        REVOKE UPDATE, DELETE ON policies_version FROM aios_app;
        GRANT UPDATE (stage, published_at) ON policies_version TO aios_app;
    END IF;
END $$
"""
UNPROTECT = """
DROP FUNCTION policies_stamp_version() CASCADE;
DROP TRIGGER version_moves_forward ON policies_version;
DROP TRIGGER decision_is_stamped ON policies_decision;
DROP TRIGGER decision_stays ON policies_decision;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        GRANT UPDATE ON policies_decision TO aios_app;
        GRANT UPDATE, DELETE ON policies_version TO aios_app;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("policies", "0004_exchange_rates"),
        ("accounts", "0008_demo_from_its_making"),
    ]

    operations = [migrations.RunSQL(PROTECT, UNPROTECT)]
