"""Rows of the monitoring centre: devices and their series, rules, alarms, and what the ledger counts."""

from anlan.monitoring.models.alarm import Alarm, AlarmStep
from anlan.monitoring.models.count import FrameCount, LedgerCount
from anlan.monitoring.models.device import Device, DeviceFrame, Level, Series, UnknownDevice
from anlan.monitoring.models.polling import PolledPoint, PollPlan
from anlan.monitoring.models.position import Position
from anlan.monitoring.models.rule import RuleStamp, ThresholdRule
from anlan.monitoring.models.weather import WarningFeed, WeatherWarning

__all__ = [
    "Alarm",
    "AlarmStep",
    "Device",
    "DeviceFrame",
    "FrameCount",
    "LedgerCount",
    "Level",
    "PollPlan",
    "PolledPoint",
    "Position",
    "RuleStamp",
    "Series",
    "ThresholdRule",
    "UnknownDevice",
    "WarningFeed",
    "WeatherWarning",
]
