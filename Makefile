# `make` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
TRANSPORT ?=
IMAGE ?= cocite:latest
BENCH := build/bench
NPM_CI := npm ci --prefer-offline --no-fund --no-audit --loglevel=error

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed ## create .venv with pinned, hash-checked dependencies and the cocite command

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "cocite needs Python 3.11 or newer: make setup PYTHON=python3.11" >&2; exit 1; }
	@echo "setting up .venv with all dependencies, pinned and checked by hash: about a minute, and only this once"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "compiling the inner loops: half a minute, and again after they change"
	$(BIN)/python -c 'import cocite.recommender.engine, cocite.recommender.assembly, cocite.recommender.array_checks, cocite.recommender.ranking.forest_sums'
	@touch $@

demo: setup ## related papers for a real paper, through all services; ARGS=--once to exit after printing
	@$(BIN)/cocite up --demo $(ARGS) || [ $$? = 130 ] # Ctrl-C is how it is meant to end

test: setup ## run all tests; ARGS="-k name" to choose, TRANSPORT=native for the servers of that library
	$(BIN)/cocite model pull
	COCITE_TRANSPORT=$(TRANSPORT) $(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check: setup .venv-checkov/.installed ## lint, types, import rules, buf lint, generated code is fresh, manifests fit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python protos/check.py
	$(BIN)/zizmor --offline --no-progress --quiet .github
	$(BIN)/pytest -q tests/k8s/test_overlays.py
	@mkdir -p build/k8s && for overlay in dev prod sentinel; do $(BIN)/kubectl kustomize k8s/overlays/$$overlay >build/k8s/$$overlay.yaml; done
	.venv-checkov/bin/checkov --config-file k8s/checkov.yaml

.venv-checkov/.installed: k8s/checkov.lock
	@echo "setting up .venv-checkov, whose pins are not ours: half a minute, and only this once"
	$(PYTHON) -m venv .venv-checkov
	.venv-checkov/bin/pip install --quiet --disable-pip-version-check --require-hashes -r k8s/checkov.lock
	@touch $@

format: setup ## format the code and apply safe lint fixes
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

chaos: setup ## strike every fault under load and write docs/faults.md, more than an hour on a quiet machine; ARGS="-k redis" for some
	COCITE_TRANSPORT=$(TRANSPORT) $(BIN)/pytest tests/chaos -m chaos $(ARGS) || failed=1; \
	  PYTHONPATH=tests $(BIN)/python -m chaos.harness.page; exit $${failed:-0}

bench: setup ## measure latency, the embedding service and their parts, on a quiet machine; results in build/bench
	@mkdir -p $(BENCH)
	$(BIN)/cocite model pull
	$(BIN)/cocite bench latency --models $(BENCH)/models --json $(BENCH)/latency.json --plot $(BENCH) $(ARGS)
	$(BIN)/cocite bench embedding --windows 6 --seconds 2 --texts 100 --json $(BENCH)/embedding.json --picture $(BENCH)/embedding.svg
	$(BIN)/python tests/load/fold_in.py --json $(BENCH)/fold_in.json
	$(BIN)/python tests/load/index.py --json $(BENCH)/index.json
	COCITE_BUNDLES_DIR=$$(ls -td $(BENCH)/models/synthetic-* | head -1) $(BIN)/python tests/load/assembly.py --json $(BENCH)/assembly.json

sbom: setup ## list all dependencies and their hashes in dist/sbom.cdx.json (CycloneDX), the same every time
	@mkdir -p dist
	@$(BIN)/python -W ignore -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
	  --mc-type application --output-reproducible --of JSON -o dist/sbom.cdx.json

fuzz: setup ## fuzz every parser, 300 s each, two at once; ARGS="--seconds 30 ids" for less; findings in build/fuzz
	PYTHONPATH=tests $(BIN)/python -m fuzz.run $(ARGS)

proto: setup ## regenerate services/cocite/v1 and the OpenAPI document from protos/
	$(BIN)/python protos/generate.py

web: .page-sources ## build the page of the gateway from web/ into services/cocite/gateway/static; needs Node 20 or newer
	npm run --prefix web --silent build

web-check: .page-sources ## the committed page is what its sources make
	npm run --prefix web --silent build -- $(CURDIR)/build/page
	@diff -r build/page services/cocite/gateway/static || { echo "commit what make web makes" >&2; exit 1; }

.page-sources: setup
	@command -v npm >/dev/null || { echo "the page is built with Node 20 or newer: install nodejs and npm" >&2; exit 1; }
	$(NPM_CI) --prefix web
	$(BIN)/python web/tools/generate.py
	npm run --prefix web --silent check

test-browser: web extension ## test the page and the extension in real browsers: needs Node, chromium and firefox-esr
	$(NPM_CI) --prefix tests/browser
	npm test --prefix tests/browser --silent

extension: ## build, test and pack the browser extension for both stores into dist/; needs Node 20 or newer
	@command -v npm >/dev/null || { echo "the extension is built with Node 20 or newer: install nodejs and npm" >&2; exit 1; }
	$(NPM_CI) --prefix extension
	npm run --prefix extension --silent types
	npm run --prefix extension --silent build
	npm run --prefix extension --silent unit
	npm run --prefix extension --silent lint
	@echo "The extension: dist/extension/chrome and dist/extension/firefox, packed" dist/cocite-chrome-*.zip dist/cocite-firefox-*.zip

image: ## build the container image of the last commit with buildah or docker; IMAGE=NAME:TAG, BASE=IMAGE
	image/build $(IMAGE)

test-image: setup ## build the image twice on a base of Debian packages and run a service in it: root, buildah, runc and mmdebstrap
	$(BIN)/pytest tests/image -m image $(ARGS)

lock: setup ## resolve the dependencies anew into requirements.lock
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra all --constraints requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet -o image/requirements.lock
	echo hatchling | $(BIN)/uv pip compile - --constraints requirements.lock --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet -o image/build.lock
	echo checkov | $(BIN)/uv pip compile - --universal --python-version 3.11 \
	  --generate-hashes --no-annotate --no-header --quiet --upgrade -o k8s/checkov.lock

clean: ## remove what builds and tests leave behind; .venv stays
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find services tests protos -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help setup demo test chaos check format bench sbom fuzz proto web web-check test-browser extension image test-image lock clean
.PHONY: .page-sources
