"""Catalogues under way: pages are stored together while the ones before them are being committed."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from django.db import Error
from django.utils import timezone

from anlan.monitoring.gateway.sip_exchange import NoAnswer
from anlan.monitoring.gateway.sip_lines import CatalogRun, Line, Speaker
from anlan.monitoring.gateway.sip_work import Work, log
from anlan.monitoring.video.catalog import catalog_begin, catalog_end, catalog_page
from anlan.protocols.manscdp import Manscdp

MOST_CODES = 200_000


@dataclass(frozen=True, kw_only=True)
class Page:
    line: Line
    message: Manscdp
    stored: "asyncio.Future[None]"


class Catalogs:
    def __init__(self, work: Work, speaker: Speaker) -> None:
        self._work, self._speaker = work, speaker
        self._pages: list[Page] = []
        self._come = asyncio.Event()

    async def query(self, line: Line) -> bool:
        """Asks for the whole catalogue; its pages come by themselves. False where the platform does not answer."""
        number = str(line.next())
        line.catalog = CatalogRun(number=number)
        try:
            answer = await self._speaker.message(line, "Query", "Catalog", number)
        except NoAnswer:
            self._work.count("unanswered")
            return False
        return answer.status == 200

    async def page(self, line: Line, message: Manscdp) -> bool:
        """Returns when the page is stored; False for one that was not asked for."""
        run = line.catalog
        if run is None or run.number != message.number:
            return False
        page = Page(line=line, message=message, stored=asyncio.get_running_loop().create_future())
        self._pages.append(page)
        self._come.set()
        await page.stored
        return True

    async def run(self) -> None:
        """For ever; ends by being cancelled."""
        while True:
            await self._come.wait()
            self._come.clear()
            pages, self._pages = self._pages, []
            grouped: dict[int, list[Page]] = defaultdict(list)
            for page in pages:
                grouped[page.line.known.id].append(page)
            for of_line in grouped.values():
                await self._store(of_line)

    async def _store(self, pages: list[Page]) -> None:
        line = pages[-1].line
        try:
            await self._keep(line, pages)
        except Error as error:
            log.warning("a catalogue of %s is not stored: %s", line.known.code, str(error).strip())
            for page in pages:
                page.stored.set_exception(error)
            return
        for page in pages:
            page.stored.set_result(None)

    async def _keep(self, line: Line, pages: list[Page]) -> None:
        run, now, platform = line.catalog, timezone.now(), line.known.id
        if run is None:
            return
        if not run.codes:
            run.total = pages[0].message.total
            await self._work.do(catalog_begin, platform_id=platform, total=run.total, now=now)
        items = [item for page in pages for item in page.message.items]
        new = {item.get("DeviceID", "") for item in items} - run.codes
        await self._work.do(catalog_page, platform_id=platform, items=items, new=len(new), now=now)
        run.codes |= set(list(new)[: max(0, MOST_CODES - len(run.codes))])
        if len(run.codes) >= run.total and not run.done:
            run.done = True
            await self._work.do(catalog_end, platform_id=platform, codes=run.codes, now=now)
