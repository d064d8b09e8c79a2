"""What a document says of itself, as plain data: ports, parameters, command, citations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sncompile.diagnostics import Span
from sncompile.ir.language.scalars import number_of
from sncompile.ir.language.types import type_text
from sncompile.syntax.document import (
    Argument,
    CheckDoc,
    ColumnDoc,
    Constant,
    ContainerDoc,
    Document,
    EnvDoc,
    FlagArgument,
    InferDoc,
    ListArgument,
    ListValue,
    MapDoc,
    MapValue,
    ModuleDoc,
    Named,
    OptionArgument,
    ParamDoc,
    PipelineDoc,
    PortDoc,
    ProgramDoc,
    ReportDoc,
    StepDoc,
    SuccessDoc,
    TableDoc,
    Value,
)
from sncompile.syntax.expressions import Template


def describe(document: Document) -> dict[str, Any]:
    """The JSON form of a document's description. Expressions stand as they were written."""
    body = _Describer(document.source.text)
    about = document.about
    head = {
        "kind": "module" if isinstance(document, ModuleDoc) else "pipeline",
        "name": document.name.name,
        "file": document.source.name,
        "title": about.title,
        "description": about.description,
        "version": about.version,
        "license": about.license,
        "citations": list(about.citations),
        "inputs": body.ports(document.inputs),
    }
    return head | (body.module(document) if isinstance(document, ModuleDoc) else body.pipeline(document))


