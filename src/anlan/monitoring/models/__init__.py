"""Rows of the monitoring centre: devices and their series, rules, alarms, and what the ledger counts."""

from anlan.monitoring.models.alarm import Alarm, AlarmStep
from anlan.monitoring.models.command import CommandFrame, DeviceCommand
from anlan.monitoring.models.count import FrameCount, LedgerCount
from anlan.monitoring.models.deviation import DeviationCount
from anlan.monitoring.models.device import Device, DeviceFrame, Level, Series, UnknownDevice
from anlan.monitoring.models.picture import DevicePicture
from anlan.monitoring.models.rule import RuleStamp, ThresholdRule

__all__ = [
    "Alarm",
    "AlarmStep",
    "CommandFrame",
    "DeviationCount",
    "Device",
    "DeviceCommand",
    "DeviceFrame",
    "DevicePicture",
    "FrameCount",
    "LedgerCount",
    "Level",
    "RuleStamp",
    "Series",
    "ThresholdRule",
    "UnknownDevice",
]
