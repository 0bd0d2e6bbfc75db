"""As in ``edx_name_affirmation/models.py``."""

# ruff: noqa: DJ008 (columns as edx-platform has them, and no more)

from django.conf import settings
from django.db import models


class VerifiedName(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    verified_name = models.CharField(max_length=255)
    status = models.CharField(max_length=32, default="pending")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "edx_name_affirmation"


class VerifiedNameConfig(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    use_verified_name_for_certs = models.BooleanField(default=False)
    change_date = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "edx_name_affirmation"
