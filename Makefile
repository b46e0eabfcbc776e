# causalgreen: `make demo` and `make test` need only Python >= 3.11 < 3.14 and make.
# Another interpreter: make demo PYTHON=/path/to/python3.12

SHELL  := /bin/sh
VENV   ?= .venv
PYTHON ?= $(shell sh tools/find_python.sh 3.13 3.12 3.11)
BIN    := $(VENV)/bin
PY     := $(BIN)/python
PIP    := $(PY) -m pip --disable-pip-version-check install --quiet -c constraints.txt
# compiled once here: imports are 3 to 4 times slower where Python may not write bytecode itself
COMPILE = env -u PYTHONDONTWRITEBYTECODE $(PY) -m compileall -qq -j 0 \
          "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" causalgreen || true

OUT         ?= demo-output
PYTEST_ARGS ?= -n auto -m "not slow"
REPLICATIONS ?= 500
QUICK       ?= tests/test_project.py tests/test_tables.py tests/test_report.py tests/test_cli.py \
               tests/test_attacks.py tests/test_parity_pyfixest.py tests/test_paths_cases.py
# one thread per process: threads inside threads are 5 to 17 times slower on a busy machine
THREADS := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
LOCKED  := pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test test-313 check format bench docs lock clean
.DELETE_ON_ERROR:

help: ## show this list
	@echo "causalgreen: from a firm panel and a causal graph to the effects of four paths"
	@echo
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

demo: $(VENV)/.stamp-demo ## a simulated economy, four paths, a report page (OUT=folder)
	$(BIN)/causalgreen demo --out $(OUT) --force

test: $(VENV)/.stamp-test ## the tests, but not the slow ones (PYTEST_ARGS=...)
	$(THREADS) $(PY) -m pytest $(PYTEST_ARGS)

test-313: ## the quick part of the tests on Python 3.13, in an environment of its own
	@python313="$$(sh tools/find_python.sh 3.13)" || { \
	    echo "make test-313: no working Python 3.13 found" >&2; exit 1; }; \
	$(MAKE) --no-print-directory test VENV=.venv-313 PYTHON="$$python313" \
	    PYTEST_ARGS='-n auto -m "not slow" $(QUICK)'

check: $(VENV)/.stamp-dev ## style, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.stamp-dev ## put the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.stamp-bench ## the slow tests and the benchmarks (one to three hours; resumes)
	$(THREADS) $(PY) -m pytest -n auto --dist loadfile -m slow
	$(THREADS) $(PY) -m benchmarks.coverage --replications $(REPLICATIONS) --resume
	$(THREADS) $(PY) -m benchmarks.tables
	$(THREADS) $(PY) -m benchmarks.surface --resume
	$(THREADS) $(PY) -m benchmarks.surface_speed
	$(THREADS) $(PY) -m benchmarks.realdata
	$(THREADS) $(PY) -m benchmarks.surface_tables
	$(THREADS) $(PY) -m benchmarks.files

docs: $(VENV)/.stamp-docs ## the handbook and API reference, into build/site
	$(BIN)/mkdocs build --strict --quiet
	@echo "open build/site/index.html"

lock: ## re-make constraints.txt; needs Python 3.11 and 3.13 and about ten minutes
	@old="$$(sh tools/find_python.sh 3.11)" && new="$$(sh tools/find_python.sh 3.13)" || { \
	    echo "make lock: needs working Pythons 3.11 and 3.13" >&2; exit 1; }; \
	"$$old" tools/lock.py --python "$$old" --python "$$new"

clean: ## remove environments, caches and outputs
	rm -rf .venv .venv-313 build dist site demo-output .pytest_cache .mypy_cache .ruff_cache \
	    .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

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

$(VENV)/.stamp-test $(VENV)/.stamp-dev $(VENV)/.stamp-bench $(VENV)/.stamp-docs: \
$(VENV)/.stamp-%: $(VENV)/.stamp-demo
	@echo "adding the packages for $*"
	@$(PIP) --no-build-isolation --editable ".[$*]"
	@$(COMPILE)
	@touch $@
