# `make figures` and `make test` do everything, from a bare clone on. `make help` lists the rest.

SCALE  ?= quick
# env: nproc would count no more than OMP_NUM_THREADS.
CORES  ?= $(shell env -u OMP_NUM_THREADS nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
GPUS   ?= $(shell $(BIN)/python -c "from memdyn.jobs.gpu import visible_gpus; print(len(visible_gpus()))")
PYTHON ?= python3
# On Linux the index's torch is the one for CUDA, 2.9 GB; torch's own index has one for the CPU, 0.2 GB.
TORCH  ?= $(if $(shell command -v nvidia-smi),cuda,cpu)
CPU_INDEX ?= https://download.pytorch.org/whl/cpu
ARGS   ?=
KILLS  ?= 20

BIN     := .venv/bin
COMMAND  = snakemake --cores $(CORES) --resources gpu=$(GPUS) --config scale=$(SCALE)
# uv, where there is one, installs faster; pip gives the same environment. Compiling afterwards, on all
# cores and without the packages' own tests, takes less time than pip's compiling; it ends in an error
# status, as some packages carry templates that are no valid Python.
INSTALL := $(if $(shell command -v uv),uv pip install --python $(BIN)/python,$(BIN)/python -m pip install --no-compile)
COMPILE := $(BIN)/python -m compileall -qq -j 0 -x '/tests?/' .venv

.PHONY: figures report keep drift figures_from_tables bless crate test bench faults setup lint docs clean help
.DEFAULT_GOAL := help

figures: .venv/ready ## draw all figures (SCALE=quick|standard|paper, CORES=n, GPUS=n, ARGS=more for snakemake)
	@. $(BIN)/activate && PS4= && set -x && $(COMMAND) $(ARGS)

# What figures and claims are drawn from, and what they look like, without networks and shards.
KEPT = figures/gallery/$(SCALE)
keep: ## keep the tables and figures of a finished run in figures/gallery (SCALE=...)
	@for study in slow_manifolds timescales bridge; do mkdir -p $(KEPT)/$$study/tables && \
		cp results/$(SCALE)/$$study/tables/*.parquet $(KEPT)/$$study/tables/ && \
		cp figures/$(SCALE)/$$study/fig* $(KEPT)/$$study/ || exit 1; done
	@cp results/$(SCALE)/slow_manifolds/stimuli.safetensors results/$(SCALE)/slow_manifolds/examples.safetensors \
		results/$(SCALE)/slow_manifolds/landscapes.safetensors $(KEPT)/slow_manifolds/
	@cp results/$(SCALE)/bands.md results/$(SCALE)/open.md results/$(SCALE)/mechanisms.md results/$(SCALE)/mechanisms.csv $(KEPT)/
	@cp figures/$(SCALE)/claims.* figures/$(SCALE)/verdicts.* $(KEPT)/ && $(BIN)/python -m memdyn.figures.drift $(KEPT) . --bless && du -sh $(KEPT)

drift: .venv/ready ## name what a run has moved of the numbers that were kept, then of the pictures (SCALE=...)
	@$(BIN)/python -m memdyn.figures.drift $(KEPT) figures/$(SCALE) results/$(SCALE)

# In a folder of their own: a run's figures stay as they are.
REDRAWN = results/from_tables/$(SCALE)
figures_from_tables: .venv/ready ## draw again what the tables in figures/gallery allow, and compare it (SCALE=...)
	@. $(BIN)/activate && PS4= && set -x && $(COMMAND) kept='$(CURDIR)/$(KEPT)' --directory $(REDRAWN) \
		$(addprefix --configfile ,$(wildcard $(KEPT)/config.yaml)) $(ARGS) -- from_tables
	@$(BIN)/python -m memdyn.figures.drift $(KEPT) $(REDRAWN)/figures/$(SCALE) --tables

bless: ## keep the figures and pages that figures_from_tables has drawn (SCALE=...)
	cp -R $(REDRAWN)/figures/$(SCALE)/. $(KEPT)/
	[ ! -e $(KEPT)/bands.md ] || cp $(addprefix $(REDRAWN)/results/$(SCALE)/,*.md mechanisms.csv) $(KEPT)/

report: .venv/ready ## draw what is missing and write it all, offline, into report.html (SCALE, CORES, GPUS, ARGS as above)
	@. $(BIN)/activate && PS4= && set -x && $(COMMAND) $(ARGS) -- report_parts
	@. $(BIN)/activate && PS4= && set -x && snakemake --cores 1 --config scale=$(SCALE) --report report.html \
		--report-metadata results/$(SCALE)/report/numbers.yaml --report-stylesheet workflow/report/report.css $(ARGS)

crate: .venv/ready-dev ## pack a finished run for a repository of research objects: an RO-Crate (SCALE=...)
	@$(BIN)/python -m memdyn.crate $(SCALE) results/$(SCALE)/memdyn.crate.zip

test: .venv/ready-dev ## run the tests (ARGS=more for pytest)
	. $(BIN)/activate && pytest -n $(CORES) --dist loadfile $(ARGS)

bench: .venv/ready ## measure speed beside references and limits, on a machine at rest (a quarter of an hour)
	@rm -rf results/benchmarks
	@. $(BIN)/activate && export OMP_NUM_THREADS=1 && for script in tests/benchmarks/bench_*.py; do \
		name=$${script##*/bench_}; echo "== $$script"; \
		python $$script --csv results/benchmarks/$${name%.py}.csv $(ARGS) || exit 1; done
	@. $(BIN)/activate && python tests/benchmarks/table.py && PS4= && set -x && $(COMMAND) -- benchmarks draw_growth

