"""As in ``common/djangoapps/util/course.py``, on a site without a marketing site."""

from django.conf import settings


def get_link_for_about_page(course):
    return f"{settings.LMS_ROOT_URL}/courses/{course.id}/about"
