"""An index by which those are found who have yet to be moved to a new version."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0020_paused_from"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="badgeprogress",
            index=models.Index(fields=["template", "completed_at", "version"], name="credly_progress_on_the_way"),
        ),
    ]
