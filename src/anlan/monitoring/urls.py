"""Addresses of the monitoring centre."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kit.pages import NavItem
from anlan.monitoring.views import (
    alarms,
    commands,
    deviations,
    devices,
    forecasts,
    ledger,
    life,
    pictures,
    proposals,
    rules,
    series,
)
from anlan.monitoring.views.access import READERS

urlpatterns = [
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/<int:pk>/", alarms.alarm, name="alarm"),
    path("alarms/<int:pk>/acknowledge/", alarms.alarm_seen, name="alarm_acknowledge"),
    path("devices/", devices.devices, name="devices"),
    path("devices/<int:pk>/", devices.device, name="device"),
    path("devices/<int:pk>/token/", devices.device_token, name="device_token"),
    path("devices/<int:pk>/certificate/", life.device_certificate, name="device_certificate"),
    path("devices/<int:pk>/commission/", life.device_commissioned, name="device_commission"),
    path("devices/<int:pk>/retire/", life.device_retired, name="device_retire"),
    path("devices/<int:pk>/reinstate/", life.device_reinstated, name="device_reinstate"),
    path("rules/", rules.rules, name="rules"),
    path("rules/new/", rules.rule_new, name="rule_new"),
    path("rules/<int:pk>/", rules.rule, name="rule"),
    path("rules/<int:pk>/change/", rules.rule_change, name="rule_change"),
    path("rules/proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("rules/proposals/<int:pk>/rehearse/", proposals.proposal_rehearse, name="proposal_rehearse"),
    path("rules/proposals/<int:pk>/sign/", proposals.proposal_signed, name="proposal_sign"),
    path("rules/proposals/<int:pk>/reject/", proposals.proposal_rejected, name="proposal_reject"),
    path("rules/proposals/<int:pk>/withdraw/", proposals.proposal_withdrawn, name="proposal_withdraw"),
    path("series/<int:pk>/", series.series, name="series"),
    path("forecasts/", forecasts.forecasts, name="forecasts"),
    path("forecasts/<int:pk>/", forecasts.forecast, name="forecast"),
    path("devices/<int:pk>/commands/", commands.commands, name="device_commands"),
    path("devices/<int:pk>/commands/new/", commands.command_new, name="device_command_new"),
    path("devices/<int:pk>/commands/<int:command_pk>/cancel/", commands.command_stop, name="device_command_cancel"),
    path("devices/<int:pk>/pictures/<int:picture_pk>/", pictures.picture, name="device_picture"),
    path("deviations/", deviations.deviations, name="deviations"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger.json", ledger.ledger_json, name="ledger_json"),
]

NAV = [
    NavItem(title=_("报警"), url_name="monitoring:alarms", icon="alarm", roles=READERS, order=16),
    NavItem(title=_("设备"), url_name="monitoring:devices", icon="device", roles=READERS, order=30),
    NavItem(title=_("报警规则"), url_name="monitoring:rules", icon="law", roles=READERS, order=31),
    NavItem(title=_("越线预测"), url_name="monitoring:forecasts", icon="chart", roles=READERS, order=17),
    NavItem(title=_("报文合规"), url_name="monitoring:deviations", icon="inspection", roles=READERS, order=31),
    NavItem(title=_("读数台账"), url_name="monitoring:ledger", icon="ledger", roles=READERS, order=32),
]
