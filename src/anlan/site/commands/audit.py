"""Verifies, exports or heads the audit log, whose entries are chained by hashes.

example: anlan audit head                                        keep this line somewhere else
         anlan audit verify --head 1207:3f…e9                    in the database, with its tail
         anlan audit export --out audit.jsonl
         anlan audit verify --file audit.jsonl --json            offline, on any machine

Exit code 0 where the chain is sound, 1 where a link is broken.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from anlan.accounts.chain import Head, Verdict, canonical, read_lines, verify
from anlan.site.standing import stand_up


def arguments(parser: argparse.ArgumentParser) -> None:
    jobs = parser.add_subparsers(dest="job", required=True, metavar="verify|export|head")
    check = jobs.add_parser("verify", help="follow the chain and name the first broken link")
    check.add_argument("--file", type=Path, help="an exported file, instead of the database; needs no database")
    check.add_argument("--head", type=_head, metavar="SEQ:HASH", help="a head noted earlier, to find a cut tail")
    check.add_argument("--json", action="store_true")
    export = jobs.add_parser("export", help="write the whole log as JSON lines")
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    jobs.add_parser("head", help="print SEQ:HASH of the last entry")


def run(arguments: argparse.Namespace) -> int:
    if arguments.job == "verify":
        return _verify(arguments)
    stand_up()
    return _export(arguments.out) if arguments.job == "export" else _print_head()


def _verify(arguments: argparse.Namespace) -> int:
    if arguments.file:
        verdict = verify(read_lines(arguments.file), kept=arguments.head)
    else:
        stand_up()
        from anlan.accounts.audit import audit_entries

        verdict = verify(audit_entries(), kept=arguments.head)
    print(_as_json(verdict) if arguments.json else _as_text(verdict))
    return 1 if verdict.broken else 0


def _as_json(verdict: Verdict) -> str:
    broken = asdict(verdict.broken) if verdict.broken else None
    return json.dumps({"ok": broken is None, "head": str(verdict.head), "broken": broken}, ensure_ascii=False)


def _as_text(verdict: Verdict) -> str:
    if broken := verdict.broken:
        return f"audit: broken at {broken.seq}: {broken.problem} ({broken.detail}); sound up to {verdict.head}"
    return f"audit: {verdict.head.seq} entries, unbroken; head {verdict.head}"


def _export(out: Path) -> int:
    from anlan.accounts.audit import Action, audit_entries, audit_record
    from anlan.accounts.models import AuditEntry

    head, unfinished = Head(), out.with_name(f"{out.name}.part")
    with unfinished.open("wb") as file:
        for entry in audit_entries():
            file.write(canonical(entry) + b"\n")
            head = Head(seq=entry["seq"], hash=entry["hash"])
    unfinished.replace(out)
    audit_record(action=Action.EXPORT, subject=AuditEntry, fields={"rows": head.seq, "format": "jsonl"})
    print(f"audit: {head.seq} entries in {out}; head {head}")
    return 0


def _print_head() -> int:
    from anlan.accounts.audit import audit_head

    print(audit_head())
    return 0


def _head(text: str) -> Head:
    try:
        return Head.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
