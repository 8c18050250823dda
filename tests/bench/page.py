"""The benchmark page of the README: every table with its plot, and what they were measured on."""

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

Written by `make bench` on {date}, on {machine}, with Python {python}, PostgreSQL {postgres}, Django {django}, {peers}.
All that stands in one table was measured in one run, in turns, by medians, on an embedded server and with one worker.
Times differ from machine to machine; the ratios are what counts. Nothing here is a test: `make bench` prints, and never
asserts a time.
"""


def write(found: Sequence[Measured]) -> None:
    """Write the page and its plots anew."""
    from tests.bench import plots

    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.svg"):
        old.unlink()
    parts = [_introduction()]
    for measured in found:
        name = re.sub(r"[^a-z0-9]+", "-", measured.title.split(";")[0].lower()).strip("-")
        plots.draw(measured, FOLDER / f"{name}.svg")
        parts.append(_section(measured, f"benchmarks/{name}.svg"))
    PAGE.write_text("\n".join(parts))


def _introduction() -> str:
    with owner() as cursor:
        cursor.execute("SHOW server_version")
        (postgres,) = cursor.fetchone() or ("",)
    return INTRODUCTION.format(
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
