"""As in ``openedx/core/djangoapps/user_api/models.py``."""

# ruff: noqa: DJ008 (columns as edx-platform has them, and no more)

from django.conf import settings
from django.db import models


class UserPreference(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences")
    key = models.CharField(max_length=255)
    value = models.TextField()

    class Meta:
        app_label = "user_api"
        unique_together = ("user", "key")


class UserRetirementStatus(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    original_email = models.EmailField(db_index=True)

    class Meta:
        app_label = "user_api"
