"""Per template: expiry, renewal, repetition, duplicates, evidence, Credly's e-mail."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0003_organization_life'),
    ]

    operations = [
        migrations.AddField(
            model_name='badgetemplate',
            name='evidence_certificate',
            field=models.BooleanField(default=False, help_text='Evidence is public on the badge.', verbose_name='link to the certificate'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='evidence_course',
            field=models.BooleanField(default=False, verbose_name='link to the course'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='evidence_grade',
            field=models.BooleanField(default=False, help_text="The learner's grade becomes public on the badge.", verbose_name='show the grade'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='evidence_note',
            field=models.CharField(blank=True, help_text='Shown as evidence on each badge.', max_length=350, verbose_name='note'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='expiry',
            field=models.CharField(choices=[('template', 'as the template says at Credly'), ('never', 'never'), ('date', 'on a date'), ('period', 'a number of days after it was earned'), ('certificate', 'a number of days after the course certificate')], default='template', max_length=20, verbose_name='expires'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='expiry_date',
            field=models.DateField(blank=True, help_text='For “on a date”.', null=True, verbose_name='expiry date'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='expiry_days',
            field=models.PositiveIntegerField(blank=True, help_text='For “a number of days after …”.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days until it expires'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='on_duplicate',
            field=models.CharField(choices=[('adopt', 'take over the badge that Credly has'), ('replace', 'replace the badge that Credly has'), ('stop', 'stop, and let a person decide')], default='adopt', max_length=10, verbose_name='if Credly has it already'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='renewal_days',
            field=models.PositiveIntegerField(blank=True, help_text='From how many days before it expires a learner who qualifies again has it renewed. Empty: not renewed.', null=True, verbose_name='renewal window in days'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='repeat',
            field=models.CharField(choices=[('once', 'once'), ('period', 'once in a number of days'), ('always', 'each time they qualify')], default='once', max_length=10, verbose_name='may be earned'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='repeat_days',
            field=models.PositiveIntegerField(blank=True, help_text='For “once in a number of days”.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days between two badges'),
        ),
        migrations.AddField(
            model_name='badgetemplate',
            name='suppress_email',
            field=models.BooleanField(blank=True, choices=[(None, 'as the site has it'), (False, 'Credly writes to the learner'), (True, 'no e-mail')], help_text='Whether Credly tells learners by e-mail that a badge is theirs.', null=True, verbose_name="Credly's e-mail"),
        ),
    ]
