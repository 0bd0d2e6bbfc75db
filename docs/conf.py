"""How the documentation is built."""

import os
import sys
from pathlib import Path

import django

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS.parent), str(DOCS / "_ext")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "test_settings")
django.setup()

from credly_badges import __version__  # noqa: E402 (Django must be set up first)

project = "openedx-credly-badges"
author = "Credly Badges contributors"
copyright = f"2026, {author}"  # noqa: A001 (the name that Sphinx reads)
release = version = __version__

extensions = ["generated_pages"]
exclude_patterns = ["_build", "_ext"]
nitpicky = True
language = "en"

html_theme = "sphinx_book_theme"
html_title = "Credly badges for Open edX"
html_theme_options = {"home_page_in_toc": True}
html_show_sourcelink = False
