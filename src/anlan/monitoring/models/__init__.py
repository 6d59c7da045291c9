"""Rows of the monitoring centre: devices and their series, rules, alarms, and what the ledger counts."""

from anlan.monitoring.models.access import DeviceAccess, PollAccess
from anlan.monitoring.models.alarm import Alarm, AlarmStep
from anlan.monitoring.models.audit import AlarmFinding, AuditRun
from anlan.monitoring.models.blind import BlindArea, BlindSpot, SeriesDay
from anlan.monitoring.models.bound import DynamicBound
from anlan.monitoring.models.calendar import CalendarDay
from anlan.monitoring.models.camera import Camera, CameraAccess, CameraChange, VideoPlatform, VideoState
from anlan.monitoring.models.cause import CauseRule, DeviceDependency, Means, Suppression, SuppressionStamp
from anlan.monitoring.models.command import CommandFrame, DeviceCommand
from anlan.monitoring.models.count import FrameCount, LedgerCount
from anlan.monitoring.models.derived import DerivedSeries
from anlan.monitoring.models.deviation import DeviationCount
from anlan.monitoring.models.device import Device, DeviceFrame, Level, Series, UnknownDevice
from anlan.monitoring.models.duty import DutyRole, DutyShift, EscalationStep
from anlan.monitoring.models.forecast import Forecast, ForecastCover, ForecastRun, Outcome, SeriesForecast
from anlan.monitoring.models.life import Commissioning
from anlan.monitoring.models.maintenance import MaintenanceWindow
from anlan.monitoring.models.picture import DevicePicture
from anlan.monitoring.models.play import CameraStream, PlatformCommand, PlaySession
from anlan.monitoring.models.polling import PolledPoint, PollPlan
from anlan.monitoring.models.position import Position
from anlan.monitoring.models.proposal import Rehearsal, RehearsalSight, RuleProposal
from anlan.monitoring.models.rule import RuleStamp, ThresholdRule
from anlan.monitoring.models.sighting import Becomes, Sighting, SightingClaim, SightingKind, SightingSource
from anlan.monitoring.models.sighting_word import SightingWord
from anlan.monitoring.models.weather import WarningFeed, WeatherWarning

__all__ = [
    "Alarm",
    "AlarmFinding",
    "AlarmStep",
    "AuditRun",
    "Becomes",
    "BlindArea",
    "BlindSpot",
    "CalendarDay",
    "Camera",
    "CameraAccess",
    "CameraChange",
    "CameraStream",
    "CauseRule",
    "CommandFrame",
    "Commissioning",
    "DerivedSeries",
    "DeviationCount",
    "Device",
    "DeviceAccess",
    "DeviceCommand",
    "DeviceDependency",
    "DeviceFrame",
    "DevicePicture",
    "DutyRole",
    "DutyShift",
    "DynamicBound",
    "EscalationStep",
    "Forecast",
    "ForecastCover",
    "ForecastRun",
    "FrameCount",
    "LedgerCount",
    "Level",
    "MaintenanceWindow",
    "Means",
    "Outcome",
    "PlatformCommand",
    "PlaySession",
    "PollAccess",
    "PollPlan",
    "PolledPoint",
    "Position",
    "Rehearsal",
    "RehearsalSight",
    "RuleProposal",
    "RuleStamp",
    "Series",
    "SeriesDay",
    "SeriesForecast",
    "Sighting",
    "SightingClaim",
    "SightingKind",
    "SightingSource",
    "SightingWord",
    "Suppression",
    "SuppressionStamp",
    "ThresholdRule",
    "UnknownDevice",
    "VideoPlatform",
    "VideoState",
    "WarningFeed",
    "WeatherWarning",
]
