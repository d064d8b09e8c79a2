"""Compiles many scripts at once, and runs what comes out with a real bash."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.api import Checked, check, graph_of
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import jobs

from .scripts import Generated, Plain

RUNNER = r"""
argv() { printf '%s\0' "$#" "$@" >> "$RECORD"; }
export -f argv
while IFS= read -r -d '' name && IFS= read -r -d '' script; do
  mkdir "$name"
  ( cd "$name" && RECORD="../$name.argv" exec bash -euo pipefail -c "$script" ) < /dev/null > "$name.log" 2>&1
  printf '%s' $? > "$name.status"
done
"""


class Ran(NamedTuple):
    """What a script did: its status, the arguments of each call of `argv`, the files that it left, and what it said."""

    status: int
    calls: list[list[str]]
    files: set[str]
    said: str


def run(scripts: dict[str, str], folder: Path) -> dict[str, Ran]:
    """Run scripts, each in an empty folder of its own."""
    told = "".join(f"{name}\0{script}\0" for name, script in scripts.items())
    env = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", RUNNER], input=told.encode("utf-8", "surrogateescape"), cwd=folder, env=env, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return {name: _ran(name, folder) for name in scripts}


def _ran(name: str, folder: Path) -> Ran:
    record = folder / f"{name}.argv"
    words = record.read_bytes().decode("utf-8", "surrogateescape").split("\0")[:-1] if record.exists() else []
    calls: list[list[str]] = []
    while words:
        count = int(words[0])
        calls.append(words[1 : 1 + count])
        words = words[1 + count :]
    files = {path.name for path in (folder / name).iterdir()}
    said = (folder / f"{name}.log").read_text("utf-8", "replace")
    return Ran(int((folder / f"{name}.status").read_text()), calls, files, said)


_TYPES = {"x": "string", "n": "integer", "l": "string[]", "o": "string?"}


def _written(value: Plain) -> Any:
    if isinstance(value, list):
        return [_written(item) for item in value]
    return value.replace("${", "$${") if isinstance(value, str) else value


def document(generated: Sequence[Generated]) -> Any:
    """A pipeline with a step for each script."""
    steps = {}
    for number, each in enumerate(generated):
        params = {name: {"type": _TYPES[name[0]]} for name in each.values}
        given = {name: _written(value) for name, value in each.values.items() if value is not None}
        steps[f"s{number}"] = {"module": {"params": params, "shell": each.script}, "with": given}
    return {"sncompile": 1, "pipeline": "scripts", "steps": steps}


def as_yaml(document: Any) -> str:
    """JSON is YAML, with what is not printable as an escape."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return "".join(c if c.isprintable() or c == "\n" else f"\\U{ord(c):08x}"[-10:] for c in text)


def compiled(generated: Sequence[Generated], folder: Path) -> Checked:
    """The check of a pipeline of scripts."""
    spec = folder / "spec.yaml"
    spec.write_text(as_yaml(document(generated)), "utf-8")
    return check(spec)


def texts(graph: Graph) -> dict[str, str]:
    """The script of every job."""
    return {job.id: str(job.shell) for job in jobs(graph)}


def graph(checked: Checked) -> Graph:
    """The graph of a check without errors."""
    return graph_of(checked.require())
