# All commands of this repository. They need only CPython 3.11 or newer and make, unless their help text names more.
# PYTHON=… selects the interpreter.
PYTHON ?= python3
STACK ?= ai-integrations
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
.DEFAULT_GOAL := help
# Every target with a help text.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## show this list
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' \
		$(firstword $(MAKEFILE_LIST))

.venv/local: pyproject.toml layers/dependencies/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CPython 3.11 or newer is needed: make PYTHON=python3.13 …")'
	@echo "Installing the dependencies of the local stack into .venv …" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["local"], sep="\n")' >.venv/local.txt
	@$(INSTALL) --no-compile --requirement layers/dependencies/requirements.txt # separate, because pip verifies its hashes
	@$(INSTALL) --no-compile --requirement .venv/local.txt
	@touch $@

.venv/dev: .venv/local
	@echo "Installing the development tools into .venv …"
	@$(INSTALL) --editable '.[dev]'
	@touch $@

##@ Run

local: .venv/local ## run the whole service on this machine, until Ctrl-C (PORT=4570)
	@exec $(BIN)/python -m tools.local up

access-key: .venv/local ## issue another access key on the running local stack: ACCOUNT=… USER=… ROLE=admin|member|reader [MEMBERSHIPS='[…]']
	@$(BIN)/python -m tools.local access-key --account "$$ACCOUNT" --role "$$ROLE" --memberships "$$MEMBERSHIPS" \
		--user "$(if $(findstring command line,$(origin USER)),$$USER)" # every shell sets USER: only one on the command line counts

local-reset: .venv/local ## delete the data of the local stack
	@$(BIN)/python -m tools.local reset

containers: .venv/local ## make the running local stack reachable from containers, such as those of `sam local`, until Ctrl-C
	@exec $(BIN)/python -m tools.local containers

##@ Test

.venv/client: .venv/dev tests/stack/clients/releases.py
	@$(BIN)/python -m tests.stack.clients.releases always
	@touch $@

