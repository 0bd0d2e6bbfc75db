"""Settings for an LMS's own test runs: the defaults, and nothing else.

The LMS under test has run the common settings already; running them again changes nothing.
"""

from __future__ import annotations

from credly_badges.settings.common import plugin_settings

__all__ = ["plugin_settings"]
