"""Words only: what is held back, and until when. Nothing changes in the database."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0013_seals_and_sync_turns"),
    ]

    operations = [
        migrations.AlterField(
            model_name="credlyorganization",
            name="concurrency",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="How many deliveries all workers together may have under way at one moment; badges that leave in one request are one. Empty for no limit.",
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="deliveries at once",
            ),
        ),
        migrations.AlterField(
            model_name="credlyorganization",
            name="wait_until",
            field=models.DateTimeField(
                blank=True,
                help_text="Nothing is sent before then. Credly asked us to slow down or kept failing, or there was no key.",
                null=True,
                verbose_name="wait until",
            ),
        ),
    ]
