# causalgreen: `make demo` and `make test` need only Python >= 3.11 < 3.14 and make.
# Another interpreter: make demo PYTHON=/path/to/python3.12

SHELL  := /bin/sh
VENV   ?= .venv
PYTHON ?= $(shell sh tools/find_python.sh 3.13 3.12 3.11)
BIN    := $(VENV)/bin
PY     := $(BIN)/python
# the versions to install; test-lowest and test-newest name others
CONSTRAINTS ?= constraints.txt
PIP    := $(PY) -m pip --disable-pip-version-check install --quiet -c $(CONSTRAINTS)
# compiled once here: imports are 3 to 4 times slower where Python may not write bytecode itself
COMPILE = env -u PYTHONDONTWRITEBYTECODE $(PY) -m compileall -qq -j 0 \
          "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" causalgreen || true

OUT         ?= demo-output
PYTEST_ARGS ?= -n auto -m "not slow"
QUICK       ?= tests/test_project.py tests/test_tables.py tests/test_report.py tests/test_cli.py \
               tests/test_attacks.py tests/test_parity_pyfixest.py tests/test_paths_cases.py
# what a change of versions has broken so far, or would: each door to another package
VERSIONS    ?= $(QUICK) tests/test_packaging.py tests/test_panel.py tests/test_data_read.py \
               tests/test_graph.py tests/test_learners.py tests/test_boosting.py tests/test_effects.py \
               tests/test_surface.py tests/test_parity_econml.py tests/test_explain_shapley.py \
               tests/test_falsify_base.py tests/test_falsify_graph.py tests/test_falsify_refute.py
WORKERS     ?= auto
# one thread per process: threads inside threads are 5 to 17 times slower on a busy machine
THREADS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
LOCKED  := pyproject.toml $(filter-out /dev/null,$(CONSTRAINTS))
LOWEST  := build/lowest.txt

.DEFAULT_GOAL := help
.PHONY: help demo test test-313 test-lowest test-newest test-wheel check format bench bench-full docs \
        notebooks dist lock clean
.DELETE_ON_ERROR:

help: ## show this list
	@echo "causalgreen: from a firm panel and a causal graph to the effects of four paths"
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.stamp-demo ## a simulated economy, four paths, a report page (OUT=folder)
	$(BIN)/causalgreen demo --out $(OUT) --force

test: $(VENV)/.stamp-test ## the tests, but not the slow ones (PYTEST_ARGS=...)
	$(THREADS) $(PY) -m pytest $(PYTEST_ARGS)

test-313: ## the quick part of the tests on Python 3.13, in an environment of its own
	@python313="$$(sh tools/find_python.sh 3.13)" || { \
	    echo "make test-313: no working Python 3.13 found" >&2; exit 1; }; \
	$(MAKE) --no-print-directory test VENV=.venv-313 PYTHON="$$python313" \
	    PYTEST_ARGS='-n auto -m "not slow" $(QUICK)'

test-lowest: $(LOWEST) ## the same for the lowest versions allowed, on Python 3.11 (WORKERS=auto)
	@python311="$$(sh tools/find_python.sh 3.11)" || { \
	    echo "make test-lowest: no working Python 3.11 found" >&2; exit 1; }; \
	$(MAKE) --no-print-directory test VENV=.venv-lowest PYTHON="$$python311" \
	    CONSTRAINTS=$(LOWEST) PYTEST_ARGS='-n $(WORKERS) -m "not slow" $(VERSIONS)'

test-newest: ## the same for the newest versions there are, on Python 3.13
	@python313="$$(sh tools/find_python.sh 3.13)" || { \
	    echo "make test-newest: no working Python 3.13 found" >&2; exit 1; }; \
	rm -rf .venv-newest; \
	$(MAKE) --no-print-directory test VENV=.venv-newest PYTHON="$$python313" \
	    CONSTRAINTS=/dev/null PYTEST_ARGS='-n $(WORKERS) -m "not slow" $(VERSIONS)'

test-wheel: dist ## install the wheel in an empty environment, and use it from an empty folder
	$(PY) tools/check_wheel.py dist/causalgreen-*.whl

check: $(VENV)/.stamp-dev ## style, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.stamp-dev ## put the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.stamp-bench ## a short run of every benchmark, and what is reached (some 20 minutes)
	$(THREADS) $(PY) -m benchmarks.suite

bench-full: $(VENV)/.stamp-bench ## the slow tests and the benchmarks of record (hours; resumes)
	$(THREADS) $(PY) -m pytest -n auto --dist loadfile -m slow
	$(THREADS) $(PY) -m benchmarks.suite --full
	$(THREADS) $(PY) -m benchmarks.pages

docs: $(VENV)/.stamp-docs ## the handbook and API reference, into build/site
	$(BIN)/mkdocs build --strict --quiet
	@echo "open build/site/index.html"

notebooks: $(VENV)/.stamp-dev $(VENV)/.stamp-bench ## execute the notebooks, one at a time, and store them (NOTEBOOKS=names)
	$(THREADS) $(PY) tools/notebooks.py $(NOTEBOOKS)

dist: $(VENV)/.stamp-dist ## wheel and source archive, checked, into dist
	rm -rf dist
	$(PY) tools/dist.py

lock: ## re-make constraints.txt; needs Python 3.11 and 3.13 and about ten minutes
	@old="$$(sh tools/find_python.sh 3.11)" && new="$$(sh tools/find_python.sh 3.13)" || { \
	    echo "make lock: needs working Pythons 3.11 and 3.13" >&2; exit 1; }; \
	"$$old" tools/lock.py --python "$$old" --python "$$new"

clean: ## remove environments, caches and outputs
	rm -rf .venv .venv-313 .venv-lowest .venv-newest build dist site demo-output \
	    .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(LOWEST): pyproject.toml tools/bounds.py
	@mkdir -p $(@D)
	@"$(PYTHON)" tools/bounds.py test > $@

$(VENV)/.stamp-venv:
	@[ -n "$(PYTHON)" ] || { \
	    echo "make: no Python 3.11, 3.12 or 3.13 with venv found;" \
	         "install one or name it: make demo PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "making $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv $(VENV)
	@touch $@

# the build backend is locked like the rest, hence no isolated (unlocked) build environment
$(VENV)/.stamp-demo: $(VENV)/.stamp-venv $(LOCKED)
	@echo "installing causalgreen and its core packages (a few minutes the first time)"
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation --editable .
	@$(COMPILE)
	@touch $@

# to build needs no core packages; what renders the README comes beside the build backend
$(VENV)/.stamp-dist: $(VENV)/.stamp-venv $(LOCKED)
	@$(PIP) hatchling markdown-it-py
	@touch $@

$(VENV)/.stamp-test $(VENV)/.stamp-dev $(VENV)/.stamp-bench $(VENV)/.stamp-docs: \
$(VENV)/.stamp-%: $(VENV)/.stamp-demo
	@echo "adding the packages for $*"
	@$(PIP) --no-build-isolation --editable ".[$*]"
	@$(COMPILE)
	@touch $@
