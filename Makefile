# Everything runs from .venv, which is made from uv.lock. Needs only python3 (3.11+), python3-venv, make.
PYTHON ?= python3
BIN := .venv/bin
# Three for two cores: some tests wait for programs. Each one more has to collect all tests, too.
WORKERS ?= $(shell n=$$(nproc); n=$$((n + n / 2)); echo $$((n < 8 ? n : 8)))
SHELL_SCRIPTS = $(shell git ls-files '*.sh' '*.bash' .ci)

# Tests start many processes of haui: where no bytecode is kept, each of them compiles everything again.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE := 1

.PHONY: help demo test test-thorough sweep test-dnf lint lint-style lint-types lint-layers lint-shell format lab lab-test lab-matrix lab-kills lab-faults lab-reset lab-half-done lab-down bench clean
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' Makefile

.venv/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "haui needs Python 3.11 or newer (set PYTHON=...)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv sync --quiet --locked --group dev
	@touch $@

demo: .venv/.ready ## rehearse an install of 5 simulated hosts, in plain lines
	@$(BIN)/haui rehearse --plain --speed 30

test: .venv/.ready ## every test that needs no root, without the sweeps
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q -m "not thorough"

test-thorough: .venv/.ready ## the sweeps: every screen in every way, a kill at every moment
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q -m thorough

sweep: .venv/.ready ## SIGKILL at every event of a rehearsed install, hours (SWEEP=--help shows the choices)
	$(BIN)/python -m tests.sweep $(SWEEP)

test-dnf: .venv/.ready ## packages with a real rpm and dnf (root; apt-get install dnf rpm createrepo-c)
	HAUI_REAL_DNF=1 $(BIN)/python -m pytest -q tests/unit/test_real_dnf.py

# The types take longest, so `make -j` begins with them.
lint: lint-types lint-style lint-layers lint-shell ## formatting, style, types, layers, shell
lint-types: .venv/.ready
	$(BIN)/mypy
lint-style: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
lint-layers: .venv/.ready
	$(BIN)/lint-imports
lint-shell: .venv/.ready
	$(BIN)/shellcheck -x $(SHELL_SCRIPTS)

format: .venv/.ready ## format and fix what can be fixed by a program
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lab: .venv/.ready ## boot real hosts on this machine (root) and write a cluster file for them
	$(BIN)/python -m tests.lab up

lab-test: .venv/.ready ## the end-to-end tests on the lab (root)
	@$(BIN)/python -m tests.lab check; rc=$$?; \
	  if [ $$rc -eq 3 ]; then echo "lab-test: skipped, for the reason above"; exit 0; fi; \
	  [ $$rc -eq 0 ] && $(BIN)/python -m pytest -q -s --durations=12 tests/lab

lab-matrix: .venv/.ready ## install and break every topology with every endpoint (root, an hour)
	@$(BIN)/python -m tests.lab check && $(BIN)/python -m tests.lab.matrix

lab-kills: .venv/.ready ## an install that is killed at twenty random moments on the lab (root, ten minutes)
	@$(BIN)/python -m tests.lab check && \
	  HAUI_LAB_KILLS=20 $(BIN)/python -m pytest -q -s tests/lab/test_resume.py

lab-faults: .venv/.ready ## break hosts and connections in the middle of real installs (root, an hour)
	@$(BIN)/python -m tests.lab check && $(BIN)/python -m tests.lab.faults

lab-half-done: .venv/.ready ## cut kubeadm off in every phase, on real hosts (root, half an hour)
	@$(BIN)/python -m tests.lab check && $(BIN)/python -m tests.lab.half_done

lab-reset: .venv/.ready ## install and reset a cluster, and compare its hosts with what they were (root)
	@$(BIN)/python -m tests.lab check && $(BIN)/python -m tests.lab.reset

lab-down: .venv/.ready ## stop the lab and clean up
	$(BIN)/python -m tests.lab down

bench: .venv/.ready ## the benchmarks; they print ratios, they never fail on time
	@$(BIN)/uv sync --quiet --locked --group dev --group bench
	@for b in $$(git ls-files 'tests/bench/*.py' | grep -v __init__); do \
	  echo "== $$b"; $(BIN)/python -m $$(echo $${b%.py} | tr / .) || exit 1; done

clean: ## remove the environment and caches
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
