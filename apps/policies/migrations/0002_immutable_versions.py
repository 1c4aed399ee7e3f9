"""A version that has been published cannot be changed: only its stage may move on."""

from django.db import migrations

PROTECT = """
CREATE FUNCTION policies_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.stage <> 'draft' AND (NEW.rules, NEW.limits, NEW.number, NEW.digest, NEW.policy_id)
        IS DISTINCT FROM (OLD.rules, OLD.limits, OLD.number, OLD.digest, OLD.policy_id) THEN
        RAISE EXCEPTION 'version % of a policy is published and cannot be changed', OLD.number;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_is_immutable BEFORE UPDATE ON policies_version
    FOR EACH ROW EXECUTE FUNCTION policies_version_is_immutable();
"""
REMOVE = "DROP FUNCTION policies_version_is_immutable() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial")]

    operations = [migrations.RunSQL(PROTECT, REMOVE)]
