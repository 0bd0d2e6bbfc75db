"""Applications for badges, and their reviews."""

import credly_badges.models.applications
import django.core.validators
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('credly_badges', '0027_bulk'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='application ID')),
                ('statement', models.TextField(blank=True, verbose_name='statement')),
                ('state', models.CharField(choices=[('submitted', 'submitted'), ('approved', 'approved'), ('denied', 'denied'), ('withdrawn', 'withdrawn')], default='submitted', max_length=10, verbose_name='state')),
                ('open', models.BooleanField(default=True, editable=False, null=True)),
                ('assigned_until', models.DateTimeField(blank=True, null=True, verbose_name='assigned until')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided at')),
                ('feedback', models.TextField(blank=True, help_text='What the learner reads of the decision.', verbose_name='feedback')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='submitted at')),
                ('modified', models.DateTimeField(auto_now=True, verbose_name='modified')),
                ('assigned_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='assigned to')),
                ('award', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.badgeaward', verbose_name='badge award')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='decided by')),
                ('learner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='learner')),
                ('previous', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.application', verbose_name='the application before it')),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='applications', to='credly_badges.badgetemplate', verbose_name='badge template')),
            ],
            options={
                'verbose_name': 'application',
                'verbose_name_plural': 'applications',
                'ordering': ['-created', '-pk'],
                'permissions': [('submit_application', 'Can submit applications for learners'), ('review_application', 'Can review applications'), ('decide_application', 'Can assign and decide applications')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ApplicationEvidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='evidence ID')),
                ('kind', models.CharField(choices=[('link', 'link'), ('text', 'text'), ('image', 'image')], max_length=10, verbose_name='kind')),
                ('url', models.URLField(blank=True, max_length=1000, verbose_name='link')),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('image', models.FileField(blank=True, storage=credly_badges.models.applications.evidence_storage, upload_to=credly_badges.models.applications.evidence_name, verbose_name='image')),
                ('media_type', models.CharField(blank=True, max_length=50, verbose_name='media type')),
                ('reflection', models.TextField(blank=True, verbose_name='reflection')),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='evidence', to='credly_badges.application', verbose_name='application')),
            ],
            options={
                'verbose_name': 'evidence',
                'verbose_name_plural': 'evidence',
                'ordering': ['pk'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ApplicationForm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_open', models.BooleanField(default=False, verbose_name='learners may apply')),
                ('instructions', models.TextField(blank=True, help_text='What learners read before they apply.', verbose_name='instructions')),
                ('reviews_needed', models.PositiveSmallIntegerField(default=1, help_text='How many different people have to find all required criteria satisfied.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='reviewers who have to agree')),
                ('awards_at_once', models.BooleanField(default=True, help_text='Else somebody who may decide approves the application after the reviews.', verbose_name='award as soon as they agree')),
                ('needs_evidence', models.BooleanField(default=True, verbose_name='evidence is required')),
                ('days_to_review', models.PositiveSmallIntegerField(default=14, help_text='After how many days an application that was assigned to somebody is free again.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='days to review')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('modified', models.DateTimeField(auto_now=True, verbose_name='modified')),
                ('template', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='application_form', to='credly_badges.badgetemplate', verbose_name='badge template')),
            ],
            options={
                'verbose_name': 'application form',
                'verbose_name_plural': 'application forms',
            },
        ),
        migrations.CreateModel(
            name='ApplicationCriterion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='criterion ID')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('description', models.CharField(max_length=500, verbose_name='description')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note for reviewers')),
                ('required', models.BooleanField(default=True, verbose_name='required')),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='credly_badges.applicationform', verbose_name='application form')),
            ],
            options={
                'verbose_name': 'criterion',
                'verbose_name_plural': 'criteria',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ApplicationReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='review ID')),
                ('author', models.CharField(blank=True, max_length=255, verbose_name='author')),
                ('reviewed_as', models.CharField(editable=False, max_length=120)),
                ('satisfied', models.BooleanField(default=False, verbose_name='all required criteria are satisfied')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('created', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('modified', models.DateTimeField(auto_now=True, verbose_name='modified')),
                ('api_key', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.apikey', verbose_name='sent with the API key')),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='credly_badges.application', verbose_name='application')),
                ('reviewer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='reviewer')),
            ],
            options={
                'verbose_name': 'review',
                'verbose_name_plural': 'reviews',
                'ordering': ['created', 'pk'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ReviewItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('description', models.CharField(max_length=500, verbose_name='criterion as it was')),
                ('required', models.BooleanField(default=True, verbose_name='required')),
                ('satisfied', models.BooleanField(default=False, verbose_name='satisfied')),
                ('comment', models.TextField(blank=True, verbose_name='comment')),
                ('criterion', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='credly_badges.applicationcriterion', verbose_name='criterion')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='credly_badges.applicationreview', verbose_name='review')),
            ],
            options={
                'verbose_name': 'finding',
                'verbose_name_plural': 'findings',
                'ordering': ['pk'],
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='application',
            index=models.Index(fields=['template', 'state', 'created'], name='credly_application_by_state'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(fields=('template', 'learner', 'open'), name='one_open_application_per_template_and_learner'),
        ),
        migrations.AddConstraint(
            model_name='applicationreview',
            constraint=models.UniqueConstraint(fields=('application', 'reviewed_as'), name='one_review_per_application_and_reviewer'),
        ),
    ]
