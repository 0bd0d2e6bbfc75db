"""Somebody at the admin: who they are, what they may do, and what they read there."""

from __future__ import annotations

import html
import re
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from credly_badges.testing.factories import UserFactory

READING = (
    "view_credlyorganization",
    "view_badgetemplate",
    "view_badgeaward",
    "view_badgeprogress",
    "view_outboxmessage",
    "view_auditentry",
    "view_receivedevent",
    "view_credlynotice",
    "view_availability",
    "view_reconcilerun",
    "view_reconciledifference",
    "view_historyrun",
    "view_regression",
    "view_requirementsversion",
)


def at_the_desk(*permissions: str, **user: Any) -> Client:
    """A browser in which a member of staff with these permissions has logged in."""
    person = UserFactory(is_staff=True, **user)
    wanted = Permission.objects.filter(content_type__app_label="credly_badges", codename__in=permissions)
    assert wanted.count() == len(permissions), f"Not all of {permissions} exist."
    person.user_permissions.set(wanted)
    browser = Client()
    browser.force_login(person)
    return browser


def manager(**user: Any) -> Client:
    """A browser in which somebody who may do everything has logged in."""
    browser = Client()
    browser.force_login(UserFactory(admin=True, **user))
    return browser


def url(model: str, page: str = "changelist", *args: Any) -> str:
    """The address of an admin page of ours."""
    return reverse(f"admin:credly_badges_{model}_{page}", args=args)


def text_of(response: Any) -> str:
    """What a person reads on a page, without its markup."""
    content = response.content.decode()
    content = re.sub(r"(?s)<(style|script).*?</\1>", "", content)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())
