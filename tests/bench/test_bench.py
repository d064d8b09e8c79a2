"""The benchmark still works: all that it runs, in small sizes. No time is looked at."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bench.__main__ import GROUPS, main
from tests.bench.goals import goals
from tests.bench.graphs import jobs_in, write_steps_spec, write_table_spec
from tests.bench.growth import growth_of
from tests.bench.measure import Found
from tests.bench.report import costs, verdicts


def test_quick_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command of every group runs, and tables, JSON and picture come of it."""
    assert main(["--quick", "--out", str(tmp_path)]) == 0
    told = json.loads((tmp_path / "bench.json").read_text())
    assert list(told["groups"]) == list(GROUPS)
    series = {one["series"] for found in told["groups"].values() for one in found}
    assert {name.partition(",")[0] for name in series} >= {
        "sncompile", "one rule per job", "C parse to events", "C parse to document", "written by hand",
        "snakemake -n -q", "snakemake --lint", "snakemake", "sncompile plan", "sncompile run",
        "the same commands as one script",
    }  # fmt: skip
    assert ("WfCommons, Snakemake" in series) == (find_spec("wfcommons") is not None)
    assert all(one["cpu_s"] and not one["note"] for found in told["groups"].values() for one in found)
    assert (tmp_path / "bench.png").exists() == (find_spec("matplotlib") is not None)
    assert (tmp_path / "bench.txt").read_text() in capsys.readouterr().out
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize("write", [write_table_spec, write_steps_spec])
def test_forms_are_the_same_graph(tmp_path: Path, write: object) -> None:
    """By table and written out, there are as many jobs, which do the same in as many families."""
    from sncompile.api import check, graph_of, optimize

    assert callable(write)
    graph = graph_of(check(write(tmp_path, 7)).require())
    assert graph.job_count() == jobs_in(7)
    merged = optimize(graph, 1).graph
    assert (len(merged.families), merged.job_count()) == (6, jobs_in(7))


def grown(exponent: float) -> list[Found]:
    """A series that costs 1 s to start, and 0.01 s × jobs ^ exponent."""
    return [Found("s", jobs, cpu=[1 + (0.01 * jobs**exponent if jobs > 1 else 0)]) for jobs in (1, 100, 1_000, 10_000)]


@pytest.mark.parametrize("exponent", [0.8, 1.0, 1.7])
def test_growth_is_found(exponent: float) -> None:
    """The exponent comes back whatever it costs to start, and nothing is told of a series that does not grow."""
    growth = growth_of(grown(exponent))
    assert growth is not None
    assert growth.exponent == pytest.approx(exponent, abs=0.01)
    assert growth_of([Found("s", jobs, cpu=[1.0]) for jobs in (1, 100, 1_000)]) is None


def test_what_was_not_measured_is_never_met() -> None:
    """Without numbers no goal is met, and an estimate is marked as one."""
    told = goals({})
    assert told
    assert {goal.met for goal in told} == {None}
    assert "NOT met" not in verdicts(told)
    line = costs([Found("s", 5, cpu=[2.0], note="estimated, jobs^1.70")]).splitlines()[-1]
    assert "~2.00" in line
    assert "estimated" in line
