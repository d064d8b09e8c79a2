"""Real traces, written out as specs: nothing of a trace is lost, and `merge` finds the types of its tasks."""

from __future__ import annotations

import json
import random
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sncompile.api import check, compile_graph, graph_of, optimize
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import jobs
from tests.traces import Task, read_trace, spec_of
from tests.traces.tasks import task_of

HERE = Path(__file__).parent
SAMPLES = sorted(path.name for path in HERE.glob("*.jsonl"))


def graph_for(spec: str, folder: Path) -> Graph:
    """The graph of a spec, before any pass. Fails where the spec has a fault."""
    path = folder / "spec.yaml"
    path.write_text(spec, "utf-8")
    return graph_of(check(path).require())


def compiled_jobs(spec: str, folder: Path) -> list[dict[str, Any]]:
    """The jobs of a spec, in its order. Fails where it has a fault, or cannot be compiled."""
    graph = graph_for(spec, folder)
    compile_graph(graph)
    return [job.as_object() for job in jobs(graph)]


def done_by(graph: Graph) -> Counter[str]:
    """What the jobs of a graph do, as texts: command, inputs and outputs, whatever step they belong to."""
    return Counter(
        json.dumps([job.command, job.shell, sorted(flat(job.inputs)), sorted(flat(job.outputs))], sort_keys=True)
        for job in jobs(graph)
    )


def flat(ports: dict[str, Any]) -> list[str]:
    """The files of ports, with those of lists."""
    return [name for held in ports.values() for name in (held if isinstance(held, list) else [held])]


@pytest.mark.parametrize("sample", SAMPLES)
def test_jobs_are_the_tasks(sample: str, tmp_path: Path) -> None:
    """Commands, inputs, outputs, parents and cores of a trace come back as those of the jobs."""
    tasks = read_trace(HERE / sample)
    found = compiled_jobs(spec_of(tasks, "trace"), tmp_path)
    assert [job["step"] for job in found] == [task.name for task in tasks]
    above: dict[str, set[str]] = {}
    for task, job in zip(tasks, found, strict=True):
        command = task.command if job["shell"] is not None else shlex.split(task.command)
        assert (job["shell"] if job["command"] is None else job["command"]) == command
        assert sorted(flat(job["inputs"])) == sorted(task.inputs)
        assert sorted(flat(job["outputs"])) == sorted(task.outputs)
        assert job["resources"] == ({"cpus": task.cores} if task.cores else {})
        above[task.name] = set(job["after"]).union(*(above[name] for name in job["after"]))
        assert set(task.parents) <= above[task.name]


@pytest.mark.parametrize("sample", SAMPLES)
def test_ports_do_not_hang_on_the_order_of_lists(sample: str) -> None:
    """A trace lists files in any order; its spec is the same."""
    told = [json.loads(line) for line in (HERE / sample).read_text("utf-8").splitlines()]
    before = spec_of([task_of(task) for task in told], "trace")
    chance = random.Random(4)
    for task in told:
        for files in ("inputs", "outputs"):
            chance.shuffle(task[files])
    assert spec_of([task_of(task) for task in told], "trace") == before


def test_tasks_of_a_type_have_the_same_ports() -> None:
    """Of each type, all modules are the same but for names of files, so that there is something to merge."""
    tasks = read_trace(HERE / "montage-58.jsonl")
    spec = spec_of(tasks, "trace")
    lines = [line.strip() for line in spec.splitlines() if line.startswith("      inputs:")]
    kinds: dict[str, set[str]] = {}
    for task, line in zip(tasks, lines, strict=True):
        kinds.setdefault(task.type, set()).add(line)
    # A mosaic's picture is made of one file, or of three.
    assert {kind: len(found) for kind, found in kinds.items()} == {kind: 1 + (kind == "mViewer") for kind in kinds}


@pytest.mark.parametrize(("sample", "families"), [("blast-43.jsonl", 4), ("montage-58.jsonl", 9)])
def test_merge_finds_the_types(sample: str, families: int, tmp_path: Path) -> None:
    """As many families as there are types of tasks: 4, and 8 of which one is called in two ways. All jobs are kept."""
    graph = graph_for(spec_of(read_trace(HERE / sample), "trace"), tmp_path)
    merged = optimize(graph, 1, check=True).graph
    assert len(merged.families) == families
    assert done_by(merged) == done_by(graph)
    compile_graph(merged)


def a_task(name: str, command: str, inputs: str = "", outputs: str = "", parents: str = "") -> Task:
    """A task; files and parents are words."""
    return Task(name, name, command, tuple(inputs.split()), tuple(outputs.split()), tuple(parents.split()), None)


def test_words_are_files_only_as_a_whole(tmp_path: Path) -> None:
    """`-ofile` and `pfile` stay text, and so does what stands in quotes of a script; what is left is in `more`."""
    tasks = [
        a_task("one", "tool -oa.txt pa.txt a.txt 'a.txt' b.txt", "a.txt b.txt c.txt", "d.txt"),
        a_task("two", "sed 's/a.txt/x/' a.txt 2>log.txt >e.txt; cat 'd.txt'", "a.txt d.txt", "e.txt log.txt"),
        a_task("three", "echo `cat a.txt` ${HOME} > f.txt", "a.txt", "f.txt"),
    ]
    spec = spec_of(tasks, "trace")
    assert 'command: [tool, -oa.txt, pa.txt, "${inputs.in1}", "${inputs.in1}", "${inputs.in2}"]' in spec
    assert "sed 's/a.txt/x/' ${inputs.in1} 2>${outputs.out1} >${outputs.out2}; cat 'd.txt'" in spec
    assert "echo `cat a.txt` $${HOME} > f.txt" in spec
    one, two, three = compiled_jobs(spec, tmp_path)
    assert one["inputs"] == {"in1": "a.txt", "in2": "b.txt", "more": ["c.txt"]}
    assert (two["shell"], two["inputs"]["more"]) == (tasks[1].command, ["d.txt"])
    assert (three["shell"], three["inputs"]) == (tasks[2].command, {"more": ["a.txt"]})


