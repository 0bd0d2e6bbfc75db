"""Other systems that are told what happens to badges."""

import credly_badges.models.encryption
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0028_applications'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Subscriber',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='subscriber ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('url', models.URLField(help_text='Where it is told. It has to begin with https://.', max_length=500, verbose_name='URL')),
                ('events', models.JSONField(blank=True, default=list, help_text='Empty for all of them.', verbose_name='events')),
                ('fields', models.JSONField(blank=True, default=list, help_text='What it is told of learners beside their badge; empty for nothing.', verbose_name='personal data')),
                ('secret', credly_badges.models.encryption.EncryptedTextField(blank=True, default='', editable=False, verbose_name='secret')),
                ('previous_secret', credly_badges.models.encryption.EncryptedTextField(blank=True, default='', editable=False)),
                ('previous_until', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='the old secret is valid until')),
                ('signs_like_badgekit', models.BooleanField(default=False, help_text='Sends Authorization: JWT token=… beside the headers of Standard Webhooks.', verbose_name="BadgeKit's header as well")),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('failures', models.PositiveIntegerField(default=0, editable=False, verbose_name='failures in a row')),
                ('wait_until', models.DateTimeField(blank=True, editable=False, help_text='Nothing is sent before then.', null=True, verbose_name='wait until')),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_delivered_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last delivered at')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('modified', models.DateTimeField(auto_now=True, verbose_name='modified')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
                ('organization', models.ForeignKey(blank=True, help_text='Empty for the whole site.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.credlyorganization', verbose_name='organization')),
                ('program', models.ForeignKey(blank=True, help_text='Empty for all badges of the organization.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.badgeprogram', verbose_name='program')),
            ],
            options={
                'verbose_name': 'subscriber',
                'verbose_name_plural': 'subscribers',
                'ordering': ['name', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SubscriberMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='message ID')),
                ('event', models.CharField(max_length=50, verbose_name='event')),
                ('subject', models.CharField(max_length=80, verbose_name='about')),
                ('occurred_at', models.DateTimeField(verbose_name='happened at')),
                ('payload', models.JSONField(blank=True, default=dict, verbose_name='payload')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('dead', 'given up'), ('dropped', 'dropped')], default='waiting', max_length=10, verbose_name='state')),
                ('open', models.BooleanField(default=True, editable=False, null=True)),
                ('not_before', models.DateTimeField(verbose_name='not before')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='failed attempts')),
                ('error', models.CharField(blank=True, max_length=500, verbose_name='last error')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
                ('award', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.badgeaward')),
                ('learner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subscriber', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='credly_badges.subscriber', verbose_name='subscriber')),
            ],
            options={
                'verbose_name': 'message to a subscriber',
                'verbose_name_plural': 'messages to subscribers',
                'ordering': ['-pk'],
                'permissions': [('redrive_subscribermessage', 'Can send messages to subscribers again')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='SubscriberAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField(verbose_name='started at')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
                ('succeeded', models.BooleanField(default=False, verbose_name='taken')),
                ('status', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='HTTP status')),
                ('said', models.CharField(blank=True, max_length=500, verbose_name='what was said')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='delivery_attempts', to='credly_badges.subscribermessage', verbose_name='message')),
            ],
            options={
                'verbose_name': 'attempt to tell a subscriber',
                'verbose_name_plural': 'attempts to tell subscribers',
                'ordering': ['started_at', 'pk'],
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='subscribermessage',
            index=models.Index(fields=['subscriber', 'open', 'subject'], name='credly_told_in_order'),
        ),
        migrations.AddIndex(
            model_name='subscribermessage',
            index=models.Index(fields=['open', 'not_before'], name='credly_told_due'),
        ),
    ]
