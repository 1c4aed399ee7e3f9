"""A key and an agent from outside stay whose they are: the product's role only ends them.

A key is used and revoked, an agent has its limits set and is retired; neither is given to another
person, agent or workspace, and a key is never given more than it was made with.
"""

from django.db import migrations

PROTECT = """
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE UPDATE ON accounts_apikey, accounts_outsideagent FROM aios_app;
        GRANT UPDATE (last_used_at, revoked_at) ON accounts_apikey TO aios_app;
        GRANT UPDATE (scopes, actions, hourly, retired_at) ON accounts_outsideagent TO aios_app;
    END IF;
END $$
"""
UNPROTECT = """
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        GRANT UPDATE ON accounts_apikey, accounts_outsideagent TO aios_app;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_outside_agents")]

    operations = [migrations.RunSQL(PROTECT, UNPROTECT)]
