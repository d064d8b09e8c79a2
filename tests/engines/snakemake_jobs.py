"""Asks Snakemake itself which jobs an emitted folder stands for, and compares them with the graph's."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sncompile.api import check, compile_graph, default_out, graph_of
from sncompile.ir.graph import Graph
from sncompile.ir.jobs import Job, jobs
from sncompile.semantics.program import Options


def emit(spec: Path, options: Options | None = None) -> Graph:
    """Compile a spec to `build/NAME` beside it."""
    checked = check(spec, options)
    assert not checked.failed, [f"{d.code} {d.message} {d.span}" for d in checked.diagnostics]
    graph = graph_of(checked.require())
    compile_graph(graph).write(default_out(graph))
    return graph


def dry_run(graph: Graph, *arguments: str) -> list[dict[str, Any]]:
    """The `job_info` events of a dry run of everything."""
    out = default_out(graph)
    events = Path(graph.folder) / "events.jsonl"
    events.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "sncompile.runner.dry_run", str(events.resolve()),
        "-s", str(out.resolve() / "Snakefile"), "-n", "--forceall", "--directory", graph.folder, *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=graph.folder, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    found = [json.loads(line) for line in events.read_text().splitlines()]
    return [e for e in found if e["event"] == "job_info" and e["rule_name"] != "all"]


def _files(ports: Mapping[str, Any]) -> list[str]:
    return [p for v in ports.values() if v is not None for p in (v if isinstance(v, list) else [v])]


def compare(graph: Graph, events: list[dict[str, Any]]) -> list[str]:
    """Every difference between the graph's jobs and Snakemake's, in words."""
    rules = json.loads((default_out(graph) / "Snakefile.map.json").read_text())["rules"]
    mine = list(jobs(graph))
    by_output = {(job.step, tuple(sorted(_files(job.outputs)))): job for job in mine}
    told: list[str] = []
    seen: set[str] = set()
    for event in events:
        step = rules[event["rule_name"]]["step"]
        outputs = tuple(sorted(event["output"]))
        job = by_output.get((step, outputs)) or _only(mine, step, outputs)
        if job is None:
            told.append(f"Snakemake has a job of {step} that writes {outputs}, the graph has none")
            continue
        seen.add(job.id)
        told += _differences(job, event)
    missing = sorted({job.id for job in mine} - seen)
    return told + [f"Snakemake has no job {id}" for id in missing]


def _only(mine: list[Job], step: str, outputs: tuple[str, ...]) -> Job | None:
    """The job of a step that writes nothing, by the mark that it leaves."""
    for job in mine:
        if job.step == step and not job.outputs and len(outputs) == 1 and outputs[0].endswith(f"{job.id}.done"):
            return job
    return None


def _differences(job: Job, event: Mapping[str, Any]) -> list[str]:
    told = []
    wanted, got = _files(job.inputs), event["input"]
    read = [p for p in got if p in set(wanted)]
    if read != wanted and read != list(dict.fromkeys(wanted)):
        told.append(f"{job.id}: inputs {got} are not {wanted}")
    shell = event["shellcmd"] or ""
    log = event["log"][0]
    if job.command is not None:
        words = _words(shell)
        expected = list(job.command)
        if words[: len(expected)] != expected or words[len(expected) :] not in (["&>", log], ["&", ">", log]):
            told.append(f"{job.id}: command {words} is not {expected}")
    elif job.shell is not None:
        head = f"exec &> {shlex.quote(log)}\n"
        body = "".join(
            line for line in shell.removeprefix(head).splitlines(True) if not line.startswith('test "$(find ')
        )
        for name, value in job.env.items():
            body = body.removeprefix(f"export {name}={shlex.quote(value)}\n")
        if not shell.startswith(head) or not _same_script(body, job.shell):
            told.append(f"{job.id}: script {body!r} is not {job.shell!r}")
    resources = event["resources"] if isinstance(event["resources"], dict) else {}
    told += [
        f"{job.id}: {name} is {resources.get(name)}, not {job.resources[ours]}"
        for ours, name in (("memory_mb", "mem_mb"), ("time_min", "runtime"), ("disk_mb", "disk_mb"))
        if isinstance(job.resources.get(ours), int) and resources and resources.get(name) != job.resources[ours]
    ]
    return told


def _words(shell: str) -> list[str]:
    lexer = shlex.shlex(shell, posix=True, punctuation_chars="&>;")
    lexer.whitespace_split = True
    words = list(lexer)
    while words[:1] == ["export"]:
        words = words[words.index(";") + 1 :]
    return words


def _same_script(one: str, other: str) -> bool:
    return one == other or one.rstrip("\n") == other.rstrip("\n")
