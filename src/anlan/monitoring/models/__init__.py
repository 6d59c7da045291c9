"""Rows of the monitoring centre: devices and their series, rules, alarms, and what the ledger counts."""

from anlan.monitoring.models.alarm import Alarm, AlarmStep
from anlan.monitoring.models.audit import AlarmFinding, AuditRun
from anlan.monitoring.models.blind import BlindArea, BlindSpot
from anlan.monitoring.models.cause import CauseRule, DeviceDependency, Means, Suppression, SuppressionStamp
from anlan.monitoring.models.count import FrameCount, LedgerCount
from anlan.monitoring.models.device import Device, DeviceFrame, Level, Series, UnknownDevice
from anlan.monitoring.models.duty import DutyRole, DutyShift, EscalationStep
from anlan.monitoring.models.maintenance import MaintenanceWindow
from anlan.monitoring.models.rule import RuleStamp, ThresholdRule

__all__ = [
    "Alarm",
    "AlarmFinding",
    "AlarmStep",
    "AuditRun",
    "BlindArea",
    "BlindSpot",
    "CauseRule",
    "Device",
    "DeviceDependency",
    "DeviceFrame",
    "DutyRole",
    "DutyShift",
    "EscalationStep",
    "FrameCount",
    "LedgerCount",
    "Level",
    "MaintenanceWindow",
    "Means",
    "RuleStamp",
    "Series",
    "Suppression",
    "SuppressionStamp",
    "ThresholdRule",
    "UnknownDevice",
]
