"""`let`: values that a document names once.

Before anything is looked up, each use is replaced by what the name stands for, which is evaluated where it is used:

    let: {clean: "${lower(params.name)}", out: "${let.clean}_v2"}
    command: [make, "-o", "${let.out}.txt"]
                           a text of what `out` stands for and ".txt", where `out` is a text of what `clean` stands for

So a value may hold keys and outputs of steps, and is another one for each job. A value sees those before it, and so no
ring can be. A document without `let` may call a step or a table so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sncompile.diagnostics import Diagnostic, Span, did_you_mean
from sncompile.faults import documents as document_faults
from sncompile.faults import names as faults
from sncompile.syntax.document import ModuleDoc, Named, PipelineDoc, Value
from sncompile.syntax.expressions import Attribute, Given, Index, Literal, Name

D = TypeVar("D", ModuleDoc, PipelineDoc)

LET = "let"
MAX_NODES = 10_000
"""What stands for a name may have so many parts: a few values, each naming the last one twice, make millions."""


def without_let(document: D) -> tuple[D, list[Diagnostic]]:
    """The document with what its `let` names in place of the names; and what is wrong with them.

    Modules that stand in its steps are documents of their own.
    """
    if not document.let:
        return document, []
    lets: _Lets = _Lets(document.let)
    kept = zip(document._fields, document, strict=True)
    made = document._replace(**{field: lets.replaced(value) for field, value in kept if field != LET})
    found = [*lets.found, *_told_apart(document)]
    return made, found if document.broken or found else lets.unused()


def _told_apart(document: ModuleDoc | PipelineDoc) -> list[Diagnostic]:
    """Steps and tables that are called `let`, which expressions could then mean as well."""
    named = (document.steps.get(LET), document.tables.get(LET)) if isinstance(document, PipelineDoc) else ()
    hint = "rename it: `let` is where values have their names here"
    return [
        faults.AMBIGUOUS_NAME.at(each.name.span, "`let` is a step or table, and the values of `let`", help=hint)
        for each in named
        if each is not None
    ]


class _Lets:
    """The values of a document, each with those before it in place."""

    def __init__(self, let: Mapping[str, tuple[Named, Value]]) -> None:
        self.found: list[Diagnostic] = []
        self._used: set[str] = set()
        self._names = let
        self._known: dict[str, tuple[Value, int]] = {}
        self._nodes = 0
        for name, (named, value) in let.items():
            self._nodes = 0
            made = self.replaced(value)
            if self._nodes > MAX_NODES:
                message = f"what `let.{name}` stands for becomes too large"
                self.found.append(document_faults.BAD_VALUE.at(named.span, message, help="compute it in the tool"))
                made, self._nodes = value, 0
            self._known[name] = (made, self._nodes)

    def unused(self) -> list[Diagnostic]:
        """What nothing uses."""
        return [
            faults.UNUSED_PARAM.at(named.span, f"nothing uses `let.{name}`", help="remove it, or use it")
            for name, (named, _) in self._names.items()
            if name not in self._used
        ]

    def replaced(self, node: Any) -> Any:
        """A part of a document with what its names stand for."""
        self._nodes += 1
        match node:
            case Attribute(target=Name(id="let")):
                return self._given(Named(node.name, node.name_span), node.span)
            case Index(target=Name(id="let"), item=Literal(value=str(name))):
                return self._given(Named(name, node.item.span), node.span)
            case Name(id="let"):
                hint = did_you_mean("", [f"let.{name}" for name in self._known], what="name one of")
                self.found.append(faults.NOT_A_VALUE.at(node.span, "`let` is no value by itself", help=hint))
                return Given(None, node.span)
        if isinstance(node, ModuleDoc):
            return node
        if isinstance(node, tuple) and hasattr(node, "_fields"):
            parts = [self.replaced(part) if isinstance(part, (tuple, dict)) else part for part in node]
            return node if all(map(_is, parts, node)) else type(node)(*parts)
        if isinstance(node, tuple):
            parts = [self.replaced(part) if isinstance(part, (tuple, dict)) else part for part in node]
            return node if all(map(_is, parts, node)) else tuple(parts)
        if isinstance(node, dict):
            return {key: self.replaced(part) for key, part in node.items()}
        return node

    def _given(self, name: Named, span: Span) -> Given:
        known = self._known.get(name.name)
        if known is None:
            if name.name in self._names:
                message, hint = f"`let.{name.name}` comes later", "a value sees those before it"
            else:
                message = f"no value `{name.name}` in `let`"
                hint = did_you_mean(name.name, self._known, what="there are") or "there is none before it"
            self.found.append(faults.UNKNOWN_MEMBER.at(name.span, message, help=hint))
            return Given(None, span)
        self._used.add(name.name)
        self._nodes += known[1]
        return Given(known[0], span)


def _is(one: object, other: object) -> bool:
    return one is other
