"""What was last wrong with each thing that is done again and again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0009_key_successor'),
    ]

    operations = [
        migrations.AddField(
            model_name='pulse',
            name='failure',
            field=models.CharField(blank=True, default='', help_text='Empty once it went well again.', max_length=255, verbose_name='last failure'),
        ),
        migrations.AlterField(
            model_name='pulse',
            name='source',
            field=models.CharField(choices=[('beat', 'the scheduled task'), ('command', 'the command credly_outbox'), ('worker', "a worker's own follow-up"), ('feed', "the reading of Credly's events feed"), ('keys', 'the check of the keys'), ('reconcile', 'the reconciliation'), ('purge', 'the removal of old notices'), ('notices', 'the processing of what Credly told us')], max_length=10, unique=True, verbose_name='source'),
        ),
    ]
