"""Rows of command: signals, incidents, orders, reports, photos, and the timeline that none of them can rewrite."""

from anlan.command.models.incidents import Incident
from anlan.command.models.orders import Order, Photo
from anlan.command.models.reports import Report
from anlan.command.models.signals import Signal
from anlan.command.models.timeline import Entry

__all__ = ["Entry", "Incident", "Order", "Photo", "Report", "Signal"]
