"""Digests change exactly when a job does, and `diff` says of every job what its digest says."""

from __future__ import annotations

import copy
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from sncompile.api import check, diff, graph_of
from sncompile.ir.diff.model import State
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.testing.spec import Spec, write_spec

from .strategies import specs

EXAMPLES = int(os.environ.get("SNCOMPILE_EXAMPLES", "40"))
varied = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="SNCOMPILE_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


class Compiled:
    """A spec's graph and jobs, in a folder that lasts as long as this does."""

    def __init__(self, spec: Spec) -> None:
        self._folder = tempfile.TemporaryDirectory()
        checked = check(write_spec(spec, Path(self._folder.name)))
        self.graph: Graph | None = None if checked.failed else graph_of(checked.require())
        self.jobs: dict[str, Job] = {}
        if self.graph is not None:
            self.jobs = {job.id: job for job in jobs(self.graph, files="files")}

    def digests(self) -> dict[str, str]:
        """Every job's digest, by id."""
        return {id: job.digest for id, job in self.jobs.items()}

    def reaching(self, ids: set[str]) -> set[str]:
        """Some jobs, and those that read from them, directly or through others: found by the paths they name."""
        writers = {path: job.id for job in self.jobs.values() for path in _paths(job.outputs)}
        read = {job.id: {writers[p] for p in _paths(job.inputs) if p in writers} for job in self.jobs.values()}
        found = set(ids)
        while True:
            more = {id for id, sources in read.items() if sources & found} - found
            if not more:
                return found
            found |= more


def _paths(ports: Mapping[str, Any]) -> Iterator[str]:
    for value in ports.values():
        yield from value if isinstance(value, list) else [] if value is None else [value]


# --- Changes of a spec --------------------------------------------------------------------------------------------


class Change:
    """A spec with one thing changed: `hits` says whether a job is changed by itself."""

    def __init__(self, name: str, spec: Spec, hits: Callable[[Job], bool]) -> None:
        self.name, self.spec, self.hits = name, spec, hits


def _steps(spec: Spec) -> Iterator[tuple[str, Any, Any]]:
    """Every plain step of a spec and of the pipelines in it, with its module."""
    for document in (spec.pipeline, *spec.documents.values()):
        for name, step in document.get("steps", {}).items():
            module = step["module"]
            if isinstance(module, str):
                path = module if module.startswith("./") else f"./modules/{module.removeprefix('mod/')}.yaml"
                module = spec.documents[path]
            if "steps" not in module:
                yield name, step, module


def _of(name: str) -> Callable[[Job], bool]:
    return lambda job: job.step.rpartition(".")[2] == name


def _changed_value(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, list):
        return [*value, *value] if value else None
    return f"{value}x" if isinstance(value, str) and "${" not in value else None


def changes(original: Spec) -> Iterator[Callable[[], Change]]:
    """Ways to change one thing of a spec. Every one works on a copy."""

    def step_change(what: str, name: str, edit: Callable[[Any, Any], None], hits: Callable[[Job], bool]) -> Any:
        def make() -> Change:
            spec = copy.deepcopy(original)
            step, module = next((s, m) for n, s, m in _steps(spec) if n == name)
            edit(step, module)
            return Change(what, spec, hits)

        return make

    for name, step, module in _steps(original):
        for param, value in step["with"].items():
            if param in module["params"] and _changed_value(value) is not None:
                yield step_change("parameter", name, _set_param(param, _changed_value(value)), _of(name))
        yield step_change("command", name, _set_command, _of(name))
        yield step_change("container", name, lambda step, _: step.update(container={"image": "another:9"}), _of(name))
        yield step_change("variable", name, lambda step, _: step.update(env={"CHANGED": "1"}), _of(name))
        for what, setting in (("resources", {"cpus": 63, "memory": "77GB"}), ("retries", 7), ("tags", ["some"])):
            yield step_change(what, name, _set(what, setting), lambda _: False)
    if original.assets:
        yield lambda: Change(
            "file",
            Spec(original.pipeline, original.documents, original.files, dict.fromkeys(original.assets, "other\n")),
            lambda job: any(word.startswith("files/") for word in job.command or ()),
        )


def _set_param(name: str, value: Any) -> Callable[[Any, Any], None]:
    return lambda step, _: step["with"].update({name: value})


def _set(name: str, value: Any) -> Callable[[Any, Any], None]:
    return lambda step, _: step.update({name: value})


def _set_command(_: Any, module: Any) -> None:
    if "shell" in module:
        module["shell"] = "true; " + module["shell"]
    else:
        module["command"][1] = "changed"


def edits(original: Spec) -> Iterator[tuple[str, Spec]]:
    """Changes that reach further: of rows, of names, of places."""
    for name, rows in _tables(original):
        for edit in (_drop_row, _repeat_cell, _turn_rows):
            if len(rows) > 1:
                spec = copy.deepcopy(original)
                edit(dict(_tables(spec))[name])
                yield edit.__name__, spec
    spec = copy.deepcopy(original)
    spec.pipeline["data"]["workspace"] = "elsewhere"
    yield "workspace", spec
    for name in original.pipeline["steps"]:
        yield "renamed", _renamed(original, name)
        spec = copy.deepcopy(original)
        del spec.pipeline["steps"][name]
        if not re.search(rf"\b{name}\b", str(spec.pipeline)):
            yield "dropped", spec


