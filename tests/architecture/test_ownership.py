"""Who owns tables, and that foreign keys point the way imports do."""

from django.apps import apps
from django.db import models

LAYERS = [
    {"audit"}, {"accounts"}, {"inference"}, {"policies", "gateway", "memory"},
    {"proposals"}, {"agents"}, {"notifications"}, {"insights"}, {"api", "console"},
]  # fmt: skip
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
OURS = [config for config in apps.get_app_configs() if config.name.startswith("apps.")]


def test_presentation_owns_no_table():
    """State cannot leak into insights, api or console."""
    owners = {config.label for config in OURS if list(config.get_models())}
    assert not owners & {"insights", "api", "console"}


def test_foreign_keys_point_down():
    """A key to an app above would be an import in disguise; siblings know nothing of each other."""
    for config in OURS:
        for model in config.get_models():
            for field in model._meta.get_fields():
                if not isinstance(field, models.ForeignKey):
                    continue
                other = field.related_model._meta.app_label
                if other in RANK and other != config.label:
                    assert RANK[other] < RANK[config.label], f"{model.__name__}.{field.name}"


def test_the_audit_log_has_no_foreign_keys():
    """History never blocks or follows a deletion."""
    for model in apps.get_app_config("audit").get_models():
        assert not [f for f in model._meta.get_fields() if f.is_relation]


def test_every_table_belongs_to_a_workspace():
    """Each of our rows has a workspace, directly or through the row it is a part of."""
    part_of = {"Version", "Credential", "Step", "Checkpoint", "User", "Workspace", "Payload",
               "Cursor", "Link", "Pulse", "AuthorityHolder"}  # fmt: skip
    for config in OURS:
        for model in config.get_models():
            if model.__name__ in part_of or model._meta.auto_created:
                continue
            names = {field.attname for field in model._meta.concrete_fields}
            assert "workspace_id" in names, model.__name__
