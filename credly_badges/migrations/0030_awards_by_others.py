"""Awards that a code, an application or another system led to, and pages that learners share."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0029_subscribers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='badgeaward',
            name='expiry_told',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='granted_with',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.apikey', verbose_name='issued with the API key'),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='shared_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='shared by the learner at'),
        ),
        migrations.AddField(
            model_name='badgeaward',
            name='shows_name',
            field=models.BooleanField(default=False, editable=False, verbose_name="its page shows the learner's name"),
        ),
        migrations.AlterField(
            model_name='badgeaward',
            name='source',
            field=models.CharField(choices=[('requirements', 'requirements met'), ('by_hand', 'issued by hand'), ('restored', 'restored by hand'), ('found', 'found at Credly'), ('system', 'issued by another system'), ('claim', 'claimed with a code'), ('application', 'application approved')], default='requirements', max_length=20, verbose_name='source'),
        ),
        migrations.AddIndex(
            model_name='badgeaward',
            index=models.Index(fields=['expiry_told', 'expires_at'], name='credly_award_expiring'),
        ),
    ]
