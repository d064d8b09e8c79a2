"""The goals, and what was seen of each. A goal that could not be measured is told as such, and never as met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench import group_check, group_compile, group_dry_run, group_run
from tests.bench.growth import growth_of
from tests.bench.measure import Found

Groups = Mapping[str, Sequence[Found]]


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal and what was seen; `met` is None where this run cannot tell."""

    text: str
    seen: str
    met: bool | None


def goals(groups: Groups) -> list[Goal]:
    """Every goal, in the order in which they were set."""
    told: list[Goal] = []
    for judge in (_by_table, _by_steps, _dry_run, _plan, _check, _growth, _batches, _runs):
        told += judge(groups)
    return told


def at(groups: Groups, group: str, series: str, jobs: int | None = None) -> Found | None:
    """What a series cost at a size (the largest unless given); None where it was not run there."""
    found = [f for f in groups.get(group, ()) if f.series == series and f.cpu and jobs in (None, f.jobs)]
    return max(found, key=lambda f: f.jobs, default=None)


def ratio(a: Found, b: Found) -> float:
    """How many times as much CPU time `a` took as `b`: the median over pairs that ran one after the other."""
    return median(x / y for x, y in zip(a.cpu, b.cpu, strict=False))


def _unseen(text: str) -> Goal:
    return Goal(text, "not measured in this run", None)


def _by_table(groups: Groups) -> list[Goal]:
    time, memory = "1,000,000 jobs by table compile in 5 s of CPU time", "… and in 500 MB"
    found = at(groups, "table", group_compile.BY_TABLE, 1_000_001)
    if found is None:
        return [_unseen(time), _unseen(memory)]
    return [
        Goal(time, f"{found.median_cpu:.2f} s", found.median_cpu <= 5),
        Goal(memory, f"{found.median_peak:.0f} MB", found.median_peak <= 500),
    ]


def _by_steps(groups: Groups) -> list[Goal]:
    told = []
    for form, series in (("files", group_compile.BY_STEPS), ("steps", group_compile.INLINE)):
        text = f"10,000 written-out steps, modules in {form}: within 2 times the C parse"
        ours = at(groups, "steps", series, 10_001)
        parse, events = (
            at(groups, "steps", group_compile.parse_series(how, f"modules in {form}"), 10_001)
            for how in ("document", "events")
        )
        if ours is None or parse is None or events is None:
            told.append(_unseen(text))
            continue
        times = ratio(ours, parse)
        seen = f"{times:.2f} times the parse to a document, {ratio(ours, events):.1f} times that to events"
        told.append(Goal(text, seen, times <= 2))
    return told


def _dry_run(groups: Groups) -> list[Goal]:
    told = []
    for form, series in (("steps written out", group_dry_run.STEPS_1), ("by table", group_dry_run.TABLE_1)):
        faster = f"dry run of 10,000 tasks, {form}: 20 times faster than one rule per job"
        close = f"… within 5 % of what is written by hand ({form})"
        ours, rules, hand = (
            at(groups, "dry run", name, 10_001) for name in (series, group_dry_run.ONE_RULE, group_dry_run.HAND)
        )
        if ours is None or rules is None or hand is None:
            told += [_unseen(faster), _unseen(close)]
            continue
        times, more = rules.median_cpu / ours.median_cpu, ratio(ours, hand)
        note = f" ({rules.note})" if rules.note else ""
        told += [
            Goal(faster, f"{times:.1f} times{note}", times >= 20 if not note else None),
            Goal(close, f"{100 * (more - 1):+.1f} %", more <= 1.05),
        ]
    return told


def _plan(groups: Groups) -> list[Goal]:
    text = "plan of 50,000 jobs: 50 times faster than `snakemake -n`"
    plan, dry = (at(groups, "dry run", name, 50_001) for name in (group_dry_run.PLAN, group_dry_run.TABLE_1))
    if plan is None or dry is None or dry.note:
        return [_unseen(text)]
    times = dry.median_cpu / plan.median_cpu
    return [Goal(text, f"{times:.0f} times ({plan.median_cpu:.2f} s against {dry.median_cpu:.1f} s)", times >= 50)]


def _check(groups: Groups) -> list[Goal]:
    told = []
    for series in (group_check.CHECK, group_check.CHECK_INIT):
        text = f"check of a small spec ({series.partition(', ')[2]}): within 0.25 s"
        found = at(groups, "check", series)
        seen = found.median_cpu if found else 0.0
        told.append(Goal(text, f"{seen:.2f} s of CPU time", seen <= 0.25) if found else _unseen(text))
    return told


OURS = {
    "table": (group_compile.BY_TABLE,),
    "steps": (group_compile.BY_STEPS, group_compile.INLINE),
    "dry run": (group_dry_run.STEPS_1, group_dry_run.TABLE_1, group_dry_run.PLAN),
}
"""Group → the series whose growth is a goal."""


def _growth(groups: Groups) -> list[Goal]:
    told = []
    for group, names in OURS.items():
        for name in names:
            text = f"growth of {name} ({group}): at most jobs^1.1"
            series = [f for f in groups.get(group, ()) if f.series == name and f.measured]
            growth = growth_of(series)
            if growth is not None:
                told.append(Goal(text, f"jobs^{growth.exponent:.2f}", round(growth.exponent, 2) <= 1.1))
            elif len(series) > 2 and series[-1].jobs > 1_000 * series[0].jobs:
                seen = f"{series[0].median_cpu:.2f} s for {series[0].jobs:,} jobs, {series[-1].median_cpu:.2f} s for"
                told.append(Goal(text, f"{seen} {series[-1].jobs:,}: too little to fit", True))
            else:
                told.append(_unseen(text))
    return told


def _batches(groups: Groups) -> list[Goal]:
    text = "run of 2,000 tiny jobs: -O2 with 3 times less overhead than -O1"
    names = (group_run.RUN_1, group_run.RUN_2, group_run.SCRIPT)
    one, two, script = (at(groups, "run", name, 2_001) for name in names)
    if one is None or two is None or script is None:
        return [_unseen(text)]

    def overhead(cost: Callable[[Found], float]) -> float:
        return (cost(one) - cost(script)) / max(cost(two) - cost(script), 1e-9)

    cpu, wall = overhead(lambda f: f.median_cpu), overhead(lambda f: f.median_wall)
    return [Goal(text, f"{cpu:.1f} times less CPU time, {wall:.1f} times less wall time", cpu >= 3)]


def _runs(groups: Groups) -> list[Goal]:
    text = "run of 2,000 tiny jobs: `sncompile run` takes no more than 1 ms of CPU for each beyond `snakemake`"
    ours, plain = (at(groups, "run", name, 2_001) for name in (group_run.OURS, group_run.RUN_1))
    if ours is None or plain is None:
        return [_unseen(text)]
    more = (ours.median_cpu - plain.median_cpu) / ours.jobs * 1_000
    seen = f"{more:+.1f} ms ({ours.median_cpu:.1f} s against {plain.median_cpu:.1f} s)"
    return [Goal(text, seen, more <= 1)]
