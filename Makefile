SHELL := bash
PY := .venv/bin/python
