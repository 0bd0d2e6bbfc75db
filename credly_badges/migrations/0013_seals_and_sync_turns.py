"""Seals of the audit log, and when the turn of each organization's template sync was."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0012_withheld_tries"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="number")),
                ("first_entry", models.PositiveBigIntegerField(verbose_name="first entry")),
                ("last_entry", models.PositiveBigIntegerField(verbose_name="last entry")),
                ("count", models.PositiveIntegerField(verbose_name="entries")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                (
                    "previous",
                    models.CharField(
                        blank=True, default="", max_length=64, verbose_name="digest of the seal before"
                    ),
                ),
                ("key_mark", models.CharField(max_length=16, verbose_name="mark of the key")),
                ("sealed_at", models.DateTimeField(verbose_name="sealed at")),
            ],
            options={
                "verbose_name": "audit seal",
                "verbose_name_plural": "audit seals",
                "ordering": ["number"],
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="credlyorganization",
            name="sync_tried_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="pulse",
            name="source",
            field=models.CharField(
                choices=[
                    ("beat", "the scheduled task"),
                    ("command", "the command credly_outbox"),
                    ("worker", "a worker's own follow-up"),
                    ("feed", "the reading of Credly's events feed"),
                    ("keys", "the check of the keys"),
                    ("reconcile", "the reconciliation"),
                    ("purge", "the removal of old notices"),
                    ("notices", "the processing of what Credly told us"),
                    ("templates", "the sync of badge templates"),
                    ("seals", "the sealing of the audit log"),
                ],
                max_length=10,
                unique=True,
                verbose_name="source",
            ),
        ),
    ]
