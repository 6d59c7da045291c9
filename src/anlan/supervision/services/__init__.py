"""What supervision can do. Every service locks its row, asks the table, writes the timeline and tells the open pages."""

from anlan.supervision.services.checking import hazard_list, hazard_pass, hazard_release, hazard_send_back
from anlan.supervision.services.finding import hazard_report
from anlan.supervision.services.ordering import hazard_order, hazard_reassign, hazard_withdraw
from anlan.supervision.services.rectifying import (
    hazard_ask_more,
    hazard_grant_more,
    hazard_rectify,
    hazard_refuse_more,
)
from anlan.supervision.services.sightings import hazard_from_sighting

__all__ = [
    "hazard_ask_more",
    "hazard_from_sighting",
    "hazard_grant_more",
    "hazard_list",
    "hazard_order",
    "hazard_pass",
    "hazard_reassign",
    "hazard_rectify",
    "hazard_refuse_more",
    "hazard_release",
    "hazard_report",
    "hazard_send_back",
    "hazard_withdraw",
]
