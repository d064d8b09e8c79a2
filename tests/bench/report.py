"""What was measured, as tables and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tests.bench.goals import Goal, Groups
from tests.bench.growth import growth_of
from tests.bench.measure import Found

TITLES = {
    "table": "Compile: a graph by table",
    "steps": "Compile: every step written out",
    "dry run": "Dry run, and plan",
    "check": "Check of a small spec, and start-up",
    "run": "A real run of tiny jobs",
}


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, the first one a heading; the first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines) + "\n"


def costs(found: Sequence[Found]) -> str:
    """A table of what every series cost at every size."""
    rows: list[tuple[str, ...]] = [
        ("series", "jobs", "CPU s", "from", "to", "wall s", "peak MB", "wrote MB", "runs", "")
    ]
    for one in found:
        if not one.cpu:
            rows.append((one.series, f"{one.jobs:,}", *[""] * 7, one.note))
            continue
        measured = one.measured
        rows.append(
            (
                one.series,
                f"{one.jobs:,}",
                f"{'' if measured else '~'}{one.median_cpu:.2f}",
                f"{min(one.cpu):.2f}" if measured else "",
                f"{max(one.cpu):.2f}" if measured else "",
                f"{one.median_wall:.2f}" if one.wall else "",
                f"{one.median_peak:.0f}" if one.peak else "",
                f"{one.written:.2f}" if one.written is not None else "",
                str(len(one.wall)) if measured else "",
                one.note,
            )
        )
    return table(rows)


def growths(found: Sequence[Found]) -> str:
    """A table of how every series grows; empty where none has enough sizes."""
    rows = [("series", "start s", "grows as", "sizes", "s for 1,000 jobs more")]
    for name in dict.fromkeys(one.series for one in found):
        growth = growth_of([one for one in found if one.series == name])
        if growth is not None:
            more = growth.at(1_000) - growth.start
            rows.append((name, f"{growth.start:.2f}", f"jobs^{growth.exponent:.2f}", str(growth.points), f"{more:.3f}"))
    return table(rows) if len(rows) > 1 else ""


def verdicts(told: Sequence[Goal]) -> str:
    """A table of the goals."""
    words = {True: "met", False: "NOT met", None: "not told"}
    return table([("goal", "seen", ""), *((goal.text, goal.seen, words[goal.met]) for goal in told)])


def machine() -> dict[str, Any]:
    """What the numbers were measured on and with."""
    model = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model,
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "versions": {name: _version(name) for name in ("sncompile", "snakemake", "ruamel.yaml", "wfcommons")},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def text_of(groups: Groups, told: Sequence[Goal], about: dict[str, Any]) -> str:
    """The whole report."""
    tools = ", ".join(f"{name} {number}" for name, number in about["versions"].items() if number)
    parts = [f"{about['date']}, {about['cpus']} processors {about['processor']}, Python {about['python']}, {tools}\n"]
    for name, found in groups.items():
        parts += [f"## {TITLES[name]}\n", costs(found)]
        grown = growths(found)
        parts += [grown] if grown else []
    parts += ["## Goals\n", verdicts(told)]
    return "\n".join(parts)


def write_json(path: Path, groups: Groups, told: Sequence[Goal], about: dict[str, Any]) -> None:
    """Everything that was measured, run by run."""
    data = {
        **about,
        "groups": {
            name: [
                {
                    "series": one.series,
                    "jobs": one.jobs,
                    "cpu_s": one.cpu,
                    "wall_s": one.wall,
                    "peak_mb": one.peak,
                    "written_mb": one.written,
                    "note": one.note,
                }
                for one in found
            ]
            for name, found in groups.items()
        },
        "growth": {
            f"{name}: {series}": growth._asdict()
            for name, found in groups.items()
            for series in dict.fromkeys(one.series for one in found)
            if (growth := growth_of([one for one in found if one.series == series])) is not None
        },
        "goals": [{"goal": goal.text, "seen": goal.seen, "met": goal.met} for goal in told],
    }
    path.write_text(json.dumps(data, indent=2) + "\n", "utf-8")
