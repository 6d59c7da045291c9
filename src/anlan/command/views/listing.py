"""A list with a query bar: filters by exact value, words in the title, pages."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

PAGE = 20


def listed(request: HttpRequest, rows: QuerySet[Any], filters: tuple[str, ...]) -> dict[str, Any]:
    """The context of a list page; an unknown value of a filter finds nothing rather than failing."""
    chosen = {name: request.GET[name] for name in filters if request.GET.get(name)}
    for name, value in chosen.items():
        known = {str(code) for code, _label in rows.model._meta.get_field(name).flatchoices}
        rows = rows.filter(**{name: value}) if value in known else rows.none()
    if words := request.GET.get("q", "").strip():
        number = Q(number__icontains=words) if any(f.name == "number" for f in rows.model._meta.fields) else Q()
        rows = rows.filter(Q(title__icontains=words) | Q(address__icontains=words) | number)
    fields = [rows.model._meta.get_field(name) for name in filters]
    query = request.GET.copy()
    query.pop("page", None)
    return {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "filters": [
            (field.name, field.verbose_name, field.flatchoices, chosen.get(field.name, "")) for field in fields
        ],
        "words": words,
        "query": query.urlencode(),
    }