faults: .venv/ready-dev ## try what can go wrong, into docs/faults.md: kills, disturbed runs, wrong configurations, damaged files (KILLS=20)
	@. $(BIN)/activate && export OMP_NUM_THREADS=1 && status=0; \
		python tests/faults/kills.py --kills $(KILLS) --docs || status=1; \
		python tests/faults/runs.py --each 3 --docs || status=1; \
		python tests/faults/configs.py --n 500 --docs || status=1; \
		python tests/faults/files.py --n 1000 --docs || status=1; exit $$status

setup: .venv/ready ## build the environment in .venv (TORCH=cpu|cuda; PYTHON=python3.12: another interpreter)

lint: .venv/ready-dev ## check style, types and workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/snakefmt --check Snakefile workflow
	. $(BIN)/activate && snakemake --lint

# Not --quiet: warnings that are not shown are not counted either, and a broken link would pass.
docs: .venv/ready-docs ## build the documentation in site/ (each link is checked)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

clean: ## remove results, logs and caches; keep .venv and figures
	rm -rf results logs benchmarks site report.html report.zip .snakemake .pytest_cache .ruff_cache .hypothesis
	find src tests workflow -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## list these targets
	@sed -n 's/^\([a-z_]*\):.*## /\1 /p' Makefile | while read -r target what; do printf '  make %-20s%s\n' "$$target" "$$what"; done

.venv/ready: requirements.txt pyproject.toml
	@command -v git >/dev/null || { echo "git is missing: install it and run make again." >&2; exit 1; }
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or later, or name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { echo "$(PYTHON) is $$($(PYTHON) -V 2>&1), but 3.11 or later is needed: install it, or name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c "import venv, ensurepip" 2>/dev/null || { echo "$(PYTHON) has no venv module: install it (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@case "$(TORCH)" in cpu|cuda) ;; *) echo "TORCH=$(TORCH) is neither cpu nor cuda: give one of them." >&2; exit 1;; esac
	$(PYTHON) -m venv .venv
	@if [ "$(TORCH)" = cpu ] && [ "$$(uname -s)" = Linux ]; then \
		if curl -sfo /dev/null --max-time 10 "$(CPU_INDEX)/torch/"; \
		then PS4= && set -x && $(INSTALL) --quiet --no-deps --index-url "$(CPU_INDEX)" "$$(grep '^torch==' requirements.txt)"; \
		else echo "$(CPU_INDEX) does not answer: torch comes from where pip finds it." >&2; fi; fi
	$(INSTALL) --quiet -r requirements.txt
	$(INSTALL) --quiet --no-deps -e .
	$(COMPILE) || true
	@touch $@

.venv/ready-docs: .venv/ready-dev requirements-docs.txt
	$(INSTALL) --quiet -r requirements-docs.txt
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.txt
	$(INSTALL) --quiet -r requirements-dev.txt
	$(COMPILE) || true
	@touch $@
