"""Takes a comparison from size to size, and leaves out what would take too long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.bench.growth import estimated, foretold
from tests.bench.measure import Case, Found, Meter


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured. Sizes are numbers of branches, the smallest first; it stands for the cost of starting.

    `budget`: a run that is likely to take more seconds of CPU time is left out and estimated. `run_jobs`: how many tiny
    jobs are really run.
    """

    name: str
    table: tuple[int, ...]
    steps: tuple[int, ...]
    dry: tuple[int, ...]
    run_jobs: int
    repeats: int
    budget: float
    limit: float


QUICK = Extent("quick", (4,), (4,), (4,), 20, 1, 60, 300)
USUAL = Extent(
    "usual",
    table=(1, 200, 2_000, 20_000, 60_000, 200_000),
    steps=(1, 20, 60, 200, 600, 2_000),
    dry=(1, 10, 30, 100, 300, 1_000, 2_000, 10_000),
    run_jobs=2_000,
    repeats=3,
    budget=120,
    limit=1_800,
)
FULL = Extent("full", USUAL.table, USUAL.steps, USUAL.dry, USUAL.run_jobs, 5, 20_000, 40_000)


def sweep(meter: Meter, extent: Extent, sizes: Sequence[int], cases_of: Callable[[int], Sequence[Case]]) -> list[Found]:
    """What every series cost at every size; what is left out is estimated from the sizes below. Raises `Failed`."""
    found: dict[str, list[Found]] = {}
    for size in sizes:
        chosen: list[Case] = []
        for case in cases_of(size):
            series = found.setdefault(case.series, [])
            likely = foretold(series, case.jobs)
            if likely is not None and likely > extent.budget and not case.must:
                series.append(estimated(series, case.series, case.jobs))
                meter.tell(f"  {case.series:<36} {case.jobs:>9,} jobs left out: likely {likely:,.0f} s")
            else:
                chosen.append(case)
        wanted = [_repeats(extent, foretold(found[case.series], case.jobs)) for case in chosen]
        for case, result in zip(chosen, meter.interleaved(chosen, wanted), strict=True):
            found[case.series].append(result)
    return [result for series in found.values() for result in series]


def _repeats(extent: Extent, likely: float | None) -> int:
    """How often a case is run: once where that takes long."""
    if likely is None or likely < 20:
        return extent.repeats
    return max(1, extent.repeats - 1) if likely < 45 else max(1, extent.repeats - 2)
