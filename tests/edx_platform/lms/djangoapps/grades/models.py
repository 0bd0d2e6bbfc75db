"""As in ``lms/djangoapps/grades/models.py``."""

# ruff: noqa: DJ008 (columns as edx-platform has them, and no more)

from django.db import models
from opaque_keys.edx.django.models import CourseKeyField


class PersistentCourseGrade(models.Model):
    user_id = models.IntegerField()
    course_id = CourseKeyField(max_length=255)
    percent_grade = models.FloatField()

    class Meta:
        app_label = "grades"
        unique_together = ("course_id", "user_id")
