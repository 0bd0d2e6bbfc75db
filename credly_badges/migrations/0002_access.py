"""To whom badges are available."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Availability',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(blank=True, default='', help_text='A course key, a course without its run, a course organization, a program ID, or empty for everywhere.', max_length=255, verbose_name='where')),
                ('quota', models.PositiveIntegerField(blank=True, help_text='How many badges may be awarded. Empty for no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='quota')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='ends at')),
                ('note', models.CharField(blank=True, max_length=255, verbose_name='note')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
            ],
            options={
                'verbose_name': 'availability',
                'verbose_name_plural': 'availability',
                'ordering': ['scope', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='availability',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='availabilities', to='credly_badges.credlyorganization', verbose_name='organization'),
        ),
        migrations.AddField(
            model_name='availability',
            name='template',
            field=models.ForeignKey(blank=True, help_text='Empty for all badges of the organization.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='availabilities', to='credly_badges.badgetemplate', verbose_name='badge template'),
        ),
    ]
