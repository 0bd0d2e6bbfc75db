"""As in ``lms/djangoapps/grades/models.py``."""

# ruff: noqa: DJ008 (columns as edx-platform has them, and no more)

from django.db import models
from opaque_keys.edx.django.models import CourseKeyField, UsageKeyField


class PersistentCourseGrade(models.Model):
    id = models.BigAutoField(primary_key=True)
    user_id = models.IntegerField(db_index=True)
    course_id = CourseKeyField(max_length=255)
    percent_grade = models.FloatField()
    letter_grade = models.CharField(blank=True, max_length=255)
    passed_timestamp = models.DateTimeField(blank=True, null=True)
    modified = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "grades"
        unique_together = ("course_id", "user_id")
        indexes = [
            models.Index(fields=["passed_timestamp", "course_id"], name="grades_passed_course"),
            models.Index(fields=["modified", "course_id"], name="grades_modified_course"),
        ]


class PersistentSubsectionGrade(models.Model):
    id = models.BigAutoField(primary_key=True)
    user_id = models.IntegerField()
    course_id = CourseKeyField(max_length=255)
    usage_key = UsageKeyField(max_length=255)
    earned_all = models.FloatField()
    possible_all = models.FloatField()
    earned_graded = models.FloatField()
    possible_graded = models.FloatField()

    class Meta:
        app_label = "grades"
        unique_together = ("course_id", "user_id", "usage_key")


class PersistentSubsectionGradeOverride(models.Model):
    grade = models.OneToOneField(PersistentSubsectionGrade, related_name="override", on_delete=models.CASCADE)
    earned_all_override = models.FloatField(null=True, blank=True)
    possible_all_override = models.FloatField(null=True, blank=True)
    earned_graded_override = models.FloatField(null=True, blank=True)
    possible_graded_override = models.FloatField(null=True, blank=True)

    class Meta:
        app_label = "grades"
