"""Programs: groups of badges; and who may do what at which level."""

import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0023_slugs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BadgeProgram',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='program ID')),
                ('slug', models.SlugField(help_text='Its name in addresses.', max_length=255, verbose_name='slug')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('url', models.URLField(blank=True, max_length=500, verbose_name='URL')),
                ('description', models.TextField(blank=True, validators=[django.core.validators.MaxLengthValidator(5000)], verbose_name='description')),
                ('email', models.EmailField(blank=True, help_text="Whom to ask about the program's badges.", max_length=254, verbose_name='contact')),
                ('image_url', models.URLField(blank=True, max_length=500, verbose_name='image URL')),
                ('lms_program', models.UUIDField(blank=True, help_text='The ID of the program that these badges are for.', null=True, verbose_name='program of the LMS')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('modified', models.DateTimeField(auto_now=True, verbose_name='modified')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='programs', to='credly_badges.credlyorganization', verbose_name='organization')),
                ('templates', models.ManyToManyField(blank=True, related_name='programs', to='credly_badges.badgetemplate', verbose_name='badge templates')),
            ],
            options={
                'verbose_name': 'program',
                'verbose_name_plural': 'programs',
                'ordering': ['name', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='LevelRole',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('administrator', 'administrator'), ('issuer', 'issuer'), ('reviewer', 'reviewer'), ('viewer', 'viewer')], max_length=15, verbose_name='role')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('organization', models.ForeignKey(blank=True, help_text='Empty for the whole site.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.credlyorganization', verbose_name='organization')),
                ('program', models.ForeignKey(blank=True, help_text='Empty for all badges of the organization.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='credly_badges.badgeprogram', verbose_name='program')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='credly_roles', to=settings.AUTH_USER_MODEL, verbose_name='user')),
            ],
            options={
                'verbose_name': 'role',
                'verbose_name_plural': 'roles',
                'ordering': ['pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='badgeprogram',
            constraint=models.UniqueConstraint(fields=('organization', 'slug'), name='one_program_per_organization_and_slug'),
        ),
    ]
