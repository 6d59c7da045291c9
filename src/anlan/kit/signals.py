"""Signals of the shared machinery."""

from django.dispatch import Signal

sensitive_read = Signal()
