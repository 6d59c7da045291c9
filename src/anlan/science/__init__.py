"""Hazard models: one published model a module."""
