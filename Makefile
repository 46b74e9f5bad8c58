# Everything here makes its own environment in .venv first: nothing but Python 3.11+ and a package registry is needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-all check format bench clean

demo: $(VENV)/.core  ## the main job on a real video, pictures in out/
	$(BIN)/gaitheat demo

# Tests that train networks have processes of their own: in one process with all other libraries, one of them
# was seen to die in a later test that has nothing to do with networks.
TRAINING := tests/networks tests/training tests/test_losses.py tests/test_network_embeddings.py tests/test_export.py tests/test_pretrained.py
PYTEST := $(BIN)/python -m pytest --numprocesses auto --dist loadfile

test: $(VENV)/.dev  ## the fast tests
	$(PYTEST) -m "not slow" $(TRAINING:%=--ignore=%)
	$(PYTEST) -m "not slow" $(TRAINING)

test-all: $(VENV)/.hub  ## all tests: many kills, full matrices, the hub's estimators, a local Ray, a look-alike of S3
	$(PYTEST) $(TRAINING:%=--ignore=%)
	$(PYTEST) $(TRAINING)

check: $(VENV)/.dev  ## the gate: format, lint, types, import floors, spelling, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell src tests docs benchmarks tools README.md CONTRIBUTING.md CHANGELOG.md
	$(MAKE) test

format: $(VENV)/.dev  ## mend format and imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## speed and size, measured side by side in one run
	$(BIN)/python benchmarks/extract.py

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.core: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable .
	@touch $@

# PyTorch first and alone: other packages would pull another build of it.
$(VENV)/.dev: $(VENV)/.core
	$(INSTALL) torch
	$(INSTALL) --editable ".[dev]"
	@touch $@

$(VENV)/.hub: $(VENV)/.dev
	$(INSTALL) --editable ".[dev,hub,ray,s3,app,browser]"
	@touch $@
