"""An index by which an organization's badges are listed in the order of their names."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0033_subscribers_patience"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="badgetemplate",
            index=models.Index(fields=["organization", "name"], name="credly_template_by_name"),
        ),
    ]
