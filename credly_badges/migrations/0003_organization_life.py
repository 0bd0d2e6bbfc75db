"""The life of an organization's key, its webhook, and the pace of its requests."""

import credly_badges.models.encryption
import django.core.validators
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0002_access'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tokens', models.FloatField(default=0, verbose_name='requests left')),
                ('filled_at', models.DateTimeField(blank=True, null=True, verbose_name='refilled at')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='failures in a row')),
                ('opened_at', models.DateTimeField(blank=True, help_text='Since when nothing is sent, because Credly kept failing.', null=True, verbose_name='stopped at')),
                ('probe_at', models.DateTimeField(blank=True, null=True, verbose_name='next probe at')),
            ],
            options={
                'verbose_name': 'pace',
                'verbose_name_plural': 'paces',
            },
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='concurrency',
            field=models.PositiveSmallIntegerField(blank=True, help_text='How many badges all workers together may be sending at one moment. Empty for no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='deliveries at once'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='feed_read_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='events feed read at'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='feed_seen_until',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='events feed seen until'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='key_entered_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='key in force since'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='key_expires_at',
            field=models.DateTimeField(blank=True, help_text='As Credly says where the key may ask, else 180 days after it was entered.', null=True, verbose_name='key expires at'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='key_expiry_is_known',
            field=models.BooleanField(default=False, editable=False, verbose_name='Credly named the expiry'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='key_token_id',
            field=models.UUIDField(blank=True, editable=False, null=True, verbose_name="the key's ID at Credly"),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='key_warned_days',
            field=models.PositiveSmallIntegerField(blank=True, editable=False, null=True, verbose_name='last warned this many days before'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='noticed_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last notice from Credly at'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='rate_limit',
            field=models.PositiveIntegerField(blank=True, help_text='How many requests all workers together may send to Credly in a minute. Empty for no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='requests per minute'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='retire_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='retire the old key at'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='retiring_key',
            field=credly_badges.models.encryption.EncryptedTextField(blank=True, default='', editable=False, verbose_name='retiring API key'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='retiring_token_id',
            field=models.UUIDField(blank=True, editable=False, null=True, verbose_name="the retiring key's ID at Credly"),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='webhook_salt',
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
        migrations.AddField(
            model_name='pace',
            name='organization',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='pace', to='credly_badges.credlyorganization', verbose_name='organization'),
        ),
    ]
