"""A CWL document as data: what the lowering decides, and the template lays out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = Any
"""What JSON can hold; a type of CWL is text, or a mapping, or a list of types."""

WORKFLOW = "workflow.cwl"
"""The document."""
JOB = "job.json"
"""The object that goes with it."""


class Absent:
    """That an input has no default; `None` is one."""


ABSENT = Absent()


class Input(NamedTuple):
    """An input of a tool or of the workflow."""

    name: str
    type: Json
    default: Json | Absent = ABSENT


class Output(NamedTuple):
    """An output of a tool: files that `glob` fits, or what the expression `value` gives."""

    name: str
    type: Json
    glob: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A CommandLineTool: all jobs of a family. `arguments` are in groups of which each says one thing."""

    id: str
    label: str
    comments: tuple[str, ...]
    requirements: tuple[Json, ...]
    hints: tuple[Json, ...]
    inputs: tuple[Input, ...]
    arguments: tuple[tuple[str, ...], ...]
    outputs: tuple[Output, ...]


class Link(NamedTuple):
    """What an input of a step is given: one source, or the items of several."""

    name: str
    sources: tuple[str, ...]
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the workflow: `scatter` are the inputs of which every job has one item."""

    id: str
    run: str
    inputs: tuple[Link, ...]
    scatter: tuple[str, ...]
    outputs: tuple[str, ...]


class Expression(NamedTuple):
    """An ExpressionTool; `script` is a template with its JavaScript."""

    id: str
    comments: tuple[str, ...]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    script: str


class Result(NamedTuple):
    """An output of the workflow."""

    name: str
    type: Json
    source: str


@dataclass(frozen=True, slots=True)
class Document:
    """The workflow with its tools, and the object that it is run with."""

    name: str
    title: str
    spec: str
    digest: str
    version: str
    secrets: tuple[str, ...]
    promised: tuple[tuple[str, str], ...]
    """The pipeline's outputs by name: a path, or that there are several."""
    inputs: tuple[Input, ...]
    outputs: tuple[Result, ...]
    steps: tuple[Step, ...]
    tools: tuple[Tool, ...]
    expressions: tuple[Expression, ...]
    requirements: tuple[Json, ...]
    jobs: int
    job: dict[str, Json] = field(repr=False)


def array(items: Json) -> Json:
    """The type of a list."""
    return {"type": "array", "items": items}


def optional(kind: Json) -> Json:
    """The type of what may be absent."""
    return ["null", kind]


def shortened(kind: Json) -> Json:
    """A type as it may stand for itself, but not inside another.

    >>> shortened(array("File")), shortened(optional("File")), shortened(array(array("File")))
    ('File[]', 'File?', {'type': 'array', 'items': {'type': 'array', 'items': 'File'}})
    """
    if isinstance(kind, dict) and kind.get("type") == "array" and isinstance(kind["items"], str):
        return f"{kind['items']}[]"
    if isinstance(kind, list) and len(kind) == 2 and kind[0] == "null" and isinstance(kind[1], str):
        return f"{kind[1]}?"
    return kind
