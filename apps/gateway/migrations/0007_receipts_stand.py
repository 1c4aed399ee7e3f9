"""What was ordered, and how it ended, stands: the product's role cannot write it anew.

Until an execution has ended only what carries it out moves, never what was approved. After that it
may be made up for, reported and put off, no more; when it was made and ended the database says.
Executions go with the demo they were carried out in, no others.
"""

from django.db import migrations

PROTECT = """
CREATE FUNCTION gateway_stamp_execution() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.created_at := pg_catalog.clock_timestamp();
    END IF;
    IF NEW.finished_at IS NOT NULL THEN
        NEW.finished_at := pg_catalog.clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER execution_is_stamped BEFORE INSERT ON gateway_execution
    FOR EACH ROW WHEN (current_user = 'aios_app') EXECUTE FUNCTION gateway_stamp_execution();
CREATE TRIGGER execution_ends_now BEFORE UPDATE ON gateway_execution
    FOR EACH ROW WHEN (current_user = 'aios_app'
        AND OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL)
    EXECUTE FUNCTION gateway_stamp_execution();
CREATE TRIGGER execution_stands BEFORE UPDATE ON gateway_execution
    FOR EACH ROW WHEN (current_user = 'aios_app'
        AND OLD.state NOT IN ('due', 'claimed', 'calling', 'unknown') AND (
            (NEW.receipt, NEW.reference, NEW.error, NEW.progress, NEW.attempts, NEW.finished_at)
            IS DISTINCT FROM
            (OLD.receipt, OLD.reference, OLD.error, OLD.progress, OLD.attempts, OLD.finished_at)
            OR (NEW.state <> OLD.state
                AND NOT (OLD.state = 'done' AND NEW.state = 'compensated'))))
    EXECUTE FUNCTION audit_refuse('an execution that has ended is not written anew');
CREATE TRIGGER execution_stays BEFORE DELETE ON gateway_execution
    FOR EACH ROW WHEN (current_user = 'aios_app') EXECUTE FUNCTION accounts_only_of_a_demo();

DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE UPDATE ON gateway_execution FROM aios_app;
        GRANT UPDATE (state, not_before, lease_until, worker, attempts, deliveries, progress,
                      reference, receipt, error, finished_at, reported)
            ON gateway_execution TO aios_app;
    END IF;
END $$
"""
UNPROTECT = """
DROP FUNCTION gateway_stamp_execution() CASCADE;
DROP TRIGGER execution_stands ON gateway_execution;
DROP TRIGGER execution_stays ON gateway_execution;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        GRANT UPDATE ON gateway_execution TO aios_app;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("gateway", "0006_sources_and_odd_rows"),
        ("accounts", "0008_demo_from_its_making"),
    ]

    operations = [migrations.RunSQL(PROTECT, UNPROTECT)]
