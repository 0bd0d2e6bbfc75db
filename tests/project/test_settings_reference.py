"""A setting is named in three places: its default, its annotation and the code that reads it. They agree."""

import ast
import inspect

import pytest
from code_annotations.contrib.config import SETTING_ANNOTATIONS_CONFIG_PATH
from code_annotations.contrib.sphinx.extensions.base import find_annotations

from credly_badges import conf
from credly_badges.settings import common

ANNOTATIONS = find_annotations(inspect.getfile(common), SETTING_ANNOTATIONS_CONFIG_PATH, ".. setting_name:")

READERS = [
    reader
    for _, reader in inspect.getmembers(conf, inspect.isfunction)
    if reader.__module__ == conf.__name__ and not inspect.signature(reader).parameters
]


def names_read():
    """Every setting that ``conf`` names, with or without the prefix that its ``_read`` adds."""
    for call in ast.walk(ast.parse(inspect.getsource(conf))):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"_read", "getattr"}:
            for argument in call.args[:2]:
                if isinstance(argument, ast.Constant) and str(argument.value).isupper():
                    yield "CREDLY_BADGES_" + argument.value.removeprefix("CREDLY_BADGES_")


def test_every_setting_is_annotated_and_every_annotation_is_of_a_setting():
    assert set(ANNOTATIONS) == set(common.DEFAULTS)


@pytest.mark.parametrize("name", common.DEFAULTS)
def test_the_annotation_tells_the_default_that_is_in_force(name):
    annotation = ANNOTATIONS[name]

    assert ast.literal_eval(annotation[".. setting_default:"]) == common.DEFAULTS[name]
    assert annotation[".. setting_description:"].rstrip().endswith(".")


def test_the_plugin_reads_every_setting_it_offers_and_none_that_it_does_not():
    assert set(names_read()) == set(common.DEFAULTS)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_a_host_that_never_ran_the_plugins_settings_gets_the_same_defaults(settings, reader):
    for name, default in common.DEFAULTS.items():
        setattr(settings, name, default)
    as_documented = reader()

    for name in common.DEFAULTS:
        delattr(settings, name)

    assert reader() == as_documented
