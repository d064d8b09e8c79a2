"""Holds what the compiler and the engines say of a spec against what the oracle says."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bash_run import emitted_script, run_script
from .cwl_run import emitted_cwl, run_cwl
from .levels import Compiled, Crashed, Refused, compiled, emitted, planned
from .model import Spec
from .oracle import Job, Missing, World
from .snakemake_run import Ran, run, tidy
from .tool import body, contents


@dataclass(frozen=True)
class Difference:
    """Where it was found (`check`, `jobs -O1`, `run -O2`), of what kind it is, and all that is known of it."""

    where: str
    kind: str
    told: str

    def __str__(self) -> str:
        return f"[{self.where}] {self.kind}: {self.told}"


def signature(difference: Difference) -> str:
    """What two differences of the same cause probably have in common."""
    told = difference.told
    if difference.kind in ("refused", "crash", "failed"):
        lines = [line for line in told.strip().splitlines() if line.strip()] or [""]
        line = lines[-1] if difference.kind == "crash" else lines[0]
        line = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|/\S+|\d+", "…", line if difference.kind != "refused" else told[:70])
        return f"{difference.where}|{difference.kind}|{told[:5] if difference.kind == 'refused' else line[:100]}"
    return f"{difference.where}|{difference.kind}"


def differences(
    spec: Spec,
    *,
    levels: Sequence[int] = (0, 1, 2),
    runs: Sequence[int] = (),
    scripts: Sequence[int] = (),
    cwl: bool = False,
) -> list[Difference]:
    """All differences: of the jobs at `levels`, of a run by Snakemake at `runs`, of one by bash at `scripts`, and of
    one by cwltool."""
    with tempfile.TemporaryDirectory(prefix="specs-") as name:
        folder = Path(name)
        got = compiled(spec.write(folder))
        if isinstance(got, Crashed):
            return [Difference("compile", "crash", got.told)]
        if isinstance(got, Refused):
            if _too_long(World(spec).jobs):
                return []
            return [Difference("compile", "refused", "; ".join(got.told))]
        world, found = _nearest(spec, got, levels or (0,))
        if not levels:
            found = []
        expected = {job.id: job for job in world.jobs}
        if levels:
            found += _of_plan(planned(folder / "spec.yaml"), raw_files(world.jobs), folder)
        for name, at, emit, start in (
            ("run", runs, emitted, run),
            ("script", scripts, emitted_script, run_script),
        ):
            for level in at:
                tidy(folder)
                made = emit(got.graphs[level])
                if isinstance(made, Crashed):
                    found.append(Difference(f"emit {name} -O{level}", "crash", made.told))
                    continue
                if isinstance(made, Refused) and _too_long(world.jobs):
                    continue
                if isinstance(made, Refused):
                    found.append(Difference(f"emit {name} -O{level}", "refused", "; ".join(made.told)))
                    continue
                outputs = [p for job in world.jobs for p in job.outputs.values()]
                ran = start(made, folder, raw_files(world.jobs), outputs)
                told = of_run(world, expected, ran, level, events=name == "run")
                found += [Difference(f"{name} -O{level}", kind, each) for kind, each in told]
        if cwl:
            tidy(folder)
            found += _of_cwl(world, got, folder)
        return found


def _of_cwl(world: World, got: Compiled, folder: Path) -> list[Difference]:
    """Differences of what a run by cwltool brings, which has all outputs of the pipeline."""
    out = emitted_cwl(got.graphs[1])
    if isinstance(out, Crashed):
        return [Difference("cwl", "crash", out.told)]
    if isinstance(out, Refused):
        return (
            []
            if all(told.startswith("SN6") for told in out.told)
            else [Difference("cwl", "refused", "; ".join(out.told))]
        )
    ran = run_cwl(out, folder, raw_files(world.jobs))
    if ran.status:
        told = [line for line in ran.text.splitlines() if "rror" in line]
        return [Difference("cwl", "failed", "\n".join(told[:6])[:1500])]
    right = contents(world.jobs)
    lacking = Counter(right[path] for path in world.final) - Counter(ran.contents)
    return [
        Difference("cwl", "content", f"no result is that of {path}") for path in world.final if right[path] in lacking
    ]


def _of_plan(got: list[str] | Refused | Crashed, expected: list[str], folder: Path) -> list[Difference]:
    """Differences of the files that must be there: what a job needs is what its own evaluation reads."""
    if isinstance(got, Crashed):
        return [Difference("plan", "crash", got.told)]
    if isinstance(got, Refused):
        return [Difference("plan", "refused", "; ".join(got.told))]
    paths = {
        os.path.relpath(path, folder) if os.path.isabs(path) else os.path.relpath(folder / path, folder) for path in got
    }
    told = [
        Difference("plan", "inputs", f"`{path}` is needed, and not listed") for path in sorted(set(expected) - paths)
    ]
    return told + [
        Difference("plan", "inputs", f"`{path}` is listed, and not needed") for path in sorted(paths - set(expected))
    ]


def _nearest(spec: Spec, got: Compiled, levels: Sequence[int]) -> tuple[World, list[Difference]]:
    """The order across tables that the compiler has, and the differences that are left: the design allows two."""
    both = []
    for order in ("rows", "tables"):
        world = World(spec, order)
        try:
            told = [Difference(f"jobs -O{n}", kind, told) for n in levels for kind, told in of_jobs(world, got, n)]
        except (Missing, TypeError, ValueError):
            continue
        both.append((world, told))
    return min(both, key=lambda one: len(one[1]))


def _too_long(jobs: Sequence[Job]) -> bool:
    """Whether a path is longer than file systems take; then a spec may be refused, but not anyhow."""
    return any(len(part.encode()) > 255 for job in jobs for path in job.outputs.values() for part in path.split("/"))


def raw_files(jobs: Sequence[Job]) -> list[str]:
    """The files that jobs read and none writes."""
    made = {path for job in jobs for path in job.outputs.values()}
    return sorted({path for job in jobs for path in job.files()} - made)


def of_jobs(world: World, got: Compiled, level: int) -> list[tuple[str, str]]:
    """Differences between the oracle's jobs and `--emit jobs`."""
    expected = {job.id: job for job in world.jobs}
    found = got.jobs[level]
    written = {path for job in found.values() for path in _paths(job.outputs)}
    fused = {
        id
        for id, job in found.items()
        if level == 2 and id in expected and len(job.outputs) > len(expected[id].outputs)
    }
    told = [
        ("jobs", f"{id} is missing")
        for id in expected.keys() - found.keys()
        # What no output needs is left out from the first level on.
        if not (level and id not in world.needed)
        # A chain of jobs is one at the highest level, which still writes everything.
        and not (fused and expected[id].outputs and set(expected[id].outputs.values()) <= written)
    ]
    told += [("jobs", f"{id} is too much") for id in found.keys() - expected.keys()]
    above: dict[str, set[str]] = {}

    def needed(id: str) -> set[str]:
        if id not in above:
            above[id] = set(found[id].after).union(*(needed(other) for other in found[id].after))
        return above[id]

    for id in sorted(expected.keys() & found.keys() - fused):
        told += [(kind, f"{id}: {text}") for kind, text in _of_job(expected[id], found[id])]
        if not fused and needed(id) != world.above[id]:
            told.append(("waits", f"{id}: waits for {sorted(needed(id))}, not for {sorted(world.above[id])}"))
    return told