def _tables(spec: Spec) -> Iterator[tuple[str, list[Any]]]:
    yield from spec.files.items()
    for document in (spec.pipeline, *spec.documents.values()):
        for name, table in document.get("tables", {}).items():
            if "rows" in table:
                yield f"{document['pipeline']}.{name}", table["rows"]


def _drop_row(rows: list[Any]) -> None:
    rows.pop(len(rows) // 2)


def _repeat_cell(rows: list[Any]) -> None:
    """Give the first row another row's cell, in the last column."""
    column = list(rows[0])[-1]
    rows[0][column] = rows[-1][column]


def _turn_rows(rows: list[Any]) -> None:
    rows.append(rows.pop(0))


def _renamed(spec: Spec, name: str) -> Spec:
    """The spec with a step called otherwise; paths that were said by hand stay."""

    def rename(value: Any) -> Any:
        if isinstance(value, dict):
            return {(f"renamed_{k}" if k == name else k): rename(v) for k, v in value.items()}
        if isinstance(value, list):
            return [rename(item) for item in value]
        if not isinstance(value, str):
            return value
        if value == name:
            return f"renamed_{name}"
        return re.sub(rf"\$\{{{name}\.", f"${{renamed_{name}.", value)

    return Spec(rename(spec.pipeline), spec.documents, spec.files, spec.assets)


# --- Tests --------------------------------------------------------------------------------------------------------


@varied
@given(specs(), st.data())
def test_digests_change_exactly_when_a_job_does(spec: Spec, data: st.DataObject) -> None:
    """Of one change, the jobs that it touches and those that read from them have other digests, and no others."""
    before = Compiled(spec)
    assume(before.graph is not None)
    change = data.draw(st.sampled_from(list(changes(spec))))()
    after = Compiled(change.spec)
    assume(after.graph is not None)
    event(change.name)
    touched = {id for id, job in before.jobs.items() if change.hits(job)}
    old, new = before.digests(), after.digests()
    try:
        assert {id for id in old if old[id] != new[id]} == before.reaching(touched)
        agrees(before, after)
    except AssertionError as error:
        error.add_note(f"{change.name}\n{spec.text()}\n===\n{change.spec.text()}")
        raise


@varied
@given(specs(), st.data())
def test_diff_agrees_with_digests_after_an_edit(spec: Spec, data: st.DataObject) -> None:
    """Of rows that come and go, of steps that get other names, of files that go elsewhere."""
    before = Compiled(spec)
    assume(before.graph is not None)
    name, edited = data.draw(st.sampled_from(list(edits(spec))))
    after = Compiled(edited)
    assume(after.graph is not None)
    event(name)
    try:
        agrees(before, after)
        agrees(after, before)
    except AssertionError as error:
        error.add_note(f"{name}\n{spec.text()}\n===\n{edited.text()}")
        raise


@varied
@given(specs(), specs())
def test_diff_agrees_with_digests(one: Spec, other: Spec) -> None:
    """Of two specs that have nothing to do with each other but the names of steps and keys."""
    before, after = Compiled(one), Compiled(other)
    assume(before.graph is not None and after.graph is not None)
    try:
        agrees(before, after)
        agrees(after, before)
    except AssertionError as error:
        error.add_note(f"{one.text()}\n===\n{other.text()}")
        raise


@varied
@given(specs())
def test_a_spec_does_not_differ_from_itself(spec: Spec) -> None:
    """Wherever it lies."""
    before, after = Compiled(spec), Compiled(spec)
    assume(before.graph is not None and after.graph is not None)
    assert before.graph is not None
    assert after.graph is not None
    assert before.digests() == after.digests()
    assert not diff(before.graph, after.graph).differs


def agrees(before: Compiled, after: Compiled) -> None:
    """Raise where `diff` says of a job something else than its digest."""
    assert before.graph is not None
    assert after.graph is not None
    found = diff(before.graph, after.graph)
    old, new = before.digests(), after.digests()
    listed = {(job.id, job.state is State.GONE): job for job in found.jobs()}
    taken: set[str] = set()
    for id, digest in new.items():
        job = listed.pop((id, False), None)
        state = State.SAME if job is None else job.state
        was = id if job is None or job.was is None else job.was
        if state is State.NEW:
            # A job of that id may have become another's.
            assert id not in old or any(j.was == id for j in found.jobs()), id
            continue
        assert was in old, (id, was)
        taken.add(was)
        assert (digest == old[was]) == (state in (State.SAME, State.RENAMED)), (id, job, after.jobs[id])
        assert (state is State.RENAMED) == (was != id and digest == old[was])
        if job is not None and state is State.CHANGED:
            assert job.reasons or job.above, id
    assert {id for id, gone in listed if gone} == old.keys() - taken
    assert all(gone for _, gone in listed)
    counts = found.counts
    assert (counts.before, counts.now) == (len(old), len(new))
    assert counts.new + counts.renamed + counts.changed + counts.same == counts.now
    assert counts.before - counts.gone == counts.now - counts.new
