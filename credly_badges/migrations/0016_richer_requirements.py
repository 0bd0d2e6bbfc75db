"""Counts, points, windows, order, penalties, versions; and keys by which groups and requirements are known again."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import credly_badges.models.requirements


def forwards(apps, _schema_editor):
    """A key of its own for each: adding the column gave all rows the same one."""
    for name in ("RequirementGroup", "BadgeRequirement"):
        table = apps.get_model("credly_badges", name)
        for row in table.objects.only("pk").iterator(1000):
            table.objects.filter(pk=row.pk).update(key=credly_badges.models.requirements.new_key())


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0015_template_status'),
    ]

    operations = [
        migrations.AddField(
            model_name='badgerequirement',
            name='distinct',
            field=models.CharField(choices=[('course', 'courses, however many runs'), ('subject', 'each one')], default='course', max_length=10, verbose_name='what is counted'),
        ),
        migrations.AddField(
            model_name='badgerequirement',
            name='key',
            field=models.CharField(default=credly_badges.models.requirements.new_key, max_length=50, verbose_name='key'),
        ),
        migrations.AddField(
            model_name='badgerequirement',
            name='same_course',
            field=models.BooleanField(default=True, help_text='Whether a penalty undoes what was met in its own course only.', verbose_name='only in the same course'),
        ),
        migrations.AddField(
            model_name='badgerequirement',
            name='times',
            field=models.PositiveSmallIntegerField(blank=True, default=1, help_text='In how many different places. Empty: in every one of those that are listed, or of the program.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='how often'),
        ),
        migrations.AddField(
            model_name='badgerequirement',
            name='undoes',
            field=models.JSONField(blank=True, default=list, verbose_name='undoes'),
        ),
        migrations.AddField(
            model_name='badgerequirement',
            name='weight',
            field=models.PositiveSmallIntegerField(default=1, help_text='Towards the number its group needs.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='points'),
        ),
        migrations.AddField(
            model_name='datarule',
            name='about',
            field=models.CharField(blank=True, default='', help_text='Which subsection, or which badge.', max_length=255, verbose_name='about'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='after',
            field=models.ForeignKey(blank=True, help_text='Only what happens after that group was met counts.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.requirementgroup', verbose_name='comes after'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='before_course_end',
            field=models.BooleanField(default=False, verbose_name='before the course ends'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='closes_on',
            field=models.DateField(blank=True, help_text='The last day that counts.', null=True, verbose_name='until'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='key',
            field=models.CharField(default=credly_badges.models.requirements.new_key, max_length=50, verbose_name='key'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='opens_on',
            field=models.DateField(blank=True, help_text='The first day that counts.', null=True, verbose_name='from'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='time_zone',
            field=models.CharField(blank=True, help_text='Of these days, such as Europe/Berlin. Empty: UTC.', max_length=63, verbose_name='time zone'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='version',
            field=models.PositiveIntegerField(default=1, editable=False, verbose_name='version'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='within_days',
            field=models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='within'),
        ),
        migrations.AddField(
            model_name='requirementgroup',
            name='within_of',
            field=models.CharField(blank=True, choices=[('enrollment', 'days from the enrollment in the course'), ('group', 'days from the group before it')], default='', max_length=10, verbose_name='of what'),
        ),
        migrations.AlterField(
            model_name='requirementgroup',
            name='needs',
            field=models.CharField(choices=[('all', 'all of them'), ('any', 'any one of them'), ('at_least', 'at least a number of them'), ('undo', 'penalties: each takes requirements back')], default='all', max_length=10, verbose_name='how many are needed'),
        ),
        migrations.AddIndex(
            model_name='requirementgroup',
            index=models.Index(fields=['template', 'version'], name='credly_group_by_version'),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
    ]
