"""Located YAML → pipeline document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sncompile.faults import documents as faults
from sncompile.faults import names as name_faults
from sncompile.syntax.document import (
    Binding,
    ColumnDoc,
    FlowDoc,
    InferDoc,
    MapDoc,
    ModuleDoc,
    MovedDoc,
    Named,
    ParamDoc,
    PipelineDoc,
    PortDoc,
    SheetDoc,
    StepDoc,
    StepOutputDoc,
    TableDoc,
)
from sncompile.syntax.lets import without_let
from sncompile.syntax.modules import read_about, read_container, read_maps, read_module, read_params, read_ports
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence
from sncompile.syntax.overrides import read_overrides
from sncompile.syntax.reader import Reader
from sncompile.syntax.templates import unescaped

_FLOW = "such as `seq: [prepare, {parallel: [left, right]}, report]`"


def read_pipeline(reader: Reader, node: Mapping, name: Named) -> PipelineDoc:
    """The pipeline document in `node`."""
    outputs = node.get("outputs")
    data = {n.name: (n, t) for n, v in reader.entries(node.get("data")) if (t := reader.template(v))}
    modules = {n.name: (n, r) for n, v in reader.entries(node.get("modules")) if (r := reader.named(v))}
    maps = read_maps(reader, node.get("params"))
    document = PipelineDoc(
        source=reader.source,
        name=name,
        about=read_about(reader, node),
        data=data,
        inputs=_inputs(reader, node.get("inputs")),
        params=read_params(reader, node.get("params")),
        tables={n.name: _table(reader, n, v, maps) for n, v in reader.entries(node.get("tables"))},
        infer=_infer(reader, node.get("infer")),
        modules=modules,
        steps={n.name: _step(reader, n, v) for n, v in reader.entries(node.get("steps"))},
        flow=_flow(reader, node.get("flow")),
        outputs=None
        if outputs is None
        else {n.name: (n, t) for n, v in reader.entries(outputs) if (t := reader.template(v))},
        broken=reader.broken_below(),
        span=name.span,
        moved=_moved(reader, node.get("moved")),
        let=reader.lets(node.get("let")),
        checks=reader.checks(node.get("checks")),
        maps=maps,
    )
    made, told = without_let(document)
    reader.found += told
    return made


def _inputs(reader: Reader, node: Node | None) -> dict[str, PortDoc]:
    """The inputs of a pipeline, whose files have names of their own in the modules alone that read them."""
    found = read_ports(reader, node)
    for name, port in found.items():
        for each in port.companions:
            message = f"the companion `{each.name}` of `{name}`, an input of a pipeline"
            hint = "say it of the modules that read it: they look for the file beside it"
            reader.found.append(name_faults.BAD_COMPANION.at(each.span, message, help=hint))
        if port.link is not None:
            message = f"`as` of `{name}`, an input of a pipeline, which has no scratch folder"
            hint = "say it of the module that reads it"
            reader.found.append(name_faults.SCRATCH_MISUSE.at(port.link.span, message, help=hint))
    return found


def _moved(reader: Reader, node: Node | None) -> tuple[MovedDoc, ...]:
    items = node.items if isinstance(node, Sequence) else ()
    both = [(reader.named(i.get("from")), reader.named(i.get("to"))) for i in items if isinstance(i, Mapping)]
    return tuple(MovedDoc(old, new) for old, new in both if old is not None and new is not None)


def _mapping(node: Node) -> Mapping:
    """What should be a mapping; an empty one where it is not, so that its name at least is known."""
    return node if isinstance(node, Mapping) else Mapping((), node.span)


def _table(reader: Reader, name: Named, body: Node, maps: dict[str, MapDoc]) -> TableDoc:
    node = _mapping(body)
    said = {key.text for key, _ in node.entries}
    kinds = ("file", "rows", "sql", "params", "from") if "from" in said else ("file", "rows", "glob", "sql", "params")
    sources = [key for key, _ in node.entries if key.text in kinds]
    if len(sources) != 1 and not reader.broken_below("tables", name.name):
        told = " and ".join(f"`{key.text}`" for key in sources) or "no source"
        reader.found.append(
            faults.MISSING_KEY.at(
                sources[1].span if sources else name.span,
                f"the table `{name.name}` has {told}",
                help="give exactly one of `file`, `rows`, `glob`, `sql`, `params` and `from`",
            )
        )
    rows, spans = None, []
    listed = node.get("rows")
    if isinstance(listed, Sequence):
        kept = [item for item in listed.items if isinstance(item, Mapping)]
        spans = [item.span for item in kept]
        rows = tuple(
            tuple((_column(k), reader.cell(v)) for k, v in item.entries if isinstance(v, Scalar)) for item in kept
        )
    params = reader.named(node.get("params"))
    items = maps[params.name].columns if params is not None and params.name in maps else {}
    return TableDoc(
        name,
        reader.names(node.get("key")),
        reader.template(node.get("file")),
        rows,
        reader.template(node.get("glob")),
        tuple(spans),
        node.span,
        None if reader.broken_below("tables", name.name, "sql") else reader.template(node.get("sql")),
        reader.text(node.get("require")),
        reader.text(node.get("description")),
        {**items, **_columns(reader, node.get("columns"))},
        next((key.span for key, _ in node.entries if key.text == "columns"), None),
        _sheet(reader, name, node),
        params,
        reader.template(node.get("from")),
    )


_OF_SHEETS = ("delimiter", "comment", "encoding", "header", "sheet")


def _sheet(reader: Reader, table: Named, node: Mapping) -> SheetDoc:
    """How a table's file is written, as far as the table says, and says it rightly."""
    place = next((key.span for key, _ in node.entries if key.text in _OF_SHEETS), None)
    if place is None:
        return SheetDoc()
    said = {key: None if reader.broken_below("tables", table.name, key) else node.get(key) for key in _OF_SHEETS}
    header = said["header"].value if isinstance(said["header"], Scalar) else None
    first = header if isinstance(header, int) and not isinstance(header, bool) else 1
    texts = ("delimiter", "comment", "encoding", "sheet")
    delimiter, comment, encoding, sheet = (reader.named(said[key]) for key in texts)
    return SheetDoc(delimiter, comment, encoding, header is not False, place, sheet, first)


