from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from apps.policies import samples


class PoliciesConfig(AppConfig):
    name = "apps.policies"
    label = "policies"
    verbose_name = "Policies"

    def ready(self) -> None:
        """Say which actions there are, for drafts to be tried on."""
        samples.catalogue = import_string(settings.CATALOGUE)
