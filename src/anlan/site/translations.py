"""Compiles the translations of every part: `.po` files are the source, `.mo` files are made at set-up."""

from pathlib import Path

import polib

from anlan.site.paths import ROOT


def compile_translations(root: Path = ROOT / "src") -> int:
    """Writes each `.mo` that is missing or older than its `.po`; returns how many were written."""
    written = 0
    for source in sorted(root.rglob("LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
            written += 1
    return written
