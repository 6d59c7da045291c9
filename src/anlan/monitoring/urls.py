"""Addresses of the monitoring centre."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kit.pages import NavItem
from anlan.monitoring.sta import views as sta
from anlan.monitoring.views import alarms, devices, ledger, warnings
from anlan.monitoring.views.access import READERS

urlpatterns = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:pk>/", alarms.alarm, name="alarm"),
    path("alarms/<int:pk>/acknowledge/", alarms.alarm_seen, name="alarm_acknowledge"),
    path("devices/", devices.devices, name="devices"),
    path("devices/<int:pk>/", devices.device, name="device"),
    path("devices/<int:pk>/token/", devices.device_token, name="device_token"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("warnings/", warnings.warnings, name="warnings"),
    path("warnings/<int:pk>/", warnings.warning, name="warning"),
    path("warnings/feeds/<int:pk>/token/", warnings.feed_token, name="feed_token"),
    path("sta/v1.1", sta.service),
    path("sta/v1.1/", sta.service, name="sta"),
    path("sta/v1.1/<path:path>", sta.service, name="sta_path"),
    path("ledger.json", ledger.ledger_json, name="ledger_json"),
]

NAV = [
    NavItem(title=_("报警"), url_name="monitoring:alarms", icon="alarm", roles=READERS, order=16),
    NavItem(title=_("外部预警"), url_name="monitoring:warnings", icon="warning", roles=READERS, order=18),
    NavItem(title=_("设备"), url_name="monitoring:devices", icon="device", roles=READERS, order=30),
    NavItem(title=_("读数台账"), url_name="monitoring:ledger", icon="ledger", roles=READERS, order=32),
]
