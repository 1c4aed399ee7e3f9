"""Who holds which authority moves from guardian's generic table to one with a foreign key."""

from django.conf import settings
from django.db import migrations, models

MOVE_HERE = """
    WITH moved AS (
        DELETE FROM guardian_userobjectpermission generic
        USING django_content_type kind
        WHERE kind.id = generic.content_type_id
          AND kind.app_label = 'accounts' AND kind.model = 'authority'
        RETURNING generic.user_id, generic.permission_id, generic.object_pk::uuid AS authority_id
    )
    INSERT INTO accounts_authorityholder (user_id, permission_id, content_object_id)
    SELECT user_id, permission_id, authority_id
    FROM moved JOIN accounts_authority ON accounts_authority.id = authority_id
"""
MOVE_BACK = """
    INSERT INTO guardian_userobjectpermission (user_id, permission_id, content_type_id, object_pk)
    SELECT holder.user_id, holder.permission_id, permission.content_type_id,
           holder.content_object_id::text
    FROM accounts_authorityholder holder
    JOIN auth_permission permission ON permission.id = holder.permission_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_idempotentrequest"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("guardian", "0003_remove_groupobjectpermission_guardian_gr_content_ae6aec_idx_and_more"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuthorityHolder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=models.CASCADE, related_name="holders", to="accounts.authority"
                    ),
                ),
                ("permission", models.ForeignKey(on_delete=models.CASCADE, to="auth.permission")),
                ("user", models.ForeignKey(on_delete=models.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
        migrations.RunSQL(MOVE_HERE, MOVE_BACK),
    ]
