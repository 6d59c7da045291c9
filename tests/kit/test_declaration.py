"""Everything that a declaration gives, held for every entity alike; a new entity is tested by being declared."""

import json
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from django.db import models
from django.urls import reverse

from anlan.accounts.models import User
from anlan.kit.display import label_of
from anlan.kit.entities import Entity, entities
from anlan.kit.exchange.columns import import_columns
from anlan.kit.rows import RowQuerySet
from anlan.kit.signals import rows_exported

pytestmark = pytest.mark.django_db

ALL = list(entities().values())
WRITABLE = [entity for entity in ALL if entity.changeable]
IMPORTABLE = [entity for entity in WRITABLE if entity.importable]


def named(entity: Entity) -> str:
    return entity.name


def page(entity: Entity, name: str) -> str:
    return reverse(f"admin:{entity.model._meta.app_label}_{entity.model._meta.model_name}_{name}")


def address(entity: Entity) -> str:
    return f"/api/{entity.model._meta.app_label}/{entity.model._meta.model_name}/"


@pytest.mark.parametrize("entity", ALL, ids=named)
class TestEveryEntity:
    def test_names_only_fields_that_exist(self, entity: Entity) -> None:
        names = {f.name for f in entity.model._meta.get_fields()}
        declared = [*entity.filters, *entity.sensitive, *entity.readonly, *entity.key]
        assert [n for n in declared if n not in names] == []
        assert [n for n in entity.columns if not hasattr(entity.model, n)] == []
        assert [n for n in entity.search if n.split("__")[0] not in names] == []

    def test_is_named_in_chinese(self, entity: Entity) -> None:
        words = [entity.title, *(label_of(entity.model, name) for name in entity.columns)]
        assert [word for word in words if word.isascii()] == []

    def test_has_a_rule_of_who_sees_which_rows(self, entity: Entity) -> None:
        assert isinstance(entity.model._default_manager.all(), RowQuerySet)

    def test_shows_no_row_to_a_person_without_an_area(self, entity: Entity, admin: User, enter: Any) -> None:
        stranger = User(username="nobody", role="street", is_active=False)
        assert not entity.model._default_manager.visible_to(stranger).exists()  # type: ignore[attr-defined]

    def test_has_a_list_with_query_bar_toolbar_and_pager(self, entity: Entity, root: User, enter: Any) -> None:
        text = enter(root).get(page(entity, "changelist")).content.decode()
        for word in ("查询", "重置", "导出", "批量", "操作", "每页"):
            assert word in text
        assert (page(entity, "add") in text) == entity.changeable
        for name in entity.filters:
            assert label_of(entity.model, name) in text

    def test_answers_each_filter(self, entity: Entity, root: User, enter: Any) -> None:
        client = enter(root)
        for name in entity.filters:
            field = entity.model._meta.get_field(name)
            choices = list(getattr(field, "flatchoices", None) or [("", "")])
            assert client.get(page(entity, "changelist"), {name: choices[0][0]}).status_code == 200

    def test_exports_its_columns_and_tells_so(self, entity: Entity, root: User, enter: Any) -> None:
        told: list[Any] = []
        rows_exported.connect(
            lambda sender, **news: told.append((sender, news["format"])), weak=False, dispatch_uid="t"
        )
        answer = enter(root).post(page(entity, "export"), {"format": "csv"})
        rows_exported.disconnect(dispatch_uid="t")
        assert answer.content.startswith(b"\xef\xbb\xbf")
        assert str(label_of(entity.model, entity.columns[0])) in answer.content.decode("utf-8-sig").splitlines()[0]
        assert told == [(entity.model, "csv")]

    def test_is_listed_over_rest(self, entity: Entity, root: User, enter: Any) -> None:
        answer = enter(root).get(address(entity), {"size": 1})
        assert answer.status_code == 200
        assert answer.json()["total"] == entity.model._default_manager.count()

    def test_is_described_by_openapi(self, entity: Entity, root: User, enter: Any) -> None:
        described = json.loads(enter(root).get("/api/openapi.json").content)
        assert ("post" in described["paths"][address(entity)]) == entity.changeable
        assert entity.model.__name__ in described["components"]["schemas"]

    def test_is_closed_to_those_who_are_not_logged_in(self, entity: Entity, client: Any) -> None:
        assert client.get(page(entity, "changelist")).status_code == 302
        assert client.get(address(entity)).status_code == 401

    def test_sends_who_asks_for_a_row_that_is_not_there_to_404(self, entity: Entity, root: User, enter: Any) -> None:
        client = enter(root)
        info = f"admin:{entity.model._meta.app_label}_{entity.model._meta.model_name}"
        for name in ("detail", "change"):
            assert client.get(reverse(f"{info}_{name}", args=[987654321])).status_code == 404
        assert client.get(f"{address(entity)}987654321").status_code == 404


@pytest.mark.parametrize("entity", WRITABLE, ids=named)
class TestEveryWritableEntity:
    def test_has_a_form_with_every_field_a_person_may_write(self, entity: Entity, root: User, enter: Any) -> None:
        text = enter(root).get(page(entity, "add")).content.decode()
        for name in entity.editable:
            assert label_of(entity.model, name) in text

    def test_says_in_words_what_a_new_row_lacks(self, entity: Entity, root: User, enter: Any) -> None:
        answer = enter(root).post(address(entity), "{}", content_type="application/json")
        needed = [column.field.name for column in import_columns(entity) if column.required]
        assert answer.status_code == 422
        assert set(needed) <= set(answer.json()["errors"])
        assert not any(sentence.isascii() for sentence in answer.json()["errors"].values())


@pytest.mark.parametrize("entity", IMPORTABLE, ids=named)
class TestEveryImportableEntity:
    def test_has_a_template_whose_example_row_is_left_out_when_it_comes_back(
        self, entity: Entity, root: User, enter: Any
    ) -> None:
        client = enter(root)
        data = client.get(page(entity, "import_template")).content
        book = openpyxl.load_workbook(BytesIO(data))
        headers = [str(cell.value).rstrip("*") for cell in book.worksheets[0][1]]
        assert headers == [column.header for column in import_columns(entity)]
        assert len(set(headers)) == len(headers)
        assert book.worksheets[1].max_row > len(headers)
        upload = BytesIO(data)
        upload.name = "template.xlsx"
        assert "没有发现错误" in client.post(page(entity, "import"), {"file": upload}).content.decode()

    def test_knows_each_required_column(self, entity: Entity) -> None:
        for column in import_columns(entity):
            if column.required:
                assert not isinstance(column.field, models.BooleanField)
