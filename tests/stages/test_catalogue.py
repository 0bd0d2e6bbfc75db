"""What requirements can listen to: our own entries, those of other plugins, and those of a site's settings."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest
from django.core.checks import run_checks
from openedx_events.learning.data import UserData
from openedx_events.learning.signals import SESSION_LOGIN_COMPLETED
from openedx_events.tooling import OpenEdxPublicSignal

from credly_badges.events import catalogue
from credly_badges.events.catalogue import CATALOGUE, EventType, ScopeKind
from credly_badges.events.catalogue.registered import OURS, find

ROOT = Path(__file__).parents[2]
KIND = "com.example.learning.lab.finished.v1"

LAB_FINISHED = OpenEdxPublicSignal(event_type=KIND, data={"user": UserData})
LAB = EventType(
    kind=KIND,
    signal="tests.stages.test_catalogue.LAB_FINISHED",
    label="Lab finished",
    description="A learner finished a virtual lab.",
    learner="user.id",
    subject="",
    scope_kind=ScopeKind.SITE,
    facts=(),
)
LABS = [LAB, replace(LAB, kind="com.example.learning.lab.begun.v1")]
NO_SIGNAL = replace(LAB, signal="openedx_events.learning.signals.LAB_EXPLODED")
OF_ANOTHER = replace(LAB, signal="openedx_events.learning.signals.SESSION_LOGIN_COMPLETED")
TAKEN = next(each for each in OURS if each.kind == SESSION_LOGIN_COMPLETED.event_type)
NOTHING = None
SOMETHING = ["lab.finished"]


def here(name: str) -> str:
    return f"tests.stages.test_catalogue.{name}"


@pytest.fixture(autouse=True, scope="module")
def _forget_the_signal():
    """Signals are listed by openedx-events as they are made; others walk that list."""
    yield
    OpenEdxPublicSignal.instances.remove(LAB_FINISHED)


def test_everything_that_openedx_events_has_here_is_found():
    found = find()

    assert list(found.event_types) == list(CATALOGUE)
    assert len(CATALOGUE) + len(found.missing) == len(OURS)
    assert not found.faults


def test_every_learner_event_of_openedx_events_that_names_a_learner_can_be_required():
    of_no_learner = {
        "org.openedx.learning.course.notification.requested.v1",
        "org.openedx.learning.discussions.configuration.changed.v1",
        "org.openedx.learning.user.course_access_role.added.v1",
        "org.openedx.learning.user.course_access_role.removed.v1",
        "org.openedx.learning.user.notification.requested.v1",
    }
    learning = {kind for kind in OpenEdxPublicSignal._mapping if kind.startswith("org.openedx.learning.")}

    assert learning - of_no_learner == set(CATALOGUE)


def test_a_site_adds_an_event_in_its_settings():
    found = find([here("LAB")])

    assert found.event_types[KIND] == LAB
    assert found.signals[KIND] is LAB_FINISHED
    assert list(found.event_types)[-1] == KIND


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("UNHEARD_OF", "UNHEARD_OF"),
        ("NOTHING", "not iterable"),
        ("SOMETHING", "holds a str"),
        ("NO_SIGNAL", "LAB_EXPLODED"),
        ("OF_ANOTHER", f"SESSION_LOGIN_COMPLETED is not the signal of {KIND}"),
        ("TAKEN", "there is an event org.openedx.learning.auth.session.login.completed.v1 already"),
    ],
)
def test_an_entry_that_cannot_be_used_is_told_and_left_out(name, words, caplog):
    found = find([here(name), here("LAB")])

    (fault,) = found.faults
    assert f"“{here(name)}” in CREDLY_BADGES_EVENTS cannot be used" in fault
    assert words in fault
    assert here(name) in caplog.text
    assert set(found.event_types) == {*CATALOGUE, KIND}


def test_of_a_list_what_is_right_is_taken():
    found = find([here("LABS")])

    assert KIND in found.event_types
    assert len(found.faults) == 1


def test_an_older_openedx_events_has_fewer_events_and_loading_goes_on():
    gone = replace(TAKEN, signal="openedx_events.learning.signals.SESSION_LOGIN_OF_TOMORROW")

    found = find(ours=[*(each for each in OURS if each != TAKEN), gone])

    assert gone in found.missing
    assert set(found.event_types) == set(CATALOGUE) - {gone.kind}
    assert not found.faults


def test_an_openedx_events_that_cannot_be_imported_is_told():
    broken = replace(TAKEN, signal="openedx_events.learning_that_is_gone.signals.SESSION_LOGIN_COMPLETED")

    found = find(ours=[broken])

    (fault,) = found.faults
    assert TAKEN.kind in fault
    assert not found.missing


def test_opposites_are_so_both_ways():
    created, revoked = (f"org.openedx.learning.certificate.{word}.v1" for word in ("created", "revoked"))

    assert catalogue.opposites(created) == {revoked}
    assert catalogue.opposites(revoked) == {created}
    assert not catalogue.opposites("org.example.unheard.of.v1")


def test_what_an_event_ends_is_in_the_catalogue():
    assert {kind for event_type in CATALOGUE.values() for kind in event_type.ends} <= set(CATALOGUE)


def test_a_catalogue_that_is_whole_says_nothing():
    said = {each.id for each in run_checks(tags=["credly_badges"])}

    assert "credly_badges.W004" not in said
    assert ("credly_badges.I001" in said) == bool(catalogue.found().missing)


HOW_TO = ROOT / "docs" / "how_tos" / "add_a_kind_of_event.rst"

SIGNALS = """
import attr
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import UserData
from openedx_events.tooling import OpenEdxPublicSignal

