"""Rows of the monitoring centre: devices and their series, rules, alarms, and what the ledger counts."""

from anlan.monitoring.models.alarm import Alarm, AlarmStep
from anlan.monitoring.models.camera import Camera, CameraAccess, CameraChange, VideoPlatform, VideoState
from anlan.monitoring.models.count import FrameCount, LedgerCount
from anlan.monitoring.models.device import Device, DeviceFrame, Level, Series, UnknownDevice
from anlan.monitoring.models.play import PlatformCommand, PlaySession
from anlan.monitoring.models.rule import RuleStamp, ThresholdRule
from anlan.monitoring.models.sighting import Becomes, Sighting, SightingClaim, SightingKind, SightingSource

__all__ = [
    "Alarm",
    "AlarmStep",
    "Becomes",
    "Camera",
    "CameraAccess",
    "CameraChange",
    "Device",
    "DeviceFrame",
    "FrameCount",
    "LedgerCount",
    "Level",
    "PlatformCommand",
    "PlaySession",
    "RuleStamp",
    "Series",
    "Sighting",
    "SightingClaim",
    "SightingKind",
    "SightingSource",
    "ThresholdRule",
    "UnknownDevice",
    "VideoPlatform",
    "VideoState",
]
