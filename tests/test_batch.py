"""Batches: instances are dealt out in their order, or by what is known of their times."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.api import check, graph_of
from sncompile.ir.graph.model import Graph
from sncompile.passes.batch import batch
from sncompile.targets.registry import find_target

SPEC = """\
sncompile: 1
pipeline: main
tables: {t: {key: k, rows: [ROWS]}}
steps:
  a:
    by: k
    batch: SIZE
    resources: {RESOURCES}
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      command: [touch, "${outputs.o}"]
    with: {i: "${k}.txt"}
"""


def graph(folder: Path, rows: int, size: int, resources: str = "") -> Graph:
    """A step of so many instances, a batch of which has a size."""
    told = ", ".join(f"{{k: {'abcdefghij'[n]}}}" for n in range(rows))
    place = folder / "main.yaml"
    place.write_text(SPEC.replace("ROWS", told).replace("SIZE", str(size)).replace("RESOURCES", resources))
    for n in range(rows):
        (folder / f"{'abcdefghij'[n]}.txt").touch()
    return graph_of(check(place).require())


@pytest.mark.parametrize(
    ("rows", "size", "batches"),
    [(5, 2, (0, 0, 1, 1, 2)), (4, 2, (0, 0, 1, 1)), (3, 3, (0, 0, 0)), (7, 3, (0, 0, 0, 1, 1, 2, 2)), (2, 9, (0, 0))],
)
def test_equally_many_each(tmp_path: Path, rows: int, size: int, batches: tuple[int, ...]) -> None:
    """As few batches as may be, of neighbours."""
    found = batch(graph(tmp_path, rows, size))
    assert found.graph.families["a"].batches == batches
    [remark] = found.remarks
    jobs = "1 job" if max(batches) == 0 else f"{max(batches) + 1} jobs"
    assert remark.message == f"the {rows} instances of `a` are done by {jobs}, equally many each"


@pytest.mark.parametrize(
    ("seconds", "batches"),
    [
        # The longest alone; those of no known time take as long as the others on average.
        ({"a/a": 10.0, "a/b": 1.0, "a/c": 1.0, "a/d": 1.0, "a/e": 1.0}, (0, 1, 2, 1, 2)),
        ({"a/e": 9.0, "a/a": 1.0}, (2, 1, 2, 1, 0)),
        ({"another": 9.0}, (0, 1, 2, 0, 1)),
    ],
)
def test_by_the_times_of_an_earlier_run(tmp_path: Path, seconds: dict[str, float], batches: tuple[int, ...]) -> None:
    """The longest goes to the batch that has the least to do."""
    found = batch(graph(tmp_path, 5, 2), seconds)
    assert found.graph.families["a"].batches == batches
    [remark] = found.remarks
    assert remark.message == "the 5 instances of `a` are done by 3 jobs, balanced by the times of an earlier run"


@pytest.mark.parametrize(("rows", "size"), [(5, 1), (1, 2)])
def test_nothing_to_batch(tmp_path: Path, rows: int, size: int) -> None:
    """One instance, or batches of one."""
    before = graph(tmp_path, rows, size)
    assert batch(before) == (before, ())


def test_batches_are_dealt_once(tmp_path: Path) -> None:
    once = batch(graph(tmp_path, 5, 2)).graph
    assert batch(once, {"a/a": 10.0}) == (once, ())


@pytest.mark.parametrize("memory", ["${attempt * 2}GB", "${inputs.i.size * 2}"])
def test_resources_of_each_instance_alone(tmp_path: Path, memory: str) -> None:
    """What only the running job knows is not known of a batch."""
    before = graph(tmp_path, 5, 2, f'memory: "{memory}"')
    found = batch(before)
    assert found.graph.families == before.families
    assert [remark.message for remark in found.remarks] == [
        "`a` is not done in batches: its resources depend on the size of each instance's files or on the attempt"
    ]


def test_targets_that_know_no_batches_prepare_the_graph(tmp_path: Path) -> None:
    """What Snakemake prints has a job for each batch, what others do one for each instance."""
    found = batch(graph(tmp_path, 5, 2)).graph
    prepared = find_target("snakemake").prepare(found, tmp_path / "out")
    assert (len(found.families["a"].keys), found.files) == (5, {})
    assert prepared.families["a"].batches == (0, 1, 2)
    assert prepared.files["batches/a.sh"].read().count(b"\n") == 5
    assert find_target("bash").prepare(found, tmp_path / "out") is found