def test_many_files_in_a_row_are_a_list() -> None:
    """So tasks of one type have one port, however many files each of them takes."""
    raw = [f"{number}.txt" for number in range(9)]
    tasks = [a_task(f"cat_{n}", f"cat {' '.join(raw[:n])}", " ".join(raw[:n]), f"out{n}") for n in (2, 9)]
    spec = spec_of([*tasks], "trace")
    assert 'more: {type: "file[]"}' not in spec
    assert spec.count('in1: {type: "file[]"}') == 1, "of another type, two files are two ports"
    same = [Task("cat_2", "cat", *spec_fields(tasks[0])), Task("cat_9", "cat", *spec_fields(tasks[1]))]
    assert spec_of(same, "trace").count('{in1: {type: "file[]"}}') == 2


def spec_fields(task: Task) -> tuple[Any, ...]:
    """What follows the name and the type of a task."""
    return task.command, task.inputs, task.outputs, task.parents, task.cores


def test_what_a_trace_says_twice(tmp_path: Path) -> None:
    """A file that two tasks write is read from the parent; one that reads its own output writes it elsewhere."""
    tasks = [
        a_task("make", "make x", "", "x"),
        a_task("again", "sort -o x x", "x", "x", "make"),
        a_task("self", "touch y y", "y", "y"),
        a_task("read", "cat x y", "x y", "z", "make self"),
        a_task("make", "make x", "", "x"),
        a_task("waits", "true", "", "", "read nobody"),
        a_task("inner", "cat z/part", "z/part", "z/part2", "read"),
    ]
    found = {job["step"]: job for job in compiled_jobs(spec_of(tasks, "trace"), tmp_path)}
    assert found["again"]["command"] == ["sort", "-o", "x", "again/again/x"]
    assert found["self"]["command"] == ["touch", "y", "again/self/y"]
    assert found["read"]["command"] == ["cat", "x", "again/self/y"]
    assert found["make_2"]["outputs"] == {"out1": "again/make_2/x"}
    assert found["waits"]["after"] == found["inner"]["after"] == ["read"]
    assert found["inner"]["outputs"] == {"out1": "again/inner/z%2Fpart2"}


def test_rings_are_cut(tmp_path: Path) -> None:
    """What a task needs of a later one that needs it is left out."""
    tasks = [a_task("a", "a x y", "y", "x", "b"), a_task("b", "b x y", "x", "y", "a")]
    found = compiled_jobs(spec_of(tasks, "trace"), tmp_path)
    assert [job["after"] for job in found] == [[], ["a"]]
    assert found[0]["inputs"] == {}


ODD = "ab0./- '\"}$%~*\\:#\u200f\x7fü"
"""Without a bracket that opens: what `${` begins has to end, or it is no script."""
FILES = st.one_of(st.sampled_from(("a", "b.txt", "a/b", "./a", "c-1.txt", "c-2.txt")), st.text(ODD, max_size=6))
LISTS = st.lists(FILES, max_size=5)


@st.composite
def traces(draw: st.DrawFn) -> list[Task]:
    """Tasks as no careful person would write them down."""
    names = draw(st.lists(st.text("ab_-1:", min_size=1, max_size=4), min_size=1, max_size=6))
    found = []
    for name in names:
        inputs, outputs = draw(LISTS), draw(LISTS)
        words = st.one_of(st.sampled_from([*inputs, *outputs, ">", "2>", "|", "-x", "*"]), st.text(ODD, max_size=4))
        told = {
            "name": name,
            "type": draw(st.sampled_from(("one", "two"))),
            "command": " ".join(["tool", *draw(st.lists(words, max_size=8))]),
            "inputs": inputs,
            "outputs": outputs,
            "parents": draw(st.lists(st.sampled_from(names), max_size=3)),
            "cores": draw(st.sampled_from((None, 1, 0.5))),
        }
        found.append(task_of(told))
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(traces())
def test_any_trace_becomes_a_spec(tmp_path_factory: pytest.TempPathFactory, tasks: list[Task]) -> None:
    """However odd its names and wires are, the spec has no fault and a job for every task, before passes and after."""
    graph = graph_for(spec_of(tasks, "trace"), tmp_path_factory.mktemp("odd"))
    compile_graph(graph)
    assert graph.job_count() == len(tasks)
    # Tasks that do the very same are made one, so what is done is compared and not how often.
    merged = optimize(graph, 1, check=True).graph
    compile_graph(merged)
    assert set(done_by(merged)) == set(done_by(graph))


def test_command_line(tmp_path: Path) -> None:
    """`python -m tests.traces` writes the spec and its inputs, and says which line is no task."""
    command = [sys.executable, "-m", "tests.traces"]
    options = ["-o", str(tmp_path / "s.yaml"), "--touch", str(tmp_path / "in")]
    done = subprocess.run([*command, str(HERE / "blast-43.jsonl"), *options], check=False)
    assert done.returncode == 0
    assert (tmp_path / "s.yaml").read_text("utf-8") == spec_of(read_trace(HERE / "blast-43.jsonl"), "blast-43")
    raw = ["blastall", "cat_blast", "nt", "small.fasta", "split_fasta"]
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == raw
    (tmp_path / "bad.jsonl").write_text('{"name": "a"}\n[]\n')
    told = subprocess.run([*command, str(tmp_path / "bad.jsonl")], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr.count("bad.jsonl:2: not a task")) == (1, 1)
