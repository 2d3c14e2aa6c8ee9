# `make` alone checks everything. Each target makes the environment first, unless what it is made of is unchanged.
.DEFAULT_GOAL := check
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: check format lint types architecture contracts-check test demo up clean bench lock contracts release-contracts

check: format lint types architecture contracts-check test

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

architecture: $(READY)
	$(BIN)/lint-imports

contracts-check: $(READY)
	$(BIN)/python -m shared.contracts check

# Everything that proves it. AsyncAPI's own validator needs Node; the test that uses it installs it (npm ci).
test: $(READY)
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

bench: $(READY)
	$(BIN)/python -m bench

# Write schemas, examples, AsyncAPI and OpenAPI from the models.
contracts: $(READY)
	$(BIN)/python -m shared.contracts write

# Write the schemas of this version as released: from then on they may only grow. With each new version.
release-contracts: $(READY)
	$(BIN)/python -m shared.contracts release

# Pin every dependency again, with hashes and without addresses.
lock: $(READY)
	@uv=$$(command -v uv || command -v $(BIN)/uv) || { echo "uv is missing: pip install uv"; exit 1; }; \
	"$$uv" pip compile pyproject.toml --all-extras --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --output-file requirements.lock

$(READY): requirements.lock pyproject.toml
	@[ -x $(BIN)/python ] || { \
	  for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	    "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	    name=; \
	  done; \
	  [ -n "$$name" ] || { echo "Python 3.11 or newer is missing."; exit 1; }; \
	  "$$name" -m venv $(VENV); \
	}
	@cksum requirements.lock pyproject.toml | cmp -s - $@ || { \
	  echo "Installing the locked dependencies into $(VENV), once." && \
	  $(BIN)/pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . && \
	  $(BIN)/python -c 'import fabrique.commands.demo, services.funding.app, services.intake.app, services.reporting.app' ; \
	}
	@cksum requirements.lock pyproject.toml > $@
