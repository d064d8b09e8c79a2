"""A spec as plain data, and the documents that say it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .expressions import Expression

Row = Mapping[str, Any]
SIZE = 36
SEPARATOR = ":::"
"""Stands between the outputs, the inputs and the other words of a command."""


@dataclass(frozen=True)
class Table:
    """Rows with a key; written inline, or as a file (`csv`, `tsv`)."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    source: str = "rows"


@dataclass(frozen=True)
class Port:
    """An input of a step's module, and what the step gives to it; `form` is how it stands in the command."""

    name: str
    many: bool
    value: Expression | None
    optional: bool = False
    kind: str = "file"
    form: str = "word"

    @property
    def type(self) -> str:
        """As the module declares it."""
        return self.kind + "[]" * self.many + "?" * self.optional


@dataclass(frozen=True)
class Parameter:
    """A parameter of a step's module, and its value.

    `form` is how it stands in the command: a `word`, inside `text`, an `option`, a `repeat`ed one, or a `flag`.
    """

    name: str
    type: str
    value: Expression | None
    form: str = "word"
    default: Any = None


@dataclass(frozen=True)
class Made:
    """An output of a step's module, and what the step says of it."""

    name: str
    kind: str = "file"
    format: str | None = None
    path: Expression | None = None
    temp: bool = False
    create: bool = False


@dataclass(frozen=True)
class Need:
    """A resource as it is written, and what it comes to at the first, second and third try of a job.

    In megabytes or minutes, if it is not a count. Every file of these specs has `SIZE` bytes.
    """

    written: Any
    tries: tuple[int, int, int]
    sized: bool = False


@dataclass(frozen=True)
class Step:
    """A use of a module, or of a nested pipeline (`nested` is its document, `gives` what it is given)."""

    name: str
    by: tuple[str, ...] = ()
    over: str | None = None
    say_over: bool = False
    where: Expression | None = None
    when: Expression | None = None
    inputs: tuple[Port, ...] = ()
    params: tuple[Parameter, ...] = ()
    outputs: tuple[Made, ...] = ()
    after: tuple[str, ...] = ()
    batch: int | None = None
    retries: int | None = None
    fails: int = 0
    resources: Mapping[str, Need] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    shell: bool = False
    nested: str | None = None
    gives: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True)
class Pipeline:
    """A pipeline; `inputs` and `params` are types by name, of a nested one."""

    name: str
    tables: tuple[Table, ...] = ()
    steps: tuple[Step, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Expression] = field(default_factory=dict)
    flow: tuple[str, ...] = ()

    def step(self, name: str) -> Step:
        """The step of that name; raises KeyError."""
        return {step.name: step for step in self.steps}[name]


@dataclass(frozen=True)
class Spec:
    """A pipeline and the nested ones by name, each in a document of its own."""

    root: Pipeline
    nested: Mapping[str, Pipeline] = field(default_factory=dict)

    def pipelines(self) -> Iterator[Pipeline]:
        """The outermost one first."""
        yield self.root
        yield from self.nested.values()

    def files(self) -> dict[str, str]:
        """The text of every file that has to be written, by path."""
        found = {"spec.yaml": yaml(document(self.root))}
        found |= {f"{name}.yaml": yaml(document(inner)) for name, inner in self.nested.items()}
        for pipeline in self.pipelines():
            for table in pipeline.tables:
                if table.source != "rows":
                    found[f"{pipeline.name}_{table.name}.{table.source}"] = _cells(table)
        return found

    def write(self, folder: Path) -> Path:
        """Write everything; gives the path of the outermost document."""
        for name, text in self.files().items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
        return folder / "spec.yaml"

    def text(self) -> str:
        """All files, one after the other, for people."""
        return "".join(f"--- {name}\n{text}" for name, text in self.files().items())


def _cells(table: Table) -> str:
    separator = "," if table.source == "csv" else "\t"
    lines = [table.columns, *([row[c] for c in table.columns] for row in table.rows)]
    quoted = lambda cell: "" if cell is None else '"%s"' % str(cell).replace('"', '""')  # noqa: E731
    return "".join(separator.join(map(quoted, line)) + "\n" for line in lines)


