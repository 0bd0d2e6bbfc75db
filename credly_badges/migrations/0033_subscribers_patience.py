"""Until when a message to a subscriber is tried, and which warnings of a key's end were told."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0032_fill_slugs'),
    ]

    operations = [
        migrations.AddField(
            model_name='subscribermessage',
            name='give_up_at',
            field=models.DateTimeField(default=django.utils.timezone.now, help_text='Until then it is tried again and again.', verbose_name='given up at'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='apikey',
            name='warned_days',
            field=models.PositiveSmallIntegerField(blank=True, editable=False, null=True),
        ),
    ]
