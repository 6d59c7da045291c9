"""Addresses of the monitoring centre."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kit.pages import NavItem
from anlan.monitoring.views import alarms, cameras, devices, ledger, sightings, video_access
from anlan.monitoring.views.access import READERS

urlpatterns = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:pk>/", alarms.alarm, name="alarm"),
    path("alarms/<int:pk>/acknowledge/", alarms.alarm_seen, name="alarm_acknowledge"),
    path("devices/", devices.devices, name="devices"),
    path("devices/<int:pk>/", devices.device, name="device"),
    path("devices/<int:pk>/token/", devices.device_token, name="device_token"),
    path("cameras/", cameras.cameras, name="cameras"),
    path("cameras/<int:pk>/", cameras.camera, name="camera"),
    path("cameras/<int:pk>/access/", cameras.camera_access, name="camera_access"),
    path("cameras/<int:pk>/play/", cameras.play, name="camera_play"),
    path("plays/<int:pk>/", cameras.play_state, name="play"),
    path("plays/<int:pk>/stop/", cameras.play_stop, name="play_stop"),
    path("cameras/platforms/", video_access.platforms, name="platforms"),
    path("cameras/platforms/<int:pk>/", video_access.platform, name="platform"),
    path("cameras/platforms/<int:pk>/password/", video_access.platform_password, name="platform_password"),
    path("cameras/platforms/<int:pk>/command/", video_access.platform_command, name="platform_command"),
    path("sightings/", sightings.queue, name="sightings"),
    path("sightings/all/", sightings.sightings, name="sightings_all"),
    path("sightings/rates/", sightings.rates_page, name="sighting_rates"),
    path("sightings/<int:pk>/", sightings.sighting, name="sighting"),
    path("sightings/<int:pk>/picture/", sightings.picture, name="sighting_picture"),
    path("sightings/<int:pk>/<slug:step>/", sightings.decide, name="sighting_decide"),
    path("sightings/sources/<int:pk>/token/", video_access.source_token, name="source_token"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger.json", ledger.ledger_json, name="ledger_json"),
]

NAV = [
    NavItem(title=_("报警"), url_name="monitoring:alarms", icon="alarm", roles=READERS, order=16),
    NavItem(title=_("视频事件"), url_name="monitoring:sightings", icon="eye", roles=READERS, order=17),
    NavItem(title=_("摄像头"), url_name="monitoring:cameras", icon="video", roles=READERS, order=31),
    NavItem(title=_("设备"), url_name="monitoring:devices", icon="device", roles=READERS, order=30),
    NavItem(title=_("读数台账"), url_name="monitoring:ledger", icon="ledger", roles=READERS, order=32),
]
