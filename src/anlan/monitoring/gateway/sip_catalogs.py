"""Catalogues under way: pages are stored together while the ones before them are being committed."""

from collections import defaultdict
from dataclasses import dataclass

from django.utils import timezone

from anlan.monitoring.gateway.sip_batches import Batches
from anlan.monitoring.gateway.sip_exchange import NoAnswer
from anlan.monitoring.gateway.sip_lines import CatalogRun, Line, Speaker
from anlan.monitoring.gateway.sip_work import Work
from anlan.monitoring.video.catalog import catalog_begin, catalog_end, catalog_page
from anlan.protocols.manscdp import Manscdp

MOST_CODES = 200_000


@dataclass(frozen=True, kw_only=True)
class Page:
    line: Line
    message: Manscdp


class Catalogs:
    def __init__(self, work: Work, speaker: Speaker) -> None:
        self._work, self._speaker = work, speaker
        self._pages: Batches[Page, None] = Batches(self._store)
        self.run = self._pages.run

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
        await self._pages.put(Page(line=line, message=message))
        return True

    async def _store(self, pages: list[Page]) -> list[None]:
        grouped: dict[int, list[Page]] = defaultdict(list)
        for page in pages:
            grouped[page.line.known.id].append(page)
        for of_line in grouped.values():
            await self._keep(of_line[-1].line, of_line)
        return [None] * len(pages)

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
