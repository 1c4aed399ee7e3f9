import apps.inference.providers.base
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import uuid_utils.compat
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('scope', models.CharField(choices=[('workspace', 'Workspace'), ('agent', 'Agent'), ('run', 'Run')], max_length=20)),
                ('scope_id', models.UUIDField()),
                ('limit', models.DecimalField(decimal_places=8, help_text='US dollars.', max_digits=16)),
                ('spent', models.DecimalField(decimal_places=8, default=Decimal('0'), max_digits=16)),
                ('reserved', models.DecimalField(decimal_places=8, default=Decimal('0'), max_digits=16)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='budgets', to='accounts.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'scope', 'scope_id'), name='one_budget_each'), models.CheckConstraint(condition=models.Q(('limit__gte', 0)), name='budget_limit_not_negative'), models.CheckConstraint(condition=models.Q(('spent__gte', 0)), name='budget_spent_not_negative'), models.CheckConstraint(condition=models.Q(('reserved__gte', 0)), name='budget_reserved_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Call',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('run_id', models.UUIDField(db_index=True, null=True)),
                ('tier', models.CharField(max_length=40)),
                ('provider', models.CharField(max_length=20)),
                ('model', models.CharField(max_length=200)),
                ('purpose', models.CharField(max_length=100)),
                ('outcome', models.CharField(choices=[('started', 'started'), ('ok', 'ok'), ('error', 'error'), ('timeout', 'timeout'), ('rate_limited', 'rate_limited'), ('malformed', 'malformed'), ('lost', 'lost')], default=apps.inference.providers.base.Outcome['STARTED'], max_length=20)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('input_tokens', models.PositiveIntegerField(default=0)),
                ('output_tokens', models.PositiveIntegerField(default=0)),
                ('cost', models.DecimalField(decimal_places=8, default=Decimal('0'), max_digits=16)),
                ('estimated', models.BooleanField(default=False)),
                ('latency_ms', models.PositiveIntegerField(null=True)),
                ('prompt_digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('overdue_at', models.DateTimeField()),
                ('reserved', models.DecimalField(decimal_places=8, default=Decimal('0'), max_digits=16)),
                ('budgets', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='model_calls', to='accounts.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'at'], name='inference_call_workspace'), models.Index(condition=models.Q(('outcome', apps.inference.providers.base.Outcome['STARTED'])), fields=['overdue_at'], name='inference_call_open')],
            },
        ),
        migrations.CreateModel(
            name='Tier',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.SlugField(help_text='small, large, ...; the tier named embedding prices embeddings.', max_length=40)),
                ('provider', models.CharField(choices=[('openai', 'OpenAI protocol'), ('fake', 'Scripted (tests and demonstrations)')], default='openai', max_length=20)),
                ('model', models.CharField(blank=True, help_text='As the provider calls it; empty: OPENAI_MODEL.', max_length=200)),
                ('price_in', models.DecimalField(decimal_places=4, default=Decimal('0'), help_text='US dollars per million tokens.', max_digits=10, verbose_name='price of input')),
                ('price_out', models.DecimalField(decimal_places=4, default=Decimal('0'), help_text='US dollars per million tokens.', max_digits=10, verbose_name='price of output')),
                ('timeout_s', models.PositiveSmallIntegerField(default=30, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(600)], verbose_name='timeout')),
                ('enabled', models.BooleanField(default=True)),
                ('fallback', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='inference.tier')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tiers', to='accounts.workspace')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('workspace', 'name'), name='one_tier_of_a_name'), models.CheckConstraint(condition=models.Q(('price_in__gte', 0), ('price_out__gte', 0)), name='tier_prices_not_negative'), models.CheckConstraint(condition=models.Q(('timeout_s__gte', 1)), name='tier_timeout_positive')],
            },
        ),
    ]
