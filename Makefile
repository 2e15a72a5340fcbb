# Everything a person runs. Needs CPython 3.11 or newer, make, and nothing else; PYTHON=… chooses the interpreter.
PYTHON ?= python3
STACK ?= ai-integrations
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
.DEFAULT_GOAL := help
.PHONY: help local local-reset access-key dead-requests replay-requests test clients consumers lint openapi openapi-release schemas check format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.venv/local: pyproject.toml layers/dependencies/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CPython 3.11 or newer is needed: make PYTHON=python3.13 …")'
	@echo "Installing what the local stack runs on into .venv …" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["local"], sep="\n")' >.venv/local.txt
	@$(INSTALL) --no-compile --requirement .venv/local.txt --requirement layers/dependencies/requirements.txt
	@touch $@

.venv/dev: .venv/local
	@echo "Installing the development tools into .venv …"
	@$(INSTALL) --editable '.[dev]'
	@touch $@

local: .venv/local ## run the whole service here, until Ctrl-C (PORT=4570)
	@exec $(BIN)/python -m local up

local-reset: .venv/local ## empty the data of the local stack
	@$(BIN)/python -m local reset

access-key: .venv/local ## issue one more key on the running local stack: ACCOUNT=… USER=… ROLE=admin|member|reader [MEMBERSHIPS='[…]']
	@$(BIN)/python -m local access-key --account "$$ACCOUNT" --role "$$ROLE" --memberships "$$MEMBERSHIPS" \
		--user "$(if $(findstring command line,$(origin USER)),$$USER)" # every shell has a USER: only one given here counts

dead-requests: .venv/local ## the requests by event that could not be carried out: STACK=ai-integrations
	@$(BIN)/python -m operations dead-requests --stack '$(STACK)'

replay-requests: .venv/local ## try them again: STACK=ai-integrations
	@$(BIN)/python -m operations replay-requests --stack '$(STACK)'

.venv/client: .venv/dev tests/stack/clients/releases.py
	@$(BIN)/python -m tests.stack.clients.releases always
	@touch $@

test: .venv/dev .venv/client ## every test that needs no Docker, with branch coverage
	$(BIN)/python -m pytest --cov --cov-report=term

clients: .venv/dev ## the stack with all releases of the official clients that must work (Node.js for two of them)
	$(BIN)/python -m tests.stack.clients.releases
	$(BIN)/python -m pytest tests/stack/test_official_clients.py -m '' -rP

.venv-consumers/installed: tests/stack/consumers/requirements.txt $(wildcard layers/client/*.toml layers/client/*/*.py)
	@echo "Installing the libraries of providers into .venv-consumers …"
	@test -x .venv-consumers/bin/python || $(PYTHON) -m venv .venv-consumers
	@.venv-consumers/bin/python -m pip install --quiet --disable-pip-version-check --requirement $< ./layers/client
	@touch $@

consumers: .venv/dev .venv-consumers/installed ## from an integration to a completion, by the libraries of providers
	$(BIN)/python -m pytest tests/stack/test_consumers.py tests/stack/test_rotation_under_load.py -m consumers -rP

lint: .venv/dev ## format, lint, types, template, API document, schemas of events
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml docs/examples/*.yaml
	$(BIN)/python -m apidoc check
	$(BIN)/python -m apidoc check-schemas

openapi: .venv/dev ## write the API document anew from the code
	$(BIN)/python -m apidoc write

schemas: .venv/dev ## write the schemas of events anew from the code
	$(BIN)/python -m apidoc write-schemas

openapi-release: .venv/dev ## hold the next API documents to this one, as part of a release
	$(BIN)/python -m apidoc release

format: .venv/dev ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: lint test ## what CI runs

clean: ## remove everything that is not in the repository
	rm -rf .venv .venv-clients .venv-consumers .local .aws-sam .coverage* .mypy_cache .pytest_cache .ruff_cache
