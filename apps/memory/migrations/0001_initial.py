import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import pgvector.django.indexes
import pgvector.django.vector
import uuid_utils.compat
from django.db import migrations, models
from pgvector.django import VectorExtension


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        VectorExtension(),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('type', models.CharField(choices=[('fact', 'Fact'), ('preference', 'Preference'), ('correction', 'Correction'), ('episode', 'Episode'), ('artefact', 'Artefact')], max_length=20)),
                ('namespace', models.CharField(max_length=100)),
                ('subject', models.CharField(blank=True, max_length=300)),
                ('text', models.TextField(blank=True)),
                ('data', models.JSONField(blank=True, default=dict)),
                ('provenance', models.JSONField(default=dict)),
                ('version', models.PositiveIntegerField(default=1)),
                ('state', models.CharField(choices=[('current', 'Current'), ('superseded', 'Superseded by a newer version'), ('forgotten', 'Forgotten: the content is erased')], default='current', max_length=20)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('embedding', pgvector.django.vector.VectorField(dimensions=384, editable=False, null=True)),
                ('embedding_model', models.CharField(blank=True, default='', editable=False, max_length=100)),
                ('embedding_claimed_until', models.DateTimeField(editable=False, null=True)),
                ('search', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector('text', config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('supersedes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.RESTRICT, related_name='superseded_by', to='memory.item')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='accounts.workspace')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'current')), fields=['workspace', 'namespace', 'type', 'subject'], name='memory_item_place'), models.Index(condition=models.Q(('state', 'current')), fields=['embedding_model'], name='memory_item_embedding_model'), models.Index(condition=models.Q(('expires_at__isnull', False), models.Q(('state', 'forgotten'), _negated=True)), fields=['expires_at'], name='memory_item_expiry'), django.contrib.postgres.indexes.GinIndex(fields=['search'], name='memory_item_words'), pgvector.django.indexes.HnswIndex(fields=['embedding'], name='memory_item_meaning', opclasses=['vector_cosine_ops'])],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'forgotten'), _negated=True), models.Q(('data', {}), ('embedding__isnull', True), ('subject', ''), ('text', '')), _connector='OR'), name='forgotten_item_is_empty'), models.CheckConstraint(condition=models.Q(('state', 'forgotten'), models.Q(('text', ''), _negated=True), _connector='OR'), name='known_item_has_text'), models.CheckConstraint(condition=models.Q(models.Q(('supersedes__isnull', True), ('version', 1)), models.Q(('supersedes__isnull', False), ('version__gt', 1)), _connector='OR'), name='later_version_supersedes')],
            },
        ),
    ]
