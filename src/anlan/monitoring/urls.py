"""Addresses of the monitoring centre."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.accounts.roles import Role
from anlan.kit.pages import NavItem
from anlan.monitoring.sta import views as sta
from anlan.monitoring.views import (
    alarms,
    cameras,
    causes,
    commands,
    credentials,
    deviations,
    devices,
    duty,
    forecasts,
    health,
    ledger,
    life,
    maintenance,
    operators,
    pictures,
    proposals,
    rules,
    series,
    sightings,
    video_access,
    warnings,
)
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
    path("devices/<int:pk>/certificate/", life.device_certificate, name="device_certificate"),
    path("devices/<int:pk>/token/end/", credentials.device_token_end, name="device_token_end"),
    path("devices/<int:pk>/secret/", credentials.device_secret, name="device_secret"),
    path("devices/<int:pk>/code/", credentials.device_code, name="device_code"),
    path("devices/<int:pk>/access/", credentials.device_access, name="device_access"),
    path("devices/<int:pk>/poll-access/", credentials.poll_access, name="poll_access"),
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
    path("forecasts/outcome/<slug:name>/", forecasts.outcome, name="forecast_outcome"),
    path("devices/<int:pk>/commands/", commands.commands, name="device_commands"),
    path("devices/<int:pk>/commands/new/", commands.command_new, name="device_command_new"),
    path("devices/<int:pk>/commands/<int:command_pk>/cancel/", commands.command_stop, name="device_command_cancel"),
    path("devices/<int:pk>/pictures/<int:picture_pk>/", pictures.picture, name="device_picture"),
    path("deviations/", deviations.deviations, name="deviations"),
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
    path("causes/", causes.causes, name="causes"),
    path("causes/new/", causes.cause_new, name="cause_new"),
    path("causes/<int:pk>/", causes.cause, name="cause"),
    path("causes/<int:pk>/sign/", causes.cause_signed, name="cause_sign"),
    path("causes/<int:pk>/end/", causes.cause_ended, name="cause_end"),
    path("duty/", duty.duty, name="duty"),
    path("maintenance/", maintenance.maintenance, name="maintenance"),
    path("maintenance/plan/", maintenance.maintenance_plan, name="maintenance_plan"),
    path("maintenance/<int:pk>/cancel/", maintenance.maintenance_cancel, name="maintenance_cancel"),
    path("operators/", operators.operators_page, name="operators"),
    path("operators.csv", operators.operators_csv, name="operators_csv"),
    path("healthz/alarms/", health.healthz, name="healthz_alarms"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("warnings/", warnings.warnings, name="warnings"),
    path("warnings/<int:pk>/", warnings.warning, name="warning"),
    path("warnings/feeds/<int:pk>/token/", warnings.feed_token, name="feed_token"),
    path("sta/v1.1", sta.service),
    path("sta/v1.1/", sta.service, name="sta"),
    path("sta/v1.1/<path:path>", sta.service, name="sta_path"),
    path("ledger.json", ledger.ledger_json, name="ledger_json"),
]

WHOLE = tuple(role for role in READERS if role not in (Role.STREET, Role.COMMUNITY))
WATCHED, KEPT = _("监测感知"), _("值守管理")

NAV = [
    NavItem(title=_("报警"), url_name="monitoring:alarms", icon="alarm", roles=READERS, order=12),
    NavItem(title=_("视频事件"), url_name="monitoring:sightings", icon="eye", roles=READERS, order=30, section=WATCHED),
    NavItem(
        title=_("外部预警"), url_name="monitoring:warnings", icon="warning", roles=READERS, order=31, section=WATCHED
    ),
    NavItem(
        title=_("越线预测"), url_name="monitoring:forecasts", icon="trend", roles=READERS, order=32, section=WATCHED
    ),
    NavItem(title=_("设备"), url_name="monitoring:devices", icon="device", roles=READERS, order=33, section=WATCHED),
    NavItem(title=_("摄像头"), url_name="monitoring:cameras", icon="video", roles=READERS, order=34, section=WATCHED),
    NavItem(title=_("报警规则"), url_name="monitoring:rules", icon="law", roles=READERS, order=35, section=WATCHED),
    NavItem(title=_("原因树"), url_name="monitoring:causes", icon="layers", roles=READERS, order=36, section=WATCHED),
    NavItem(title=_("值班表"), url_name="monitoring:duty", icon="roster", roles=READERS, order=40, section=KEPT),
    NavItem(
        title=_("维护安排"), url_name="monitoring:maintenance", icon="clock", roles=READERS, order=41, section=KEPT
    ),
    NavItem(title=_("报警负荷"), url_name="monitoring:operators", icon="chart", roles=READERS, order=42, section=KEPT),
    NavItem(
        title=_("报警督办"), url_name="monitoring:alarms_audit", icon="shield", roles=READERS, order=43, section=KEPT
    ),
    NavItem(
        title=_("报文合规"), url_name="monitoring:deviations", icon="inspection", roles=READERS, order=44, section=KEPT
    ),
    NavItem(title=_("读数台账"), url_name="monitoring:ledger", icon="ledger", roles=WHOLE, order=45, section=KEPT),
]
