"""As in ``common/djangoapps/student/models/user.py``."""

# ruff: noqa: DJ008 (columns as edx-platform has them, and no more)

from django.conf import settings
from django.db import models


class UserProfile(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile")
    name = models.CharField(blank=True, max_length=255)

    class Meta:
        app_label = "student"
        db_table = "auth_userprofile"