def _columns(reader: Reader, node: Node | None) -> dict[str, ColumnDoc]:
    """The columns that a table declares; those of a list have names only."""
    if isinstance(node, Sequence):
        return {name.name: ColumnDoc(_bare(name), None, False) for name in reader.names(node)}
    declared = read_params(reader, node)
    return {n.name: _column_doc(reader, n, v, declared) for n, v in reader.entries(node)}


def _column_doc(reader: Reader, name: Named, body: Node, declared: dict[str, ParamDoc]) -> ColumnDoc:
    get = _mapping(body).by_name().get
    kind, default, required = reader.text(get("type")), reader.named(get("default")), get("required")
    return ColumnDoc(
        declared.get(name.name) or _bare(name),
        default,
        reader.flag(required) if required is not None else default is None,
        kind if kind in ("file", "directory") else "",
        reader.texts(get("format")),
    )


def _bare(name: Named) -> ParamDoc:
    """A column of which nothing but the name is said."""
    return ParamDoc(name, "string", False, True, None, (), None, None, None, "")


def _column(name: Scalar) -> Scalar:
    """A column's name without escapes."""
    return name._replace(text=unescaped(name.text)) if "$${" in name.text else name


def _infer(reader: Reader, node: Node | None) -> dict[str, InferDoc]:
    declared = read_params(reader, node)
    found = {}
    for name, body in reader.entries(node):
        if not isinstance(body, Mapping):
            continue
        listed = body.get("holds")
        items = listed.items if isinstance(listed, Sequence) else (listed,)
        found[name.name] = InferDoc(
            name=name,
            sql=reader.template(body.get("sql")),
            holds=tuple(rule for item in items if (rule := reader.template(item)) is not None),
            declared=declared[name.name],
            typed=body.get("type") is not None or body.get("enum") is not None,
            broken=reader.broken_below("infer", name.name),
        )
    return found


