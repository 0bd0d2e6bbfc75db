"""Rehearsals and backfills."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models



class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('credly_badges', '0018_versions_and_regressions'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoryRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('rehearsal', 'rehearsal'), ('backfill', 'backfill'), ('replay', 'replay of what happened during a pause')], max_length=10, verbose_name='kind')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='version of the requirements')),
                ('state', models.CharField(choices=[('running', 'running'), ('stopped', 'stopped'), ('done', 'done')], default='running', max_length=10, verbose_name='state')),
                ('open', models.BooleanField(default=True, editable=False, null=True)),
                ('cursor', models.PositiveBigIntegerField(default=0, verbose_name='learners up to')),
                ('counts', models.JSONField(blank=True, default=dict, verbose_name='counts')),
                ('sample', models.JSONField(blank=True, default=list, verbose_name='sample')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='requested at')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'reading of history',
                'verbose_name_plural': 'readings of history',
                'ordering': ['-created', '-pk'],
            },
        ),
        migrations.AddField(
            model_name='historyrun',
            name='requested_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by'),
        ),
        migrations.AddField(
            model_name='historyrun',
            name='template',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='credly_badges.badgetemplate', verbose_name='badge template'),
        ),
        migrations.AddConstraint(
            model_name='historyrun',
            constraint=models.UniqueConstraint(fields=('template', 'kind', 'open'), name='one_open_run_per_template_and_kind'),
        ),
    ]
