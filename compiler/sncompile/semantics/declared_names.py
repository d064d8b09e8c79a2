"""The names that a pipeline declares: none may be reserved, and none may mean two things."""

from __future__ import annotations

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import documents as document_faults
from sncompile.faults import names as faults
from sncompile.semantics.scope import RESERVED, UNREADABLE
from sncompile.syntax.document import ModuleDoc, Named, PipelineDoc


def check_names(doc: PipelineDoc, report: Report) -> None:
    """Tell of reserved names, and of names for two things."""
    declared = [(k, "key") for t in doc.tables.values() for k in t.key]
    declared += [(t.name, "table") for t in doc.tables.values()]
    declared += [(s.name, "step") for s in doc.steps.values()]
    places: dict[str, tuple[str, Span]] = {}
    for name, kind in declared:
        if name.name in RESERVED:
            message = f"`{name.name}` is a reserved name"
            report.add(document_faults.RESERVED_NAME.at(name.span, message, help=f"rename the {kind}"))
        _check_word(name, kind, report)
        first = places.setdefault(name.name, (kind, name.span))
        if first[0] != kind:
            report.add(
                faults.AMBIGUOUS_NAME.at(
                    name.span,
                    f"`{name.name}` is a {first[0]} and a {kind}",
                    help="rename one of them",
                    related=(Place(f"the {first[0]} is here", first[1]),),
                )
            )
    for root, _ in doc.data.values():
        _check_word(root, "data root", report)
    check_members(doc, report)


def check_members(doc: PipelineDoc | ModuleDoc, report: Report) -> None:
    """Tell of ports and parameters that expressions could not name, or that `with` could not tell apart."""
    ports = [*doc.inputs.values()]
    if isinstance(doc, ModuleDoc):
        ports += doc.outputs.values()
    for port in ports:
        _check_word(port.name, "port", report)
    for value in doc.infer.values() if isinstance(doc, PipelineDoc) else ():
        _check_word(value.name, "inferred value", report)
        first = doc.params.get(value.name.name) or doc.inputs.get(value.name.name)
        if first is not None:
            kind = "a parameter" if value.name.name in doc.params else "an input"
            report.add(
                faults.AMBIGUOUS_NAME.at(
                    value.name.span,
                    f"`{value.name.name}` is inferred and {kind}",
                    help="rename one of them: `--set` could mean either",
                    related=(Place(f"{kind} of that name is here", first.name.span),),
                )
            )
    for named, _ in doc.let.values():
        _check_word(named, "value", report)
    maps = doc.maps if isinstance(doc, PipelineDoc) else {}
    for full, named in [(n, p.name) for n, p in doc.params.items()] + [(n, m.name) for n, m in maps.items()]:
        for part in full.split("."):
            _check_word(named._replace(name=part), "parameter", report)
        name = full.partition(".")[0]
        if name in doc.inputs:
            report.add(
                faults.AMBIGUOUS_NAME.at(
                    named.span,
                    f"`{name}` is an input and a parameter of `{doc.name.name}`",
                    help="rename one of them: `with` could mean either",
                    related=(Place("the input is here", doc.inputs[name].name.span),),
                )
            )


def _check_word(name: Named, kind: str, report: Report) -> None:
    if name.name in UNREADABLE:
        report.add(
            document_faults.RESERVED_NAME.at(
                name.span,
                f"`{name.name}` is a word of expressions",
                help=f"rename the {kind}, to `{name.name}_` perhaps",
            )
        )
