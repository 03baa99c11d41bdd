# Needs Python 3.11 or newer, npm and make; everything else goes into .venv and the user's cache.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --constraint constraints.txt
# In a container one is often root, which Jupyter has to be told.
LAB_OPTIONS ?= $(if $(filter 0,$(shell id -u)),--allow-root)
FETCH := $(BIN)/python -m copilot_magics setup --local
BROWSER := $(BIN)/python tests/browser/chromium.py
RUNTIME ?= $(shell $(BIN)/python -c 'from copilot_magics.runtime.pins import RUNTIME_VERSION as v; print(v)')

# On two cores: most of a test is waiting, for a kernel or a page to start.
IN_THREE := --numprocesses 3 --dist loadfile

# Each kernel that a test starts would compile the whole package again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo lab test test-all lint fuzz bench front screenshots clean lock pins

help:
	@echo 'make demo      hold the quickstart conversation with a local model, and show it'
	@echo 'make lab       open JupyterLab on the notebooks'
	@echo 'make test      lint, types and the tests, in under 20 minutes'
	@echo 'make test-all  the same, with the tests that take longer'
	@echo 'make lint      lint and types alone'
	@echo 'make fuzz      100,000 inputs for each target of tests/fuzz'
	@echo 'make bench     the benchmarks: ratios against the bare parts'
	@echo 'make front     build what the picker loads in the browser, from front/'
	@echo 'make screenshots  take the pictures of the README and the notebooks anew'
	@echo 'make clean     remove .venv, build and the caches in this folder'

demo: .venv/demo.stamp
	$(FETCH)
	$(BIN)/python notebooks/demo.py

lab: .venv/demo.stamp
	$(FETCH)
	$(BIN)/jupyter lab $(LAB_OPTIONS) notebooks/quickstart.ipynb

test: lint
	$(FETCH)
	$(BROWSER)
	$(BIN)/python -m pytest $(IN_THREE) -m 'not slow'

test-all: lint
	$(FETCH)
	$(BROWSER)
	$(BIN)/python -m pytest $(IN_THREE)

lint: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Hypothesis reports the smallest input of whatever it finds; atheris has no wheels for some Pythons.
fuzz: .venv/test.stamp
	COPILOT_MAGICS_FUZZ=100000 $(BIN)/python -m pytest $(IN_THREE) --timeout 7200 tests/fuzz
	if $(PIP) --only-binary :all: atheris==3.0.0; then \
	  $(BIN)/python tests/fuzz/guided.py journals 100000 && \
	  $(BIN)/python tests/fuzz/guided.py patterns 100000; \
	else echo 'atheris does not install here: hypothesis alone has been run'; fi

bench: .venv/test.stamp
	$(FETCH)
	$(BIN)/python benchmarks/load_ext.py
	$(BIN)/python benchmarks/prompt.py
	$(BIN)/python benchmarks/stream.py
	$(BIN)/python benchmarks/kernel_tools.py
	$(BIN)/python benchmarks/load.py
	$(BIN)/python benchmarks/listing.py
	$(BIN)/python benchmarks/transcripts.py
	$(BIN)/python benchmarks/dataset.py
	$(BIN)/python benchmarks/mentions.py
	$(BROWSER)
	PYTHONPATH=tests $(BIN)/python benchmarks/picker.py

screenshots: .venv/test.stamp
	$(FETCH)
	$(BROWSER)
	PYTHONPATH=tests $(BIN)/python docs/screenshots.py

front:
	cd front && npm ci && npm run check && npm run build

clean:
	rm -rf .venv artifacts build dist front/node_modules .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are written last: what was interrupted is done again, what is done is not.
.venv/base.stamp: constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) hatchling editables
	@touch $@

.venv/demo.stamp: .venv/base.stamp pyproject.toml
	$(PIP) --no-build-isolation --editable '.[examples]'
	@touch $@

.venv/test.stamp: .venv/base.stamp pyproject.toml
	$(PIP) --no-build-isolation --editable '.[test]'
	@touch $@ .venv/demo.stamp

# The SDK is held at the version that matches the newest runtime npm has.
lock: .venv/test.stamp
	printf 'hatchling\neditables\ngithub-copilot-sdk==1.0.25\n' | \
	  $(BIN)/uv pip compile --universal --all-extras --python-version 3.11 --no-annotate \
	  --custom-compile-command 'make lock' --output-file constraints.txt - pyproject.toml

# Prints the entries of copilot_magics/runtime/pins.py, e.g. `make pins RUNTIME=1.0.103`.
pins: .venv/test.stamp
	$(BIN)/python .ci/pins $(RUNTIME)