def _of_job(expected: Job, got: Any) -> list[tuple[str, str]]:
    told = []
    words = list(got.command) if got.command is not None else shlex.split(got.shell)
    for kind, one, other in (
        ("step", got.step, expected.step),
        ("key", dict(got.key), dict(expected.key)),
        ("order of keys", list(got.key), list(expected.key)),
        ("words", words, expected.words),
        ("form", got.command is None, expected.shell),
        ("outputs", dict(got.outputs), dict(expected.outputs)),
        ("inputs", _ports(got.inputs), _ports(expected.inputs)),
        ("env", dict(got.env), dict(expected.of.env)),
    ):
        if one != other:
            told.append((kind, f"{one!r} is not {other!r}"))
    names = {"memory": "memory_mb", "time": "time_min", "cpus": "cpus"}
    for name, need in expected.of.resources.items():
        if not need.sized and got.resources.get(names[name]) != need.tries[0]:
            told.append(("resources", f"{name} is {got.resources.get(names[name])}, not {need.tries[0]}"))
    return told


def _paths(ports: Mapping[str, Any]) -> list[str]:
    return [path for value in ports.values() for path in (value if isinstance(value, list) else [value])]


def _ports(ports: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in ports.items() if value not in (None, [])}


def of_run(
    world: World, expected: Mapping[str, Job], ran: Ran, level: int, *, events: bool = True
) -> list[tuple[str, str]]:
    """Differences between the oracle's jobs and what a run did, and, with `events`, what it told of it."""
    told: list[tuple[str, str]] = []
    if ran.status != 0:
        told.append(("failed", f"status {ran.status}: {_essence(ran.text)}"))
    right = contents(world.jobs)
    bodies = {}
    for job in world.jobs:
        files = {path: right.get(path) or _raw(path) for path in job.files()}
        bodies.setdefault(tuple(job.words[1:]), (job, body(job, files)))
    calls = Counter(tuple(words) for words, _ in ran.calls)
    wanted = Counter(tuple(job.words[1:]) for job in world.jobs)
    if ran.status == 0:
        needed = Counter(tuple(job.words[1:]) for job in world.jobs if job.id in world.needed)
        told += [("not called", shlex.join(words)) for words in (needed - calls)]
    told += [("called", shlex.join(words)) for words in (calls - wanted)]
    for words, found in ran.calls:
        if tuple(words) in bodies and bodies[tuple(words)][1] != found:
            job, right_body = bodies[tuple(words)]
            told.append(("body", f"{job.id}: {found!r} is not {right_body!r}"))
    if ran.status == 0:
        told += _of_files(world, ran, right, level)
        told += _of_events(world, ran) if events else []
    return told


