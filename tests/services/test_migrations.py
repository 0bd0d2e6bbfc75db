"""The tables come and go on the database that an LMS runs on."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from credly_badges.models import BadgeTemplate
from credly_badges.testing.factories import TemplateFactory


@pytest.mark.django_db(transaction=True)
def test_migrations_go_back_to_nothing_and_forward_again():
    assert our_tables()

    try:
        call_command("migrate", "credly_badges", "zero", verbosity=0)
        left = our_tables()
    finally:
        call_command("migrate", "credly_badges", verbosity=0)

    assert not left
    assert TemplateFactory() in BadgeTemplate.objects.all()


@pytest.mark.django_db
def test_texts_take_every_character_that_people_use():
    name = "Grüße, 学位, 𝕭𝖆𝖉𝖌𝖊 🏅"

    stored = TemplateFactory(name=name)

    stored.refresh_from_db()
    assert stored.name == name


def our_tables() -> set[str]:
    return {name for name in connection.introspection.table_names() if name.startswith("credly_badges_")}