@attr.s(frozen=True)
class LabData:
    user = attr.ib(type=UserData)
    lab_id = attr.ib(type=str)
    course_key = attr.ib(type=CourseKey)
    minutes = attr.ib(type=int)

LAB_FINISHED = OpenEdxPublicSignal(event_type="com.example.learning.lab.finished.v1", data={"lab": LabData})
"""

ASK = """
import django
django.setup()
from datetime import UTC, datetime
from django.core.checks import run_checks
from opaque_keys.edx.keys import CourseKey
from openedx_events.learning.data import UserData, UserPersonalData
from credly_badges.events import receivers
from credly_badges.events.normalize import normalize
from my_plugin.signals import LAB_FINISHED, LabData
print("connected", [reference() for _, reference, *_ in LAB_FINISHED.receivers].count(receivers.on_event))
user = UserData(id=17, is_active=True, pii=UserPersonalData(username="ana_ng", email="ana.ng@example.com", name="Ana"))
lab = LabData(user=user, lab_id="titration", course_key=CourseKey.from_string("course-v1:edX+DemoX+2026"), minutes=25)
event = normalize(LAB_FINISHED.event_type, {"lab": lab}, datetime.now(tz=UTC))
print(event.learner_id, event.subject, event.course_key, event.attributes)
print([each.msg for each in run_checks(tags=["credly_badges"]) if each.id == "credly_badges.W004"])
"""


def the_example_of_the_how_to() -> str:
    """The block of Python that begins with the name of its file."""
    lines = HOW_TO.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.endswith("# my_plugin/badge_events.py"))
    block = takewhile(lambda line: not line or line.startswith("   "), lines[start:])
    return "\n".join(line[3:] for line in block)


def ask(folder: Path, question: str, **environment: str) -> str:
    """What a process of its own says, where a folder with a plugin is on its path."""
    done = subprocess.run(
        [sys.executable, "-c", question],
        cwd=ROOT,
        env={"PYTHONPATH": f"{folder}:{ROOT}", "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_another_plugin_registers_its_event_as_the_how_to_says_and_a_broken_one_does_not_stop_the_lms(tmp_path):
    plugin, about = tmp_path / "my_plugin", tmp_path / "my_plugin-1.0.dist-info"
    plugin.mkdir()
    (plugin / "__init__.py").touch()
    (plugin / "signals.py").write_text(SIGNALS)
    (plugin / "badge_events.py").write_text(the_example_of_the_how_to())
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[credly_badges.events]\nbroken = my_plugin.gone:LAB\nmy_plugin = my_plugin.badge_events:LAB_FINISHED\n"
    )

    said = ask(tmp_path, ASK, DJANGO_SETTINGS_MODULE="test_settings")

    facts = {"lab": {"name": "titration", "minutes": 25}, "course": {"course_key": "course-v1:edX+DemoX+2026"}}
    assert "connected 1" in said
    assert f"17 titration course-v1:edX+DemoX+2026 {facts}" in said
    assert "The entry point broken = my_plugin.gone:LAB (credly_badges.events) cannot be used" in said
    assert said.count("cannot be used") == 1


def test_the_plugin_s_app_is_loaded_before_there_are_settings(tmp_path):
    said = ask(
        tmp_path,
        "import sys, credly_badges.apps; from credly_badges.events.catalogue import EventType; "
        "print([name for name in sys.modules if name.endswith(('.signals', 'credly_badges.models'))])",
    )

    assert "openedx_events" not in said
    assert "credly_badges.models" not in said
