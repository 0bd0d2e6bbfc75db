"""A badge's status in place of on and off; and what is to happen when learners lose ground."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models



def forwards(apps, _schema_editor):
    """What was active stays active; what a sync had switched off is retired; the rest is a draft."""
    templates = apps.get_model("credly_badges", "BadgeTemplate").objects
    templates.filter(is_active=True).update(status="active")
    templates.filter(is_active=False, activation_changed_at__isnull=False).update(status="retired")


def backwards(apps, _schema_editor):
    """Only an active badge is awarded."""
    apps.get_model("credly_badges", "BadgeTemplate").objects.filter(status="active").update(is_active=True)


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('credly_badges', '0014_waits_in_words'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='badgetemplate',
            options={'ordering': ['name', 'pk'], 'permissions': [('sync_badgetemplate', 'Can sync badge templates from Credly'), ('activate_badgetemplate', 'Can activate and deactivate badge templates'), ('submit_badgetemplate', 'Can submit badges for review'), ('approve_badgetemplate', 'Can approve badges in review'), ('pause_badgetemplate', 'Can pause and resume badges'), ('rehearse_badgetemplate', 'Can rehearse the requirements of badges'), ('backfill_badgetemplate', 'Can award badges for what learners did before')], 'verbose_name': 'badge template', 'verbose_name_plural': 'badge templates'},
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='checked_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='requirements checked at'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='faults',
            field=models.JSONField(blank=True, default=list, editable=False, verbose_name='faults of the requirements'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='hold_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='For “hold it”: after this many days it is revoked, unless somebody keeps it.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days to decide'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='limit_per_hour',
            field=models.PositiveIntegerField(blank=True, help_text='Past it, the badge is paused and what was earned is kept unsent. Empty for no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='most badges in an hour'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='limit_total',
            field=models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='most badges in all'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='on_change',
            field=models.CharField(choices=[('move', 'by the new requirements'), ('keep', 'by those that they began with')], default='move', max_length=10, verbose_name='when the requirements change, learners on their way are judged'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='on_loss',
            field=models.CharField(choices=[('keep', 'keep the badge'), ('hold', 'hold it for a person to decide, then revoke it'), ('revoke', 'revoke it at once')], default='keep', max_length=10, verbose_name='when a learner no longer meets the requirements'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='release',
            field=models.CharField(choices=[('at_once', 'at once'), ('date', 'on a date'), ('course_end', 'when the course ends'), ('certificate', 'on the date of the course certificate')], default='at_once', max_length=12, verbose_name='sent to learners'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='release_on',
            field=models.DateField(blank=True, help_text='For “on a date”.', null=True, verbose_name='release date'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='requirements_changed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='requirements last changed by'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='status',
            field=models.CharField(choices=[('draft', 'draft'), ('review', 'in review'), ('shadow', 'shadow: recorded, not sent'), ('active', 'active'), ('paused', 'paused'), ('retired', 'retired')], default='draft', help_text='Learners of this LMS earn it while it is active.', max_length=10, verbose_name='status'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='submitted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='submitted for review by'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version of the requirements'),
        ),
        migrations.RunPython(forwards, backwards),
        migrations.RemoveIndex(
            model_name='badgetemplate',
            name='credly_template_by_state',
        ),
        migrations.RemoveField(
            model_name='badgetemplate',
            name='is_active',
        ),
        migrations.AddIndex(
            model_name='badgetemplate',
            index=models.Index(fields=['credly_state', 'status'], name='credly_template_by_status'),
        ),
    ]
