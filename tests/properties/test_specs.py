"""The makers of random specs: the same each time, strong in what is rare, and sure of the smallest case."""

from __future__ import annotations

from functools import cache

import pytest

from .specs.expressions import Choice, Column, Input, Literal, Output, Param, parts
from .specs.model import Made, Pipeline, Port, Spec, Step, Table
from .specs.oracle import World
from .specs.pipelines import fits, make
from .specs.reduce import reduced

SEEDS = range(150)

spec_of = cache(make)


def table(name: str, key: tuple[str, ...], *rows: dict[str, str]) -> Table:
    """A table with these rows."""
    return Table(name, key, tuple(rows[0]), rows)


def test_a_seed_is_a_spec() -> None:
    assert [make(seed).text() for seed in range(5)] == [make(seed).text() for seed in range(5)]


@pytest.mark.parametrize(
    ("what", "least"),
    [
        ("nested", 40), ("nested twice", 6), ("lists given to nested pipelines", 25), ("two uses", 10),
        ("batches", 30), ("choices", 60), ("where", 60), ("encoded keys", 30), ("periodic keys", 20), ("branches", 30),
        ("null", 40), ("attempt", 30), ("paths by hand", 10), ("create", 15),
    ],
)  # fmt: skip
def test_what_is_rare_is_likely(what: str, least: int) -> None:
    """So many of a few hundred specs have it: a maker that no longer makes it would find nothing."""
    assert sum(_HAS[what](spec_of(seed)) for seed in SEEDS) >= least


def _steps(spec: Spec) -> list[Step]:
    return [step for pipeline in spec.pipelines() for step in pipeline.steps]


def _cells(spec: Spec) -> list[str]:
    return [str(row[k]) for p in spec.pipelines() for t in p.tables for row in t.rows for k in t.key]


def _values(spec: Spec) -> list[object]:
    given = [port.value for step in _steps(spec) for port in (*step.inputs, *step.params)]
    return [part for value in given for part in parts(value)]


_HAS = {
    "nested": lambda spec: bool(spec.nested),
    "nested twice": lambda spec: any(step.nested for inner in spec.nested.values() for step in inner.steps),
    "lists given to nested pipelines": lambda spec: any(
        "[]" in t for p in spec.nested.values() for t in p.inputs.values()
    ),
    "two uses": lambda spec: len([step for step in spec.root.steps if step.nested]) > len(spec.nested),
    "batches": lambda spec: any(step.batch for step in _steps(spec)),
    "choices": lambda spec: any(isinstance(value, Choice) for value in _values(spec)),
    "where": lambda spec: any(step.where is not None for step in _steps(spec)),
    "encoded keys": lambda spec: any(set(cell) & set("/%{}") or cell in (".", "..") for cell in _cells(spec)),
    "periodic keys": lambda spec: (
        any(cell == cell[:3] * (len(cell) // 3) for cell in _cells(spec) if len(cell) > 60)
        or any(len(set(cell)) <= 2 for cell in _cells(spec) if len(cell) > 17)
    ),
    "branches": lambda spec: any(step.name.endswith("_2") for step in spec.root.steps),
    "null": lambda spec: any(value == Literal(None) for value in _values(spec)),
    "attempt": lambda spec: any("attempt" in str(n.written) for step in _steps(spec) for n in step.resources.values()),
    "paths by hand": lambda spec: any(made.path is not None for step in _steps(spec) for made in step.outputs),
    "create": lambda spec: any(made.create for step in _steps(spec) for made in step.outputs),
}


SAMPLES = table("samples", ("sample",), {"sample": "A"}, {"sample": "B"}, {"sample": "C"})
COUNT = Step("count", ("sample",), "samples", outputs=(Made("o"),))


def words(spec: Spec) -> dict[str, list[str]]:
    """Job → its command."""
    return {job.id: job.words for job in World(spec).jobs}


def test_a_list_passed_into_a_nested_pipeline_stays_whole() -> None:
    scale = Step("scale", ("sample",), "samples", inputs=(Port("all", True, Input("all")),), outputs=(Made("o"),))
    inner = Pipeline("norm", (), (scale,), {"all": "file[]"}, {}, {"o": Output("scale", "o")})
    use = Step("norm", nested="norm", gives={"all": Output("count", "o")})
    found = words(Spec(Pipeline("main", (SAMPLES,), (COUNT, use)), {"norm": inner}))
    paths = [f"results/count/{sample}/o" for sample in "ABC"]
    assert found["norm.scale/B"] == ["rec", "results/norm.scale/B/o", ":::", *paths, ":::"]


def test_a_gather_is_ordered_as_the_rows_that_are_looked_at() -> None:
    rows = [("P1", "blood"), ("P2", "liver"), ("P1", "skin"), ("P1", "liver")]
    samples = table("samples", ("patient", "tissue"), *({"patient": p, "tissue": t} for p, t in rows))
    atlas = Step("atlas", ("tissue",), "samples", outputs=(Made("o"),))
    compare = Step(
        "compare", ("patient",), "samples", inputs=(Port("all", True, Output("atlas", "o")),), outputs=(Made("o"),)
    )
    found = words(Spec(Pipeline("main", (samples,), (atlas, compare))))
    assert found["compare/P1"][3:-1] == [f"results/atlas/{tissue}/o" for tissue in ("blood", "skin", "liver")]


def test_nested_outputs_keep_the_inner_keys() -> None:
    lanes = table("lanes", ("batch", "sample"), {"batch": "b1", "sample": "S1"}, {"batch": "b1", "sample": "S2"})
    inner = Pipeline(
        "inner",
        (),
        (Step("align", ("sample",), "lanes", outputs=(Made("bam"),)),),
        {},
        {},
        {"bam": Output("align", "bam")},
    )
    use = Step("lanes_", ("batch",), "lanes", nested="inner")
    call = Step(
        "call", ("sample",), "lanes", inputs=(Port("bam", True, Output("lanes_", "bam")),), outputs=(Made("o"),)
    )
    found = words(Spec(Pipeline("main", (lanes,), (use, call)), {"inner": inner}))
    assert found["call/S1"][3:-1] == ["results/lanes_.align/b1/S1/bam"]


def test_a_job_needs_only_what_its_own_evaluation_reads() -> None:
    samples = table("samples", ("sample",), {"sample": "A", "path": "raw/a"}, {"sample": "B", "path": "raw/b"})
    value = Choice(Column("samples", "path"), Param("flag"), Output("count", "o"))
    step = Step("take", ("sample",), "samples", inputs=(Port("i", False, value),), outputs=(Made("o"),))
    pipeline = Pipeline("main", (samples,), (COUNT, step), {}, {"flag": {"type": "boolean", "default": False}})
    jobs = {job.id: job for job in World(Spec(pipeline)).jobs}
    assert jobs["take/A"].files() == ["results/count/A/o"]
    assert jobs["take/A"].waits == {"count/A"}


def test_a_spec_is_made_small() -> None:
    """The reducer keeps what matters and nothing else."""

    def holds(spec: Spec) -> bool:
        return any(step.batch for step in spec.root.steps)

    seed = next(seed for seed in SEEDS if holds(spec_of(seed)) and len(spec_of(seed).root.steps) > 3)
    small = reduced(spec_of(seed), holds)
    assert holds(small)
    assert fits(small)
    assert len(small.root.steps) == 1
    assert not small.nested