class _Describer:
    """Describes the parts of one document; knows its text."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")

    def module(self, doc: ModuleDoc) -> dict[str, Any]:
        """What a module takes, gives and runs."""
        action = [self.argument(a) for a in doc.command] if doc.action == "command" else self._script(doc.script)
        return {
            "outputs": self.ports(doc.outputs),
            "params": self.params(doc.params),
            doc.action: {"file": action, "object": doc.object} if doc.object else action,
            **({"args": [self.argument(a) for a in doc.args]} if doc.args is not None else {}),
            **({"scratch": True} if doc.in_scratch else {}),
            "container": self.container(doc.container),
            "env": self.env(doc.container.env) if doc.container else {},
            "conda": doc.conda.name if doc.conda else None,
            "resources": {name: self.value(value) for name, value in doc.resources.items()},
            "success": _success(doc.success),
            **({"requires": [_program(each) for each in doc.programs]} if doc.programs else {}),
            **({"version_command": list(doc.version_command)} if doc.version_command else {}),
            **self.checks(doc.checks),
        }

    def pipeline(self, doc: PipelineDoc) -> dict[str, Any]:
        """What a pipeline can be told, ranges over, does and gives."""
        outputs = {name: self.value(template) for name, (_, template) in (doc.outputs or {}).items()}
        return {
            "params": self.params(doc.params) | {name: self._map(map_) for name, map_ in doc.maps.items()},
            "data": {name: self.value(template) for name, (_, template) in doc.data.items()},
            "tables": {name: self.table(table, doc.steps) for name, table in doc.tables.items()},
            "infer": {name: self.infer(value) for name, value in doc.infer.items()},
            "steps": {name: self.step(step) for name, step in doc.steps.items()},
            "outputs": outputs,
            **self.checks(doc.checks),
        }

    def checks(self, checks: Sequence[CheckDoc]) -> dict[str, Any]:
        """What must hold of a document's values, where it says so."""
        told = [{"that": self.value(check.that), "message": check.message} for check in checks]
        return {"checks": told} if told else {}

    def ports(self, ports: Mapping[str, PortDoc]) -> dict[str, Any]:
        """Ports by name."""
        return {
            name: {
                "type": _type(port),
                "format": list(port.formats),
                "description": port.description,
                **({"path": self.text(port.path)} if port.path is not None else {}),
                **({"default": self.text(port.default)} if port.default is not None else {}),
                **({"create": True} if port.create is not None else {}),
                **({"as": self.text(port.link)} if port.link is not None else {}),
                **({"companions": [each.name for each in port.companions]} if port.companions else {}),
                **({"in": port.inside.name} if port.inside is not None else {}),
                **({"from": self.text(port.source)} if port.source is not None else {}),
                **({"report": _report(port.report)} if port.report is not None else {}),
            }
            for name, port in ports.items()
        }

    def params(self, params: Mapping[str, ParamDoc]) -> dict[str, Any]:
        """Parameters by name: their types, defaults and limits."""
        return {name: self._param(param) for name, param in params.items()}

    def _param(self, param: ParamDoc) -> dict[str, Any]:
        limits = {"minimum": param.minimum, "maximum": param.maximum}
        shown = self.text if param.base in ("string", "path") else self.value
        found: dict[str, Any] = {
            "type": _type(param),
            "required": param.default is None and not param.optional,
            "default": None if param.default is None else shown(param.default),
            "enum": list(param.enum) or None,
            **limits,
            "pattern": param.pattern.name if param.pattern else None,
        }
        kept = {key: value for key, value in found.items() if value is not None or key == "default"}
        return kept | {"description": param.description}

    def _map(self, map_: MapDoc) -> dict[str, Any]:
        """What a map takes; its default as it was written."""
        return {
            "type": "map?" if map_.optional else "map",
            "required": map_.default is None and not map_.optional,
            "default": None if map_.default is None else self._mapping(map_.default),
            "items": {name: self._column(column) for name, column in map_.columns.items()},
            "description": map_.description,
        }

    def _mapping(self, value: MapValue) -> dict[str, Any]:
        held = [(name.name, inner) for name, inner in value.entries]
        return {
            name: None if v is None else self._mapping(v) if isinstance(v, MapValue) else self.text(v)
            for name, v in held
        }

    def table(self, table: TableDoc, steps: Mapping[str, StepDoc]) -> dict[str, Any]:
        """A table's keys, and where its rows come from; of rows in the spec, how many.

        The rows of a table that a step writes have the keys of that step before their own (`keys`).
        """
        source: dict[str, Any] = {"rows": len(table.rows)} if table.rows is not None else {}
        for kind, template in (("file", table.file), ("from", table.source), ("glob", table.glob), ("sql", table.sql)):
            if template is not None:
                source[kind] = self.value(template)
        if isinstance(source.get("from"), str):
            step = steps.get(source["from"].removeprefix("${").strip().partition(".")[0])
            before = [] if step is None else [name.name for name in step.by]
            source["keys"] = [*before, *(name.name for name in table.key)]
        source |= {"params": table.params.name} if table.params is not None else {}
        columns = {"columns": {name: self._column(column) for name, column in table.columns.items()}}
        said = {"description": table.description} if table.description else {}
        return {"key": [name.name for name in table.key], **source, **(columns if table.columns else {}), **said}

    def _column(self, column: ColumnDoc) -> dict[str, Any]:
        """What a column must hold, in the form of a parameter."""
        found = self._param(column.declared)
        found |= {"type": column.files or column.declared.base, "format": list(column.formats)}
        default = None if column.default is None else column.default.name
        return found | {"required": column.required, "default": default}

    def infer(self, inferred: InferDoc) -> dict[str, Any]:
        """What is inferred, from which query, and what must hold."""
        found: dict[str, Any] = {"type": _type(inferred.declared)} if inferred.typed else {}
        found |= {"sql": None if inferred.sql is None else self.value(inferred.sql)}
        return found | {
            "holds": [self.value(rule) for rule in inferred.holds],
            "description": inferred.declared.description,
        }

    def step(self, step: StepDoc) -> dict[str, Any]:
        """A step's module, keys and title, which is the module's where it has none of its own."""
        module = step.module
        reference = module.name if isinstance(module, Named) else "(in place)" if module is not None else None
        title = step.title or (module.about.title if isinstance(module, ModuleDoc) else "")
        return {"module": reference, "by": [name.name for name in step.by], "title": title}

    def argument(self, argument: Argument) -> Any:
        """An argument of a command, as it was written."""
        found: dict[str, Any]
        if isinstance(argument, OptionArgument):
            found = {"option": argument.option, "value": self.text(argument.value)}
            found |= {"repeat": True} if argument.repeat else {}
            found |= {"joined": True} if argument.joined else {}
        elif isinstance(argument, FlagArgument):
            found = {"flag": argument.flag}
        elif isinstance(argument, ListArgument):
            found = {"list_file": self.text(argument.value)}
            found |= {} if argument.separator == "newline" else {"separator": argument.separator}
            found |= {name: held for name in ("option", "prefix") if (held := getattr(argument, name))}
        else:
            return self.text(argument)
        return found | ({"when": self.value(argument.when)} if argument.when is not None else {})

    def container(self, container: ContainerDoc | None) -> Any:
        """The image as it was written; None without one."""
        return self.text(container.image) if container is not None and container.image is not None else None

    def env(self, variables: Sequence[EnvDoc]) -> dict[str, Any]:
        """Variables by name; of a secret, no value is known."""
        shown = {v.name.name: None if v.value is None else self.text(v.value) for v in variables}
        return shown | {v.name.name: "(secret)" for v in variables if v.secret}

    def _script(self, script: Template | Named | None) -> Any:
        return script.name if isinstance(script, Named) else None if script is None else self.value(script)

    def text(self, value: Value) -> Any:
        """A value where text is wanted, as it was written; lists as plain data."""
        if isinstance(value, Constant):
            return None if value.value is None else value.text
        if isinstance(value, ListValue):
            return [self.text(item) for item in value.items]
        return self.value(value)

    def value(self, value: Value) -> Any:
        """A value as it was written; constants and lists as plain data."""
        if isinstance(value, Constant):
            return number_of(value.text) if isinstance(value.value, float) else value.value
        if isinstance(value, ListValue):
            return [self.value(item) for item in value.items]
        parts = zip(value.parts, value.spans, strict=True)
        return "".join(part if isinstance(part, str) else self._written(span) for part, span in parts)

    def _written(self, span: Span) -> str:
        """What stands at a span, on one line."""
        lines = self._lines[span.line - 1 : span.end_line]
        lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return " ".join(line.strip() for line in lines)


def _type(declared: PortDoc | ParamDoc) -> str:
    if isinstance(declared, PortDoc) and declared.value:
        return declared.value
    gaps = isinstance(declared, ParamDoc) and declared.gaps
    return type_text(declared.base, declared.many, declared.optional, gaps)


def _program(program: ProgramDoc) -> dict[str, str]:
    """A program that must be there, and which versions of it will do."""
    limits = {"at_least": program.at_least, "below": program.below}
    return {"name": program.name.name, **{name: limit for name, limit in limits.items() if limit}}


def _report(report: ReportDoc) -> dict[str, Any]:
    """How an output is shown to people, as far as that is said."""
    said = {"category": report.category, "caption": report.caption, "labels": dict(report.labels)}
    return {name: value for name, value in said.items() if value}


def _success(success: SuccessDoc) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if success.non_empty is None or success.non_empty:
        found["non_empty"] = True if success.non_empty is None else [name.name for name in success.non_empty]
    if success.sha256:
        found["sha256"] = {name.name: digest for name, digest in success.sha256}
    if success.min_files:
        found["min_files"] = {name.name: number for name, number in success.min_files}
    return found
