"""Codes that learners claim a badge with."""

import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0025_api_keys'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClaimCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='code ID')),
                ('code', models.CharField(max_length=255, verbose_name='code')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('note', models.CharField(blank=True, help_text='What it is for.', max_length=255, verbose_name='note')),
                ('most', models.PositiveIntegerField(blank=True, default=1, help_text='How many learners may claim it; empty for any number.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='learners at most')),
                ('claimed', models.PositiveIntegerField(default=0, editable=False, verbose_name='claimed')),
                ('starts_at', models.DateTimeField(blank=True, null=True, verbose_name='from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('email', models.EmailField(blank=True, help_text='The e-mail address of the one who may claim it.', max_length=254, verbose_name='only for')),
                ('course', models.CharField(blank=True, help_text='The key of a course run, for a cohort.', max_length=255, verbose_name='only for learners of')),
                ('cohort', models.CharField(blank=True, max_length=255, verbose_name='only for the cohort')),
                ('closed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='closed at')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('modified', models.DateTimeField(auto_now=True, verbose_name='modified')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='codes', to='credly_badges.badgetemplate', verbose_name='badge template')),
            ],
            options={
                'verbose_name': 'claim code',
                'verbose_name_plural': 'claim codes',
                'ordering': ['-created', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='CodeClaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_at', models.DateTimeField(auto_now_add=True, verbose_name='claimed at')),
                ('award', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.badgeaward', verbose_name='badge award')),
                ('code', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='claims', to='credly_badges.claimcode', verbose_name='claim code')),
                ('learner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='learner')),
            ],
            options={
                'verbose_name': 'claim',
                'verbose_name_plural': 'claims',
                'ordering': ['-claimed_at', '-pk'],
                'constraints': [models.UniqueConstraint(fields=('code', 'learner'), name='one_claim_per_code_and_learner')],
            },
        ),
    ]
