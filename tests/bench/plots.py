"""The plots of the benchmark page: bars of what was measured once, lines of what grows."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.tables import Measured

WIDTH, BAR = 8.5, 0.34  # inches, and those of a bar with its space
ACCENT, GREY, TEXT = "#2f6fed", "#9aa4b2", "#6b7280"  # that can be read on white and on black
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "gopimi", "font.family": "sans-serif", "font.size": 10})


def draw(measured: Measured, path: Path) -> None:
    height = 4 if measured.growth else 0.9 + BAR * len(measured.seconds)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots()
    if measured.growth:
        _lines(axes, measured)
    else:
        _bars(axes, measured)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=TEXT)
    axes.xaxis.label.set_color(TEXT)
    axes.yaxis.label.set_color(TEXT)
    figure.savefig(path, transparent=True, metadata={"Date": None})


def _bars(axes: Axes, measured: Measured) -> None:
    names, times = list(measured.seconds), [1000 * taken for taken in measured.seconds.values()]
    colors = [GREY if _is_other(name) else ACCENT for name in names]
    bars = axes.barh(names, times, color=colors, height=0.6)
    axes.bar_label(bars, [f"{taken:,.3g} ms" for taken in times], padding=4, color=TEXT)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    if max(times) > 50 * min(times):
        axes.set_xscale("log")
    axes.set_xlabel("ms")


def _is_other(name: str) -> bool:
    """Peers and floors: what isn't ours."""
    return name.startswith(("django-", "admin:", "raw", "floor", "COPY"))


def _lines(axes: Axes, measured: Measured) -> None:
    for name, times in measured.growth.items():
        axes.plot(list(times), [1000 * taken for taken in times.values()], marker="o", label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("ms")
    axes.legend(frameon=False, labelcolor=TEXT)
