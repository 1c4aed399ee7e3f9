"""A vote stands: the product's role gives it, at the time the database says, and changes none.

Votes go with the demo they were given in, no others.
"""

from django.db import migrations

PROTECT = """
CREATE TRIGGER review_is_stamped BEFORE INSERT ON proposals_review
    FOR EACH ROW WHEN (current_user = 'aios_app') EXECUTE FUNCTION audit_stamp_at();
CREATE TRIGGER review_stays BEFORE DELETE ON proposals_review
    FOR EACH ROW WHEN (current_user = 'aios_app') EXECUTE FUNCTION accounts_only_of_a_demo();

DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        REVOKE UPDATE ON proposals_review FROM aios_app;
    END IF;
END $$
"""
UNPROTECT = """
DROP TRIGGER review_is_stamped ON proposals_review;
DROP TRIGGER review_stays ON proposals_review;
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'aios_app') THEN
        GRANT UPDATE ON proposals_review TO aios_app;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0011_alone"),
        ("accounts", "0008_demo_from_its_making"),
    ]

    operations = [migrations.RunSQL(PROTECT, UNPROTECT)]
