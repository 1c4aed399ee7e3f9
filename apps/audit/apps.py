from django.apps import AppConfig
from django.db.models.signals import post_migrate

from apps.audit.enrolment import enrol_key


class AuditConfig(AppConfig):
    name = "apps.audit"
    label = "audit"
    verbose_name = "Audit log"

    def ready(self) -> None:
        """Each `migrate` tells the database the key of this installation, new or not."""
        post_migrate.connect(enrol_key, sender=self)
