"""Names of organizations and templates in addresses, and whom to ask about an organization's badges."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0022_progress_due'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='badgetemplate',
            name='slug',
            field=models.SlugField(blank=True, editable=False, help_text='Its name in addresses of this LMS. It stays when the badge is given another name.', max_length=80, null=True, verbose_name='slug'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='email',
            field=models.EmailField(blank=True, help_text='Whom to ask about its badges; it is public.', max_length=254, verbose_name='contact'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='image_url',
            field=models.URLField(blank=True, max_length=500, verbose_name='image URL'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='slug',
            field=models.SlugField(blank=True, editable=False, help_text='Its name in addresses of this LMS.', max_length=80, null=True, unique=True, verbose_name='slug'),
        ),
        migrations.AddField(
            model_name='credlyorganization',
            name='url',
            field=models.URLField(blank=True, max_length=500, verbose_name='website'),
        ),
        migrations.AddConstraint(
            model_name='badgetemplate',
            constraint=models.UniqueConstraint(fields=('organization', 'slug'), name='one_template_per_organization_and_slug'),
        ),
    ]
