"""Located YAML → pipeline document."""

from __future__ import annotations

from sncompile.faults import documents as faults
from sncompile.syntax.document import (
    FlowDoc,
    InferDoc,
    ModuleDoc,
    Named,
    PipelineDoc,
    StepDoc,
    StepOutputDoc,
    TableDoc,
)
from sncompile.syntax.modules import read_about, read_container, read_module, read_params, read_ports
from sncompile.syntax.nodes import Mapping, Node, Scalar, Sequence
from sncompile.syntax.reader import Reader
from sncompile.syntax.templates import unescaped

_FLOW = "such as `seq: [prepare, {parallel: [left, right]}, report]`"


def read_pipeline(reader: Reader, node: Mapping, name: Named) -> PipelineDoc:
    """The pipeline document in `node`."""
    outputs = node.get("outputs")
    data = {n.name: (n, t) for n, v in reader.entries(node.get("data")) if (t := reader.template(v))}
    modules = {n.name: (n, r) for n, v in reader.entries(node.get("modules")) if (r := reader.named(v))}
    return PipelineDoc(
        source=reader.source,
        name=name,
        about=read_about(reader, node),
        data=data,
        inputs=read_ports(reader, node.get("inputs")),
        params=read_params(reader, node.get("params")),
        tables={n.name: _table(reader, n, v) for n, v in reader.entries(node.get("tables"))},
        infer=_infer(reader, node.get("infer")),
        modules=modules,
        steps={n.name: _step(reader, n, v) for n, v in reader.entries(node.get("steps"))},
        flow=_flow(reader, node.get("flow")),
        outputs=None
        if outputs is None
        else {n.name: (n, t) for n, v in reader.entries(outputs) if (t := reader.template(v))},
        broken=reader.broken_below(),
        span=name.span,
    )


def _mapping(node: Node) -> Mapping:
    """What should be a mapping; an empty one where it is not, so that its name at least is known."""
    return node if isinstance(node, Mapping) else Mapping((), node.span)


def _table(reader: Reader, name: Named, body: Node) -> TableDoc:
    node = _mapping(body)
    sources = [key for key, _ in node.entries if key.text in ("file", "rows", "glob", "sql")]
    if len(sources) != 1 and not reader.broken_below("tables", name.name):
        told = " and ".join(f"`{key.text}`" for key in sources) or "no source"
        reader.found.append(
            faults.MISSING_KEY.at(
                sources[1].span if sources else name.span,
                f"the table `{name.name}` has {told}",
                help="give exactly one of `file`, `rows`, `glob` and `sql`",
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
    return TableDoc(
        name,
        reader.names(node.get("key")),
        reader.template(node.get("file")),
        rows,
        reader.template(node.get("glob")),
        tuple(spans),
        node.span,
        reader.template(node.get("sql")),
        reader.text(node.get("require")),
    )


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
    get = _mapping(body).by_name().get
    path = ("steps", name.name)
    retries, batch = reader.integer(get("retries")), reader.integer(get("batch"))
    return StepDoc(
        name=name,
        title=reader.text(get("title")),
        module=_step_module(reader, name, get("module")),
        by=reader.names(get("by")),
        over=reader.named(get("over")),
        where=reader.value(get("where")),
        bindings={n.name: (n, reader.value(v)) for n, v in reader.entries(get("with"))},
        outputs={n.name: _step_output(reader, n, v) for n, v in reader.entries(get("outputs"))},
        when=reader.value(get("when")),
        after=reader.names(get("after")),
        resources=reader.values(get("resources")),
        retries=retries or 0,
        priority=reader.integer(get("priority")) or 0,
        batch=batch if batch is not None else 1,
        container=read_container(reader, get("container")),
        env=reader.env(get("env")),
        local=reader.flag(get("local")),
        tags=reader.texts(get("tags")),
        broken=reader.broken_below(*path),
        require_rows=reader.text(get("require")) == "rows",
    )


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
