"""Credly's words become ours through closed tables."""

from __future__ import annotations

import pytest

from credly_badges.credly import quirks


@pytest.mark.parametrize(
    ("language", "locale"),
    [
        ("en", "en"),
        ("en-gb", "en"),
        ("es-419", "es-US"),
        ("es-mx", "es-US"),
        ("es-es", "es-ES"),
        ("es", "es-ES"),
        ("pt-br", "pt-BR"),
        ("pt-pt", "pt"),
        ("fr-ca", "fr-CA"),
        ("fr", "fr"),
        ("de-de", "de"),
        ("ja-jp", "ja"),
        ("ko-kr", "ko"),
        ("zh-cn", "zh-CN"),
        ("zh_CN", "zh-CN"),
        ("zh-hans", "zh-CN"),
        ("zh-tw", ""),
        ("ar", ""),
        ("rtl", ""),
        ("", ""),
    ],
)
def test_a_learner_is_written_to_in_the_nearest_language_credly_has(language, locale):
    assert quirks.credly_locale(language) == locale


@pytest.mark.parametrize("locale", quirks.LOCALES)
def test_credlys_own_languages_stay_as_they_are(locale):
    assert quirks.credly_locale(locale) == locale


def test_every_state_of_a_badge_has_a_word_on_our_side():
    assert dict(quirks.BADGE_STATES) == {
        "pending": "offered",
        "accepted": "accepted",
        "rejected": "declined",
        "revoked": "revoked",
    }


@pytest.mark.parametrize("state", ["frozen", "expired", "Pending", "", None, 3, ["pending"], {}])
def test_an_unknown_state_is_stopped_and_shown(state):
    with pytest.raises(quirks.UnknownState, match="does not know") as stopped:
        quirks.badge_state(state)

    assert stopped.value.state == state


@pytest.mark.parametrize(
    "said",
    [
        "User already has this badge",
        "Validation failed: user ALREADY HAS THIS BADGE.",
    ],
)
def test_a_duplicate_is_known_by_its_words(said):
    assert quirks.says_duplicate(said)


def test_another_refusal_is_no_duplicate():
    assert not quirks.says_duplicate("Invalid or missing Badge Template ID: ")
