"""A plan in a file: what has to run, to be looked at by people and then to be done as it stands, or not at all.

    {"sncompile_plan": 1, "pipeline": "plate", "sum": "…", "selection": {"select": ["segment"], …},
     "jobs": [["segment/A01", "run", "input", "images/A01.tif"], …]}

It holds no commands: what runs is what the spec says, and a plan only says when that is refused. The sum is of every
job with its digest, with what becomes of it, and with the versions of what it reads if it runs.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sncompile.diagnostics import CompileError
from sncompile.faults import runs as faults
from sncompile.ir.graph.model import Graph
from sncompile.runner.selection.selection import Asked
from sncompile.state.decisions import Decisions, Verdict
from sncompile.views.work import VERDICTS, work_of

VERSION = 1

_NAMED = 3


def plan_object(decisions: Decisions, graph: Graph, asked: Asked) -> dict[str, Any]:
    """A plan as it stands in a file."""
    jobs = [
        [j.id, VERDICTS[j.verdict], j.reason.why.value, j.reason.what] for j in work_of(decisions, graph.folder).jobs
    ]
    return {"sncompile_plan": VERSION, "pipeline": graph.name, "sum": _sum(decisions), "jobs": sorted(jobs),
            "selection": {name: list(words) for name, words in asked._asdict().items()}}  # fmt: skip


def asked_in(path: Path) -> Asked:
    """Which jobs a plan is about. What is no plan says nothing; `check_plan` tells."""
    told = _read(path).get("selection")
    held = told if isinstance(told, dict) else {}
    texts = {name: held.get(name) for name in Asked._fields}
    return Asked(**{n: tuple(map(str, words)) for n, words in texts.items() if isinstance(words, list)})


def check_plan(path: Path, decisions: Decisions, graph: Graph) -> None:
    """Raise `CompileError` where a plan is not that of what has to run now, or no plan at all."""
    told = _read(path)
    jobs = told.get("jobs")
    if told.get("sncompile_plan") != VERSION or not isinstance(jobs, list):
        message = f"`{path}` is no plan that this version reads"
        raise CompileError([faults.NOT_PLANNED.at(None, message, help="`sncompile plan SPEC -o FILE` writes one")])
    if told.get("pipeline") == graph.name and told.get("sum") == _sum(decisions):
        return
    now = {job.id: VERDICTS[job.verdict] for job in work_of(decisions, graph.folder).jobs}
    then = {str(job[0]): job[1] for job in jobs if isinstance(job, list) and len(job) > 1}
    differ = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
    few = ", ".join(f"`{name}` ({now.get(name, 'current')})" for name in differ[:_NAMED])
    more = f" and {len(differ) - _NAMED} more" if len(differ) > _NAMED else ""
    what = f"by now it is another thing for {few}{more}" if differ else "a job does something else by now"
    message = f"what `{path}` plans is not what has to run: {what}"
    raise CompileError([faults.NOT_PLANNED.at(None, message, help="make a new plan, look at it, and run that")])


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _sum(decisions: Decisions) -> str:
    found = hashlib.blake2b(digest_size=16)
    for name, numbers in sorted(decisions.wanted.items()):
        made = decisions.tasks[name]
        for number in numbers:
            verdict = made.verdicts[number]
            read = [decisions.looker.version(path) for path in made.inputs[number]] if verdict is Verdict.RUN else []
            row = (made.task.ids[number], made.digests[number], int(verdict), read)
            found.update(f"{json.dumps(row)}\n".encode())
    return found.hexdigest()
