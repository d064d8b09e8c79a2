"""Records of runs that nobody ran: as large as one likes, with jobs in all states, for what reads records."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sncompile.api import check, compile_graph, graph_of
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.runner.facts import facts_of, write_facts
from sncompile.runner.processes import identify
from sncompile.runner.record import RunFolder
from sncompile.semantics.program import Options

BEGAN = 1_700_000_000.0

State = Callable[[int, Job], str]


def make_run(spec: Path, working: Path, state: State, *, ended: int | None = 0, measured: bool = False) -> Path:
    """The record of a run of a spec. `state` says of each job whether it is `done`, `failed`, `running`, or to do.

    `ended` is the engine's exit status; None where it works still. `measured` jobs have files of measurements.
    """
    program = check(spec).require()
    graph = graph_of(program)
    folder = RunFolder(working / "runs" / "made-20260101T000000Z")
    folder.path.mkdir(parents=True)
    emitted = compile_graph(graph, benchmark=measured)
    folder.source_map.parent.mkdir()
    folder.source_map.write_bytes(emitted.files["Snakefile.map.json"])
    write_facts(folder, facts_of(program, Options()), graph)
    rules = {told["step"]: rule for rule, told in json.loads(emitted.files["Snakefile.map.json"])["rules"].items()}
    made = list(jobs(graph))
    stats = {rules[name]: len(family.keys) for name, family in graph.families.items()}
    lines = [{"time": BEGAN, "event": "run_info", "stats": {**stats, "total": len(made)}}]
    if ended is None:
        process = identify(os.getpid())
        assert process is not None
        lines.insert(0, {"time": BEGAN, "event": "engine_started", "process": process.as_object()})
    for number, job in enumerate(made):
        lines += _events(number, job, rules[job.step], state(number, job), folder if measured else None)
    if ended is not None:
        lines.append({"time": BEGAN + len(made), "event": "engine_ended", "code": ended})
    folder.events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    orders = (["j", _paths(job)[0], job.id, 2, "", "", "", [], [], None, False, "", ""] for job in made)
    folder.orders.write_text("".join(json.dumps(order) + "\n" for order in orders))
    folder.write({"pipeline": program.name, "spec": str(spec), "started": BEGAN, "working_folder": str(working)})
    return folder.path


def _events(number: int, job: Job, rule: str, state: str, measured: RunFolder | None) -> Iterator[dict[str, Any]]:
    if state not in ("done", "failed", "running"):
        return
    began = BEGAN + number
    log = f"logs/{job.id}.log"
    told = {
        "jobid": number, "rule_name": rule, "wildcards": dict(job.key), "output": _paths(job), "log": [log],
        "benchmark": f"benchmarks/{job.id}.tsv" if measured else None, "threads": job.resources.get("cpus", 1),
        "resources": {"mem_mb": job.resources.get("memory_mb"), "runtime": job.resources.get("time_min")},
        "shellcmd": f"{' '.join(job.command) if job.command else job.shell} &> {log}",
    }  # fmt: skip
    yield {"time": began, "event": "job_info", **told}
    took = 1 + number % 7
    if state == "done":
        yield {"time": began + took, "event": "job_finished", "job_id": number}
    elif state == "failed":
        yield {"time": began + took, "event": "job_error", "jobid": number}
    if measured is not None and state == "done":
        place = measured.path / f"benchmarks/{job.id}.tsv"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"s\tmax_rss\tcpu_time\n{took}\t{100 + number % 900}\t{took * 0.8}\n")


def _paths(job: Job) -> Sequence[str]:
    return [path for value in job.outputs.values() for path in (value if isinstance(value, list) else [value])]
