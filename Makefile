# make dataset   set everything up, then run the main job: luigi --module pipeline FinalDataset
# make test      set everything up, then run the whole test suite
# make check     lint, types, tests
# make cuda      build llama-cpp-python for this machine's NVIDIA card
# make clean-venv

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# setuptools warns of what cannot happen here: that another folder is called as a package.
PIP    := PYTHONWARNINGS=ignore $(BIN)/python -m pip
# CI trains the demo model a few steps as well. PyTorch is too large to ask of everyone.
EXTRAS ?= test$(if $(CI),$(COMMA)train)
COMMA  := ,

.DEFAULT_GOAL := help
.PHONY: help setup dataset test lint types check cuda bubblewrap browser clean-venv

help:
	@sed -n 's/^# //p' Makefile

$(BIN)/python:
	@echo "creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@$(PIP) install --quiet --upgrade pip

$(VENV)/.installed: setup.cfg pyproject.toml | $(BIN)/python
	@echo "installing the project and its dependencies; llama.cpp is compiled, which takes minutes"
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.installed-$(EXTRAS): setup.cfg pyproject.toml | $(BIN)/python
	@echo "installing the project, its dependencies and what the tests need; llama.cpp is compiled, which takes minutes"
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

test: $(VENV)/.installed-$(EXTRAS) bubblewrap browser
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

check: lint types test

cuda: | $(BIN)/python
	@scripts/build-cuda $(BIN)/python

clean-venv:
	rm -rf $(VENV)
