# Everything a person types. Each command sets up first what it needs; a second time that takes no time.

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
PARTS := static/vendor/.built
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
TEST_PROCESSES ?= $(shell [ $(CORES) -gt 4 ] && echo 4 || echo $(CORES))

.NOTPARALLEL:
.PHONY: help set-up demo demo-load demo-reset test mutants lint format types drift load lock clean

help:
	@echo "make demo        serve the demo world on PORT (default 8000)"
	@echo "make demo-load   prepare it without serving"
	@echo "make demo-reset  throw its data away and prepare it anew"
	@echo "make test        everything a test run needs, then all tests"
	@echo "make mutants     break the laws in copies, and want the named tests red"
	@echo "make lint        ruff, mypy and the comparison of tables with migrations"
	@echo "make format      let ruff lay the code out"
	@echo "make load        the tests that take minutes"
	@echo "make lock        write both lock files anew from the floors"
	@echo "make clean       remove what set-up made; data in var/ stay"

set-up: $(INSTALLED) $(PARTS)

demo: set-up
	@exec $(PYTHON) -m marketplace demo

demo-load demo-reset: set-up
	@$(PYTHON) -m marketplace $@

test: lint
	@$(PYTHON) -m pytest -n $(TEST_PROCESSES) --dist loadfile -m "not load and not mutants"

mutants: set-up
	@$(PYTHON) -m pytest -n $(TEST_PROCESSES) -m mutants tests/mutants

load: set-up
	@$(PYTHON) -m pytest -m load tests/load

lint: set-up types drift

types: $(INSTALLED)
	@echo "ruff …" && $(PYTHON) -m ruff check .
	@echo "mypy …" && $(PYTHON) -m mypy

drift: $(INSTALLED)
	@$(PYTHON) -m marketplace check-drift

format: $(INSTALLED)
	@$(PYTHON) -m ruff check --fix-only . && $(PYTHON) -m ruff format .

# The versions that were tried come first; a Python without venv is passed over while another has it.
$(INSTALLED): requirements.lock
	@for name in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	    path=$$(command -v $$name 2>/dev/null) || continue; \
	    "$$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	    found=$$path; \
	    "$$path" -c 'import ensurepip, venv' >/dev/null 2>&1 || continue; \
	    chosen=$$path; break; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "Python 3.11 or newer is missing: install it (Debian: apt install python3 python3-venv)." >&2; exit 1; fi; \
	if [ -z "$$chosen" ]; then \
	    echo "$$found has no venv module: install it (Debian: apt install python3-venv)." >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$chosen --version) …"; \
	"$$chosen" -m venv --clear $(VENV)
	@echo "Installing $$(grep -c '^[a-z]' requirements.lock) Python packages, each checked by its hash …"
	@$(PYTHON) -m pip --disable-pip-version-check --no-input install \
	    --require-hashes --only-binary :all: --requirement requirements.lock \
	    || { echo "pip could not install requirements.lock: is a package registry in reach, and has $$($(PYTHON) --version) wheels (3.11 to 3.14)?" >&2; exit 1; }
	@touch $@

node_modules/.installed: package-lock.json package.json
	@command -v node >/dev/null && command -v npm >/dev/null \
	    || { echo "Node.js 20 or newer with npm is missing: install nodejs and npm (only set-up needs them)." >&2; exit 1; }
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' \
	    || { echo "Node.js $$(node --version) is too old: install 20 or newer (only set-up needs it)." >&2; exit 1; }
	@echo "Installing the front-end parts …"
	@npm ci --ignore-scripts --no-audit --no-fund \
	    || { echo "npm could not install package-lock.json: is an npm registry in reach?" >&2; exit 1; }
	@touch $@

$(PARTS): node_modules/.installed marketplace/vendor.py | $(INSTALLED)
	@$(PYTHON) -m marketplace vendor
	@touch $@

lock:
	@command -v uv >/dev/null || { echo "uv is missing: install it (pip install uv)." >&2; exit 1; }
	@uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade --only-binary :all: \
	    --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --quiet \
	    --output-file requirements.lock
	@npm install --package-lock-only --ignore-scripts

clean:
	@rm -rf $(VENV) node_modules static/vendor .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
