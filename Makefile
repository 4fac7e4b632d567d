# `make help` says what there is. Nothing needs to be installed by hand beside Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --no-deps --require-hashes --progress-bar off
export FLASK_APP := groupvisits

.PHONY: help setup setup-dev demo rehearse run migrate test test-sqlite test-postgresql test-browser check format translations soak bench screenshots lock clean
.DEFAULT_GOAL := help

help:  ## what each command does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "make %-16s %s\n", $$1, $$2}'

$(VENV)/runtime: requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --no-compile -r requirements.lock
	@touch $@

$(VENV)/development: requirements-dev.lock $(VENV)/runtime
	@$(PIP) -r requirements-dev.lock
	@touch $@

setup: $(VENV)/runtime  ## the set-up alone, into .venv

setup-dev: $(VENV)/development  ## what tests and checks need, too

demo: setup  ## a practice clinic with a visit live now, and its server (BOTS=1: simulated participants)
	@export INSTANCE="$${INSTANCE:-instance/demo}" HOST="$${HOST:-0.0.0.0}"; \
	$(BIN)/flask demo && { $(if $(BOTS),$(BIN)/flask rehearse --minutes 20 & )echo "The server writes its log to $$INSTANCE/server.log. Stop it with Ctrl+C."; exec $(BIN)/python run.py 2>>"$$INSTANCE/server.log"; }

rehearse: setup  ## simulated people play a visit in the running demo (LEAD=1: a simulated facilitator, too; MINUTES=10 SPEED=1 QUESTIONS=file)
	@export INSTANCE="$${INSTANCE:-instance/demo}" HOST="$${HOST:-0.0.0.0}"; \
	$(BIN)/flask rehearse $(if $(LEAD),--lead) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SPEED),--speed $(SPEED)) $(if $(QUESTIONS),--questions "$(QUESTIONS)")

run: setup migrate  ## an empty installation; the first visit leads an administrator through set-up
	@$(BIN)/python run.py

migrate: setup  ## bring the database up to date
	@$(BIN)/flask db upgrade

test: test-sqlite test-postgresql test-browser  ## every test, on both databases and in the browser

test-sqlite: setup-dev
	$(BIN)/python -m pytest -n 2 -m "not browser" tests

test-postgresql: setup-dev
	$(BIN)/python -m pytest -n 2 -m "not browser" --database postgresql tests

test-browser: setup-dev
	$(BIN)/python -m pytest -m browser tests

check: setup-dev  ## lint, types, architecture, templates, vendored files, catalogues
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python scripts/vendor.py --check
	$(BIN)/python scripts/translations.py --check
	$(BIN)/python scripts/permissions.py --check

format: setup-dev  ## put code and templates into their usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: setup-dev  ## collect texts into the catalogues and compile them
	$(BIN)/python scripts/translations.py

soak: setup-dev  ## 10,000 random rooms (SEQUENCES=10000), about half an hour: nothing is lost and every screen comes right
	SEQUENCES=$${SEQUENCES:-10000} $(BIN)/python -m pytest -q -s -p no:logging tests/live/test_room_machine.py -k whatever

bench: setup-dev  ## how long pages, plans and imports take in a clinic of 5,000 patients, what the advice on inviting is worth, what the live room carries
	@failed=0; for file in bench/[a-z]*.py; do name=$$(basename $$file .py); [ $$name = table ] || { echo "== $$name"; $(BIN)/python -m bench.$$name || failed=1; }; done; exit $$failed

screenshots: setup-dev  ## make the pictures in docs/pictures anew
	$(BIN)/python scripts/screenshots.py

lock:  ## pin the dependencies anew (needs uv)
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra scale --extra pdf --group dev pyproject.toml -c requirements.lock -o requirements-dev.lock

clean:  ## remove what can be made again (never the instance folder)
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache test-results
