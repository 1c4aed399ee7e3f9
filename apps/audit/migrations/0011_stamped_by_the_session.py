"""What is written is not taken out again, and the database says when it was written.

Of a row that the product's role writes, time and transaction are those of its session, whatever
the row says. The tables' owner, who migrates, seeds the demo's past and runs the tests, may say
when. `audit_stamp_at` serves every table of history with a column `at`; `audit_refuse` is what a
trigger calls for a change that no role but the owner may make.
"""

from django.db import migrations

STAMP = """
CREATE FUNCTION audit_stamp_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := pg_catalog.clock_timestamp();
    NEW.xid := pg_catalog.pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE TRIGGER event_is_stamped BEFORE INSERT ON audit_event
    FOR EACH ROW WHEN (current_user = 'aios_app') EXECUTE FUNCTION audit_stamp_event();

CREATE FUNCTION audit_stamp_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.at := pg_catalog.clock_timestamp();
    RETURN NEW;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = TG_ARGV[0];
END $$;

DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE DELETE ON audit_payload FROM aios_app;
    END IF;
END $$
"""
UNSTAMP = """
DROP FUNCTION audit_stamp_event() CASCADE;
DROP FUNCTION audit_stamp_at() CASCADE;
DROP FUNCTION audit_refuse() CASCADE;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        GRANT DELETE ON audit_payload TO aios_app;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0010_example_kinds")]

    operations = [migrations.RunSQL(STAMP, UNSTAMP)]
