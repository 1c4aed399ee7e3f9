"""The table of the memory: what agents know, where it comes from, and how to find it again."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from pgvector.django import HnswIndex, VectorField
from uuid_utils.compat import uuid7

from apps.accounts.models import Workspace

DIMENSIONS = 384


class Type(models.TextChoices):
    """What kind of knowledge an item is."""

    FACT = "fact", "Fact"
    PREFERENCE = "preference", "Preference"
    CORRECTION = "correction", "Correction"
    EPISODE = "episode", "Episode"
    ARTEFACT = "artefact", "Artefact"


class State(models.TextChoices):
    """Only current items are recalled."""

    CURRENT = "current", "Current"
    SUPERSEDED = "superseded", "Superseded by a newer version"
    FORGOTTEN = "forgotten", "Forgotten: the content is erased"


class Item(models.Model):
    """One thing an agent knows. The content never changes; a new version supersedes it.

    `subject` names what it is about (`customer:ann@example.com`, `sku:ABC`) and is matched
    exactly. `provenance` says where it comes from: source, by, run_id, proposal_id.
    `embedding_model` is empty until the item is embedded; vectors of another model than the one
    in use are made again.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="items")
    type = models.CharField(max_length=20, choices=Type.choices)
    namespace = models.CharField(max_length=100)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    provenance = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    supersedes = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, related_name="superseded_by"
    )
    state = models.CharField(max_length=20, choices=State.choices, default=State.CURRENT)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    embedding = VectorField(dimensions=DIMENSIONS, null=True, editable=False)
    embedding_model = models.CharField(max_length=100, blank=True, default="", editable=False)
    embedding_claimed_until = models.DateTimeField(null=True, editable=False)
    search = models.GeneratedField(
        expression=SearchVector("text", config="simple"),  # words as they are, in any language
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "namespace", "type", "subject"],
                name="memory_item_place",
                condition=Q(state="current"),
            ),
            models.Index(
                fields=["embedding_model"],
                name="memory_item_embedding_model",
                condition=Q(state="current"),
            ),
            models.Index(
                fields=["expires_at"],
                name="memory_item_expiry",
                condition=Q(expires_at__isnull=False) & ~Q(state="forgotten"),
            ),
            GinIndex(fields=["search"], name="memory_item_words"),
            HnswIndex(
                fields=["embedding"], name="memory_item_meaning", opclasses=["vector_cosine_ops"]
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="forgotten")
                | Q(text="", subject="", data={}, embedding__isnull=True),
                name="forgotten_item_is_empty",
            ),
            models.CheckConstraint(
                condition=Q(state="forgotten") | ~Q(text=""), name="known_item_has_text"
            ),
            models.CheckConstraint(
                condition=Q(version=1, supersedes__isnull=True)
                | Q(version__gt=1, supersedes__isnull=False),
                name="later_version_supersedes",
            ),
            models.CheckConstraint(
                condition=Q(embedding__isnull=True, embedding_model="")
                | Q(embedding__isnull=False) & ~Q(embedding_model=""),
                name="vector_names_its_model",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.subject or self.namespace} v{self.version}"
