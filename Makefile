# `make demo` and `make test` need git, make and Python 3.11+; everything else comes from PyPI.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --quiet --no-sync

# Behind a proxy that signs for itself, the system knows the proxy's certificate and uv does not.
export UV_SYSTEM_CERTS ?= 1

.PHONY: help setup demo test lint check conformance fuzz agree az bench docs site clean
help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.tools/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "auditor needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv .tools \
	  || { echo "python3 cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }
	@.tools/bin/python -m pip --quiet --disable-pip-version-check install 'uv>=0.9'

setup: $(UV) ## install everything into .venv
	@$(UV) sync --quiet --locked
	@$(RUN) python -m compileall -q auditor rules reports
	@env -u PYTHONDONTWRITEBYTECODE $(RUN) auditor check fixtures/estates/docker-to-aks > /dev/null # compiles libraries

demo: setup ## audit a shipped estate, findings and all
	@$(RUN) auditor check fixtures/estates/docker-to-aks-broken --as-of 2026-11-23 || test $$? -eq 1

test: setup ## the whole suite, offline
	@$(RUN) pytest -q -n auto --dist worksteal

lint: setup ## style, types, import contracts
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports

check: test lint ## what CI runs

conformance: setup ## load every recorded file of the corpus, by shape
	@$(RUN) python -m tests.conformance

fuzz: setup ## 20,000 spoilt exports through whole audits
	@$(RUN) python -m tests.fuzz --mutants 20000

agree: setup ## sets of packets against the replay, over 2,000 random estates
	@$(RUN) python -m tests.agreement --estates 2000

az: setup ## the real Azure CLI (AZ=path of az) reads the stand-in of Azure; see tests/az.py
	@$(RUN) python -m tests.az

bench: setup ## time and memory; see bench/README.md
	@$(RUN) python -m bench

docs: setup ## write the generated pages of docs/
	@$(RUN) python -m docs.generate

site: setup ## the rules as one page to publish, build/rules.html
	@mkdir -p build
	@$(RUN) auditor rules --report html > build/rules.html
	@echo build/rules.html

clean: ## remove what the targets above made
	rm -rf .venv .tools build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
