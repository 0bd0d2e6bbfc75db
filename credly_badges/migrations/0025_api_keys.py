"""Keys of other systems, signatures that were used, and answers to requests that are repeated."""

import credly_badges.models.encryption
import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0024_levels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SpentSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': 'spent signature',
                'verbose_name_plural': 'spent signatures',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='key ID')),
                ('name', models.CharField(help_text='Which system it is for.', max_length=100, verbose_name='name')),
                ('kind', models.CharField(choices=[('bearer', 'sent with each request'), ('signing', 'signs each request, and is never sent')], default='bearer', max_length=10, verbose_name='kind')),
                ('prefix', models.CharField(editable=False, max_length=40, unique=True, verbose_name='begins with')),
                ('hashed_key', models.CharField(blank=True, default='', editable=False, max_length=255)),
                ('secret', credly_badges.models.encryption.EncryptedTextField(blank=True, default='', editable=False, verbose_name='secret')),
                ('scopes', models.JSONField(blank=True, default=list, help_text='What it may do.', verbose_name='scopes')),
                ('rate_limit', models.PositiveIntegerField(blank=True, help_text='Empty for the limit that the settings give every key.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='requests per minute')),
                ('expires_at', models.DateTimeField(blank=True, help_text='Empty: never.', null=True, verbose_name='expires at')),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='revoked at')),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last used at')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
                ('organization', models.ForeignKey(blank=True, help_text='Empty for the whole site.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.credlyorganization', verbose_name='organization')),
                ('program', models.ForeignKey(blank=True, help_text='Empty for all badges of the organization.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.badgeprogram', verbose_name='program')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ['name', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='IdempotentAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('caller', models.CharField(max_length=80, verbose_name='caller')),
                ('key', models.CharField(max_length=255, verbose_name='idempotency key')),
                ('request_digest', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='status')),
                ('body', models.JSONField(blank=True, default=dict, verbose_name='body')),
                ('created', models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='created')),
                ('learner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'answer to a repeated request',
                'verbose_name_plural': 'answers to repeated requests',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('caller', 'key'), name='one_answer_per_caller_and_key')],
            },
        ),
    ]
