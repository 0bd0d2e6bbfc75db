"""Give every organization and template that is there already its name in addresses."""

from django.db import migrations
from django.utils.text import slugify


def fill(apps, schema_editor):
    organizations = apps.get_model("credly_badges", "CredlyOrganization")
    templates = apps.get_model("credly_badges", "BadgeTemplate")
    database = schema_editor.connection.alias
    taken = set(organizations.objects.using(database).exclude(slug=None).values_list("slug", flat=True))
    for row in organizations.objects.using(database).filter(slug=None).order_by("pk"):
        _give(organizations, database, row, taken)
    for organization_id in organizations.objects.using(database).values_list("pk", flat=True):
        mine = templates.objects.using(database).filter(organization_id=organization_id)
        taken = set(mine.exclude(slug=None).values_list("slug", flat=True))
        for row in mine.filter(slug=None).only("pk", "name").order_by("pk"):
            _give(templates, database, row, taken)


def _give(model, database, row, taken):
    wanted = slugify(row.name)[:70].strip("-") or "badge"
    slug, number = wanted, 1
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    taken.add(slug)
    model.objects.using(database).filter(pk=row.pk).update(slug=slug)


class Migration(migrations.Migration):
    dependencies = [
        ("credly_badges", "0031_told_rounds"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
