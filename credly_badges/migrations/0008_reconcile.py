"""Comparisons with Credly."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('credly_badges', '0007_notices'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReconcileDifference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('not_awarded', 'qualifies, and was never awarded'), ('not_sent', 'awarded, and nothing is on its way to Credly'), ('unknown_here', 'Credly has a badge of a learner that is not recorded here'), ('state', 'Credly has it in another state'), ('replaced', 'another badge took its place at Credly'), ('deleted', 'Credly does not have it any more'), ('not_revoked', 'revoked here, and stands at Credly'), ('address', 'waits at Credly under an address that the learner has left'), ('double', 'the learner holds it twice at Credly'), ('foreign', 'Credly has a badge of somebody unknown here'), ('unreadable', 'Credly describes it in a way that cannot be read')], max_length=20, verbose_name='cause')),
                ('credly_id', models.UUIDField(blank=True, null=True, verbose_name='badge ID at Credly')),
                ('facts', models.JSONField(blank=True, default=dict, help_text='What is here, and what is at Credly.', verbose_name='facts')),
                ('fix', models.CharField(blank=True, choices=[('', 'nothing yet'), ('fixed', 'fixed'), ('ordered', 'ordered, and on its way to Credly'), ('failed', 'could not be fixed')], default='', max_length=10, verbose_name='what was done')),
                ('fix_said', models.CharField(blank=True, max_length=500, verbose_name='why it could not be fixed')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='found at')),
            ],
            options={
                'verbose_name': 'difference',
                'verbose_name_plural': 'differences',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ReconcileRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('running', 'running'), ('stopped', 'stopped'), ('done', 'done')], default='running', max_length=10, verbose_name='state')),
                ('fixes', models.JSONField(blank=True, default=list, help_text='Empty where it only looks.', verbose_name='causes to fix')),
                ('step', models.CharField(blank=True, default='', editable=False, max_length=20)),
                ('cursor', models.CharField(blank=True, default='', editable=False, max_length=1000)),
                ('compared', models.PositiveBigIntegerField(default=0, verbose_name='badges compared')),
                ('counts', models.JSONField(blank=True, default=dict, verbose_name='differences by cause')),
                ('error', models.TextField(blank=True, verbose_name='why it stopped')),
                ('started_at', models.DateTimeField(auto_now_add=True, verbose_name='started at')),
                ('heard_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last heard at')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'reconciliation',
                'verbose_name_plural': 'reconciliations',
                'ordering': ['-pk'],
                'permissions': [('run_reconcilerun', 'Can reconcile with Credly')],
            },
        ),
        migrations.AddField(
            model_name='reconciledifference',
            name='award',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.badgeaward', verbose_name='badge award'),
        ),
        migrations.AddField(
            model_name='reconciledifference',
            name='learner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='learner'),
        ),
        migrations.AddField(
            model_name='reconciledifference',
            name='template',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.badgetemplate', verbose_name='badge template'),
        ),
        migrations.AddField(
            model_name='reconcilerun',
            name='only_template',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.badgetemplate', verbose_name='only this badge template'),
        ),
        migrations.AddField(
            model_name='reconcilerun',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reconcile_runs', to='credly_badges.credlyorganization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='reconcilerun',
            name='started_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='started by'),
        ),
        migrations.AddField(
            model_name='reconcilerun',
            name='template',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.badgetemplate'),
        ),
        migrations.AddField(
            model_name='reconciledifference',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='differences', to='credly_badges.reconcilerun', verbose_name='reconciliation'),
        ),
        migrations.AddIndex(
            model_name='reconciledifference',
            index=models.Index(fields=['run', 'cause'], name='credly_difference_by_cause'),
        ),
    ]
