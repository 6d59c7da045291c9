"""Holds the readings received against the states in which they ended, by source and hour of arrival.

example: anlan ledger
         anlan ledger --hours 168 --json

Exit code 0 where every reading is accounted for, 1 on a difference.
"""

import argparse
import json
import unicodedata
from typing import TYPE_CHECKING, Any

from anlan.site.standing import stand_up

if TYPE_CHECKING:
    from anlan.monitoring.ledger import LedgerRow, Reconciliation

SHOWN = 20
HEAD = ("小时", "来源", "报文", "失败报文", "读数")
TAIL = ("合计", "差额")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hours", type=_hours, default=24, metavar="N", help="the last N hours, this one too (24)")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    stand_up()
    from anlan.monitoring.ledger import ledger_reconcile
    from anlan.monitoring.moments import now_ms

    found = ledger_reconcile(now=now_ms(), hours=arguments.hours)
    print(json.dumps(_facts(found), ensure_ascii=False) if arguments.json else _text(found))
    return 1 if found.difference else 0


def _facts(found: "Reconciliation") -> dict[str, Any]:
    return {
        "ok": found.difference == 0,
        "difference": found.difference,
        "rows": [_row(row) for row in found.rows],
        "failures": [
            {"source": source, "kind": kind, "frames": frames} for source, kind, frames in found.failures
        ],
        "unknown_devices": [
            {
                "protocol": one.protocol,
                "code": one.code,
                "frames": one.frames,
                "readings": one.readings,
                "last_seen_at": one.last_seen_at.isoformat(),
            }
            for one in found.unknown
        ],
    }  # fmt: skip


def _row(row: "LedgerRow") -> dict[str, Any]:
    return {
        "hour": row.hour.isoformat() if row.hour else None,
        "source": row.source,
        "frames": row.good,
        "failed_frames": row.failures,
        "received": row.received,
        "states": {state.name.lower(): count for state, count in row.states.items() if count},
        "difference": row.difference,
    }


def _text(found: "Reconciliation") -> str:
    from anlan.monitoring.models.count import LEDGER_TITLES

    lines = [[*HEAD, *map(str, LEDGER_TITLES.values()), *TAIL], *map(_cells, found.rows)]
    parts = [_table(lines)]
    if found.failures:
        parts.append(_table([["来源", "失败原因", "报文"], *([s, kind, str(n)] for s, kind, n in found.failures)]))
    if found.unknown:
        unknown = [[one.protocol, one.code, str(one.frames), str(one.readings)] for one in found.unknown[:SHOWN]]
        parts.append(_table([["未登记设备", "编码", "报文", "读数"], *unknown]))
        parts.append(f"未登记设备共 {len(found.unknown)} 个")
    parts.append(f"差额 {found.difference}:{'不平' if found.difference else '账平'}")
    return "\n\n".join(parts)


def _cells(row: "LedgerRow") -> list[str]:
    from django.utils.timezone import localtime

    from anlan.monitoring.models.count import LEDGER_TITLES

    states = [row.states[state] for state in LEDGER_TITLES]
    numbers = [row.good, row.failures, row.received, *states, row.total, row.difference]
    return [f"{localtime(row.hour):%m-%d %H}", row.source, *map(str, numbers)]


def _table(rows: list[list[str]]) -> str:
    """Columns, numbers to the right; a Chinese character is two columns wide."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(_padded, row, widths)).rstrip() for row in rows)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    space = " " * (width - _width(text))
    return space + text if text.lstrip("-").isdigit() else text + space


def _hours(text: str) -> int:
    if not 1 <= int(text) <= 24 * 366:
        raise argparse.ArgumentTypeError("hours are from 1 to 8784")
    return int(text)
