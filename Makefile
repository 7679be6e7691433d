# Everything that is done with a checkout. Needs only make and Python 3.11 or newer.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
TESTS ?= tests
# Two more than there are cores: tests with real servers wait half of their time.
WORKERS ?= 4
QUALITY ?=

SYSTEM_PACKAGES := fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 \
	tesseract-ocr tesseract-ocr-chi-sim jq gettext
# Chromium without windows of its own, which takes half of the processor's time; where there is none, the whole one.
BROWSER := chromium-headless-shell

.PHONY: help demo services test soak bench quality lint format system venv venv-dev clean

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | \
		while IFS='|' read -r name what; do printf '  make %-10s %s\n' "$$name" "$$what"; done

demo: venv ## Run everything here, with two demo merchants, until Ctrl-C (PORT=8000, KIMONO_HOME=.kimono)
	@exec $(BIN)/python -m kimono.supervisor demo

services: venv ## Run PostgreSQL and Redis alone and print their addresses
	@exec $(BIN)/python -m kimono.supervisor services

test: venv-dev system ## Check, lint and test everything but the long and the measured
	@$(BIN)/python .ci/checks.py --workers $(WORKERS) $(TESTS)

soak: venv-dev system ## Run the long tests
	@$(BIN)/python -m pytest -m soak -o timeout=0 -p no:randomly $(TESTS)

bench: venv-dev ## Measure, each figure against its floor
	@$(BIN)/python -m benchmarks

quality: venv-dev ## Ask the question sets, each beside plain BM25 (QUALITY="--sample 300 --only …")
	@$(BIN)/python -m benchmarks.quality $(QUALITY)

lint: venv-dev ## Run every check that runs no test
	@$(BIN)/python .ci/checks.py --lint-only

format: venv-dev ## Put the code in its usual form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

system: ## Look for the system packages that tests need; root on Debian or Ubuntu installs the missing ones
	@if ! command -v dpkg-query >/dev/null; then \
		echo "make system: not a Debian system; install the equivalents of: $(BROWSER) $(SYSTEM_PACKAGES)"; \
		for tool in tesseract jq msgfmt; do \
			command -v $$tool >/dev/null || { echo "make system: $$tool is missing" >&2; exit 1; }; done; \
		command -v $(BROWSER) || command -v chromium || command -v google-chrome || { \
			echo "make system: chromium is missing" >&2; exit 1; }; \
		exit 0; fi; \
	has() { dpkg-query -W -f='$${Status}' $$1 2>/dev/null | grep -q '^install ok installed'; }; \
	add() { apt-get install -y -qq --no-install-recommends $$* </dev/null; }; \
	missing=; for package in $(SYSTEM_PACKAGES); do has $$package || missing="$$missing $$package"; done; \
	if [ -z "$$missing" ] && has $(BROWSER); then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then \
		has $(BROWSER) || has chromium || missing="$$missing $(BROWSER)"; \
		if [ -z "$$missing" ]; then exit 0; fi; \
		echo "System packages are missing; run: sudo apt-get install -y --no-install-recommends$$missing" >&2; exit 1; fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	if [ -z "$$missing" ] && has chromium; then \
		timeout 60 apt-get update -qq && add $(BROWSER) || echo "make system: $(BROWSER) cannot be had; chromium will do"; \
		exit 0; fi; \
	apt-get update -qq; [ -z "$$missing" ] || add $$missing; \
	has $(BROWSER) || add $(BROWSER) || has chromium || add chromium

venv: $(VENV)/.run ## Make the virtual environment of the demo
venv-dev: $(VENV)/.dev ## Make the virtual environment of the tests

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing; Python 3.11 or newer is needed." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) -V) is too old: 3.11 or newer is needed; name another one with PYTHON=…" >&2; exit 1; }
	@echo "Making the virtual environment $(VENV) …"
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
		if command -v uv >/dev/null; then uv venv -q --seed -p $(PYTHON) $(VENV); else \
		echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; fi; }

# uv takes seconds where pip takes a minute. It does not read pip's configuration: where it fails, pip is asked.
define install
	@echo "Installing $(1) …"
	@uv=; for found in $(BIN)/uv "$$(command -v uv || true)"; do [ -x "$$found" ] && uv="$$found" && break; done; \
	if [ -n "$$uv" ] && UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 "$$uv" pip install -q -p $(BIN)/python -r $(1) 2>$(VENV)/uv.log; then :; else \
		$(BIN)/python -m pip install -q --disable-pip-version-check -r $(1); fi
	@touch $(2)
endef

# The tests' environment holds all of the demo's, so it never needs both.
$(VENV)/.run: requirements.lock | $(BIN)/python
	@if [ $(VENV)/.dev -nt requirements.lock ]; then touch $@; fi
	$(if $(shell [ $(VENV)/.dev -nt requirements.lock ] && echo yes),,$(call install,requirements.lock,$@))

$(VENV)/.dev: requirements-dev.lock | $(BIN)/python
	$(call install,requirements-dev.lock,$@)

clean: ## Remove caches; data and environment stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
