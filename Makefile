# Everything a person or the CI runs. `make help` lists it.

VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test check static bed bench screenshots clean

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## Open the cockpit (the first time, installs it into .venv)
	@$(BIN)/qd $(ARGS)

test: bed check ## Install the test bed (real engines, with apt), then do everything `check` does

check: static ## Format, lint, types, imports, generated pages, then the tests with branch coverage
	$(BIN)/pytest --cov --cov-report=term:skip-covered $(ARGS)

static: $(VENV)/dev.stamp ## The part of `check` that runs no tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/check-docs $(BIN)/python

bed: $(VENV)/dev.stamp ## Install the engines and tools the tests run against
	scripts/install-bed

bench: $(VENV)/dev.stamp ## Measure, as ratios to a bare Textual app in the same run
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(VENV)/dev.stamp ## Take the pictures of the documentation again
	$(BIN)/python -m benchmarks.screenshots $(ARGS)

clean: ## Remove everything that was made here
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/run.stamp: pyproject.toml
	scripts/make-venv $(VENV)
	@echo "Installing Quarterdeck and what it needs into $(VENV) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml
	scripts/make-venv $(VENV)
	@echo "Installing Quarterdeck with its tests and checks into $(VENV) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $@ $(VENV)/run.stamp
