# All commands of this repository. They need only CPython 3.11 or newer and make, unless their help text names more.
# PYTHON=… selects the interpreter.
PYTHON ?= python3
STACK ?= ai-integrations
BIN := .venv/bin
# Python compiles the modules that it imports; pip would compile all of them.
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile
INSTALL := $(BIN)/python $(PIP_INSTALL)
# A number that the caller may choose, with its default.
number = $(if $(shell printf '%s' '$(or $($(1)),$(2))' | grep -xE '[1-9][0-9]*'),$(or $($(1)),$(2)),$(error \
	$(1) must be a whole number from 1 on, for example: make $@ $(1)=$(2)))
# Create a virtual environment, also where an earlier try failed before it installed pip.
make_venv = test -x $(1)/bin/pip || $(PYTHON) -m venv $(1)
.DEFAULT_GOAL := help
# Every target with a help text.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## show this list
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' \
		$(firstword $(MAKEFILE_LIST))

# Commands that handle credentials need nothing but what pip checks against the hashes in requirements/ and layers/.
.venv/local: requirements/local.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CPython 3.11 or newer is needed: make PYTHON=python3.13 …")'
	@echo "Installing the dependencies of the local stack into .venv …" >&2
	@$(call make_venv,.venv)
	@$(INSTALL) --no-deps --require-hashes --requirement $<
	@touch $@

.venv/dev: .venv/local pyproject.toml
	@echo "Installing the development tools into .venv …"
	@$(INSTALL) --editable '.[dev]'
	@touch $@

##@ Run

local: .venv/local ## run the whole service here, until Ctrl-C (PORT=4570)
	@exec $(BIN)/python -m tools.local up

access-key: .venv/local ## issue a local access key: ACCOUNT=… USER=… ROLE=…
	@$(BIN)/python -m tools.local access-key --account "$$ACCOUNT" --role "$$ROLE" --memberships "$$MEMBERSHIPS" \
		--user "$(if $(findstring command line,$(origin USER)),$$USER)" # every shell sets USER: only one on the command line counts

local-reset: .venv/local ## delete the data of the local stack
	@$(BIN)/python -m tools.local reset

containers: .venv/local ## let containers of `sam local` reach the local stack
	@exec $(BIN)/python -m tools.local containers

seeds: .venv/dev ## create the data of events/ on the local stack (EMPTY=1)
	@$(BIN)/python -m tests.seeds $(if $(EMPTY),empty)

##@ Change the code

check: lint test ## run everything that a change must pass

.venv/client: .venv/local requirements/client.txt tests/stack/clients/releases.py
	@$(BIN)/python -m tests.stack.clients.releases always
	@touch $@

.venv-schemathesis/installed: tests/stack/schemathesis/requirements.txt .venv/local
	@echo "Installing schemathesis into .venv-schemathesis …"
	@$(call make_venv,$(@D))
	@$(@D)/bin/python $(PIP_INSTALL) --requirement $<
	@touch $@

# Four processes at most: more would wait for the one that runs the tests of the shared stack.
test: .venv/dev .venv/client .venv-schemathesis/installed ## run the tests, in about seven minutes (WORKERS=0)
	$(BIN)/python -m pytest -n $(or $(WORKERS),auto) --maxprocesses=4 --cov --cov-report=term --ignore=tests/sam_local
	@echo "Not run: tests/sam_local, which needs Docker and the SAM CLI: make sam-local"

lint: lint-types lint-code lint-text ## check format, types, imports, wording and template

.PHONY: lint-types lint-code lint-text
lint-types: .venv/dev
	$(BIN)/mypy

