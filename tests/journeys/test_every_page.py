"""Every page that the navigation and the links of a role lead to fits a desk and a phone, and nothing on it fails."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve

from browser import DESK, PHONE
from journeys.server import Anlan
from journeys.test_main_job import Person

LINKS = "[...document.querySelectorAll('#content a[href], .rail a[href]')].map(link => link.href)"
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
COLLAPSED = """
[...document.querySelectorAll('#content td, #content th, #content h2, #content label')]
  .filter(cell => !cell.closest('.sr-only') && cell.checkVisibility() && cell.innerText.trim().length > 3 && cell.clientWidth > 0)
  .filter(cell => cell.getBoundingClientRect().width < 24).map(cell => cell.innerText)
"""
OTHER = ("admin", "api", "i18n", "kit:api_docs")
FILES = ("_csv", "_json", "report_file", "photo", "picture", "geojson", "tile", "phone", "logout")


LED_TO = {
    "onemap:table", "monitoring:device", "monitoring:camera", "monitoring:rule_change", "monitoring:operators",
    "command:incident", "command:orders_mine", "supervision:hazard", "supervision:hazard_new", "kit:figure",
}  # fmt: skip


def page_name(address: str) -> str | None:
    """The page's name, so that of a thousand devices one is walked; nothing for files and the back office."""
    try:
        found = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    name = f"{found.namespace}:{found.url_name}" if found.namespace else str(found.url_name)
    return None if name.startswith(OTHER) or name.endswith(FILES) else name


def trouble_of(person: Person, address: str) -> list[str]:
    """What is wrong with one page at either size."""
    page, troubles = person.page, []
    answer = page.goto(address)
    if answer is None or answer.status != 200:
        return [f"{address}: answers {answer and answer.status}"]
    for size in (DESK, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if page.evaluate(WIDE) > 0:
            troubles.append(f"{address}: wider than {size['width']}")
        troubles += [f"{address}: {text!r} collapses at {size['width']}" for text in page.evaluate(COLLAPSED)[:1]]
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    return troubles


def walk(person: Person, start: str, seen: set[str]) -> list[str]:
    """Follows links from the role's home, one of each page's name that nobody has walked; what was wrong."""
    here, waiting = person.page, [start]
    troubles: list[str] = []
    seen -= {page_name(start) or ""}
    while waiting:
        address = waiting.pop(0)
        name = page_name(address)
        if name is None or name in seen:
            continue
        seen.add(name)
        troubles += trouble_of(person, address)
        waiting += [urljoin(start, link) for link in here.evaluate(LINKS) if link.startswith(start)]
    return troubles


def test_every_page_fits_a_desk_and_a_phone(anlan: Anlan, chromium: Any) -> None:
    """Pages that only another role sees are walked by that role."""
    seen: set[str] = set()
    for role in ("duty", "inspector", "team1", "enterprise", "leader"):
        person = Person(chromium, anlan, role)
        assert (role, walk(person, anlan.url + "/", seen)) == (role, [])
        assert (role, person.page.faults) == (role, [])  # type: ignore[attr-defined]
        person.page.context.close()
    assert LED_TO - seen == set()
