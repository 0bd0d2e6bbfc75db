"""Further things that are done again and again."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0030_awards_by_others'),
    ]

    operations = [
        migrations.AlterField(
            model_name='pulse',
            name='source',
            field=models.CharField(choices=[('beat', 'the scheduled task'), ('command', 'the command credly_outbox'), ('worker', "a worker's own follow-up"), ('feed', "the reading of Credly's events feed"), ('keys', 'the check of the keys'), ('reconcile', 'the reconciliation'), ('purge', 'the removal of old notices'), ('notices', 'the processing of what Credly told us'), ('templates', 'the sync of badge templates'), ('seals', 'the sealing of the audit log'), ('losses', 'the revoking of badges whose time to decide is over'), ('places', 'the look at which courses programs have'), ('faults', 'the check of all requirements'), ('history', 'rehearsals and backfills'), ('events', 'the removal of old events'), ('told', 'the telling of subscribers'), ('expiries', 'the telling of badges that expired'), ('lists', 'the issuing of lists'), ('answers', 'the removal of what was answered to other systems')], max_length=10, unique=True, verbose_name='source'),
        ),
    ]
