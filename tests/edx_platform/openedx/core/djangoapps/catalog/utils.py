"""As in openedx/core/djangoapps/catalog/utils.py, as far as the plugin asks for it."""

from django.core.cache import cache

PROGRAM_CACHE_KEY_TPL = "program-{uuid}"


def get_programs_by_uuids(uuids):
    return list(cache.get_many([PROGRAM_CACHE_KEY_TPL.format(uuid=uuid) for uuid in uuids]).values())


def course_run_keys_for_program(parent_program):
    return {run["key"] for course in parent_program["courses"] for run in course["course_runs"]}
