"""What Credly told us."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0006_outbox_details'),
    ]

    operations = [
        migrations.CreateModel(
            name='CredlyNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.UUIDField(verbose_name='event ID at Credly')),
                ('event_type', models.CharField(blank=True, help_text='As Credly confirmed it, else as the notice said.', max_length=100, verbose_name='type')),
                ('occurred_at', models.DateTimeField(blank=True, null=True, verbose_name='occurred at')),
                ('subject_id', models.UUIDField(blank=True, null=True, verbose_name='about')),
                ('source', models.CharField(choices=[('webhook', 'webhook'), ('feed', 'events feed')], default='webhook', max_length=10, verbose_name='source')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('done', 'done'), ('ignored', 'nothing to do'), ('rejected', 'not confirmed by Credly'), ('failed', 'needs a person')], default='waiting', max_length=10, verbose_name='state')),
                ('outcome', models.CharField(blank=True, max_length=500, verbose_name='outcome')),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='failed attempts')),
                ('not_before', models.DateTimeField(verbose_name='not before')),
                ('lease', models.UUIDField(blank=True, editable=False, null=True, verbose_name='lease')),
                ('received_at', models.DateTimeField(auto_now_add=True, verbose_name='received at')),
                ('repeated', models.PositiveIntegerField(default=0, verbose_name='times received again')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished at')),
            ],
            options={
                'verbose_name': 'notice from Credly',
                'verbose_name_plural': 'notices from Credly',
                'ordering': ['-received_at', '-pk'],
                'permissions': [('process_credlynotice', 'Can process notices from Credly again')],
            },
        ),
        migrations.AddField(
            model_name='credlynotice',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='credly_badges.credlyorganization', verbose_name='organization'),
        ),
        migrations.AddIndex(
            model_name='credlynotice',
            index=models.Index(fields=['state', 'not_before'], name='credly_notice_due'),
        ),
        migrations.AddIndex(
            model_name='credlynotice',
            index=models.Index(fields=['organization', 'received_at'], name='credly_notice_received'),
        ),
        migrations.AddIndex(
            model_name='credlynotice',
            index=models.Index(fields=['subject_id', 'occurred_at'], name='credly_notice_subject'),
        ),
        migrations.AddConstraint(
            model_name='credlynotice',
            constraint=models.UniqueConstraint(fields=('organization', 'event_id'), name='one_notice_per_organization_and_event'),
        ),
    ]
