"""As in ``lms/djangoapps/teams/models.py``."""

# ruff: noqa: DJ008 (columns as edx-platform has them, and no more)

from django.conf import settings
from django.db import models
from opaque_keys.edx.django.models import CourseKeyField


class CourseTeam(models.Model):
    team_id = models.SlugField(max_length=255, unique=True)
    name = models.CharField(max_length=255, db_index=True)
    course_id = CourseKeyField(max_length=255, db_index=True)
    topic_id = models.CharField(default="", max_length=255, db_index=True, blank=True)

    class Meta:
        app_label = "teams"


class CourseTeamMembership(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    team = models.ForeignKey(CourseTeam, related_name="membership", on_delete=models.CASCADE)

    class Meta:
        app_label = "teams"
        unique_together = (("user", "team"),)
