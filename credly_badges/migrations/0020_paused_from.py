"""Where a paused badge goes when it is resumed: a badge in shadow goes on in shadow."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("credly_badges", "0019_history")]

    operations = [
        migrations.AddField(
            model_name="badgetemplate",
            name="paused_from",
            field=models.CharField(blank=True, default="", editable=False, max_length=10),
        ),
    ]
