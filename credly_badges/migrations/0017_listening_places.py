"""Where an event finds a requirement, now that one can be asked for in several places."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models



AT_ONCE = 500


def forwards(apps, _schema_editor):
    """So far each requirement had one place."""
    places = apps.get_model("credly_badges", "ListeningPlace").objects
    rows = apps.get_model("credly_badges", "BadgeRequirement").objects.values_list("pk", "event_type", "scope")
    batch = []
    for pk, event_type, scope in rows.iterator(1000):
        batch.append(places.model(requirement_id=pk, event_type=event_type, scope=scope))
        if len(batch) == AT_ONCE:
            places.bulk_create(batch)
            batch = []
    places.bulk_create(batch)


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0016_richer_requirements'),
    ]

    operations = [
        migrations.CreateModel(
            name='ListeningPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_type', models.CharField(max_length=150, verbose_name='event')),
                ('scope', models.CharField(blank=True, default='', max_length=255, verbose_name='where')),
            ],
            options={
                'verbose_name': 'place of a requirement',
                'verbose_name_plural': 'places of requirements',
            },
        ),
        migrations.AddField(
            model_name='listeningplace',
            name='requirement',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='listening', to='credly_badges.badgerequirement', verbose_name='requirement'),
        ),
        migrations.AddIndex(
            model_name='listeningplace',
            index=models.Index(fields=['event_type', 'scope'], name='credly_listening'),
        ),
        migrations.AddConstraint(
            model_name='listeningplace',
            constraint=models.UniqueConstraint(fields=('requirement', 'scope'), name='one_row_per_requirement_and_place'),
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.RemoveIndex(
            model_name='badgerequirement',
            name='credly_requirement_listening',
        ),
        migrations.AlterField(
            model_name='badgerequirement',
            name='scope',
            field=models.TextField(blank=True, default='', help_text='Course keys, courses without their run, course organizations or program IDs, one a line; empty for anywhere.', verbose_name='where'),
        ),
    ]