def _raw(path: str) -> str:
    from .tool import raw

    return raw(path)


def _of_files(world: World, ran: Ran, right: Mapping[str, str], level: int) -> list[tuple[str, str]]:
    told = []
    read = {path for job in world.jobs for path in job.files()}
    for job in world.jobs:
        for made in job.of.outputs:
            path = job.outputs[made.name]
            if path in ran.files:
                if ran.files[path] != right[path]:
                    told.append(("content", f"{path} holds what it should not"))
                if made.temp and path in read:
                    told.append(("temp", f"{path} is still there"))
            elif (
                not made.temp and job.id in world.needed and (level < 2 or made.path is not None or path in world.final)
            ):
                told.append(("gone", f"{path} is not there"))
    return told


def _of_events(world: World, ran: Ran) -> list[tuple[str, str]]:
    """Resources of every try, and what is waited for."""
    told = []
    by_output = {path: job for job in world.jobs for path in job.outputs.values()}
    tries: Counter[str] = Counter()
    for event in sorted(ran.events, key=lambda e: e["time"]):
        jobs = {by_output[path].id: by_output[path] for path in event["output"] if path in by_output}
        if len(jobs) != 1:
            continue
        ((id, job),) = jobs.items()
        if set(event["output"]) != set(job.outputs.values()):
            continue
        number = min(tries[id], 2)
        tries[id] += 1
        found = event["resources"] if isinstance(event["resources"], dict) else {}
        for name, got in (("memory", found.get("mem_mb")), ("time", found.get("runtime")), ("cpus", event["threads"])):
            need = job.of.resources.get(name)
            if need is not None and number <= job.of.fails and got != need.tries[number]:
                told.append(("resources", f"{id}: {name} is {got} at try {number + 1}, not {need.tries[number]}"))
        lacking = [path for path in job.files() if path not in event["input"]]
        # What writes no file of its own, or several at a time, is known to others by a mark.
        if lacking and not any(path.endswith(".done") for path in event["input"]):
            told.append(("inputs", f"{id}: {lacking} are not among {event['input']}"))
    return told


def _essence(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and "ssuming unrestricted" not in line]
    if lines and lines[0].startswith("Traceback"):
        errors = [line for line in lines if line[:1].isalpha() and "Error" in line]
        lines = [*errors[-3:], *lines]
    return "\n".join(lines[:8])[:1500]
