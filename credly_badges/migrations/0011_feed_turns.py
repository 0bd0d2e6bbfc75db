"""When the turn of each organization's events feed was, whatever came of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0010_round_failures"),
    ]

    operations = [
        migrations.AddField(
            model_name="credlyorganization",
            name="feed_tried_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
