# `make` alone checks everything. Each target makes the environment first, unless what it is made of is
# unchanged: what runs the stack (READY), what checks and tests it on top (DEVELOPS), and what breaks it to see whether the
# tests notice, beside it (BREAKS).
.DEFAULT_GOAL := check
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEVELOPS := $(VENV)/.develops
BREAKS := $(VENV)-mutants/.ready

.PHONY: check format lint types architecture contracts-check test demo up clean bench bench-envelopes bench-pages mutants lock contracts release-contracts

check: format lint types architecture contracts-check test

format: $(DEVELOPS)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

lint: $(DEVELOPS)
	$(BIN)/ruff check .

types: $(DEVELOPS)
	$(BIN)/mypy

architecture: $(DEVELOPS)
	$(BIN)/lint-imports

contracts-check: $(DEVELOPS)
	$(BIN)/python -m shared.contracts check

# Everything that proves it. AsyncAPI's own validator needs Node; the test that uses it installs it (npm ci).
test: $(DEVELOPS)
	$(BIN)/pytest

# Real grants and a simulated programme on the whole stack until Ctrl-C; with ONCE=1, until all has settled.
demo: $(READY)
	$(BIN)/fabrique demo $(if $(ONCE),--once) $(if $(SEED),--seed $(SEED)) $(if $(SCALE),--scale $(SCALE))

# The whole stack, empty, until Ctrl-C.
up: $(READY)
	$(BIN)/fabrique up

# Forget the local stack's data; downloads are kept.
clean: $(READY)
	$(BIN)/fabrique clean

bench: $(DEVELOPS)
	$(BIN)/python -m bench

# Workload 2; with PGLEDGER=folder of its clone, beside that public ledger too.
bench-envelopes: $(DEVELOPS)
	$(BIN)/python -m bench.hot_envelopes $(if $(PGLEDGER),--pgledger $(PGLEDGER))

# The managers' pages with a country's data, over HTTP; with PROFILE=1, where Python's time goes.
bench-pages: $(DEVELOPS)
	$(BIN)/python -m bench.page_times $(if $(PROFILE),--profile)

# Break the funding domain in one place after another, and name what no test notices (docs/mutation-testing.md); with
# FILES="services/funding/domain/books.py …" those alone, with AGAIN=1 what survived the last time.
mutants: $(BREAKS)
	nice -n 19 $(VENV)-mutants/bin/python -m bench.mutants $(if $(CHILDREN),--children $(CHILDREN)) $(if $(AGAIN),--again) $(FILES)

# Write schemas, examples, AsyncAPI and OpenAPI from the models.
contracts: $(DEVELOPS)
	$(BIN)/python -m shared.contracts write

# Write the schemas of this version as released: from then on they may only grow. With each new version.
release-contracts: $(DEVELOPS)
	$(BIN)/python -m shared.contracts release

# Pin every dependency again, with hashes and without addresses: what runs, then what develops on top of the same pins.
lock: | $(BIN)/python
	@uv=$$(command -v uv || command -v $(BIN)/uv) || { echo "uv is missing: $(BIN)/pip install uv"; exit 1; }; \
	pin() { \
	  "$$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url "$$@"; \
	}; \
	pin pyproject.toml --extra embedded --extra parquet --extra build --output-file requirements.lock && \
	pin pyproject.toml --all-extras --constraints requirements.lock --output-file requirements-dev.lock && \
	pin requirements-mutants.in --constraints requirements-dev.lock --output-file requirements-mutants.lock

# pip takes the mirror that this machine's pip.conf names; the locks are whole, so it has nothing to resolve.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps

$(BIN)/python:
	@for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	  "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	  name=; \
	done; \
	[ -n "$$name" ] || { echo "Python 3.11 or newer is missing."; exit 1; }; \
	"$$name" -m venv $(VENV)

# A stamp holds the sums of what the environment was made of, so that a mere touch installs nothing.
$(READY): requirements.lock pyproject.toml | $(BIN)/python
	@cksum $^ | cmp -s - $@ || { \
	  echo "Installing the locked dependencies into $(VENV), once." && \
	  $(INSTALL) --require-hashes -r requirements.lock && \
	  $(INSTALL) --no-build-isolation --editable . ; \
	}
	@cksum $^ > $@

$(DEVELOPS): requirements-dev.lock $(READY)
	@cksum $^ | cmp -s - $@ || { \
	  echo "Installing what checks and tests into $(VENV), once." && \
	  $(INSTALL) --require-hashes -r requirements-dev.lock ; \
	}
	@cksum $^ > $@

# It sees the packages of the other environment, but not the project installed there: a copy is what is broken.
$(BREAKS): requirements-mutants.lock $(DEVELOPS)
	@$(BIN)/python -m venv $(VENV)-mutants
	@$(VENV)-mutants/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
	  -r requirements-mutants.lock
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
	  "$$($(VENV)-mutants/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/develops.pth"
	@cksum $^ > $@