.venv-schemathesis/installed: tests/stack/schemathesis/requirements.txt .venv/local
	@echo "Installing schemathesis into .venv-schemathesis …"
	@test -x $(@D)/bin/python || $(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Four processes at most: one of them runs all tests of the stack, and the others finish before it.
test: .venv/dev .venv/client .venv-schemathesis/installed ## run the tests that need no Docker, browser or large download, with branch coverage (WORKERS=0: in one process)
	$(BIN)/python -m pytest -n $(or $(WORKERS),auto) --maxprocesses=4 --cov --cov-report=term --ignore=tests/sam_local
	@echo "Not run: tests/sam_local, which needs Docker and the SAM CLI: make sam-local"

faults: .venv/dev ## fail every AWS call of every use case in every way (takes minutes)
	$(BIN)/python -m pytest tests/faults -m '' -q

kills: .venv/dev ## kill functions at random while clients write (OPERATIONS=2000)
	KILL_OPERATIONS=$(or $(OPERATIONS),2000) $(BIN)/python -m pytest tests/stack/test_kills.py -s

races: .venv/dev ## let 64 callers race for one name (ROUNDS=200)
	RACE_ROUNDS=$(or $(ROUNDS),200) $(BIN)/python -m pytest tests/stack/test_races.py -s

concurrency: .venv/dev ## write to one integration concurrently (ROUNDS=200)
	CONCURRENT_ROUNDS=$(or $(ROUNDS),200) $(BIN)/python -m pytest tests/stack/test_concurrency.py -s

bad-requests: .venv/dev ## fuzz the API with invalid requests, 10 % of them through the gateway (CASES=20000)
	BAD_REQUESTS=$(or $(CASES),20000) $(BIN)/python -m pytest tests/handlers/test_bad_requests.py tests/stack/test_bad_requests.py

schemathesis: .venv/dev .venv-schemathesis/installed ## fuzz the API with requests generated from its OpenAPI document (CASES=5000)
	SCHEMATHESIS_CASES=$(or $(CASES),5000) $(BIN)/python -m pytest tests/stack/test_schemathesis.py -s

clients: .venv/dev ## test all supported releases of the official clients (two of them need Node.js)
	$(BIN)/python -m tests.stack.clients.releases
	$(BIN)/python -m pytest tests/stack/test_official_clients.py -m '' -rP

.venv-consumers/%/installed: tests/stack/consumers/requirements-%.txt $(wildcard layers/client/*.toml layers/client/*/*.py layers/client/*/*/*.py)
	@echo "Installing the $* supported libraries of providers into .venv-consumers/$* …"
	@test -x .venv-consumers/$*/bin/python || $(PYTHON) -m venv .venv-consumers/$*
	@.venv-consumers/$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement $< ./layers/client
	@touch $@

consumers: .venv/dev .venv-consumers/oldest/installed .venv-consumers/newest/installed ## test the adapters with the oldest and newest supported client libraries
	$(BIN)/python -m pytest tests/stack/test_consumers.py tests/stack/test_consumer_requests.py tests/stack/test_rotation_under_load.py -m consumers -rP

provider: .venv/dev ## run connection tests against a real server with the OpenAI protocol (downloads 700 MB)
	$(BIN)/python -m tests.connection.real_provider
	$(BIN)/python -m pytest tests/connection/test_real_provider.py -m provider

docs-page: .venv/dev ## test the page /v2/docs in a real browser (needs Chromium and Node.js)
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix .venv-browser playwright-core@1.65.1 axe-core@4.14.1
	$(BIN)/python -m pytest tests/stack/test_docs_page.py -m browser

sam-local: .venv/dev ## test every event and the whole API with `sam local` (needs Docker and the SAM CLI)
	@$(BIN)/python -m tests.sam_local.prerequisites
	$(BIN)/python -m pytest tests/sam_local

bench: .venv/dev ## measure performance and record the results; SECTIONS='cold warm' selects some (needs valgrind and wrk, takes minutes)
	@$(BIN)/python -m tests.benchmarks $(SECTIONS)

##@ Check

check: lint test ## run everything that a change must pass

lint: .venv/dev ## check format, style, imports, types, wording, template, OpenAPI document and event schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PYTHONPATH=layers/client $(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/text
	$(BIN)/cfn-lint template.yaml docs/examples/*.yaml
	$(BIN)/python -m tools.apidoc check
	$(BIN)/python -m tools.apidoc check-schemas

format: .venv/dev ## format and auto-fix the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

openapi: .venv/dev ## generate the OpenAPI document from the code
	$(BIN)/python -m tools.apidoc write

schemas: .venv/dev ## generate the event schemas from the code
	$(BIN)/python -m tools.apidoc write-schemas

openapi-release: .venv/dev ## record the OpenAPI document as the compatibility baseline (run when releasing)
	$(BIN)/python -m tools.apidoc release

permissions: .venv/dev ## compare the permissions of each function with those it uses on a local stack
	$(BIN)/python -m pytest tests/stack/test_permissions.py -q -rP

# Large tools, and tools with many dependencies, have environments of their own.
.venv-checkov/ready: Makefile
	@$(PYTHON) -m venv .venv-checkov
	@.venv-checkov/bin/python -m pip install --quiet --disable-pip-version-check checkov==3.3.30
	@touch $@

.venv-supply/ready: Makefile
	@$(PYTHON) -m venv .venv-supply
	@.venv-supply/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 pip-audit==2.10.1 uv==0.13.9
	@touch $@

checkov: .venv/dev .venv-checkov/ready ## check the template with checkov; .checkov.yaml lists the skipped checks
	@# As JSON, because checkov's YAML parser rejects a key that replaces a merged one.
	@mkdir -p build
	@$(BIN)/python -c 'import json, pathlib; from tools.local.template import load; pathlib.Path("build/template.json").write_text(json.dumps(load(pathlib.Path("template.yaml")), indent=1))'
	@.venv-checkov/bin/checkov --config-file .checkov.yaml --file build/template.json

lock: .venv-supply/ready ## pin the dependencies layer: requirements.in to requirements.txt, with hashes for every platform
	@cd layers/dependencies && ../../.venv-supply/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command 'make lock' requirements.in --output-file requirements.txt

audit: .venv-supply/ready ## check pinned dependencies for known vulnerabilities (needs network)
	@mkdir -p build
	@# Without --strict, the command succeeds although some packages could not be audited.
	@.venv-supply/bin/pip-audit --strict --requirement layers/dependencies/requirements.txt --require-hashes --disable-pip \
		>build/audit.log 2>&1 && cat build/audit.log || { tail -n 3 build/audit.log; \
			! grep -q 'ConnectionError\|could not be audited\|not found on PyPI' build/audit.log \
			|| echo 'The vulnerability service did not respond: nothing was audited.'; exit 1; } >&2

sbom: .venv-supply/ready ## list the contents of the layers as CycloneDX: build/sbom.json
	@mkdir -p build
	@.venv-supply/bin/cyclonedx-py requirements layers/dependencies/requirements.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file build/sbom.json
	@echo build/sbom.json

clean: ## remove everything that is not in the repository
	rm -rf .bench .venv .venv-* build .local .aws-sam .coverage* .mypy_cache .pytest_cache .ruff_cache

##@ Operate

smoke: .venv/client ## create, use and delete an integration on any deployment with the official client: URL=… KEY=…
	@AI_INTEGRATIONS_URL="$$URL" AI_INTEGRATIONS_API_KEY="$$KEY" \
		"$$($(BIN)/python -c 'from tests.stack.clients.releases import ALWAYS; print(ALWAYS.folder)')/bin/python" tests/smoke/lifecycle.py

outputs: .venv/local ## print the stack's outputs as shell assignments, for `eval` (STACK=ai-integrations)
	@$(BIN)/python -m tools.operations outputs --stack '$(STACK)'

dead-requests: .venv/local ## list the requests in the provisioning dead-letter queue (STACK=ai-integrations)
	@$(BIN)/python -m tools.operations dead-requests --stack '$(STACK)'

replay-requests: .venv/local ## move these requests back into the provisioning queue (STACK=ai-integrations)
	@$(BIN)/python -m tools.operations replay-requests --stack '$(STACK)'
