# riskapp's commands: `make help` lists them. Each does its own set-up, and what is up to date is not done again.
PYTHON ?= python3
WORKERS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
LOCKS := requirements.lock requirements-dev.lock requirements-setup.lock requirements-assets.lock
TEST_PACKAGES := chromium poppler-utils fonts-dejavu-core

.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:

# $(call or_say,message): the end of a quiet command, which is heard only when it fails.
or_say = >.build/setup.log 2>&1 || { echo "$(1) The whole story: .build/setup.log" >&2; exit 1; }

# An environment that was made in another folder or by another uv, or whose Python has gone, is made again.
venv_is_sound := $(shell [ "$$(cat $(VENV)/.made 2>/dev/null)" = "$(CURDIR)" ] && [ -x $(BIN)/python ] && \
	cmp -s requirements-setup.lock $(VENV)/.made-with && echo yes)


.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: setup ## start the demo council: web server and clock (PORT=8000 and the like as you need)
	@RISKAPP_MODE=demo $(BIN)/flask --app wsgi serve

.PHONY: test
test: dev ## run every test but the drills (ARGS="-k escalation" narrows)
	@.ci/install-from-debian $(TEST_PACKAGES) || [ "$$CI" != true ]
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not drill" $(ARGS)

.PHONY: drill
drill: dev ## run the slow rehearsals that make test leaves out
	@.ci/install-from-debian $(TEST_PACKAGES) || [ "$$CI" != true ]
	@$(BIN)/python -m pytest -m drill tests $(ARGS)

.PHONY: check
check: dev ## format, lint, types, import laws, migrations, no address in the tree
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted: run make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@RISKAPP_MODE=demo $(BIN)/flask --app wsgi db-check
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/architecture/test_tooling.py
	@$(BIN)/python .ci/check_asvs.py
	@$(BIN)/python .ci/audit_dependencies.py || [ $$? = 2 ]

.PHONY: audit
audit: dev ## ask for known holes in the pinned packages; fails where nobody can be asked
	@$(BIN)/python .ci/audit_dependencies.py $(if $(ADVISORIES),--advisories $(ADVISORIES))

.PHONY: format
format: dev ## rewrite the code in the house's form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: dev ## measure speed beside its floor (ARGS="--risks 10000" for the large council)
	@$(BIN)/python -m benchmarks.run $(ARGS)

.PHONY: setup
setup: $(VENV)/.production assets ## make .venv, install the pinned packages, prepare fonts and browser files

.PHONY: dev
dev: $(VENV)/.dev assets

.PHONY: lock
lock: $(VENV)/.made ## choose versions anew from pyproject.toml and package.json
	@$(compile) pyproject.toml -o requirements.lock
	@$(compile) pyproject.toml --extra dev -c requirements.lock -o requirements-dev.lock
	@$(compile) --group setup -o requirements-setup.lock
	@$(compile) --group assets -o requirements-assets.lock
	@if command -v npm >/dev/null; then npm install --package-lock-only --ignore-scripts --silent; \
		else echo "No npm here: package-lock.json stays as it is."; fi
	@if grep -n '://' $(LOCKS) || grep -n '"resolved"' package-lock.json; then \
		echo "An address got into a lock."; exit 1; fi

compile = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock"

.PHONY: clean
clean: ## remove all that set-up and tests made (never the data in instance/)
	@rm -rf $(VENV) .build riskapp/web/static/vendor *.egg-info .coverage
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +


# What can go wrong before anything is installed, each in one line.
.PHONY: ground
ground:
	@{ mkdir -p .build && touch .build/.writable && { [ ! -e $(VENV) ] || [ -w $(VENV) ]; }; } 2>/dev/null || \
		{ echo "$$(id -un) cannot write in $(CURDIR): make the folder writable, or copy riskapp to one that is." >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null 2>&1 || \
		{ echo "$(PYTHON) was not found. riskapp needs Python 3.11 or newer: sudo apt-get install python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$$($(PYTHON) --version) is too old: riskapp needs 3.11 or newer (make PYTHON=python3.11 ... names another)." >&2; exit 1; }

.PHONY: again
again:

$(VENV)/.made: $(if $(venv_is_sound),,again) | ground
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/install-from-debian python3-venv
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) $(call or_say,$(VENV) could not be made.)
	@$(BIN)/python -m pip install --require-hashes --only-binary :all: -r requirements-setup.lock >.build/setup.log 2>&1 || \
		echo "uv could not be installed: pip, which is slower, takes its place."
	@echo "$(CURDIR)" >"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/riskapp.pth"
	@cp requirements-setup.lock $(VENV)/.made-with
	@echo "$(CURDIR)" >$@

# $(call install,lock): exactly the lock's packages, each a wheel with a known hash.
install = echo "Installing $(1)"; \
	{ $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --only-binary :all: $(1) || \
	$(BIN)/python -m pip install --require-hashes --only-binary :all: -r $(1); } \
	$(call or_say,The packages of $(1) could not be fetched: check the network and its proxy.)

# The development lock holds the whole production lock, so either satisfies `make run`.
$(VENV)/.production: requirements.lock $(VENV)/.made
	@if [ -e $(VENV)/.dev ]; then $(call install,requirements-dev.lock); touch $(VENV)/.dev; \
		else $(call install,requirements.lock); fi
	@touch $@

$(VENV)/.dev: requirements.lock requirements-dev.lock $(VENV)/.made
	@$(call install,requirements-dev.lock)
	@touch $(VENV)/.production $@

.PHONY: assets
assets: $(VENV)/.made
	@$(BIN)/python -m riskapp.web.build_assets
