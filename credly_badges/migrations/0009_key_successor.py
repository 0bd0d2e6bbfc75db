"""A key that is made to succeed the one in force, and the key that was last looked at."""

import credly_badges.models.encryption
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0008_reconcile"),
    ]

    operations = [
        migrations.AddField(
            model_name="credlyorganization",
            name="key_checked_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="key last checked at"),
        ),
        migrations.AddField(
            model_name="credlyorganization",
            name="key_mark",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="credlyorganization",
            name="successor_begun_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="credlyorganization",
            name="successor_key",
            field=credly_badges.models.encryption.EncryptedTextField(blank=True, default="", editable=False),
        ),
        migrations.AddField(
            model_name="credlyorganization",
            name="successor_name",
            field=models.CharField(blank=True, default="", editable=False, max_length=100),
        ),
    ]
