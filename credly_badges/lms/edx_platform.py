"""Open edX's own answers. Each call is listed, with its file and release, in ``docs/references/lms_calls.rst``."""

# ruff: noqa: PLC0415
# Importing edx-platform is left until something is asked of it: tests, demos and tools run without it.

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urljoin

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.dispatch import Signal
from opaque_keys.edx.keys import CourseKey

from ..rules.shares import percent
from .backend import Certificate
from .edx_asking import asking_edx_platform
from .edx_rows import PlatformRows
from .edx_state import PlatformState
from .people import Profile
from .rows import Course


class EdxPlatform(PlatformRows, PlatformState):
    """Open edX's own edx-platform, in whose LMS the plugin runs.

    On a host that is no LMS every method raises NoPlatform, whose message says which setting to give. There is no
    falling back on what Django knows: badges would go out in names that learners did not choose, and staff would be
    judged by other rules, and nobody would notice that an upgrade of the LMS had moved a module.
    """

    def profiles(self, user_ids: Collection[int]) -> Mapping[int, Profile]:
        """Names and languages; four queries at most."""
        with asking_edx_platform():
            from common.djangoapps.student.models import UserProfile
            from openedx.core.djangoapps.user_api.models import UserPreference

        names = dict(UserProfile.objects.filter(user_id__in=user_ids).values_list("user_id", "name"))
        preferences = UserPreference.objects.filter(user_id__in=user_ids, key="pref-lang")
        languages = dict(preferences.values_list("user_id", "value"))
        verified = self._verified_names(user_ids)
        return {
            user_id: Profile(names.get(user_id) or "", verified.get(user_id, ""), languages.get(user_id) or "")
            for user_id in names.keys() | languages.keys() | verified.keys()
        }

    def course_titles(self, keys: Collection[CourseKey]) -> Mapping[str, str]:
        """Titles from the course overviews; a course without a title is called by its key."""
        with asking_edx_platform():
            from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        rows = CourseOverview.objects.filter(id__in=keys).values_list("id", "display_name")
        return {str(key): title or str(key) for key, title in rows}

    def courses(self, keys: Collection[CourseKey]) -> Collection[Course]:
        """The same overviews, with dates."""
        with asking_edx_platform():
            from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        rows = CourseOverview.objects.filter(id__in=keys).values_list("id", "display_name", "org", "start", "end")
        return [Course(str(key), title or str(key), org, start, end) for key, title, org, start, end in rows]

    def runs_of(self, org: str, course: str) -> Collection[str]:
        """From the overviews of an organization's courses: which of them are of one course, only their keys tell."""
        with asking_edx_platform():
            from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        overviews = CourseOverview.objects.filter(org=org) if org else CourseOverview.objects.all()
        keys = overviews.values_list("id", flat=True)
        # The column may be blind to case; what an event is held against is not.
        return [str(key) for key in keys if org in ("", key.org) and course in ("", key.course)]

    def course_url(self, course_key: CourseKey) -> str:
        """The address that the LMS itself shares: the course's page at a marketing site where there is one."""
        with asking_edx_platform():
            from common.djangoapps.util.course import get_link_for_about_page
            from openedx.core.djangoapps.content.course_overviews.models import CourseOverview

        overview = CourseOverview.objects.filter(id=course_key).first()
        return str(get_link_for_about_page(overview)) if overview else ""

    def certificate(self, user_id: int, course_key: CourseKey) -> Certificate | None:
        """The newest date of the certificate's row is the one that the certificate bears."""
        with asking_edx_platform():
            from lms.djangoapps.certificates.api import get_certificate_url
            from lms.djangoapps.certificates.models import GeneratedCertificate

        certificates = GeneratedCertificate.eligible_certificates.filter(user_id=user_id, course_id=course_key)
        row = certificates.filter(status="downloadable").first()
        if row is None:
            return None
        address = get_certificate_url(user_id=user_id, course_id=course_key, uuid=row.verify_uuid)
        if not address:
            return None
        root = settings.LMS_ROOT_URL  # type: ignore[misc]  # a setting of edx-platform's
        return Certificate(urljoin(root, address), row.modified_date)

    def grade(self, user_id: int, course_key: CourseKey) -> float | None:
        """The grade that edx-platform keeps; it is not calculated anew, which would read the whole course."""
        with asking_edx_platform():
            from lms.djangoapps.grades.models import PersistentCourseGrade

        grades = PersistentCourseGrade.objects.filter(user_id=user_id, course_id=course_key)
        kept = grades.values_list("percent_grade", flat=True).first()
        return percent(kept)

    def user_id_of_anonymous(self, anonymous_id: str, course_key: CourseKey | None) -> int | None:
        """An anonymous id is random enough to be nobody else's; one that is not of a course is good in all of them."""
        with asking_edx_platform():
            from common.djangoapps.student.models import AnonymousUserId

        rows = AnonymousUserId.objects.filter(anonymous_user_id=anonymous_id).values_list("user_id", "course_id")
        user_id, course = rows.first() or (None, None)
        return user_id if course_key is None or course in (None, course_key) else None

    def is_course_staff(self, user: AbstractBaseUser | AnonymousUser, course_key: CourseKey) -> bool:
        """What edx-platform's own pages ask before they let somebody see a course's staff pages."""
        with asking_edx_platform():
            from lms.djangoapps.courseware.access import has_access

        return bool(has_access(user, "staff", course_key))

    def may_be_course_staff(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        """Whether they are staff of the site, or have any role in a course or an organization. One query."""
        with asking_edx_platform():
            from common.djangoapps.student.models import CourseAccessRole

        # A later edx-platform keeps some roles with openedx-authz, and not in this table.
        kept_elsewhere = apps.is_installed("openedx_authz")
        has_role = CourseAccessRole.objects.filter(user_id=user.pk)
        return kept_elsewhere or bool(getattr(user, "is_staff", False)) or has_role.exists()

    def retirement_signals(self) -> Collection[Signal]:
        """Of the two steps of edx-platform's retirement pipeline that concern plugins; each may be sent again."""
        with asking_edx_platform():
            from openedx.core.djangoapps.user_api.accounts import signals

        return (signals.USER_RETIRE_LMS_MISC, signals.USER_RETIRE_LMS_CRITICAL)

    def address_before_retirement(self, user_id: int) -> str:
        """Kept till the end of the retirement; the account itself has lost it when the first signal is sent."""
        with asking_edx_platform():
            from openedx.core.djangoapps.user_api.models import UserRetirementStatus

        rows = UserRetirementStatus.objects.filter(user_id=user_id)
        return rows.values_list("original_email", flat=True).first() or ""

    def runs_of_programs(self, uuids: Collection[str]) -> Mapping[str, Collection[str]]:
        """From the LMS's cache of the course catalog, which the command ``cache_programs`` fills.

        A program that is not in the cache is not known: it is not one without courses.
        """
        with asking_edx_platform():
            from openedx.core.djangoapps.catalog.utils import course_run_keys_for_program, get_programs_by_uuids

        return {program["uuid"]: course_run_keys_for_program(program) for program in get_programs_by_uuids(uuids)}

    def program_titles(self, uuids: Collection[str]) -> Mapping[str, str]:
        """From the same cache."""
        with asking_edx_platform():
            from openedx.core.djangoapps.catalog.utils import get_programs_by_uuids

        return {program["uuid"]: program.get("title", "") for program in get_programs_by_uuids(uuids)}

    def _verified_names(self, user_ids: Collection[int]) -> dict[int, str]:
        """The approved names of those who chose to have them on certificates; none where the site has no such app.

        The package's own ``get_verified_name`` and ``should_use_verified_name_for_certs`` answer for one user at a
        time; this is what they read.
        """
        if not apps.is_installed("edx_name_affirmation"):
            return {}
        with asking_edx_platform():
            from edx_name_affirmation.models import VerifiedName, VerifiedNameConfig

        choices = VerifiedNameConfig.objects.filter(user_id__in=user_ids).order_by("change_date", "pk")
        latest = dict(choices.values_list("user_id", "use_verified_name_for_certs"))
        using = [user_id for user_id, uses in latest.items() if uses]
        if not using:
            return {}
        approved = VerifiedName.objects.filter(user_id__in=using, status="approved").order_by("created", "pk")
        return dict(approved.values_list("user_id", "verified_name"))
