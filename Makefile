# `make figures` and `make test` do everything, from a bare clone on. `make help` lists the rest.

SCALE  ?= quick
# env: nproc would count no more than OMP_NUM_THREADS.
CORES  ?= $(shell env -u OMP_NUM_THREADS nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
GPUS   ?= $(shell $(BIN)/python -c "from memdyn.jobs.gpu import visible_gpus; print(len(visible_gpus()))")
PYTHON ?= python3
ARGS   ?=

BIN     := .venv/bin
COMMAND  = snakemake --cores $(CORES) --resources gpu=$(GPUS) --config scale=$(SCALE)
# uv, where there is one, installs faster; pip gives the same environment. Compiling afterwards, on all
# cores and without the packages' own tests, takes less time than pip's compiling; it ends in an error
# status, as some packages carry templates that are no valid Python.
INSTALL := $(if $(shell command -v uv),uv pip install --python $(BIN)/python,$(BIN)/python -m pip install --no-compile)
COMPILE := $(BIN)/python -m compileall -qq -j 0 -x '/tests?/' .venv

.PHONY: figures report test bench setup lint clean help
.DEFAULT_GOAL := help

figures: .venv/ready ## draw all figures (SCALE=quick|standard|paper, CORES=n, GPUS=n, ARGS=more for snakemake)
	@. $(BIN)/activate && PS4= && set -x && $(COMMAND) $(ARGS)

report: .venv/ready ## draw what is missing and write it all, offline, into report.html (SCALE, CORES, GPUS, ARGS as above)
	@. $(BIN)/activate && PS4= && set -x && $(COMMAND) $(ARGS) -- report_parts
	@. $(BIN)/activate && PS4= && set -x && snakemake --cores 1 --config scale=$(SCALE) --report report.html \
		--report-metadata results/$(SCALE)/report/numbers.yaml --report-stylesheet workflow/report/report.css $(ARGS)

test: .venv/ready-dev ## run the tests (ARGS=more for pytest)
	. $(BIN)/activate && pytest -n $(CORES) --dist loadfile $(ARGS)

bench: .venv/ready ## measure speed beside references and limits, on a machine at rest (a quarter of an hour)
	@rm -rf results/benchmarks
	@. $(BIN)/activate && export OMP_NUM_THREADS=1 && for script in tests/benchmarks/bench_*.py; do \
		name=$${script##*/bench_}; echo "== $$script"; \
		python $$script --csv results/benchmarks/$${name%.py}.csv $(ARGS) || exit 1; done
	@. $(BIN)/activate && python tests/benchmarks/table.py && PS4= && set -x && $(COMMAND) -- benchmarks draw_growth

setup: .venv/ready ## build the environment in .venv (PYTHON=python3.12: another interpreter)

lint: .venv/ready-dev ## check style, types and workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/snakefmt --check Snakefile workflow
	. $(BIN)/activate && snakemake --lint

clean: ## remove results, logs and caches; keep .venv and figures
	rm -rf results logs benchmarks report.html report.zip .snakemake .pytest_cache .ruff_cache .hypothesis
	find src tests workflow -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' Makefile | while read -r target what; do printf '  make %-9s%s\n' "$$target" "$$what"; done

.venv/ready: requirements.txt pyproject.toml
	@command -v git >/dev/null || { echo "git is missing: install it and run make again." >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or later, or name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "$(PYTHON) is $$($(PYTHON) -V 2>&1), but 3.11 or later is needed: install it, or name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c "import venv, ensurepip" 2>/dev/null || { echo "$(PYTHON) has no venv module: install it (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(INSTALL) --quiet -r requirements.txt
	$(INSTALL) --quiet --no-deps -e .
	$(COMPILE) || true
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(INSTALL) --quiet -r requirements-dev.txt
	$(COMPILE) || true
	@touch $@
