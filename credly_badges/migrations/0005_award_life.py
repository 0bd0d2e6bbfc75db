"""Several awards of one template, versions of a badge, and Credly's last word on it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0004_template_policies'),
    ]

    operations = [
        migrations.CreateModel(
            name='BadgeVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('credly_id', models.UUIDField(unique=True, verbose_name='badge ID at Credly')),
                ('earned_at', models.DateTimeField(verbose_name='earned at')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires at')),
                ('replaced_at', models.DateTimeField(verbose_name='replaced at')),
                ('because', models.CharField(blank=True, max_length=255, verbose_name='because')),
            ],
            options={
                'verbose_name': 'earlier version of a badge',
                'verbose_name_plural': 'earlier versions of badges',
                'ordering': ['replaced_at', 'pk'],
            },
        ),
        migrations.AlterModelOptions(
            name='badgeaward',
            options={'ordering': ['-created', '-pk'], 'permissions': [('issue_badgeaward', 'Can issue badges by hand'), ('revoke_badgeaward', 'Can revoke badges'), ('resend_badgeaward', 'Can send failed badges again'), ('replace_badgeaward', 'Can send corrected badges in place of issued ones'), ('restore_badgeaward', 'Can restore revoked badges')], 'verbose_name': 'badge award', 'verbose_name_plural': 'badge awards'},
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='credly_updated_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='changed at Credly'),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='is_public',
            field=models.BooleanField(blank=True, null=True, verbose_name='public at Credly'),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='occasion',
            field=models.CharField(blank=True, default='', editable=False, max_length=40, verbose_name='occasion'),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='previous',
            field=models.ForeignKey(blank=True, help_text='Of a badge that was restored or earned again.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.badgeaward', verbose_name='the award before it'),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='recipient_mark',
            field=models.CharField(blank=True, default='', editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='seen_in_run',
            field=models.PositiveBigIntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='badgeaward',
            name='source',
            field=models.CharField(choices=[('requirements', 'requirements met'), ('by_hand', 'issued by hand'), ('restored', 'restored by hand'), ('found', 'found at Credly')], default='requirements', max_length=20, verbose_name='source'),
        ),
        migrations.AlterField(
            model_name='badgeaward',
            name='state',
            field=models.CharField(choices=[('queued', 'queued'), ('offered', 'offered'), ('accepted', 'accepted'), ('declined', 'declined'), ('revoked', 'revoked'), ('deleted', 'deleted at Credly'), ('failed', 'failed')], default='queued', max_length=10, verbose_name='state'),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='availability',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='awards', to='credly_badges.availability', verbose_name='counted against'),
        ),
        migrations.AddIndex(
            model_name='badgeaward',
            index=models.Index(fields=['template', 'seen_in_run'], name='credly_award_seen_in_run'),
        ),
        migrations.AddConstraint(
            model_name='badgeaward',
            constraint=models.UniqueConstraint(fields=('learner', 'template', 'live', 'occasion'), name='one_live_award_per_learner_template_and_occasion'),
        ),
        migrations.AddField(
            model_name='badgeversion',
            name='award',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='credly_badges.badgeaward', verbose_name='badge award'),
        ),
        migrations.RemoveConstraint(
            model_name='badgeaward',
            name='one_live_award_per_learner_and_template',
        ),
    ]
