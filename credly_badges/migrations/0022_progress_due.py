"""An index by which what is withheld of one badge is found, however much is withheld of badges that are paused."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0021_progress_on_the_way"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="badgeprogress",
            index=models.Index(fields=["template", "try_again_at"], name="credly_progress_due"),
        ),
        migrations.RemoveIndex(
            model_name="badgeprogress",
            name="credly_progress_try_again",
        ),
    ]
