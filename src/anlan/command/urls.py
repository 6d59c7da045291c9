"""Addresses of the command centre."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.accounts.roles import Role
from anlan.command.views import desk, incidents, orders, reports, signals
from anlan.command.views.access import DESK_PAGES, READERS
from anlan.kit.pages import NavItem

urlpatterns = [
    path("desk/", desk.desk, name="desk"),
    path("desk/phone/<slug:kind>/<int:pk>/", desk.phone, name="phone"),
    path("signals/", signals.signals, name="signals"),
    path("signals/new/", signals.signal_new, name="signal_new"),
    path("signals/<int:pk>/", signals.signal, name="signal"),
    path("signals/<int:pk>/report/", reports.signal_report, name="signal_report"),
    path("signals/<int:pk>/<slug:step>/", signals.signal_step, name="signal_step"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<int:pk>/", incidents.incident, name="incident"),
    path("incidents/<int:pk>/report/", reports.incident_report, name="incident_report"),
    path("incidents/<int:pk>/orders/new/", incidents.order_new, name="order_new"),
    path("incidents/<int:pk>/orders/<int:order>/withdraw/", incidents.order_withdraw, name="order_withdraw"),
    path("incidents/<int:pk>/entries/<int:entry>/strike/", incidents.entry_strike, name="entry_strike"),
    path("incidents/<int:pk>/<slug:step>/", incidents.incident_step, name="incident_step"),
    path("reports/<int:pk>/", reports.report_file, name="report_file"),
    path("reports/<int:pk>/correct/", reports.report_correct, name="report_correct"),
    path("orders/", orders.orders_mine, name="orders_mine"),
    path("orders/<int:pk>/", orders.order, name="order"),
    path("orders/<int:pk>/<slug:step>/", orders.order_step, name="order_step"),
    path("photos/<int:pk>/", orders.photo, name="photo"),
]

NAV = [
    NavItem(title=_("值班台"), url_name="command:desk", icon="desk", roles=DESK_PAGES, order=10),
    NavItem(title=_("突发事件"), url_name="command:incidents", icon="incident", roles=READERS, order=14),
    NavItem(title=_("警情台账"), url_name="command:signals", icon="signal", roles=READERS, order=13),
    NavItem(title=_("我的指令"), url_name="command:orders_mine", icon="order", roles=(Role.TEAM_LEADER,), order=10),
]
