"""The benchmark page of the README: every table with its plot, and when and on what each part was measured."""

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.desk import ROOT, owner
from tests.bench.tables import Measured

FOLDER = ROOT / "docs" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"
PEERS = ["django-import-export", "django-helpdesk", "djangorestframework"]
INTRODUCTION = """# Benchmarks

Written by `make bench`. All that stands in one table was measured in one run, in turns, by medians, on an embedded
server and with one worker, beside peers and beside bare psycopg. Times differ from machine to machine; the ratios are
what counts, and in brackets stands what is wanted of them. Nothing here is a test: no time is ever asserted.
"""
MEASURED = """Measured on {date}, on {machine}, with Python {python}, PostgreSQL {postgres}, Django {django}, {peers}.
"""
PART = re.compile(r"<!-- part: (\S+) -->\n(.*?)(?=<!-- part: |\Z)", re.DOTALL)


def write(part: str, found: Sequence[Measured], order: Sequence[str]) -> None:
    """Write a part of the page and its plots anew; `order` is that of the parts."""
    from tests.bench import plots

    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob(f"{part}-*.svg"):
        old.unlink()
    sections = []
    for measured in found:
        title = re.sub(r"[^a-z0-9]+", "-", measured.title.split(";")[0].lower()).strip("-")
        plots.draw(measured, FOLDER / f"{part}-{title}.svg")
        sections.append(_section(measured, f"benchmarks/{part}-{title}.svg"))
    known = dict(PART.findall(PAGE.read_text())) if PAGE.exists() else {}
    known[part] = "\n".join([*sections, _measured()])
    parts = [f"<!-- part: {name} -->\n{known[name]}" for name in order if name in known]
    PAGE.write_text("\n".join([INTRODUCTION, *(text.rstrip() + "\n" for text in parts)]))


def _measured() -> str:
    with owner() as cursor:
        cursor.execute("SHOW server_version")
        (postgres,) = cursor.fetchone() or ("",)
    return MEASURED.format(
        date=datetime.now(UTC).strftime("%d %B %Y").lstrip("0"),
        machine=_machine(),
        python=platform.python_version(),
        postgres=postgres.split()[0],
        django=version("django"),
        peers=", ".join(f"{name} {version(name)}" for name in PEERS),
    )


def _machine() -> str:
    names = re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{os.cpu_count()} cores ({names[0] if names else platform.machine()}) and {memory:.0f} GiB of memory"


def _section(measured: Measured, plot: str) -> str:
    lines = [f"## {measured.title}", "", f"![{measured.title}]({plot})", "", "| | |", "| :-- | --: |"]
    lines += [f"| {name} | {1000 * taken:,.3f} ms |" for name, taken in measured.seconds.items()]
    lines += [f"| {name} | **{ratio:,.2f} ×** |" for name, ratio in measured.ratios.items()]
    lines += [f"| {name} | {figure} |" for name, figure in measured.others.items()]
    return "\n".join([*lines, ""])
