"""No English word stands on a Chinese page of the back office."""

import re
from html.parser import HTMLParser
from typing import Any

import polib
import pytest
from django.test import Client
from django.urls import reverse

from anlan.accounts.models import User
from anlan.kit.entities import entities
from anlan.registry.models import Team
from anlan.site.paths import ROOT

from .conftest import District

pytestmark = pytest.mark.django_db

ALLOWED = {
    "csv", "excel", "xlsx", "utf", "mb", "json", "geojson", "cgcs", "wgs", "gcj", "bd", "sha",
    "multipolygon", "polygon", "en", "english", "api", "openapi", "id", "pk", "get", "post", "patch", "delete",
    "zh", "hans", "esc", "modbus", "rtu", "tcp", "cjt", "dtu", "opc", "ua", "ns", "cap", "atom", "rss", "onvif", "sip", "rtsp", "udp", "gb",
}  # fmt: skip
"""File formats, datums, protocols, a key, and the other language with its code."""

SILENT = {"script", "style", "template", "noscript", "title"}
SPOKEN = {"title", "placeholder", "aria-label", "alt", "data-label"}
VOID = {"input", "br", "hr", "img", "meta", "link", "source", "path", "wbr"}


class Reader(HTMLParser):
    """Collects what a person sees or hears: text, titles, placeholders, labels; no icons and no scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = dict(attrs)
        silent = tag in SILENT or "material-symbols-outlined" in (found.get("class") or "")
        if not any(self.open) and not silent:
            self.words += [value for name, value in attrs if name in SPOKEN and value]
        if tag not in VOID:
            self.open.append(silent)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open):
            self.words.append(data)


def english_in(html: str, own: set[str]) -> set[str]:
    reader = Reader()
    reader.feed(html)
    found = re.findall(r"[A-Za-z]{2,}", " ".join(reader.words))
    known = " ".join(sorted(ALLOWED | own))
    return {word for word in found if f" {word.lower()}" not in f" {known}"}


@pytest.fixture
def team(district: District) -> Team:
    team = Team.objects.create(name="东队", area=district.east, discipline="fire", members=12)
    team.members = 13
    team.save()
    return team


def test_the_log_in_page_is_chinese(client: Client) -> None:
    answer = client.get(reverse("admin:login"), follow=True)
    assert english_in(answer.content.decode(), set()) == set()


def test_the_pages_of_a_row_are_chinese(team: Team, root: User, enter: Any) -> None:
    client = enter(root)
    version = team.history.first().history_id  # type: ignore[attr-defined]
    history = reverse("admin:registry_team_history", args=[team.pk])
    for name in ("detail", "change", "delete"):
        html = client.get(reverse(f"admin:registry_team_{name}", args=[team.pk])).content.decode()
        assert english_in(html, set()) == set(), name
    for address in (history, f"{history}{version}/"):
        assert english_in(client.get(address).content.decode(), set()) == set(), address


def test_the_pages_of_a_mistake_are_chinese(team: Team, root: User, enter: Any) -> None:
    client = enter(root)
    add, change_list = reverse("admin:registry_team_add"), reverse("admin:registry_team_changelist")
    for html in (
        client.post(add, {"name": "", "members": "x", "location_0": "y"}).content.decode(),
        client.get(change_list, {"q": "没有"}).content.decode(),
        client.post(change_list, {"action": "delete_selected", "_selected_action": [team.pk]}).content.decode(),
        client.post(change_list, {"action": "delete_selected", "index": "0"}, follow=True).content.decode(),
        client.post(reverse("admin:registry_team_import"), {}).content.decode(),
        client.get(reverse("admin:search"), {"s": "队"}).content.decode(),
    ):
        assert english_in(html, set()) == set()


@pytest.mark.parametrize("name", ["changelist", "add", "import", "export"])
def test_the_pages_of_every_entity_are_chinese(name: str, team: Team, root: User, enter: Any) -> None:
    client = enter(root)
    for entity in entities().values():
        opts = entity.model._meta
        held = " ".join(str(value) for row in entity.model._default_manager.values() for value in row.values())
        answer = client.get(reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}"))
        if answer.status_code == 200:
            found = english_in(answer.content.decode(), {word.lower() for word in re.findall(r"[A-Za-z]{2,}", held)})
            assert found == set(), f"{opts.label} {name}"


@pytest.mark.parametrize("name", ["index", "password_change"])
def test_the_front_page_and_the_change_of_password_are_chinese(name: str, root: User, enter: Any) -> None:
    html = enter(root).get(reverse(f"admin:{name}"), follow=True).content.decode()
    assert english_in(html, set()) == set()


def test_the_kit_is_whole_in_english() -> None:
    for part in ("kit", "site"):
        catalogue = polib.pofile(str(ROOT / f"src/anlan/{part}/locale/en/LC_MESSAGES/django.po"))
        assert catalogue.untranslated_entries() == []
        assert catalogue.fuzzy_entries() == []


def test_an_english_speaker_gets_english(root: User, enter: Any) -> None:
    client = enter(root)
    client.cookies["django_language"] = "en"
    text = client.get(reverse("admin:registry_team_changelist")).content.decode()
    for word in ("Search", "Reset", "Export", "Keywords", "Per page"):
        assert word in text
