"""What ends up with a site that installs the package, far from this repository."""

import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.package

# A Django project that has heard of plugins and of nothing of ours.
HOST = """
    from cryptography.fernet import Fernet
    from edx_django_utils.plugins import add_plugins, get_plugin_apps

    SECRET_KEY = "only-for-this-host"
    USE_TZ = True
    ROOT_URLCONF = "host_urls"
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "host.sqlite3"}}
    INSTALLED_APPS = [
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.sites",
        *get_plugin_apps("lms.djangoapp"),
    ]
    MIDDLEWARE = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ]
    add_plugins(__name__, "lms.djangoapp", "common")
    CREDLY_BADGES_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    add_plugins(__name__, "lms.djangoapp", "production")
"""

HOST_URLS = """
    from django.contrib import admin
    from django.urls import path
    from edx_django_utils.plugins import get_plugin_url_patterns

    urlpatterns = [path("admin/", admin.site.urls), *get_plugin_url_patterns("lms.djangoapp")]
"""


def run(*command, **options):
    """Run a command without the environment of this test run; its output is shown where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Wheel and sdist; the wheel is built from the sdist, so the sdist holds all that building needs."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, cwd=ROOT)
    return next(folder.glob("*.whl")), next(folder.glob("*.tar.gz"))


def sources():
    """Everything below the package in this repository that a site needs."""
    found = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "credly_badges", cwd=ROOT).split("\n")
    return {name for name in found if name and not name.endswith(".gitkeep") and (ROOT / name).exists()}


def test_the_wheel_holds_every_file_of_the_package(built):
    wheel, _ = built

    names = set(zipfile.ZipFile(wheel).namelist())

    assert sources() <= names
    assert "credly_badges/py.typed" in names
    assert "credly_badges/conf/locale/config.yaml" in names
    assert not [name for name in names if name.startswith(("tests", "demo", "benchmarks", "docs"))]


def test_the_sdist_holds_every_file_of_the_package_and_its_license(built):
    _, sdist = built

    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert sources() <= names
    assert {"LICENSE.txt", "README.rst", "CHANGELOG.rst", "requirements/base.in"} <= names


def test_a_package_index_would_show_the_readme(built):
    said = run(sys.executable, "-m", "twine", "check", "--strict", *built)

    assert said.count("PASSED") == 2


def test_an_empty_host_loads_the_plugin_from_the_installed_wheel(built, tmp_path):
    wheel, _ = built
    python = tmp_path / "site" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "site")
    (tmp_path / "host_settings.py").write_text(textwrap.dedent(HOST))
    (tmp_path / "host_urls.py").write_text(textwrap.dedent(HOST_URLS))

    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "requirements" / "base.txt", wheel)
    admin = (python, "-m", "django")
    options = ("--settings=host_settings", "--pythonpath=.")
    checked = run(*admin, "check", *options, cwd=tmp_path)
    run(*admin, "migrate", "--verbosity=0", *options, cwd=tmp_path)
    told = run(
        *(*admin, "shell", *options, "-c"),
        "import credly_badges; from django.apps import apps; from django.conf import settings; "
        "print(credly_badges.__file__, apps.get_app_config('credly_badges').verbose_name, "
        "sorted(settings.CELERYBEAT_SCHEDULE))",
        cwd=tmp_path,
    )

    assert "no issues" in checked
    assert str(tmp_path / "site") in told
    assert "Credly badges ['credly_badges.sweep']" in told
