# Anlan 安澜. `make run` serves it, `make test` proves it.
SHELL := bash
.DELETE_ON_ERROR:
PY ?= python3
BIN := .venv/bin
PORT ?= 8000
SCALE ?= 0.02

.PHONY: run setup test check bench lock format
.DEFAULT_GOAL := run

run: .venv/.runtime node_modules/.ready
	@scripts/system-packages run
	@$(BIN)/anlan setup
	@$(BIN)/anlan demo --scale $(SCALE) --logins
	@echo "anlan: open http://127.0.0.1:$(PORT)  (Ctrl+C ends it)"
	@$(BIN)/anlan serve --port $(PORT) --replay

setup: .venv/.dev node_modules/.ready
	@scripts/system-packages test
	@$(BIN)/anlan setup

test: setup check
	$(BIN)/pytest

check: .venv/.dev node_modules/.ready
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint src --lint --quiet
	node_modules/.bin/tsc --project tsconfig.json
	$(BIN)/anlan manage makemigrations --check --dry-run

bench: setup
	@for one in benchmarks/*.py; do echo "== $$one"; $(BIN)/python $$one || exit 1; done

lock:
	uv pip compile requirements/runtime.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal -o requirements/runtime.txt --custom-compile-command "make lock"
	uv pip compile requirements/dev.in --generate-hashes --no-emit-index-url --python-version 3.11 --universal -o requirements/dev.txt --custom-compile-command "make lock"

format:
	$(BIN)/ruff check --fix src tests benchmarks
	$(BIN)/ruff format src tests benchmarks

.venv/.venv:
	@scripts/system-packages run
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "anlan: Python 3.11 or later is missing"; exit 3; }
	$(PY) -m venv .venv
	@touch $@

.venv/.runtime: .venv/.venv requirements/runtime.txt pyproject.toml
	@test -e .venv/.dev || $(BIN)/pip install --require-hashes -r requirements/runtime.txt
	@$(BIN)/pip install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.venv requirements/dev.txt pyproject.toml
	$(BIN)/pip install --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --no-deps --no-build-isolation -e .
	@touch $@ .venv/.runtime

node_modules/.ready: package.json package-lock.json
	@command -v npm >/dev/null || { echo "anlan: Node.js 20 or later with npm is missing"; exit 3; }
	npm ci --no-audit --no-fund
	@touch $@
