"""What reviewers would otherwise have to look for in every change."""

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parents[2]


def run(*command):
    """Run a tool in the repository; its output is shown where the test fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.django_db
def test_no_migration_is_missing():
    said = StringIO()

    call_command("makemigrations", "credly_badges", check=True, dry_run=True, stdout=said)

    assert "No changes detected" in said.getvalue()


def test_imports_keep_to_their_contracts():
    code, said = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")

    assert code == 0, said
    assert "0 broken" in said


def test_every_model_says_what_personal_data_it_holds(tmp_path):
    code, said = run(
        *(str(Path(sys.executable).with_name("code_annotations")), "django_find_annotations"),
        *("--config_file", ".pii_annotations.yml", "--report_path", str(tmp_path)),
        *("--lint", "--report", "--coverage"),
    )

    assert code == 0, said
    assert "Coverage is 100.0%" in said
