"""What tests of a spec assert of its jobs."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sncompile.diagnostics import CompileError
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Expansion, Job, jobs
from sncompile.ir.language.locations import normalized
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.relating import UNIT
from sncompile.passes.pipeline import LEVELS, optimize
from sncompile.semantics.program import Options
from sncompile.testing.compiling import AnySpec, Tables, compiled, jobs_of, table_key

DOES = ("command", "shell", "inputs", "outputs", "container", "env", "resources")
"""What a job does, whatever it is called."""

_SHOWN = 5


def assert_same_jobs(one: AnySpec | Sequence[Job], other: AnySpec | Sequence[Job], *, names: bool = True) -> None:
    """Two specs, or lists of jobs, stand for the same jobs: commands, files, containers and resources.

    With `names` the jobs are called the same too, and wait for the same others. Without it, two specs that come to the
    same in different ways are alike, such as branches written out and a table in their place.
    """
    mine, theirs = _jobs(one), _jobs(other)
    told = list(_named_differences(mine, theirs) if names else _differences(mine, theirs))
    assert not told, _message("the jobs are not the same", told)


def assert_distinct_outputs(spec: AnySpec | Sequence[Job]) -> None:
    """No two jobs write one path, and none writes inside what another writes."""
    writers: dict[str, str] = {}
    told: list[str] = []
    for job in _jobs(spec):
        for path in map(normalized, _files(job.outputs)):
            if writers.setdefault(path, job.id) != job.id:
                told.append(f"`{path}` is written by `{writers[path]}` and by `{job.id}`")
    for path, writer in writers.items():
        above = posixpath.dirname(path)
        while above not in ("", "/"):
            if writers.get(above, writer) != writer:
                told.append(f"`{path}` of `{writer}` lies in `{above}`, which `{writers[above]}` writes")
            above = posixpath.dirname(above)
    assert not told, _message("jobs get in each other's way", told)


def assert_no_lost_files(spec: AnySpec, *, tables: Tables | None = None, options: Options | None = None) -> None:
    """Every output of the pipeline is written by some job, and so is all that a job reads from the workspace.

    This holds at every level of optimization, and each of them writes what the outputs need.
    """
    with compiled(spec, tables=tables, options=options) as graph:
        wanted = _written(optimize(graph, 0, on=["prune"]).graph)
        told = [f"the output `{path}` is written by no job" for path in _published(graph) if path not in wanted]
        inside = f"{normalized(graph.workspace)}/"
        for job in jobs(graph):
            told += [
                f"`{job.id}` reads `{path}`, which lies in the workspace and which no job writes"
                for path in map(normalized, _files(job.inputs))
                if path.startswith(inside) and not _is_written(path, _written(graph))
            ]
        for level in LEVELS[1:]:
            found = _written(optimize(graph, level).graph)
            told += [f"`{path}` is not written at -O{level}" for path in wanted if path not in found]
    assert not told, _message("files are lost", told)


def for_any_table(
    spec: AnySpec,
    table: str,
    columns: Mapping[str, Any],
    *,
    least: int = 1,
    most: int = 5,
    examples: int = 100,
    seed: int = 0,
    options: Options | None = None,
) -> None:
    """For whatever rows a table has, the pipeline compiles, each job's outputs are its own, and no file is lost.

    `columns` are Hypothesis strategies for the table's columns, its keys among them; it has from `least` to `most`
    rows. Rows in which something is wrong are made as few and as plain as can be before they are told. The same `seed`
    tries the same rows. Needs the extra `testing`.
    """
    import hypothesis

    from sncompile.testing.strategies import rows

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much],
    )
    @hypothesis.given(rows(columns, table_key(spec, table), least=least, most=most))
    def check(found: Sequence[Mapping[str, Any]]) -> None:
        try:
            assert_distinct_outputs(jobs_of(spec, tables={table: found}, options=options))
            assert_no_lost_files(spec, tables={table: found}, options=options)
        except CompileError as error:
            told = [f"{d.code}: {d.message}" for d in error.diagnostics if d.severity.value == "error"]
            shown = [f"  {row}" for row in found]
            raise AssertionError(
                "\n".join([_message("the spec does not compile", told), "with the rows", *shown])
            ) from None

    check()


# --- What is compared -------------------------------------------------------------------------------------------------


def _jobs(found: AnySpec | Sequence[Job]) -> Sequence[Job]:
    return found if isinstance(found, Sequence) and not isinstance(found, str) else jobs_of(found)


def _named_differences(mine: Sequence[Job], theirs: Sequence[Job]) -> Iterator[str]:
    here, there = ({job.id: job for job in found} for found in (mine, theirs))
    yield from (f"only the first has `{id}`" for id in here.keys() - there.keys())
    yield from (f"only the second has `{id}`" for id in there.keys() - here.keys())
    for id in [id for id in here if id in there]:
        for name in (*DOES, "after"):
            one, other = getattr(here[id], name), getattr(there[id], name)
            if (sorted(one) != sorted(other)) if name == "after" else (one != other):
                yield f"`{id}` has the {name} {one}, and in the second {other}"


def _differences(mine: Sequence[Job], theirs: Sequence[Job]) -> Iterator[str]:
    here, there = (Counter(repr([getattr(job, name) for name in DOES]) for job in found) for found in (mine, theirs))
    yield from (f"only the first has a job with {told}" for told in (here - there).elements())
    yield from (f"only the second has a job with {told}" for told in (there - here).elements())


def _files(ports: Mapping[str, Any]) -> list[str]:
    return [p for value in ports.values() for p in (value if isinstance(value, list) else [value]) if p is not None]


def _written(graph: Graph) -> set[str]:
    expansion = Expansion(graph)
    found = (job for name in graph.families for job in expansion.jobs(name))
    return {normalized(path) for job in found for path in _files(job.outputs)}


def _is_written(path: str, written: set[str]) -> bool:
    """Whether a path is an output, or lies in a folder that is one."""
    while path not in ("", "/"):
        if path in written:
            return True
        path = posixpath.dirname(path)
    return False


def _published(graph: Graph) -> list[str]:
    """The paths of the pipeline's outputs."""
    evaluator = Evaluator(graph.families)
    found = [evaluator.closure(value, UNIT)(0) for value in graph.outputs.values()]
    paths = [path for item in found for path in (item if isinstance(item, tuple) else (item,))]
    return [normalized(path) for path in paths if isinstance(path, str)]


def _message(head: str, told: Sequence[str]) -> str:
    more = [f"and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return "\n".join([f"{head}:", *(f"  {line}" for line in (*told[:_SHOWN], *more))])
