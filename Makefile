# Everything a person runs. Needs CPython 3.11 or newer, make, and nothing else; PYTHON=… chooses the interpreter.
PYTHON ?= python3
STACK ?= ai-integrations
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.venv/local: pyproject.toml layers/dependencies/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "CPython 3.11 or newer is needed: make PYTHON=python3.13 …")'
	@echo "Installing what the local stack runs on into .venv …" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["local"], sep="\n")' >.venv/local.txt
	@$(INSTALL) --no-compile --requirement layers/dependencies/requirements.txt # apart: its digests are compared
	@$(INSTALL) --no-compile --requirement .venv/local.txt
	@touch $@

.venv/dev: .venv/local
	@echo "Installing the development tools into .venv …"
	@$(INSTALL) --editable '.[dev]'
	@touch $@

local: .venv/local ## run the whole service here, until Ctrl-C (PORT=4570)
	@exec $(BIN)/python -m tools.local up

.PHONY: containers
containers: .venv/local ## let containers, such as those of `sam local`, reach the running local stack, until Ctrl-C
	@exec $(BIN)/python -m tools.local containers

local-reset: .venv/local ## empty the data of the local stack
	@$(BIN)/python -m tools.local reset

access-key: .venv/local ## issue one more key on the running local stack: ACCOUNT=… USER=… ROLE=admin|member|reader [MEMBERSHIPS='[…]']
	@$(BIN)/python -m tools.local access-key --account "$$ACCOUNT" --role "$$ROLE" --memberships "$$MEMBERSHIPS" \
		--user "$(if $(findstring command line,$(origin USER)),$$USER)" # every shell has a USER: only one given here counts

dead-requests: .venv/local ## the requests by event that could not be carried out: STACK=ai-integrations
	@$(BIN)/python -m tools.operations dead-requests --stack '$(STACK)'

replay-requests: .venv/local ## try them again: STACK=ai-integrations
	@$(BIN)/python -m tools.operations replay-requests --stack '$(STACK)'

.venv/client: .venv/dev tests/stack/clients/releases.py
	@$(BIN)/python -m tests.stack.clients.releases always
	@touch $@

.venv-schemathesis/installed: tests/stack/schemathesis/requirements.txt .venv/local
	@echo "Installing schemathesis into .venv-schemathesis …"
	@test -x $(@D)/bin/python || $(BIN)/python -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# More than four processes gain nothing: one of them has all tests of the stack, and the others end before it.
test: .venv/dev .venv/client .venv-schemathesis/installed ## every test that needs no Docker, with branch coverage (WORKERS=0: in one process)
	$(BIN)/python -m pytest -n $(or $(WORKERS),auto) --maxprocesses=4 --cov --cov-report=term --ignore=tests/sam_local
	@echo "Not run: tests/sam_local, which needs Docker and the SAM CLI: make sam-local"

clients: .venv/dev ## the stack with all releases of the official clients that must work (Node.js for two of them)
	$(BIN)/python -m tests.stack.clients.releases
	$(BIN)/python -m pytest tests/stack/test_official_clients.py -m '' -rP

faults: .venv/dev ## every use case with every call of it failing in every way (minutes)
	$(BIN)/python -m pytest tests/faults -m '' -q

races: .venv/dev ## 64 callers racing for one name on the stack, time and again (ROUNDS=200)
	RACE_ROUNDS=$(or $(ROUNDS),200) $(BIN)/python -m pytest tests/stack/test_races.py -s

kills: .venv/dev ## functions killed at any moment while clients write on the stack (OPERATIONS=2000)
	KILL_OPERATIONS=$(or $(OPERATIONS),2000) $(BIN)/python -m pytest tests/stack/test_kills.py -s

bad-requests: .venv/dev ## requests that are wrong in any way, one in ten of them through the gateway (CASES=20000)
	BAD_REQUESTS=$(or $(CASES),20000) $(BIN)/python -m pytest tests/handlers/test_bad_requests.py tests/stack/test_bad_requests.py

concurrency: .venv/dev ## writes of one integration at the same moment on the stack, time and again (ROUNDS=200)
	CONCURRENT_ROUNDS=$(or $(ROUNDS),200) $(BIN)/python -m pytest tests/stack/test_concurrency.py -s

schemathesis: .venv/dev .venv-schemathesis/installed ## the stack with many requests that its API document allows and forbids (CASES=5000)
	SCHEMATHESIS_CASES=$(or $(CASES),5000) $(BIN)/python -m pytest tests/stack/test_schemathesis.py -s

provider: .venv/dev ## connection tests against a real OpenAI-protocol server (700 MB)
	$(BIN)/python -m tests.connection.real_provider
	$(BIN)/python -m pytest tests/connection/test_real_provider.py -m provider

docs-page: .venv/dev ## the page /v2/docs in a real browser (Chromium and Node.js)
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix .venv-browser playwright-core@1.65.1
	$(BIN)/python -m pytest tests/stack/test_docs_page.py -m browser

