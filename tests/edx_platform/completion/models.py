"""As in ``completion/models.py`` of the package edx-completion."""

# ruff: noqa: DJ008 (columns as edx-completion has them, and no more)

from django.conf import settings
from django.db import models
from opaque_keys.edx.django.models import LearningContextKeyField, UsageKeyField


class BlockCompletion(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    context_key = LearningContextKeyField(max_length=255, db_column="course_key")
    block_key = UsageKeyField(max_length=255)
    block_type = models.CharField(max_length=64)
    completion = models.FloatField()
    modified = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "completion"
        unique_together = (("context_key", "block_key", "user"),)
        indexes = [
            models.Index(fields=["context_key", "block_type", "user"], name="completion_type_user"),
            models.Index(fields=["user", "context_key", "modified"], name="completion_user_modified"),
        ]
