"""The names that an expression sees at a place, and what is told of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sncompile.ir.language.types import type_text
from sncompile.lsp.functions import FUNCTIONS
from sncompile.lsp.outcome import Outcome
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.symbols import Kind
from sncompile.semantics.scope import column_type
from sncompile.syntax.document import Document, MapDoc, ModuleDoc, ParamDoc, PipelineDoc, PortDoc, StepDoc


class Offered(NamedTuple):
    """A name: what it is, its type or another short fact, and what is told of it."""

    name: str
    kind: Kind
    detail: str = ""
    description: str = ""


def port_text(port: PortDoc) -> str:
    """The type of a port with its formats: `file[] (tiff or png)`."""
    kind = port.value or type_text(port.base, port.many, port.optional, False)
    return f"{kind} ({' or '.join(port.formats)})" if port.formats else kind


def param_text(param: ParamDoc) -> str:
    """The type of a parameter with its default: `number = 99.0`."""
    kind = type_text(param.base, param.many, param.optional, param.gaps)
    if param.enum:
        kind = " | ".join(map(str, param.enum))
    return f"{kind} = {_plain(param.default)}" if param.default is not None else kind


def _plain(value: object) -> str:
    text = getattr(value, "text", None)
    parts = getattr(value, "parts", None)
    if isinstance(text, str):
        return text
    if isinstance(parts, tuple) and all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return "…"


def ports(found: Iterable[PortDoc], kind: Kind) -> list[Offered]:
    """Ports, as they are offered."""
    return [Offered(port.name.name, kind, port_text(port), port.description) for port in found]


def params(document: Document, prefix: str = "") -> list[Offered]:
    """The parameters of a document, or of a group of them; groups by their first name."""
    found: dict[str, Offered] = {}
    maps: Iterable[MapDoc] = document.maps.values() if isinstance(document, PipelineDoc) else ()
    for name, detail, description in (
        *((p.name.name, param_text(p), p.description) for p in document.params.values()),
        *((m.name.name, "map", m.description) for m in maps),
    ):
        if not name.startswith(prefix):
            continue
        head, dot, _ = name.removeprefix(prefix).partition(".")
        found.setdefault(head, Offered(head, Kind.PARAM, "group" if dot else detail, "" if dot else description))
    return list(found.values())


def outputs_of(document: Document) -> list[Offered]:
    """What a module or pipeline gives."""
    if isinstance(document, ModuleDoc):
        return ports(document.outputs.values(), Kind.OUTPUT)
    return [Offered(name, Kind.OUTPUT, "output of a pipeline") for name in document.outputs or ()]


def document_at(snapshot: Snapshot, path: Sequence[str | int]) -> tuple[Document | None, StepDoc | None]:
    """The document whose names are seen at a path, and the step; modules in a step are documents of their own."""
    pipeline = snapshot.pipeline
    if pipeline is None or len(path) < 2 or path[0] != "steps":
        return snapshot.document, None
    step = pipeline.steps.get(str(path[1]))
    if len(path) > 2 and path[2] == "module":
        inner = snapshot.module_of(str(path[1]))
        return (inner[1] if inner is not None else None), None
    return pipeline, step


_TITLES = {
    "data": "the data roots", "params": "the parameters", "inputs": "the inputs", "outputs": "the outputs",
    "infer": "the inferred values", "let": "the values of `let`", "env": "the variables",
    "resources": "the resources",
}  # fmt: skip


def names_at(snapshot: Snapshot, outcome: Outcome | None, path: Sequence[str | int]) -> list[Offered]:
    """Every name that an expression at a path may begin with."""
    document, step = document_at(snapshot, path)
    found = list(_document_names(document, step, snapshot, outcome, path))
    found += [Offered(name, Kind.FUNCTION, told.call, told.gives) for name, told in FUNCTIONS.items()]
    return found


def _document_names(
    document: Document | None, step: StepDoc | None, snapshot: Snapshot, outcome: Outcome | None,
    path: Sequence[str | int],
) -> Iterator[Offered]:  # fmt: skip
    if document is None:
        return
    spaces: dict[str, object] = {"inputs": document.inputs, "params": _has_params(document), "let": document.let}
    if isinstance(document, ModuleDoc):
        variables = document.container.env if document.container is not None else ()
        spaces |= {"outputs": document.outputs, "resources": document.resources, "env": variables, "data": True}
        yield from _spaces(spaces)
        if "resources" in path:
            yield Offered("attempt", Kind.RESOURCE, "integer", "which try of the job it is, from 1")
        return
    for key in step.by if step is not None else ():
        yield Offered(key.name, Kind.KEY, f"key of the step `{step.name.name}`" if step is not None else "")
    yield from _spaces({**spaces, "data": True, "infer": document.infer})
    for name, table in document.tables.items():
        yield Offered(name, Kind.TABLE, _table_text(name, outcome), table.description)
    if path and path[0] not in ("tables", "infer"):
        for name, each in document.steps.items():
            module = snapshot.module_of(name)
            about = module[1].about if module is not None else None
            yield Offered(name, Kind.STEP, _by(each), each.title or (about.title if about is not None else ""))


def _has_params(document: Document) -> bool:
    return bool(document.params) or (isinstance(document, PipelineDoc) and bool(document.maps))


def _by(step: StepDoc) -> str:
    return f"by {', '.join(key.name for key in step.by)}" if step.by else "one job"


def _spaces(spaces: dict[str, object]) -> Iterator[Offered]:
    for name, held in spaces.items():
        if held:
            yield Offered(name, Kind.WORD, _TITLES[name])


def _table_text(name: str, outcome: Outcome | None) -> str:
    table = outcome.tables.get(name) if outcome is not None else None
    return "table" if table is None else f"table of {len(table):,} rows"


def members_at(
    snapshot: Snapshot, outcome: Outcome | None, path: Sequence[str | int], chain: Sequence[str]
) -> list[Offered]:
    """What may stand behind a dotted name (`calc`, `params.ref`) at a path."""
    document, _ = document_at(snapshot, path)
    if document is None or not chain:
        return []
    first = chain[0]
    if first == "params":
        return params(document, "".join(f"{name}." for name in chain[1:]))
    if len(chain) > 1:
        # Sizes are known when a job is about to run.
        return [Offered("size", Kind.RESOURCE, "integer", "bytes of the file")] if first == "inputs" else []
    if first == "data":
        return _roots(snapshot, document)
    if first == "inputs":
        return ports(document.inputs.values(), Kind.INPUT)
    if first == "let":
        return [Offered(name, Kind.LET) for name in document.let]
    if isinstance(document, ModuleDoc):
        return _module_members(document, first)
    if first == "infer":
        return [Offered(n, Kind.INFER, "", each.declared.description) for n, each in document.infer.items()]
    if first in document.steps:
        module = snapshot.module_of(first)
        keys = [Offered(key.name, Kind.KEY, "key of the step") for key in document.steps[first].by]
        return [*(outputs_of(module[1]) if module is not None else ()), *keys]
    return columns(document, outcome, first) if first in document.tables else []


def _roots(snapshot: Snapshot, document: Document) -> list[Offered]:
    pipeline = document if isinstance(document, PipelineDoc) else snapshot.pipeline
    named = pipeline.data if pipeline is not None else {}
    return [Offered(name, Kind.DATA, "data root") for name in dict.fromkeys((*named, "workspace"))]


def _module_members(document: ModuleDoc, first: str) -> list[Offered]:
    if first == "outputs":
        return ports(document.outputs.values(), Kind.OUTPUT)
    if first == "resources":
        return [Offered(name, Kind.RESOURCE) for name in document.resources]
    if first == "env" and document.container is not None:
        return [Offered(each.name.name, Kind.ENV) for each in document.container.env]
    return []


def columns(document: PipelineDoc, outcome: Outcome | None, name: str) -> list[Offered]:
    """The columns of a table: those that it has, or that the spec names where it was not read."""
    declared = document.tables[name]
    keys = [key.name for key in declared.key]
    table = outcome.tables.get(name) if outcome is not None else None
    known = dict.fromkeys((*keys, *declared.columns, *_in_rows(declared.rows), *(table.columns if table else ())))
    found = []
    for column in known:
        told = declared.columns.get(column)
        detail = param_text(told.declared) if told is not None and not told.files else ""
        if not detail and table is not None and column in table.columns:
            detail = str(column_type(table, column))
        kind = Kind.KEY if column in keys else Kind.COLUMN
        found.append(Offered(column, kind, detail, told.declared.description if told is not None else ""))
    return found


def _in_rows(rows: Sequence[Sequence[tuple[object, object]]] | None) -> Iterator[str]:
    for row in (rows or ())[:1]:
        for key, _ in row:
            yield str(getattr(key, "text", ""))
