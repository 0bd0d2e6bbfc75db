"""Requirements as they were, the version a learner is judged by, and badges whose learners lost ground."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models



class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('credly_badges', '0017_listening_places'),
    ]

    operations = [
        migrations.CreateModel(
            name='RequirementsVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('data', models.JSONField(default=dict, help_text='As credly_requirements exports them.', verbose_name='requirements')),
                ('words', models.JSONField(default=list, help_text='One sentence an entry.', verbose_name='in words')),
                ('on_change', models.CharField(blank=True, help_text='Whether they moved to this version.', max_length=10, verbose_name='learners on their way')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'version of requirements',
                'verbose_name_plural': 'versions of requirements',
                'ordering': ['template', 'number'],
            },
        ),
        migrations.AddField(
            model_name='requirementsversion',
            name='created_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by'),
        ),
        migrations.AddField(
            model_name='requirementsversion',
            name='template',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='credly_badges.badgetemplate', verbose_name='badge template'),
        ),
        migrations.AddConstraint(
            model_name='requirementsversion',
            constraint=models.UniqueConstraint(fields=('template', 'number'), name='one_row_per_template_and_version'),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='version',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='version of the requirements'),
        ),
        migrations.AddField(
            model_name='badgeprogress',
            name='version',
            field=models.PositiveIntegerField(default=1, verbose_name='version of the requirements'),
        ),
        migrations.AddField(
            model_name='fulfillment',
            name='course',
            field=models.CharField(blank=True, default='', max_length=255, verbose_name='course'),
        ),
        migrations.AddField(
            model_name='receivedevent',
            name='ended',
            field=models.BooleanField(default=False, editable=False, verbose_name='ended'),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='kind',
            field=models.CharField(choices=[('issue', 'issue the badge'), ('revoke', 'revoke the badge'), ('replace', 'replace the badge'), ('delete', 'delete the badge')], max_length=10, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='pulse',
            name='source',
            field=models.CharField(choices=[('beat', 'the scheduled task'), ('command', 'the command credly_outbox'), ('worker', "a worker's own follow-up"), ('feed', "the reading of Credly's events feed"), ('keys', 'the check of the keys'), ('reconcile', 'the reconciliation'), ('purge', 'the removal of old notices'), ('notices', 'the processing of what Credly told us'), ('templates', 'the sync of badge templates'), ('seals', 'the sealing of the audit log'), ('losses', 'the revoking of badges whose time to decide is over'), ('places', 'the look at which courses programs have'), ('faults', 'the check of all requirements'), ('history', 'rehearsals and backfills'), ('events', 'the removal of old events')], max_length=10, unique=True, verbose_name='source'),
        ),
        migrations.AddIndex(
            model_name='badgeprogress',
            index=models.Index(fields=['template', 'version', 'learner'], name='credly_progress_by_version'),
        ),
        migrations.CreateModel(
            name='Regression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('held', 'waits for a decision'), ('dismissed', 'the badge is kept'), ('revoked', 'the badge was revoked'), ('recovered', 'the learner meets the requirements again')], default='held', max_length=10, verbose_name='state')),
                ('open', models.BooleanField(default=True, editable=False, null=True, verbose_name='open')),
                ('happened_at', models.DateTimeField(help_text='When the event that decided it happened.', verbose_name='happened at')),
                ('because', models.TextField(blank=True, verbose_name='because')),
                ('until', models.DateTimeField(blank=True, help_text='When the badge is revoked unless somebody keeps it.', null=True, verbose_name='revoked at')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided at')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='noticed at')),
            ],
            options={
                'verbose_name': 'regression',
                'verbose_name_plural': 'regressions',
                'ordering': ['-created', '-pk'],
                'permissions': [('decide_regression', 'Can decide whether badges are kept')],
            },
        ),
        migrations.AddField(
            model_name='regression',
            name='award',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='regressions', to='credly_badges.badgeaward', verbose_name='badge award'),
        ),
        migrations.AddField(
            model_name='regression',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by'),
        ),
        migrations.AddField(
            model_name='regression',
            name='progress',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='regressions', to='credly_badges.badgeprogress', verbose_name='badge progress'),
        ),
        migrations.AddIndex(
            model_name='regression',
            index=models.Index(fields=['open', 'until'], name='credly_regression_due'),
        ),
        migrations.AddConstraint(
            model_name='regression',
            constraint=models.UniqueConstraint(fields=('award', 'open'), name='one_open_regression_per_award'),
        ),
    ]
