"""When to try again to award what was withheld."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0011_feed_turns"),
    ]

    operations = [
        migrations.AddField(
            model_name="badgeprogress",
            name="earned_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="earned at"),
        ),
        migrations.AddField(
            model_name="badgeprogress",
            name="try_again_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="tried again at"),
        ),
        migrations.AddIndex(
            model_name="badgeprogress",
            index=models.Index(fields=["try_again_at"], name="credly_progress_try_again"),
        ),
    ]
