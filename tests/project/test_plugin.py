"""The host of these tests is an LMS as far as plugins go: it knows this one by its entry point alone."""

from importlib.metadata import entry_points
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import resolve
from edx_django_utils.plugins import get_plugin_url_patterns
from openedx_events.tooling import OpenEdxPublicSignal

from credly_badges.apps import CredlyBadgesConfig
from credly_badges.events import receivers
from credly_badges.events.catalogue import CATALOGUE
from credly_badges.settings import common, production

LMS = "lms.djangoapp"


def test_an_lms_finds_the_plugin_by_its_entry_point():
    found = [entry.load() for entry in entry_points(group=LMS) if entry.name == "credly_badges"]

    assert found == [CredlyBadgesConfig]
    assert "credly_badges.apps.CredlyBadgesConfig" in settings.INSTALLED_APPS
    assert isinstance(apps.get_app_config("credly_badges"), CredlyBadgesConfig)


def test_the_plugins_addresses_lie_below_badges_and_below_the_apis():
    patterns = [pattern for pattern in get_plugin_url_patterns(LMS) if pattern.namespace == "credly_badges"]

    below = [str(each.pattern) for pattern in patterns for each in pattern.url_patterns]
    assert below == ["badges/", "api/badges/v1/"]
    assert resolve("/admin/").url_name == "index"


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_event_of_the_catalogue_reaches_the_receiver(kind):
    signal = OpenEdxPublicSignal.get_signal_by_type(kind)

    connected = [reference() for _, reference, *_ in signal.receivers]

    assert connected.count(receivers.on_event) == 1


def test_a_setting_that_the_site_made_already_is_kept():
    lms = SimpleNamespace(CREDLY_BADGES_MAX_ATTEMPTS=3)

    common.plugin_settings(lms)

    assert lms.CREDLY_BADGES_MAX_ATTEMPTS == 3
    assert lms.CREDLY_BADGES_READ_TIMEOUT == 20


def test_two_hosts_in_one_process_do_not_share_a_default():
    one, other = SimpleNamespace(), SimpleNamespace()
    common.plugin_settings(one)
    common.plugin_settings(other)

    one.CREDLY_BADGES_ENCRYPTION_KEYS.append("a key")

    assert other.CREDLY_BADGES_ENCRYPTION_KEYS == []


def test_the_sweep_joins_what_the_sites_celery_beat_runs_already():
    lms = SimpleNamespace(CELERYBEAT_SCHEDULE={"theirs": {"task": "their.task", "schedule": 60}})
    common.plugin_settings(lms)
    lms.CREDLY_BADGES_SWEEP_SECONDS = 77  # As the site's configuration file may say.

    production.plugin_settings(lms)

    assert lms.CELERYBEAT_SCHEDULE == {
        "theirs": {"task": "their.task", "schedule": 60},
        "credly_badges.sweep": {"task": "credly_badges.sweep", "schedule": 77},
    }


def test_a_site_may_schedule_the_sweep_its_own_way():
    nightly = {"task": "credly_badges.sweep", "schedule": 86400}
    lms = SimpleNamespace(CELERYBEAT_SCHEDULE={"credly_badges.sweep": nightly})
    common.plugin_settings(lms)

    production.plugin_settings(lms)

    assert lms.CELERYBEAT_SCHEDULE == {"credly_badges.sweep": nightly}


def test_the_scheduled_sweep_is_a_task_that_celery_knows():
    from tests.host import celery_app

    lms = SimpleNamespace()
    common.plugin_settings(lms)
    production.plugin_settings(lms)
    celery_app.loader.import_default_modules()

    assert lms.CELERYBEAT_SCHEDULE["credly_badges.sweep"]["task"] in celery_app.tasks
