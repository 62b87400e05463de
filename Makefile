# Needs only make and python3 (3.11 or newer, with its venv module). Everything installed goes into .venv.
#
#   make demo      shows the main job on a generated conversation
#   make test      lint, types and all tests
#   make install   .venv with the package and the developer tools
#   make bench     rewrites bench/results.csv
#   make fuzz      the property tests with fresh random input, many times over
#   make e2e       real agents and SDKs through a proxy before a fake provider (npm; 1.3 GB; CLIENTS='codex sdk')
#   make docs      rewrites the generated pages and tables
#   make format    formats the code        make check   lint and types without tests
#   make clean     removes .venv, caches and build results

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check
CODE := src tests bench docs e2e

# The first Python that is new enough and can make a virtual environment; PYTHON=... names another one.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; \
	done)

# Demo and bench keep their data here, never in the user's own data directory.
export HEADROOM_HOME := $(CURDIR)/$(VENV)/headroom-home
unexport PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help install demo test check lint types tests fuzz e2e bench docs format clean

help:
	@sed -n '3,11s/^#  *//p' $(firstword $(MAKEFILE_LIST))

# Two stamps: what the program needs, and what developers need on top. Each is renewed when pyproject.toml changes.
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev

$(RUNTIME): pyproject.toml
	@test -n "$(PYTHON)" || { \
	  echo "Headroom needs Python 3.11 or newer with its venv module; install it (Debian: python3-venv)," >&2; \
	  echo "or name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PY) -c '' 2>/dev/null || { echo "making $(VENV) ..."; "$(PYTHON)" -m venv --clear $(VENV); }
	@echo "installing headroom into $(VENV) ..."
	@$(PIP) install --editable .
	@touch $@

# Dependency groups are read by pip 25.1 and newer.
$(DEV): $(RUNTIME)
	@echo "installing the developer tools into $(VENV) ..."
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install --group dev
	@touch $@

install: $(DEV)

demo: $(RUNTIME)
	@$(BIN)/headroom demo

test: check tests

check: lint types

lint: $(DEV)
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

types: $(DEV)
	@$(BIN)/mypy

tests: $(DEV)
	@$(BIN)/pytest

fuzz: $(DEV)
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest

e2e: $(RUNTIME)
	@$(PY) -m e2e $(CLIENTS)

bench: $(DEV)
	@$(PY) -m bench

docs: $(RUNTIME)
	@$(PY) docs/generate.py

format: $(DEV)
	@$(BIN)/ruff check --fix --select I $(CODE)
	@$(BIN)/ruff format $(CODE)

clean:
	rm -rf $(VENV) .venv-peer .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find $(CODE) -name __pycache__ -prune -exec rm -rf {} +
