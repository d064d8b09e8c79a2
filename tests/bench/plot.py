"""A picture of what was measured: CPU time over jobs, and the real run as bars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.bench.goals import Groups
from tests.bench.measure import Found
from tests.bench.report import TITLES

KINDS = (
    (("sncompile plan",), ("#7b2cbf",)),
    (("sncompile", "snakemake, compiled"), ("#0b4f8a", "#2a86c9", "#63b3e4")),
    (("written by hand", "snakemake, written"), ("#2a7f3e", "#7cb342")),
    (("C parse",), ("#8d6e00", "#c7a008", "#5f5f5f", "#a0a0a0")),
    (("one rule",), ("#c1121f",)),
    (("WfCommons",), ("#e76f51", "#f4a261", "#d1495b", "#9c2c55")),
    (("",), ("#5f5f5f", "#a0a0a0")),
)
"""What the names of series start with, and the colours for them: ours are blue."""

MARKERS = "osD^vPX*<>dh"


def draw(groups: Groups, path: Path) -> None:
    """Write the picture. Raises `ImportError` where matplotlib is not installed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [name for name in TITLES if groups.get(name)]
    lines = [name for name in shown if name not in ("check", "run")]
    figure, axes = pyplot.subplots(2, 3, figsize=(19, 13), layout="constrained")
    places = list(axes.flat)
    for name in lines:
        _lines(places.pop(0), TITLES[name], groups[name])
    for name in shown:
        if name not in lines:
            _bars(places.pop(0), TITLES[name], groups[name])
    if "table" in lines:
        _lines(places.pop(0), "Compile: a graph by table, peak memory", groups["table"], memory=True)
    for left in places:
        left.set_visible(False)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _colors(names: Sequence[str]) -> dict[str, str]:
    """A colour for each series, of the shades of its kind."""
    found: dict[str, str] = {}
    used: dict[tuple[str, ...], int] = {}
    for name in names:
        shades = next(shades for starts, shades in KINDS if name.startswith(starts))
        found[name] = shades[used.get(shades, 0) % len(shades)]
        used[shades] = used.get(shades, 0) + 1
    return found


def _lines(axes: Any, title: str, found: Sequence[Found], *, memory: bool = False) -> None:
    """Cost over jobs, both logarithmic. What is estimated is hollow, on a dashed line."""
    names = list(dict.fromkeys(one.series for one in found if one.cpu))
    for number, (name, color) in enumerate(_colors(names).items()):
        marker = MARKERS[number % len(MARKERS)]
        points = sorted((one for one in found if one.series == name and one.cpu), key=lambda one: one.jobs)
        real = [one for one in points if one.measured]
        xs = [one.jobs for one in real]
        ys = [one.median_peak if memory else one.median_cpu for one in real]
        axes.plot(xs, ys, marker=marker, color=color, label=name, markersize=5, linewidth=1.4)
        guessed = [one for one in points if not one.measured]
        if guessed and real and not memory:
            tail = [real[-1], *guessed]
            axes.plot(
                [one.jobs for one in tail], [one.median_cpu for one in tail], color=color, marker=marker,
                markerfacecolor="white", linestyle="--", linewidth=1.2, markersize=5,
            )  # fmt: skip
    axes.set(xscale="log", yscale="log", title=title, xlabel="jobs", ylabel="peak MB" if memory else "CPU seconds")
    axes.grid(True, which="major", color="#dddddd", linewidth=0.7)
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)


def _bars(axes: Any, title: str, found: Sequence[Found]) -> None:
    """CPU time of each case."""
    shown = [one for one in found if one.cpu][::-1]
    colors = _colors([one.series for one in shown[::-1]])
    axes.barh(
        [one.series for one in shown], [one.median_cpu for one in shown], color=[colors[one.series] for one in shown]
    )
    for row, one in enumerate(shown):
        axes.text(one.median_cpu, row, f" {one.median_cpu:.2f}", va="center", fontsize=8)
    axes.set(title=title, xlabel="CPU seconds")
    axes.margins(x=0.15)
    axes.tick_params(axis="y", labelsize=8)