.venv-consumers/installed: tests/stack/consumers/requirements.txt $(wildcard layers/client/*.toml layers/client/*/*.py)
	@echo "Installing the libraries of providers into .venv-consumers …"
	@test -x .venv-consumers/bin/python || $(PYTHON) -m venv .venv-consumers
	@.venv-consumers/bin/python -m pip install --quiet --disable-pip-version-check --requirement $< ./layers/client
	@touch $@

consumers: .venv/dev .venv-consumers/installed ## from an integration to a completion, by the libraries of providers
	$(BIN)/python -m pytest tests/stack/test_consumers.py tests/stack/test_rotation_under_load.py -m consumers -rP

.PHONY: sam-local smoke
sam-local: .venv/dev ## every event and the whole API through `sam local`; needs Docker and the SAM CLI
	@$(BIN)/python -m tests.sam_local.prerequisites
	$(BIN)/python -m pytest tests/sam_local

smoke: .venv/client ## one integration's life by the official client, on any deployment: URL=… KEY=…
	@AI_INTEGRATIONS_URL="$$URL" AI_INTEGRATIONS_API_KEY="$$KEY" \
		"$$($(BIN)/python -c 'from tests.stack.clients.releases import ALWAYS; print(ALWAYS.folder)')/bin/python" tests/smoke/walk.py

lint: .venv/dev ## format, lint, types, template, API document, schemas of events
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PYTHONPATH=layers/client $(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml docs/examples/*.yaml
	$(BIN)/python -m tools.apidoc check
	$(BIN)/python -m tools.apidoc check-schemas

openapi: .venv/dev ## write the API document anew from the code
	$(BIN)/python -m tools.apidoc write

schemas: .venv/dev ## write the schemas of events anew from the code
	$(BIN)/python -m tools.apidoc write-schemas

openapi-release: .venv/dev ## hold the next API documents to this one, as part of a release
	$(BIN)/python -m tools.apidoc release

.PHONY: permissions checkov lock audit sbom
permissions: .venv/dev ## what each function is granted and uses, from a walk through everything on a local stack
	$(BIN)/python -m pytest tests/stack/test_grants.py -q -rP

# Tools of these sizes, or that pull in so much, have environments of their own.
.venv-checkov/ready: Makefile
	@$(PYTHON) -m venv .venv-checkov
	@.venv-checkov/bin/python -m pip install --quiet --disable-pip-version-check checkov==3.3.30
	@touch $@

.venv-supply/ready: Makefile
	@$(PYTHON) -m venv .venv-supply
	@.venv-supply/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom==7.5.0 pip-audit==2.10.1 uv==0.13.9
	@touch $@

checkov: .venv/dev .venv-checkov/ready ## the template by the rules of checkov; .checkov.yaml has the reasons of what is left out
	@# As JSON: its reader of YAML takes a key beside a merged one for a second one of the same name.
	@mkdir -p build
	@$(BIN)/python -c 'import json, pathlib; from tools.local.template import load; pathlib.Path("build/template.json").write_text(json.dumps(load(pathlib.Path("template.yaml")), indent=1))'
	@.venv-checkov/bin/checkov --config-file .checkov.yaml --file build/template.json

lock: .venv-supply/ready ## resolve what the functions run on, with the digest of every file for every processor
	@cd layers/dependencies && ../../.venv-supply/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command 'make lock' requirements.in --output-file requirements.txt

audit: .venv-supply/ready ## known vulnerabilities of what the functions run on; asks a service on the internet
	@mkdir -p build
	@# Without --strict it succeeds with packages that the service has said nothing of.
	@.venv-supply/bin/pip-audit --strict --requirement layers/dependencies/requirements.txt --require-hashes --disable-pip \
		>build/audit.log 2>&1 && cat build/audit.log || { tail -n 3 build/audit.log; \
			! grep -q 'ConnectionError\|could not be audited\|not found on PyPI' build/audit.log \
			|| echo 'The service that knows of vulnerabilities gave no answer: nothing has been audited.'; exit 1; } >&2

sbom: .venv-supply/ready ## what the layers bring, as CycloneDX: build/sbom.json
	@mkdir -p build
	@.venv-supply/bin/cyclonedx-py requirements layers/dependencies/requirements.txt --pyproject pyproject.toml \
		--output-reproducible --output-format JSON --output-file build/sbom.json
	@echo build/sbom.json

.PHONY: bench
bench: .venv/dev ## measure, and write docs/performance.md anew; SECTIONS='cold warm' for some of it (needs valgrind and wrk; minutes)
	@$(BIN)/python -m tests.benchmarks $(SECTIONS)

format: .venv/dev ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: lint test ## what CI runs

clean: ## remove everything that is not in the repository
	rm -rf .bench .venv .venv-* build .local .aws-sam .coverage* .mypy_cache .pytest_cache .ruff_cache
