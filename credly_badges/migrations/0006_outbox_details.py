"""Replacements in the outbox, further rounds, and why an award was withheld."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0005_award_life'),
    ]

    operations = [
        migrations.AddField(
            model_name='badgeprogress',
            name='withheld',
            field=models.CharField(blank=True, default='', help_text='What stood in the way of the badge when all requirements were met.', max_length=500, verbose_name='why it was not awarded'),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='details',
            field=models.JSONField(blank=True, default=dict, help_text='For a replacement: what is to change, and why. No name, no address.', verbose_name='details'),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='kind',
            field=models.CharField(choices=[('issue', 'issue the badge'), ('revoke', 'revoke the badge'), ('replace', 'replace the badge')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='pulse',
            name='source',
            field=models.CharField(choices=[('beat', 'the scheduled task'), ('command', 'the command credly_outbox'), ('worker', "a worker's own follow-up"), ('feed', "the reading of Credly's events feed"), ('keys', 'the check of the keys'), ('reconcile', 'the reconciliation'), ('purge', 'the removal of old notices')], max_length=10, unique=True, verbose_name='source'),
        ),
    ]