lint-code: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PYTHONPATH=layers/client $(BIN)/lint-imports
	$(BIN)/cfn-lint template.yaml docs/examples/*.yaml
	$(BIN)/python -m tools.apidoc check
	$(BIN)/python -m tools.apidoc check-schemas

lint-text: .venv/dev
	$(BIN)/python -m pytest -q tests/text

format: .venv/dev ## format and fix the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: .venv/dev ## generate the OpenAPI document from the code
	$(BIN)/python -m tools.apidoc write

schemas: .venv/dev ## generate the event schemas from the code
	$(BIN)/python -m tools.apidoc write-schemas

permissions: .venv/dev ## list the permissions in docs/, compare with their use
	$(BIN)/python -m tests.iam
	$(BIN)/python -m pytest tests/stack/test_permissions.py -q -rP

clean: ## delete everything that is not in the repository
	rm -rf .bench .venv .venv-* build .local .aws-sam .coverage* .mypy_cache .pytest_cache .ruff_cache

##@ Long checks, which take minutes to hours

faults: .venv/dev ## fail every AWS call of every use case in every way
	$(BIN)/python -m pytest tests/faults -m '' -q

kills: .venv/dev ## kill functions while clients write (OPERATIONS=2000)
	KILL_OPERATIONS=$(call number,OPERATIONS,2000) $(BIN)/python -m pytest tests/stack/test_kills.py -s

audit-log: .venv/dev ## compare the audit log with the table (OPERATIONS=2000)
	AUDIT_OPERATIONS=$(call number,OPERATIONS,2000) $(BIN)/python -m pytest tests/faults/test_audit_log.py -s

races: .venv/dev ## let 64 callers race for one name (ROUNDS=200)
	RACE_ROUNDS=$(call number,ROUNDS,200) $(BIN)/python -m pytest tests/stack/test_races.py -s

concurrency: .venv/dev ## write to one integration concurrently (ROUNDS=200)
	CONCURRENT_ROUNDS=$(call number,ROUNDS,200) $(BIN)/python -m pytest tests/stack/test_concurrency.py -s

ledger: .venv/dev ## record uses from four processes (RESOLVES=10000)
	LEDGER_RESOLVES=$(call number,RESOLVES,10000) $(BIN)/python -m pytest tests/contract/test_ledger_of_many_workers.py -s

bad-requests: .venv/dev ## send invalid requests to the API (CASES=20000)
	BAD_REQUESTS=$(call number,CASES,20000) $(BIN)/python -m pytest tests/handlers/test_bad_requests.py tests/stack/test_bad_requests.py

schemathesis: .venv/dev .venv-schemathesis/installed ## send requests generated from OpenAPI (CASES=5000)
	SCHEMATHESIS_CASES=$(call number,CASES,5000) $(BIN)/python -m pytest tests/stack/test_schemathesis.py -s

clients: .venv/dev ## test every supported official client (needs Node.js)
	$(BIN)/python -m tests.stack.clients.releases
	$(BIN)/python -m pytest tests/stack/test_official_clients.py -m '' -rP

.venv-consumers/%/installed: tests/stack/consumers/requirements-%.txt $(wildcard layers/client/*.toml layers/client/*/*.py layers/client/*/*/*.py)
	@echo "Installing the libraries of providers ($*) into .venv-consumers/$* …"
	@$(call make_venv,$(@D))
	@.venv-consumers/$*/bin/python $(PIP_INSTALL) --requirement $< ./layers/client
	@touch $@

consumers: .venv/dev $(patsubst %,.venv-consumers/%/installed,oldest newest federation) ## test the adapters with the libraries of providers
	$(BIN)/python -m pytest tests/stack/test_consumers.py tests/stack/test_consumer_requests.py tests/stack/test_rotation_under_load.py \
		tests/unit/test_token_requests.py -m consumers -rP

provider: .venv/dev ## test connections to a real server (downloads 700 MB)
	$(BIN)/python -m tests.connection.real_provider
	$(BIN)/python -m pytest tests/connection/test_real_provider.py -m provider

.venv-mutants/installed: pyproject.toml layers/dependencies/requirements.txt
	@echo "Installing mutmut and the development tools into .venv-mutants …"
	@$(call make_venv,$(@D))
	@$(@D)/bin/python $(PIP_INSTALL) --requirement layers/dependencies/requirements.txt
	@$(@D)/bin/python $(PIP_INSTALL) --editable '.[dev]' mutmut==3.8.1
	@touch $@

mutants: .venv-mutants/installed ## change code, expect failing tests (PACKAGE=domain)
	@nice -n 10 .venv-mutants/bin/python -m tools.mutants $(PACKAGE)

pages: .venv/dev ## test both pages in a browser (needs Chromium, Node.js)
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix .venv-browser playwright-core@1.65.1 axe-core@4.14.1
	$(BIN)/python -m pytest tests/stack/test_docs_page.py tests/stack/test_console.py tests/stack/test_console_faults.py -m browser -s

regexes: .venv/dev ## find slow regular expressions (needs Node.js)
	@npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional --prefix .venv-recheck recheck@4.5.0
	$(BIN)/python -m pytest tests/regexes -m ''

