.DEFAULT_GOAL := help
.PHONY: help requirements upgrade demo demo-serve test coverage check format format-check lint types contracts migrations \
	pii_check docs package test-services test-browser test-all bench bench-api clean extract_translations compile_translations \
	detect_changed_source_translations pull_translations dummy_translations build_dummy_translations validate_translations

# Any Python from 3.11 on; the newest release the requirements were compiled for comes last, so that it is the fallback.
PYTHON ?= $(shell for python in python3.11 python3.12 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

SOURCES := credly_badges tests demo benchmarks docs setup.py manage.py test_settings.py
PRESENT = $(wildcard $(SOURCES))

help: ## show this text
	@echo "make demo and make test need nothing but Python 3.11 or later; everything installs into $(VENV)/."
	@awk -F ':.*?## ' '/^[a-zA-Z_-]+:.*## / {printf "  %-36s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Each stamp says what the environment holds, so that a second run installs nothing.

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later was not found. Install it, or name it: make PYTHON=/path/to/python"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/pip.txt requirements/base.txt requirements/files.txt requirements/testing.txt setup.py | $(BIN)/python
	$(INSTALL) -r requirements/pip.txt
	$(INSTALL) -r requirements/base.txt -r requirements/files.txt -r requirements/testing.txt
	@# setuptools warns of every editable installation, which this is meant to be.
	PYTHONWARNINGS=ignore $(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.pip-tools: requirements/pip-tools.txt | $(BIN)/python
	$(INSTALL) -r requirements/pip-tools.txt
	@touch $@

$(VENV)/.%: requirements/%.txt $(VENV)/.base
	$(INSTALL) -r $<
	@touch $@

requirements: $(VENV)/.dev ## install everything a developer needs

# In this order: a file comes after those it includes.
COMPILED := pip pip-tools base testing files test services browser quality doc i18n ci dev
PIP_COMPILE = $(abspath $(BIN))/pip-compile --quiet --upgrade --strip-extras --allow-unsafe \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(PIP_COMPILE_OPTS)

upgrade: export CUSTOM_COMPILE_COMMAND = make upgrade
upgrade: $(VENV)/.pip-tools ## compile requirements/*.txt anew; run it under the oldest supported Python
	cd requirements && for name in $(COMPILED); do $(PIP_COMPILE) --output-file $$name.txt $$name.in || exit 1; done
	@# tox chooses the Django release for the tests.
	awk '/^[^ #]/ { django = /^django==/ } !django' requirements/test.txt > requirements/test.without
	mv requirements/test.without requirements/test.txt

demo: $(VENV)/.base ## a learner passes, Credly issues the badge: the whole way, told in plain lines
	$(BIN)/python -m demo

demo-serve: $(VENV)/.base ## leave the demonstration running, and print its addresses and log-ins
	$(BIN)/python -m demo --serve

# What needs servers, a browser or minutes has a target of its own.
QUICK := --numprocesses auto --maxprocesses 4 --ignore=tests/services --ignore=tests/browser -m "not package"

test: $(VENV)/.test ## run the tests
	$(BIN)/python -m pytest $(QUICK) $(PYTEST_OPTS)

coverage: $(VENV)/.test ## run the tests and show which lines and branches none of them reached
	$(BIN)/python -m pytest $(QUICK) --cov --cov-report=term-missing --cov-report=xml $(PYTEST_OPTS)

check: format-check lint types contracts migrations pii_check docs coverage package ## run every check that needs no server

format: $(VENV)/.quality ## format the code
	$(BIN)/ruff check --fix $(PRESENT)
	$(BIN)/ruff format $(PRESENT)

format-check: $(VENV)/.quality
	$(BIN)/ruff format --check $(PRESENT)

lint: $(VENV)/.quality
	$(BIN)/ruff check $(PRESENT)

types: $(VENV)/.quality ## check the types
	$(BIN)/mypy

contracts: $(VENV)/.test ## check who imports whom
	$(BIN)/lint-imports

migrations: $(VENV)/.test ## check that no migration is missing
	$(BIN)/python manage.py makemigrations --check --dry-run

pii_check: $(VENV)/.test ## check that every model says what personal data it holds
	DJANGO_SETTINGS_MODULE=test_settings $(BIN)/code_annotations django_find_annotations \
		--config_file .pii_annotations.yml --lint --report --coverage

docs: $(VENV)/.doc ## build the documentation; a warning is an error
	$(BIN)/doc8 README.rst CHANGELOG.rst docs --ignore-path docs/_build --ignore-path docs/references/generated
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env -b html docs docs/_build/html

package: $(VENV)/.doc ## build wheel and sdist, and install the wheel into an empty host
	$(BIN)/python -m pytest -m package tests/project $(PYTEST_OPTS)

test-services: $(VENV)/.services ## run the tests on MariaDB, Redis and a real Celery worker
	CREDLY_TEST_DATABASE=mysql $(BIN)/python -m pytest tests/services $(PYTEST_OPTS)
	CREDLY_TEST_DATABASE=mysql $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 tests/stages tests/journeys $(PYTEST_OPTS)

test-browser: $(VENV)/.browser ## run the tests in headless Chromium
	$(BIN)/python -m pytest tests/browser $(PYTEST_OPTS)

ENVIRONMENTS ?= py311-django42,py311-django52,py312-django42,py312-django52

test-all: $(VENV)/.ci ## run the tests on every supported Python and Django
	$(BIN)/tox run -e $(ENVIRONMENTS)

bench: $(VENV)/.services ## measure events, sync, deliveries and memory; the figures are left in benchmarks.json
	$(BIN)/python -m benchmarks --json benchmarks.json $(BENCH_OPTS)

bench-api: $(VENV)/.services ## measure the REST API behind a web server; the figures are left in benchmarks-api.json
	$(BIN)/python -m benchmarks --part api --database mysql --json benchmarks-api.json $(BENCH_OPTS)

# Translations, as OEP-58 names the targets. They need gettext.

I18N_TOOL = cd credly_badges && PATH="$(abspath $(BIN)):$$PATH" env -u DJANGO_SETTINGS_MODULE i18n_tool

extract_translations: $(VENV)/.i18n ## collect the texts to translate
	$(I18N_TOOL) extract --no-segment

compile_translations: $(VENV)/.i18n ## compile the translations
	$(I18N_TOOL) generate

detect_changed_source_translations: $(VENV)/.i18n ## fail where the collected texts are out of date
	$(I18N_TOOL) changed

pull_translations: $(VENV)/.i18n ## fetch the translations
	find credly_badges/conf/locale -mindepth 1 -maxdepth 1 -type d -not -name en -exec rm -r {} +
	$(BIN)/atlas pull $(ATLAS_OPTIONS) translations/openedx-credly-badges/credly_badges/conf/locale:credly_badges/conf/locale
	$(MAKE) compile_translations

dummy_translations: $(VENV)/.i18n ## make a translation into accented English, to see what was forgotten
	$(I18N_TOOL) dummy

build_dummy_translations: extract_translations dummy_translations compile_translations ## make and compile it

validate_translations: build_dummy_translations detect_changed_source_translations ## check the translations

clean: ## remove what builds and tests left behind
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	rm -rf build dist *.egg-info .coverage coverage.xml htmlcov docs/_build pii_report .tox
	rm -f $(VENV)/.base
