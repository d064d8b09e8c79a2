"""What comes of an attack: `exact` where the job is what the place says, or the codes of what refuses it."""

from __future__ import annotations

import json
import posixpath
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sncompile.api import check, compile_graph, graph_of
from sncompile.diagnostics import CompileError, Diagnostic, Severity
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.targets.cwl.verify import differences
from sncompile.targets.emitted import Emitted

from .corpus import Attack, places

EXACT = "exact"
NO_SUCH_FILE = "no such file"
TARGETS = ("snakemake", "cwl")


def codes(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> str:
    """The codes of errors, each once."""
    return " ".join(sorted({d.code for d in diagnostics if d.severity is Severity.ERROR}))


def outcomes(attack: Attack, folder: Path) -> Mapping[str, str]:
    """The outcome by target, and for `check` where the spec itself is refused."""
    try:
        spec = attack.lay_out(folder)
    except (OSError, ValueError):
        return {"check": NO_SUCH_FILE}
    checked = check(spec)
    if checked.failed:
        return {"check": codes(checked.diagnostics)}
    graph = graph_of(checked.require())
    told = wrong(attack, next(jobs(graph)))
    assert not told, told
    return {target: _lowered(graph, target) for target in TARGETS}


def _lowered(graph: Graph, target: str) -> str:
    """Lower a graph; what reads CWL back must find the same jobs."""
    out = Path(graph.folder) / f"build-{target}"
    try:
        lower(graph, target, out)
    except CompileError as error:
        return codes(error.diagnostics)
    return EXACT


def lower(graph: Graph, target: str, out: Path) -> Emitted:
    """The emitted files, none of which lies elsewhere than in `out`; those of CWL are read back."""
    emitted = compile_graph(graph, target, out=out)
    assert all("/../" not in f"/{name}/" and not name.startswith("/") for name in emitted.files), "a zip slip"
    if target == "cwl":
        assert differences(graph, emitted.files, out) == []
    return emitted


def wrong(attack: Attack, job: Job) -> list[str]:
    """What of a job is not what its place says."""
    outputs = [p for v in job.outputs.values() for p in (v if isinstance(v, list) else [v])]
    seen: dict[str, Any] = {
        "command": job.command,
        "shell": shell_words(job.shell) if job.shell is not None and attack.expected("shell") else None,
        "inputs": dict(job.inputs), "outputs": dict(job.outputs), "env": dict(job.env), "container": job.container,
        "lists": list(job.lists.values()),
    }  # fmt: skip
    told = []
    for what, found in seen.items():
        wanted = attack.expected(what)
        if wanted is None or wanted == "@any":
            continue
        if isinstance(wanted, list):
            told_apart = {"@output": outputs[0] if outputs else "", "@length": str(len(attack.text))}
            wanted = [told_apart.get(word, word) for word in wanted]
            words = found if len(found or ()) == len(wanted) else []
            found = ["@any" if w == "@any" else f for w, f in zip(wanted, words, strict=bool(words))]
        if places()[attack.place].get("normal"):
            wanted, found = _normal(wanted), _normal(found)
        if found != wanted:
            told.append(f"{what}: {found!r} is not {wanted!r}")
    return told


def _normal(found: Any) -> Any:
    """Paths as file systems take them: `a//b` is `a/b`."""
    if isinstance(found, dict):
        return {key: _normal(value) for key, value in found.items()}
    return [_normal(word) for word in found] if isinstance(found, list) else posixpath.normpath(found)


def shell_words(script: str) -> list[str]:
    """The words that bash hands to `tool` in a script; nothing else is there to be called."""
    prelude = "tool() { printf '%s\\0' \"$@\" >&3; }\n"
    command = [shutil.which("bash") or "/bin/bash", "-c", f"exec 3>&1 >/dev/null\n{prelude}{script}"]
    done = subprocess.run(command, capture_output=True, env={"PATH": "/nowhere", "HOME": "/nowhere"}, check=False)
    assert done.returncode == 0, done.stderr
    return [word.decode("utf-8", "surrogateescape") for word in done.stdout.split(b"\0")[:-1]]


def read_outcomes() -> dict[str, dict[str, dict[str, str]]]:
    """The recorded outcomes: place → text → target → outcome. What is not there is exact everywhere."""
    place = Path(__file__).parent / "outcomes.json"
    found: dict[str, dict[str, dict[str, str]]] = json.loads(place.read_text("utf-8")) if place.exists() else {}
    return found
