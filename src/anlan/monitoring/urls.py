"""Addresses of the monitoring centre."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kit.pages import NavItem
from anlan.monitoring.views import alarms, devices, duty, health, ledger, maintenance, operators
from anlan.monitoring.views.access import READERS

urlpatterns = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:pk>/", alarms.alarm, name="alarm"),
    path("alarms/audit/", duty.audit, name="alarms_audit"),
    path("alarms/acknowledge/", alarms.alarms_seen, name="alarms_acknowledge"),
    path("alarms/<int:pk>/<slug:step>/", alarms.alarm_step, name="alarm_step"),
    path("devices/", devices.devices, name="devices"),
    path("devices/<int:pk>/", devices.device, name="device"),
    path("devices/<int:pk>/token/", devices.device_token, name="device_token"),
    path("duty/", duty.duty, name="duty"),
    path("maintenance/", maintenance.maintenance, name="maintenance"),
    path("maintenance/plan/", maintenance.maintenance_plan, name="maintenance_plan"),
    path("maintenance/<int:pk>/cancel/", maintenance.maintenance_cancel, name="maintenance_cancel"),
    path("operators/", operators.operators_page, name="operators"),
    path("operators.csv", operators.operators_csv, name="operators_csv"),
    path("healthz/alarms/", health.healthz, name="healthz_alarms"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger.json", ledger.ledger_json, name="ledger_json"),
]

NAV = [
    NavItem(title=_("报警"), url_name="monitoring:alarms", icon="alarm", roles=READERS, order=16),
    NavItem(title=_("值班表"), url_name="monitoring:duty", icon="roster", roles=READERS, order=33),
    NavItem(title=_("报警负荷"), url_name="monitoring:operators", icon="chart", roles=READERS, order=34),
    NavItem(title=_("维护安排"), url_name="monitoring:maintenance", icon="clock", roles=READERS, order=35),
    NavItem(title=_("报警督办"), url_name="monitoring:alarms_audit", icon="shield", roles=READERS, order=36),
    NavItem(title=_("设备"), url_name="monitoring:devices", icon="device", roles=READERS, order=30),
    NavItem(title=_("读数台账"), url_name="monitoring:ledger", icon="ledger", roles=READERS, order=32),
]