def document(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline as its document says it."""
    found: dict[str, Any] = {"sncompile": 1, "pipeline": pipeline.name}
    if pipeline.inputs:
        found["inputs"] = {name: {"type": type} for name, type in pipeline.inputs.items()}
    if pipeline.params:
        found["params"] = dict(pipeline.params)
    if pipeline.tables:
        found["tables"] = {table.name: _table(pipeline, table) for table in pipeline.tables}
    found["steps"] = {step.name: _step(step) for step in pipeline.steps}
    if pipeline.flow:
        found["flow"] = {"seq": list(pipeline.flow)}
    if pipeline.outputs:
        found["outputs"] = {name: value.written() for name, value in pipeline.outputs.items()}
    return found


def _table(pipeline: Pipeline, table: Table) -> dict[str, Any]:
    key = table.key[0] if len(table.key) == 1 else list(table.key)
    if table.source == "rows":
        rows = [{name: cell for name, cell in row.items() if cell is not None} for row in table.rows]
        named = {name for row in rows for name in row}
        # A column that is absent everywhere has to be named somewhere.
        for name in table.columns:
            if name not in named:
                rows[0][name] = None
        return {"key": key, "rows": rows}
    return {"key": key, "file": f"{pipeline.name}_{table.name}.{table.source}"}


def _step(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if step.by:
        found["by"] = step.by[0] if len(step.by) == 1 else list(step.by)
    if step.say_over and step.over is not None:
        found["over"] = step.over
    for name, value in (("where", step.where), ("when", step.when)):
        if value is not None:
            found[name] = value.written()
    if step.after:
        found["after"] = list(step.after)
    if step.nested is not None:
        found["module"] = f"./{step.nested}.yaml"
        if step.gives:
            found["with"] = {name: value.written() for name, value in step.gives.items()}
        return found
    for name in ("batch", "retries"):
        if getattr(step, name) is not None:
            found[name] = getattr(step, name)
    if step.env:
        found["env"] = dict(step.env)
    given = {port.name: port.value.written() for port in step.inputs if port.value is not None}
    given |= {param.name: param.value.written() for param in step.params if param.value is not None}
    if given:
        found["with"] = given
    said = {made.name: _said(made) for made in step.outputs if made.temp or made.path is not None}
    if said:
        found["outputs"] = said
    found["module"] = _module(step)
    return found


def _said(made: Made) -> Any:
    if made.path is not None and not made.temp:
        return made.path.written()
    return ({} if made.path is None else {"path": made.path.written()}) | ({"temp": True} if made.temp else {})


def _module(step: Step) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if step.inputs:
        found["inputs"] = {port.name: {"type": port.type} for port in step.inputs}
    if step.params:
        found["params"] = {param.name: _param(param) for param in step.params}
    if step.outputs:
        found["outputs"] = {made.name: _made(made) for made in step.outputs}
    if step.resources:
        found["resources"] = {name: need.written for name, need in step.resources.items()}
    if step.shell:
        found["shell"] = " ".join(str(word) for word in words(step)).replace('"', "")
    else:
        found["command"] = words(step)
    return found


def _param(param: Parameter) -> dict[str, Any]:
    return {"type": param.type} | ({} if param.default is None else {"default": param.default})


def _made(made: Made) -> dict[str, Any]:
    found: dict[str, Any] = {"type": made.kind}
    if made.format is not None:
        found["format"] = made.format
    return found | ({"create": True} if made.create else {})


def words(step: Step) -> list[Any]:
    """The command of a step's module, as it is written."""
    found: list[Any] = ["rec"]
    for made in step.outputs:
        found += ["-d"] * (made.kind == "directory") + ["${outputs.%s}" % made.name]
    found.append(SEPARATOR)
    for port in step.inputs:
        found.append(_word(port.form, "inputs", port.name))
    found.append(SEPARATOR)
    if step.fails:
        found.append(f"fails={step.fails}")
    for param in step.params:
        found.append(_word(param.form, "params", param.name))
    return found


def _word(form: str, root: str, name: str) -> Any:
    inside = "${%s.%s}" % (root, name)
    if form == "text":
        return f"{name}={inside}"
    if form == "option":
        return {"option": f"--{name}", "value": inside}
    if form == "repeat":
        return {"option": f"--{name}", "value": inside, "repeat": True}
    if form == "flag":
        return {"flag": f"--{name}", "when": inside}
    return inside


def yaml(found: Mapping[str, Any]) -> str:
    """A document with a line for every key, and one for every step, table and row."""
    lines = []
    for name, value in found.items():
        if isinstance(value, Mapping):
            lines.append(f"{name}:")
            lines += [f"  {inner}: {_flow(item)}" for inner, item in value.items()]
        else:
            lines.append(f"{name}: {_flow(value)}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and value.replace("_", "").isalpha() and value not in ("null", "true", "false"):
        return value
    letters = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in letters)
