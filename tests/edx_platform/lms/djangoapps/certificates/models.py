"""As in ``lms/djangoapps/certificates/models.py``."""

# ruff: noqa: DJ008 (columns as edx-platform has them, and no more)

from django.conf import settings
from django.db import models
from opaque_keys.edx.django.models import CourseKeyField


class EligibleCertificateManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().exclude(status__in=("audit_passing", "audit_notpassing"))


class GeneratedCertificate(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    course_id = CourseKeyField(max_length=255, blank=True, default=None)
    grade = models.CharField(max_length=5, blank=True, default="")
    verify_uuid = models.CharField(max_length=32, blank=True, default="")
    status = models.CharField(max_length=32, default="unavailable")
    mode = models.CharField(max_length=32, default="honor")
    created_date = models.DateTimeField(auto_now_add=True)
    modified_date = models.DateTimeField(auto_now=True)

    objects = models.Manager()
    eligible_certificates = EligibleCertificateManager()

    class Meta:
        app_label = "certificates"
        unique_together = ("user", "course_id")
