# `make` prints what there is. Needed: make, and Python 3.11 or newer with venv. All else is fetched
# by name from package registries, as their clients are set up on this machine, and kept in here.

PYTHON ?= python3
UV := .tools/uv/bin/uv
BIN := .venv/bin
COMPILE := $(UV) pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url \
	--no-annotate --no-header --quiet
PAGES := $(shell find services shared/web -name '*.html' -o -name '*.js' -o -name '*.py')
EVERYTHING := --all-extras --group dev
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help install run test check bench contracts migration lock fresh browser torture soak
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:  ## print this
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\):[^#]*## */  \1	/p' $(MAKEFILE_LIST) | expand -t 14

install: .venv/packages node_modules/assets  ## make .venv and the pages' assets, from the locks

run: install  ## start everything here: PORT=8000, RESET=1 begins anew, LAN=1 lets phones in
	@$(BIN)/lianqiao up $(if $(PORT),--port $(PORT)) $(if $(RESET),--reset) \
		$(if $(LAN),--lan $(if $(filter-out 1,$(LAN)),--address $(LAN)))

test: install browser  ## run every test; what cannot run is named with its reason
	@$(BIN)/pytest -rs --numprocesses logical --maxprocesses 4 --dist worksteal $(TESTS)

check: install fresh  ## all that is checked before a change is taken, tests included
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile
	@$(MAKE) --no-print-directory test

bench: install  ## measure what we promise: NAMES="ingest ledger"; writes benchmarks/results
	@$(BIN)/lianqiao bench --keep $(NAMES)

torture: install  ## kill, stop, fill, slow and poison an installation under load: SEED=1 MINUTES=5
	@$(BIN)/lianqiao torture $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES))

soak: install  ## the same for hours: SEED=1 MINUTES=120
	@$(BIN)/lianqiao torture --soak $(if $(SEED),--seed $(SEED)) --minutes $(or $(MINUTES),120)

contracts: install  ## write the schemas and API documents anew
	$(BIN)/python -m lianqiao.contracts

migration: install  ## draft a migration: SERVICE=orders SAYING="add a column"
	$(BIN)/lianqiao migration "$(SERVICE)" "$(SAYING)"

lock: install  ## write the locks anew, with newer versions: UPGRADE=1
	$(COMPILE) $(EVERYTHING) $(if $(UPGRADE),--upgrade) -o requirements.lock
	$(COMPILE) -c requirements.lock -o requirements.image.lock
	$(BIN)/npm $(if $(UPGRADE),update,install) --package-lock-only
	$(BIN)/python -m shared.jars
	$(BIN)/python -m benchmarks.kafka_tools

fresh: install
	@mkdir -p .tools/fresh
	@cp requirements.lock requirements.image.lock .tools/fresh
	@$(COMPILE) $(EVERYTHING) -o .tools/fresh/requirements.lock
	@$(COMPILE) -c requirements.lock -o .tools/fresh/requirements.image.lock
	@for lock in requirements.lock requirements.image.lock; do \
		cmp -s $$lock .tools/fresh/$$lock || { echo "$$lock is stale: run \`make lock\`."; exit 1; }; \
	done
	@$(BIN)/python -m shared.jars --check
	@$(BIN)/python -m benchmarks.kafka_tools --check

# Debian's Chromium and a font with Chinese, where we may install them; tests say what they miss.
browser:
	@if [ -x /usr/bin/apt-get ] && [ "$$(id -u)" = 0 ] \
		&& ! { [ -x /usr/bin/chromium ] && [ -d /usr/share/fonts/opentype/noto ]; }; then \
		export PATH="$$PATH:/usr/sbin:/usr/bin:/sbin:/bin" DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -qq --no-install-recommends chromium fonts-noto-cjk; \
	fi

$(UV): tools.lock
	@$(PYTHON) -c 'import sys; sys.exit("Lianqiao needs Python 3.11 or newer; name one: make PYTHON=…" \
		if sys.version_info < (3, 11) else 0)'
	@echo "Installing uv into .tools/ …"
	@$(PYTHON) -m venv --clear .tools/uv
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tools.lock
	@touch $@

.venv/packages: requirements.lock pyproject.toml | $(UV)
	@echo "Installing packages into .venv/ …"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv --without-pip .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(UV) pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable .
	@touch $@

node_modules/packages: package-lock.json package.json .venv/packages
	@echo "Installing what the pages are made of …"
	@$(BIN)/npm ci
	@touch $@

node_modules/assets: node_modules/packages $(PAGES)
	@$(BIN)/npm run --silent build
	@touch $@
