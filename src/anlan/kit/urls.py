"""Pages that belong to no single part: figures, notices, the description of the REST interface."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from anlan.kit import views
from anlan.kit.pages import NavItem

urlpatterns = [
    path("figures/", views.figures_page, name="figures"),
    path("figures/<str:key>/", views.figure_page, name="figure"),
    path("notices/", views.notices_page, name="notices"),
    path("notices/unread/", views.notices_unread, name="notices_unread"),
    path("notices/read/", views.notices_read, name="notices_read_all"),
    path("notices/<int:pk>/read/", views.notice_open, name="notice_read"),
    path("api/docs/", views.api_docs, name="api_docs"),
]

NAV = [NavItem(title=_("数据指标"), url_name="kit:figures", icon="chart", order=80)]
