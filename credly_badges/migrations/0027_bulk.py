"""Lists of learners who are issued a badge together."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0026_claims'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkIssue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='list ID')),
                ('state', models.CharField(choices=[('preview', 'preview'), ('running', 'running'), ('done', 'done'), ('undoing', 'being undone'), ('undone', 'undone')], default='preview', max_length=10, verbose_name='state')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
                ('error', models.CharField(blank=True, max_length=500, verbose_name='error')),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('leased_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('modified', models.DateTimeField(auto_now=True, verbose_name='modified')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requested by')),
                ('requested_with', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.apikey', verbose_name='requested with the API key')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.badgetemplate', verbose_name='badge template')),
            ],
            options={
                'verbose_name': 'list of awards',
                'verbose_name_plural': 'lists of awards',
                'ordering': ['-created', '-pk'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='BulkRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='row')),
                ('entry', models.CharField(max_length=255, verbose_name='as given')),
                ('earned_at', models.DateTimeField(blank=True, null=True, verbose_name='earned at')),
                ('evidence', models.JSONField(blank=True, default=list, verbose_name='evidence')),
                ('state', models.CharField(choices=[('ready', 'ready'), ('wrong', 'wrong'), ('held', 'has the badge already'), ('issued', 'issued'), ('refused', 'refused'), ('undone', 'undone'), ('sent', 'sent before it could be undone')], default='ready', max_length=10, verbose_name='state')),
                ('said', models.CharField(blank=True, max_length=500, verbose_name='what was said')),
                ('award', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.badgeaward', verbose_name='badge award')),
                ('bulk', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='credly_badges.bulkissue', verbose_name='list of awards')),
                ('learner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='learner')),
            ],
            options={
                'verbose_name': 'row of a list',
                'verbose_name_plural': 'rows of lists',
                'ordering': ['number'],
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='bulkissue',
            index=models.Index(fields=['state', 'leased_until'], name='credly_bulk_by_state'),
        ),
        migrations.AddIndex(
            model_name='bulkrow',
            index=models.Index(fields=['bulk', 'state', 'number'], name='credly_bulk_row_by_state'),
        ),
        migrations.AddConstraint(
            model_name='bulkrow',
            constraint=models.UniqueConstraint(fields=('bulk', 'number'), name='one_row_per_list_and_number'),
        ),
    ]
