"""Which backend answers, and how a course is named to it."""

from __future__ import annotations

from functools import cache

from django.utils.module_loading import import_string
from opaque_keys.edx.keys import CourseKey

from .. import conf
from .backend import Backend


def backend() -> Backend:
    """The backend that the settings name, one per process."""
    return _backend(conf.lms_backend())


def course_key(text: CourseKey | str) -> CourseKey:
    """The key itself. Raises InvalidKeyError for a text that is no course key."""
    return CourseKey.from_string(text) if isinstance(text, str) else text


@cache
def _backend(path: str) -> Backend:
    made: Backend = import_string(path)()
    return made
