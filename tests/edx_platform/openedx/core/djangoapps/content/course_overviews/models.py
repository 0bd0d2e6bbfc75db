"""As in ``openedx/core/djangoapps/content/course_overviews/models.py``."""

# ruff: noqa: DJ001, DJ008 (columns as edx-platform has them, and no more)

from django.db import models
from opaque_keys.edx.django.models import CourseKeyField


class CourseOverview(models.Model):
    id = CourseKeyField(primary_key=True, max_length=255)
    org = models.TextField(max_length=255, default="outdated_entry")
    display_name = models.TextField(null=True)
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)

    class Meta:
        app_label = "course_overviews"
