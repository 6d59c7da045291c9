"""Who may open which page, and lists with a query bar."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from anlan.accounts.roles import Role, verbs
from anlan.monitoring.selectors import areas_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
PAGE = 30
READERS = tuple(role for role in Role if "view" in verbs(role, "monitoring", "device"))
LONGEST = 60


def page(model: str) -> Callable[[View[P]], View[P]]:
    """A page for people who may view rows of this model; who is not logged in is led to the log-in."""

    def guard(view: View[P]) -> View[P]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.has_perm(f"monitoring.view_{model}"):
                raise PermissionDenied(_("您的角色不能查看此页。"))
            return view(request, *args, **kwargs)

        return guarded  # type: ignore[return-value]

    return guard


def is_part(request: HttpRequest) -> bool:
    """True where htmx asks for what changes on the page and not for the page."""
    return request.headers.get("HX-Request") == "true"


def listed(
    request: HttpRequest, rows: QuerySet[Any], *, filters: tuple[str, ...], words: tuple[str, ...], paged: bool = True
) -> dict[str, Any]:
    """The context of a list page; an unknown value of a filter finds nothing rather than failing.

    Not `paged`, the page itself is left to the caller, who finds the `rows` there.
    """
    chosen = {name: request.GET.get(name, "") for name in (*filters, "area", "q")}
    for name in filters:
        rows = _exact(rows, name, chosen[name])
    rows = _within(request.user, rows, chosen["area"])
    if text := chosen["q"].strip()[:LONGEST].replace("\0", ""):
        found = Q()
        for name in words:
            found |= Q(**{f"{name}__icontains": text})
        rows = rows.filter(found)
    query = request.GET.copy()
    query.pop("page", None)
    return {
        "rows": rows,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")) if paged else None,
        "filters": [_filter(rows, name, chosen[name]) for name in filters],
        "areas": areas_of(request.user),
        "area": chosen["area"],
        "words": text,
        "query": query.urlencode(),
    }


def _exact(rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
    known = {str(code) for code, _label in rows.model._meta.get_field(name).flatchoices}
    if not value:
        return rows
    return rows.filter(**{name: value}) if value in known else rows.none()


def _within(user: Any, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
    """Rows of the area of this code and below."""
    if not code:
        return rows
    area = areas_of(user).filter(code=code.replace("\0", "")).first()
    return rows.filter(area__path__startswith=area.path) if area else rows.none()


def _filter(rows: QuerySet[Any], name: str, value: str) -> tuple[str, Any, Any, str]:
    field = rows.model._meta.get_field(name)
    return name, field.verbose_name, field.flatchoices, value