sam-local: .venv/dev ## test with `sam local` (needs Docker and the SAM CLI)
	@$(BIN)/python -m tests.sam_local.prerequisites
	$(BIN)/python -m pytest tests/sam_local

bench: .venv/dev ## measure performance (needs valgrind, wrk; SECTIONS=…)
	@$(BIN)/python -m tests.benchmarks $(SECTIONS)

# Large tools, and tools with many dependencies, have environments of their own.
.venv-checkov/ready: Makefile
	@$(call make_venv,$(@D))
	@.venv-checkov/bin/python $(PIP_INSTALL) checkov==3.3.30
	@touch $@

checkov: .venv/dev .venv-checkov/ready ## check the template with checkov
	@# As JSON, because checkov's YAML parser rejects a key that replaces a merged one.
	@mkdir -p build
	@$(BIN)/python -c 'import json, pathlib; from tools.local.template import load; pathlib.Path("build/template.json").write_text(json.dumps(load(pathlib.Path("template.yaml")), indent=1))'
	@.venv-checkov/bin/checkov --config-file .checkov.yaml --file build/template.json

##@ Release

openapi-release: .venv/dev ## record the OpenAPI document as the new baseline
	$(BIN)/python -m tools.apidoc release

COMPILE := .venv-supply/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

lock: .venv-supply/ready ## pin all dependencies, with hashes for every platform
	@cd layers/dependencies && ../../$(COMPILE) requirements.in --output-file requirements.txt
	@$(COMPILE) pyproject.toml --extra local --constraint layers/dependencies/requirements.txt --output-file requirements/local.txt
	@$(COMPILE) requirements/client.in --output-file requirements/client.txt
	@$(COMPILE) requirements/sam-cli.in --output-file requirements/sam-cli.txt

.venv-supply/ready: Makefile
	@$(call make_venv,$(@D))
	@.venv-supply/bin/python $(PIP_INSTALL) cyclonedx-bom==7.5.0 pip-audit==2.10.1 uv==0.13.9
	@touch $@

audit: .venv-supply/ready ## check the dependencies for known vulnerabilities
	@mkdir -p build
	@# Without --strict, the command succeeds although some packages could not be audited.
	@.venv-supply/bin/pip-audit --strict --requirement layers/dependencies/requirements.txt --require-hashes --disable-pip \
		>build/audit.log 2>&1 && cat build/audit.log || { tail -n 3 build/audit.log; \
			! grep -q 'ConnectionError\|could not be audited\|not found on PyPI' build/audit.log \
			|| echo 'The vulnerability service did not respond: nothing was audited.'; exit 1; } >&2

sbom: .venv-supply/ready ## list the contents of the layers: build/sbom.json
	@mkdir -p build
	@.venv-supply/bin/cyclonedx-py requirements layers/dependencies/requirements.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file build/sbom.json
	@echo build/sbom.json

##@ Operate a stack (STACK=ai-integrations)

smoke: .venv/client ## try a deployment with the official client: URL=… KEY=…
	@AI_INTEGRATIONS_URL="$$URL" AI_INTEGRATIONS_API_KEY="$$KEY" \
		"$$($(BIN)/python -c 'from tests.stack.clients.releases import ALWAYS; print(ALWAYS.folder)')/bin/python" tests/smoke/lifecycle.py

outputs: .venv/local ## print the outputs of a stack as shell assignments
	@$(BIN)/python -m tools.operations outputs --stack '$(STACK)'

dead-requests: .venv/local ## list the requests by event that failed
	@$(BIN)/python -m tools.operations dead-requests --stack '$(STACK)'

replay-requests: .venv/local ## move these requests back into their queue
	@$(BIN)/python -m tools.operations replay-requests --stack '$(STACK)'

replay-changes: .venv/local ## publish the changes again that were not published
	@$(BIN)/python -m tools.operations replay-changes --stack '$(STACK)'

sweep-findings: .venv/local ## show what the sweep would remove
	@$(BIN)/python -m tools.operations sweep-findings --stack '$(STACK)'

confirm-sweep: .venv/local ## allow the sweep a number of removals: REMOVALS=…
	@$(BIN)/python -m tools.operations confirm-sweep --stack '$(STACK)' --removals "$$REMOVALS"
