from django.apps import AppConfig
from django.core.checks import register


class InferenceConfig(AppConfig):
    name = "apps.inference"
    label = "inference"
    verbose_name = "Inference"

    def ready(self) -> None:
        """Have what is configured checked whenever a command or a worker starts."""
        from apps.inference.checks import an_embedder_is_there  # noqa: PLC0415

        register(an_embedder_is_there)
