"""The list: query bar, page size that is remembered, links to the detail page."""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.db import models
from django.http import HttpRequest
from unfold.views import ChangeList

from anlan.kit.entities import entity_of
from anlan.kit.querying import EntityFilterSet, filterset_of

SIZE_VAR = "size"
SIZES = (20, 50, 100, 200)


def page_size(request: HttpRequest) -> int:
    """The size asked for, else the one this person chose last, else the smallest."""
    asked = request.GET.get(SIZE_VAR, "")
    if asked.isdigit() and int(asked) in SIZES:
        request.session["page_size"] = int(asked)
    chosen = request.session.get("page_size", SIZES[0])
    return chosen if chosen in SIZES else SIZES[0]


class EntityChangeList(ChangeList):
    filterset: EntityFilterSet
    result_list: Any

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        known = super().get_filters_params(params)
        ours = self._filterset(None).names() | {SIZE_VAR}
        return {name: value for name, value in known.items() if name not in ours}

    def _filterset(self, rows: models.QuerySet[Any] | None) -> EntityFilterSet:
        entity = entity_of(self.model)
        assert entity is not None
        return filterset_of(entity)(self.request.GET, queryset=rows, request=self.request)

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> models.QuerySet[Any]:
        self.request = request
        self.filterset = self._filterset(super().get_queryset(request, exclude_parameters))
        return self.filterset.qs

    def get_results(self, request: HttpRequest) -> None:
        self.list_per_page = page_size(request)
        self.params.pop(SIZE_VAR, None)
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            self.page_num = 1
            self.params.pop(PAGE_VAR, None)
            super().get_results(request)
        self.result_list = list(self.result_list)
        for row in self.result_list:
            row.row_links = self.model_admin.row_links_for(request, row)

    def url_for_result(self, result: models.Model) -> str:
        return self.model_admin.page(result, "detail")

    @property
    def sizes(self) -> list[dict[str, Any]]:
        """The page sizes to choose from, with the address of each."""
        return [
            {
                "size": size,
                "url": self.get_query_string({SIZE_VAR: size}, [PAGE_VAR]),
                "here": size == self.list_per_page,
            }
            for size in SIZES
        ]

    @property
    def pages(self) -> list[dict[str, Any]]:
        """The pages to go to; one without an address stands for those left out."""
        numbers = self.paginator.get_elided_page_range(self.page_num, on_each_side=2, on_ends=1)
        return [
            {
                "number": number,
                "url": self.get_query_string({PAGE_VAR: number}) if isinstance(number, int) else "",
                "here": number == self.page_num,
            }
            for number in numbers
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Every query parameter but the page, for the page jumper's hidden fields."""
        return [(name, value) for name, values in self.request.GET.lists() for value in values if name != PAGE_VAR]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query or any(self.request.GET.get(name) for name in self.filterset.names()))
