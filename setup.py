"""The distribution ``openedx-credly-badges``."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def version() -> str:
    """The one place that holds the version is the package itself."""
    source = (HERE / "credly_badges" / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "([^"]+)"', source, re.MULTILINE).group(1)


def requirements(name: str) -> list[str]:
    """The lines of ``requirements/<name>.in``, without its comments and includes."""
    lines = (HERE / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
    wanted = [line.split("#")[0].strip() for line in lines]
    return [line for line in wanted if line and not line.startswith("-")]


setup(
    name="openedx-credly-badges",
    version=version(),
    description="Credly badges, issued by an Open edX LMS by itself",
    long_description="\n\n".join((HERE / name).read_text(encoding="utf-8") for name in ("README.rst", "CHANGELOG.rst")),
    long_description_content_type="text/x-rst",
    author="Credly Badges contributors",
    license="AGPL-3.0-only",
    packages=find_packages(include=["credly_badges", "credly_badges.*"]),
    package_data={
        "credly_badges": ["py.typed", "conf/locale/**/*", "requirements/*.json", "static/**/*", "templates/**/*"],
        "credly_badges.testing": ["**/*.css", "**/*.html", "**/*.json"],
    },
    install_requires=requirements("base"),
    extras_require={
        "files": requirements("files"),
        "testing": requirements("testing"),
    },
    python_requires=">=3.11",
    zip_safe=False,
    keywords="Open edX LMS plugin Credly badges credentials",
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Framework :: Django",
        "Framework :: Django :: 4.2",
        "Framework :: Django :: 5.2",
        "Intended Audience :: Developers",
        "Intended Audience :: Education",
        "Natural Language :: English",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
    ],
    entry_points={
        "lms.djangoapp": ["credly_badges = credly_badges.apps:CredlyBadgesConfig"],
    },
)
