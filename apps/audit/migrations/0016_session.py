"""Who had signed in when an event was recorded, stamped by the database, which checks a seal.

The product's processes seal each event with the session they act in (`apps.audit.seal`). The key
is made of `SECRET_KEY`; `migrate` writes it into `audit_seal_key`, which the product's role cannot
read. Whoever has no more than that role's SQL therefore writes no event the database believes: its
session is then empty. A seal is good for one event, and for five minutes, so that what a broken
transaction took back is not put in later.

NULL: the database was not asked, as before this migration and for what the tables' owner writes.
"""

from django.db import migrations, models

STAMP = r"""
CREATE TABLE audit_seal_key (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    inner_pad bytea NOT NULL CHECK (length(inner_pad) = 64),
    outer_pad bytea NOT NULL CHECK (length(outer_pad) = 64)
);
CREATE OR REPLACE FUNCTION audit_stamp_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
AS $$
DECLARE
    seal text := left(NEW.session, 64);
    session text := substr(NEW.session, 66);
    made_at bigint;
    key record;
BEGIN
    NEW.at := clock_timestamp();
    NEW.xid := pg_current_xact_id();
    NEW.session := '';
    made_at := ('x0000' || left(replace(NEW.id::text, '-', ''), 12))::bit(64)::bigint;
    SELECT inner_pad, outer_pad INTO key FROM audit_seal_key;
    IF abs(extract(epoch FROM NEW.at) * 1000 - made_at) < 300000
        AND seal = encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(
            concat(
                NEW.id, ':', NEW.workspace_id, ':', NEW.run_id, ':',
                encode(NEW.payload_digest, 'hex'), ':',
                length(NEW.kind), ':', NEW.kind, ':', length(NEW.actor), ':', NEW.actor, ':',
                length(NEW.subject_kind), ':', NEW.subject_kind, ':',
                length(NEW.subject_id), ':', NEW.subject_id, ':', session
            ), 'UTF8'))), 'hex')
    THEN
        NEW.session := session;
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION audit_stamp_event() FROM PUBLIC;

CREATE FUNCTION audit_unseal_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.session := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER event_is_unsealed BEFORE INSERT ON audit_event
    FOR EACH ROW WHEN (current_user <> 'aios_app' AND NEW.session ~ '^[0-9a-f]{64} ')
    EXECUTE FUNCTION audit_unseal_event();

CREATE FUNCTION audit_attested(actor text, session text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT session IS NULL OR (session <> '' AND (
        actor !~ '^(user|key):' OR actor = ANY (string_to_array(session, ' '))))
$$;

DO $$ BEGIN
    -- a table, type or operator of somebody else's is never found first
    EXECUTE format('ALTER FUNCTION audit_stamp_event() SET search_path = pg_catalog, %I, pg_temp',
                   current_schema());
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE ALL ON audit_seal_key FROM aios_app;
    END IF;
END $$
"""
UNSTAMP = """
DROP FUNCTION audit_attested(text, text);
DROP FUNCTION audit_unseal_event() CASCADE;
CREATE OR REPLACE FUNCTION audit_stamp_event() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER
AS $$
BEGIN
    NEW.at := pg_catalog.clock_timestamp();
    NEW.xid := pg_catalog.pg_current_xact_id();
    RETURN NEW;
END $$;
DROP TABLE audit_seal_key;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0015_moved_rates")]

    operations = [
        migrations.AddField("event", "session", models.CharField(max_length=200, null=True)),
        migrations.RunSQL(STAMP, UNSTAMP),
    ]
