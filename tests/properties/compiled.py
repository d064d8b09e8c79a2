"""A spec as files, and what the compiler makes of them, in the oracle's terms."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sncompile.api import check, graph_of
from sncompile.ir.jobs import jobs

from .oracle import Job, Spec


class Plain(str):
    """A text that is written into YAML as it is, without quotes: `01`, `1e3`, `true`."""


@dataclass(frozen=True)
class Refused:
    """The compiler reports errors."""

    errors: tuple[str, ...]


def yaml_of(value: Any) -> str:
    """Plain data as YAML on one line; strings are quoted, so that nothing in them means anything."""
    if isinstance(value, Plain):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{yaml_of(k)}: {yaml_of(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml_of, value)) + "]"
    if isinstance(value, str):
        letters = json.dumps(value, ensure_ascii=False)
        return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in letters)
    return json.dumps(value)


def document_text(document: Mapping[str, Any]) -> str:
    """A document with one line for every key, and one for every step."""
    lines = ["sncompile: 1"]
    for key, value in document.items():
        if key == "steps":
            lines += ["steps:", *(f"  {name}: {yaml_of(step)}" for name, step in value.items())]
        elif key != "sncompile":
            lines.append(f"{key}: {yaml_of(value)}")
    return "\n".join(lines) + "\n"


def write(spec: Spec, folder: Path) -> Path:
    """Write a spec and everything it refers to; returns the pipeline's file."""
    for name, rows in spec.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    for name, document in spec.documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document_text(document), encoding="utf-8")
    for name, text in spec.assets.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    main = folder / "pipeline.yaml"
    main.write_text(document_text(spec.pipeline), encoding="utf-8")
    return main


def compile_file(path: Path) -> list[Job] | Refused:
    """The jobs of a pipeline's file, or its errors."""
    checked = check(path)
    if checked.failed:
        errors = [d for d in checked.diagnostics if d.severity.value == "error"]
        return Refused(tuple(f"{d.code}: {d.message}" for d in errors))
    graph = graph_of(checked.require())
    return [
        Job(
            id=job.id,
            step=job.step,
            key=dict(job.key),
            command=job.command,
            shell=job.shell,
            inputs=dict(job.inputs),
            outputs=dict(job.outputs),
            resources=dict(job.resources),
            container=job.container,
            after=frozenset(job.after),
        )
        for job in jobs(graph, files=f"build/{graph.name}/files")
    ]


def compile_spec(spec: Spec, folder: Path) -> list[Job] | Refused:
    """What the compiler makes of a spec, written to an empty folder."""
    return compile_file(write(spec, folder))
