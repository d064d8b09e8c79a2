"""What is valid, and hardly meant: texts that look like references, scripts whose lines become one, ports crossed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sncompile.diagnostics import Edit, Fix, Report, Span
from sncompile.faults import slips as faults
from sncompile.ir.values.model import Const, Text, Value, walk
from sncompile.lazy_regex import regex
from sncompile.semantics.scope import Scope
from sncompile.syntax.document import ModuleDoc, PipelineDoc, StepDoc
from sncompile.syntax.expressions import Attribute, Name, Template
from sncompile.syntax.other_languages import keys_meant, reference_meant, references_meant
from sncompile.syntax.quoting import quoted

_SCRIPT = regex(r"[\w-]+\.(?:py|R|r|sh|jl|pl|rb|awk|groovy|js|m)")


def warn_of_texts(doc: ModuleDoc, words: Iterable[Value], report: Report) -> bool:
    """Tell of texts in a module's command that were meant as references; whether there are any."""
    before = len(report)
    members = {"inputs": tuple(doc.inputs), "outputs": tuple(doc.outputs), "params": tuple(doc.params)}
    # Of a word that is nothing but text the whole is written anew, since `${` needs quotes inside of brackets.
    texts = [(leaf.value, leaf.span, leaf is word) for word in words for leaf in walk(word) if isinstance(leaf, Const)]
    if isinstance(doc.script, Template):
        pieces = zip(doc.script.parts, doc.script.spans, strict=True)
        texts += [(part, span, False) for part, span in pieces if isinstance(part, str)]
    for text, span, word in texts:
        if not isinstance(text, str):
            continue
        for old, new in references_meant(text, members):
            _tell(old, new, span, report, whole=word and old == text)
        if word and _SCRIPT.fullmatch(text) and (doc.source.folder / text).is_file():
            new = f"${{file('{text}')}}"
            message = f"`{text}` lies beside the module, and the job looks for it in its working folder"
            fixes = (Fix(f"write `{new}`", (Edit(span, quoted(new)),)),)
            report.add(faults.FILE_BESIDE.at(span, message, help=f"did you mean `{new}`?", fixes=fixes))
    return len(report) > before


def warn_of_value(value: Value, scope: Scope, report: Report) -> None:
    """Tell of a text for a parameter that was meant as a reference: `{well}` for `${well}`."""
    pieces = value.parts if isinstance(value, Text) else (value,)
    texts = [piece for piece in pieces if isinstance(piece, Const) and isinstance(piece.value, str)]
    found = [(piece, old, new) for piece in texts for old, new in keys_meant(str(piece.value), scope.keys.by)]
    if found and value is texts[0]:
        whole = str(value.value)
        for _, old, meant in found:
            whole = whole.replace(old, meant)
        _tell(str(value.value), whole, value.span, report, whole=True)
        return
    for piece, old, meant in found:
        _tell(old, meant, piece.span, report)
    new = meant_by(value, scope)
    if new is not None and isinstance(value, Const) and (text := str(value.value))[0] in "${":
        _tell(text, new, value.span, report, whole=True)


def meant_by(value: Value, scope: Scope) -> str | None:
    """The reference that a value was meant to be which is text as a whole: `${call.reads}` for `call.reads`."""
    if not isinstance(value, Const) or not isinstance(value.value, str):
        return None
    return reference_meant(value.value, lambda name: names_in(name, scope), scope.keys.by)


def names_in(name: str, scope: Scope) -> Collection[str]:
    """What a name of a scope has inside: a table its columns, a step its outputs."""
    return tuple(scope.spaces[name].names()) if name in scope.spaces else ()


def _tell(old: str, new: str, span: Span, report: Report, *, whole: bool = False) -> None:
    edit = Edit(span, quoted(new)) if whole else Edit(span, new, old)
    message = f"`{old}` is text, and no reference"
    fixes = (Fix(f"write `{new}`", (edit,)),)
    report.add(faults.NO_REFERENCE.at(span, message, help=f"did you mean `{new}`?", fixes=fixes))


def warn_of_crossed(doc: PipelineDoc, report: Report) -> None:
    """Tell of two inputs of a step that take one output, where another output has the name of one and no reader."""
    read: set[tuple[str, str]] = set()
    taken: dict[tuple[str, str, str], list[str]] = {}
    steps = doc.steps.values()
    for step in steps:
        for name, head, port, _ in _references(step):
            read.add((head, port))
            taken.setdefault((step.name.name, head, port), []).append(name)
    for step in steps:
        for name, head, port, span in _references(step):
            source = doc.steps.get(head)
            module = source.module if source is not None else None
            others = taken[step.name.name, head, port]
            if not isinstance(module, ModuleDoc) or len(others) < 2 or name == port or name not in module.outputs:
                continue
            if (head, name) not in read and f"{head}.{name}" not in doc.source.text:
                also = f"`{name}` takes `{head}.{port}`, as `{_other(others, name)}` does"
                message = f"{also}, and nothing takes `{head}.{name}`"
                fixes = (Fix(f"write `{name}`", (Edit(span, name, port),), safe=False),)
                help = f"did you mean `${{{head}.{name}}}`?"
                report.add(faults.CROSSED_PORTS.at(span, message, help=help, fixes=fixes))


def _other(names: list[str], name: str) -> str:
    return next(each for each in names if each != name)


def _references(step: StepDoc) -> Iterable[tuple[str, str, str, Span]]:
    """What a step's inputs take that is exactly a member: the input, `head.port`, and the place of the port's name."""
    for name, (_, value) in step.bindings.items():
        whole = value.whole if isinstance(value, Template) else None
        if isinstance(whole, Attribute) and isinstance(whole.target, Name):
            yield name, whole.target.id, whole.name, whole.name_span