def _step(reader: Reader, name: Named, body: Node) -> StepDoc:
    # Most steps say two or three things of all that they could: what is not said is not looked for.
    said: dict[str, Any] = {}
    for key, node in _mapping(body).entries:
        if key.text == "module":
            said["module"] = _step_module(reader, name, node)
        elif key.text in _OF_STEPS:
            field, read = _OF_STEPS[key.text]
            said[field] = read(reader, node)
    return StepDoc(name=name, broken=reader.broken_below("steps", name.name), **said)


def _bindings(reader: Reader, node: Node) -> dict[str, tuple[Named, Binding | None]]:
    return {n.name: (n, reader.binding(v)) for n, v in reader.entries(node)}


def _step_outputs(reader: Reader, node: Node) -> dict[str, StepOutputDoc]:
    return {n.name: _step_output(reader, n, v) for n, v in reader.entries(node)}


def _batch(reader: Reader, node: Node) -> int:
    batch = reader.integer(node)
    return batch if batch is not None else 1


_OF_STEPS: dict[str, tuple[str, Callable[[Reader, Node], object]]] = {
    "title": ("title", Reader.text),
    "by": ("by", Reader.names),
    "over": ("over", Reader.named),
    "where": ("where", Reader.value),
    "with": ("bindings", _bindings),
    "outputs": ("outputs", _step_outputs),
    "when": ("when", Reader.value),
    "after": ("after", Reader.names),
    "resources": ("resources", Reader.values),
    "sha256": ("sums", Reader.values),
    "retries": ("retries", lambda reader, node: reader.integer(node) or 0),
    "priority": ("priority", lambda reader, node: reader.integer(node) or 0),
    "batch": ("batch", _batch),
    "container": ("container", read_container),
    "env": ("env", Reader.env),
    "local": ("local", Reader.flag),
    "tags": ("tags", Reader.texts),
    "override": ("override", read_overrides),
    "require": ("require_rows", lambda reader, node: reader.text(node) == "rows"),
}
"""Key of a step → the field of its document, and what reads it; but for its module, whose name may be the step's."""

OF_JOBS = frozenset(("resources", "sha256", "retries", "priority", "batch", "container", "env", "local"))
"""Those that say something of the step's own jobs: a step that is a pipeline has none."""


def settings_of_jobs(step: StepDoc) -> Iterator[str]:
    """The keys of `OF_JOBS` that a step says something with."""
    usual = StepDoc(step.name, broken=False)
    for key, (field, _) in _OF_STEPS.items():
        if key in OF_JOBS and getattr(step, field) != getattr(usual, field):
            yield key


def _step_module(reader: Reader, step: Named, node: Node | None) -> Named | ModuleDoc | None:
    if isinstance(node, Mapping):
        return read_module(reader, node, step, ("steps", step.name, "module"))
    return reader.named(node)


def _step_output(reader: Reader, name: Named, node: Node) -> StepOutputDoc:
    if isinstance(node, Mapping):
        return StepOutputDoc(
            name,
            reader.value(node.get("path")),
            reader.flag(node.get("temp")),
            reader.flag(node.get("protected")),
        )
    return StepOutputDoc(name, reader.value(node), False, False)


def _flow(reader: Reader, node: Node | None) -> FlowDoc | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        return FlowDoc("step", Named(node.text, node.span), (), node.span)
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        reader.found.append(
            faults.BAD_FLOW.at(node.span, "a flow is `seq: […]`, `parallel: […]` or a step's name", help=_FLOW)
        )
        return None
    key, body = node.entries[0]
    if not isinstance(body, Sequence) or key.text not in ("seq", "parallel"):
        return None
    items = (_flow(reader, item) for item in body.items)
    return FlowDoc(key.text, None, tuple(i for i in items if i is not None), node.span)
