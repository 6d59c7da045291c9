"""Icons of the back office: each entity has its own, and the shipped font draws it."""

import base64
from pathlib import Path

from django.contrib.staticfiles import finders

from anlan.kit.backoffice.sidebar import icon_of
from anlan.kit.entities import entities
from browser import browser, new_page

FONT = "unfold/fonts/material-symbols/Material-Symbols-Outlined.woff2"
PAGE = """<style>@font-face {{ font-family: icons; src: url(data:font/woff2;base64,{font}) }}
span {{ font: 24px icons; font-feature-settings: "liga"; white-space: nowrap }}</style>{spans}"""


def test_every_entity_has_an_icon_of_its_own() -> None:
    icons = [icon_of(one) for one in entities().values()]
    assert sorted(icons) == sorted(set(icons))


def test_the_shipped_font_draws_each_icon_as_one_sign() -> None:
    """A name that the font does not know is drawn letter by letter, and is wide."""
    icons = [*(icon_of(one) for one in entities().values()), "no_such_icon"]
    font = base64.b64encode(Path(str(finders.find(FONT))).read_bytes()).decode()
    with browser() as opened:
        page = new_page(opened)
        page.set_content(PAGE.format(font=font, spans="<br>".join(f"<span>{icon}</span>" for icon in icons)))
        page.evaluate("document.fonts.load('24px icons').then(() => document.fonts.ready)")
        widths = page.evaluate("[...document.querySelectorAll('span')].map((one) => one.getBoundingClientRect().width)")
    drawn = dict(zip(icons, widths, strict=True))
    assert drawn.pop("no_such_icon") > 30
    assert {icon: width for icon, width in drawn.items() if width > 25} == {}
