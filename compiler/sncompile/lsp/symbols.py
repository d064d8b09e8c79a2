"""What the names in a document stand for: every place where one is declared or used.

The places are found in the located tree, so that a document with faults has them too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.lazy_regex import regex
from sncompile.lsp.texts import holds
from sncompile.syntax.document import Document, Named
from sncompile.syntax.expressions import (
    Attribute,
    Call,
    Conditional,
    Expr,
    Index,
    ListOf,
    Name,
    Operation,
)
from sncompile.syntax.nodes import Mapping, Node, Scalar
from sncompile.syntax.nodes import Sequence as ListNode
from sncompile.syntax.source import Source
from sncompile.syntax.templates import parse_template


class Kind(StrEnum):
    """What a name stands for. A column that is a key of some table, or that a step ranges over, is a key."""

    STEP = "step"
    INPUT = "input"
    OUTPUT = "output"
    PARAM = "parameter"
    DATA = "data root"
    LET = "named value"
    TABLE = "table"
    COLUMN = "column"
    KEY = "key"
    INFER = "inferred value"
    SHORT = "short name"
    MODULE = "module"
    ENV = "variable"
    RESOURCE = "resource"
    FUNCTION = "function"
    WORD = "word of the language"
    VALUE = "value"


class Home(NamedTuple):
    """The document that a name belongs to: its path, and the step in which a module is written in place."""

    path: str
    step: str = ""


class Symbol(NamedTuple):
    """A thing with a name. A column's name has its table before it: `wells.dose`."""

    kind: Kind
    home: Home
    name: str


class Occurrence(NamedTuple):
    """A place where a symbol stands. `step` is the one that it stands in; `declares`: whether it begins there."""

    symbol: Symbol
    span: Span
    declares: bool
    step: str = ""


ModuleOf = Callable[[Named], "tuple[Home, Document] | None"]
"""From the reference of a step to the document that it leads to."""


@dataclass(frozen=True)
class Occurrences:
    """All of a document, in order."""

    found: tuple[Occurrence, ...]
    keys: frozenset[str] = frozenset()

    @cached_property
    def lines(self) -> dict[int, list[Occurrence]]:
        """Those of each line."""
        lines: dict[int, list[Occurrence]] = {}
        for each in self.found:
            lines.setdefault(each.span.line, []).append(each)
        return lines

    @cached_property
    def by_symbol(self) -> dict[Symbol, list[Occurrence]]:
        """Those of each symbol."""
        found: dict[Symbol, list[Occurrence]] = {}
        for each in self.found:
            found.setdefault(each.symbol, []).append(each)
        return found

    def at(self, line: int, column: int) -> Occurrence | None:
        """What stands at a cursor: the one that begins last."""
        here = [each for each in self.lines.get(line, ()) if holds(each.span, line, column)]
        return max(here, key=lambda each: (each.span.column, -each.span.end_column), default=None)


def occurrences(tree: Node, source: Source, path: str, module_of: ModuleOf) -> Occurrences:
    """Every name of a document. `module_of` finds the modules of its steps."""
    if not isinstance(tree, Mapping):
        return Occurrences(())
    home = Home(path)
    walk = _Pipeline(tree, source, home, module_of) if tree.key("pipeline") else _Module(tree, source, home)
    walk.read()
    unique = dict.fromkeys(walk.found)
    return Occurrences(tuple(sorted(unique, key=lambda each: each.span[1:])), walk.keys)


_SPACES = {
    "data": Kind.DATA, "params": Kind.PARAM, "inputs": Kind.INPUT, "outputs": Kind.OUTPUT, "infer": Kind.INFER,
    "let": Kind.LET, "env": Kind.ENV, "resources": Kind.RESOURCE,
}  # fmt: skip


def _entries(node: Node | None) -> Sequence[tuple[Scalar, Node]]:
    return node.entries if isinstance(node, Mapping) else ()


def _items(node: Node | None) -> Iterator[Scalar]:
    """The scalars of a list, or a single one."""
    for item in node.items if isinstance(node, ListNode) else (node,):
        if isinstance(item, Scalar):
            yield item


def name_span(scalar: Scalar) -> Span:
    """The span of a scalar's text, without its quotes."""
    span = scalar.span
    if scalar.plain or span.line != span.end_line or span.end_column - span.column != len(scalar.text) + 2:
        return span
    return span._replace(column=span.column + 1, end_column=span.end_column - 1)


_NEAR = 400
"""Characters in which a name is looked for that does not stand where it was read: folding takes out indentation."""


class _Walk:
    """What pipelines and modules have in common."""

    keys: frozenset[str] = frozenset()

    def __init__(self, tree: Mapping, source: Source, home: Home) -> None:
        self.tree, self.source, self.home = tree, source, home
        self.found: list[Occurrence] = []
        self.step = ""
        self._params = {name for name, _ in _params(tree.get("params"), "")}

    def add(self, kind: Kind, name: str, span: Span, *, declares: bool = False, home: Home | None = None) -> None:
        span = self._written(name, span)
        self.found.append(Occurrence(Symbol(kind, home or self.home, name), span, declares, self.step))

    def _written(self, name: str, span: Span) -> Span:
        """Where a name stands that was found there or, in a folded text, some characters before."""
        last = name.rpartition(".")[2]
        starts, text = self.source.line_starts, self.source.text
        if span.line != span.end_line or span.line > len(starts):
            return span
        at = starts[span.line - 1] + span.column - 1
        if text.startswith(last, at) or not last.isidentifier():
            return span
        found = re.compile(r"\b%s\b" % last).search(text, at, at + _NEAR)
        if found is None:
            return span
        line = bisect_right(starts, found.start())
        column = found.start() - starts[line - 1] + 1
        return Span(span.file, line, column, line, column + len(last))

    def declare(self, section: str, kind: Kind) -> None:
        for key, _ in _entries(self.tree.get(section)):
            self.add(kind, key.text, name_span(key), declares=True)

    def declare_common(self) -> None:
        self.declare("inputs", Kind.INPUT)
        self.declare("outputs", Kind.OUTPUT)
        self.declare("let", Kind.LET)
        for name, key in _params(self.tree.get("params"), ""):
            self.add(Kind.PARAM, name, name_span(key), declares=True)

    def expressions(self, node: Node | None) -> None:
        """The names in the expressions of all scalars of a node."""
        stack = [node] if node is not None else []
        while stack:
            each = stack.pop()
            if isinstance(each, Scalar):
                if "${" in each.text and isinstance(each.value, str):
                    template, _ = parse_template(each, self.source)
                    for expression in template.expressions:
                        self.expression(expression)
            elif isinstance(each, ListNode):
                stack += each.items
            else:
                stack += [value for _, value in each.entries]

    def expression(self, node: Expr) -> None:
        match node:
            case Attribute() | Name():
                self._chain(node)
            case Index(target=target, item=item):
                self.expression(target)
                self.expression(item)
            case Call(name=name, arguments=arguments, keywords=keywords, name_span=span):
                self.add(Kind.FUNCTION, name, span)
                for argument in (*arguments, *(value for _, value in keywords)):
                    self.expression(argument)
                if name in ("lookup", "keys"):
                    self.call(node)
            case Operation(operands=operands):
                for operand in operands:
                    self.expression(operand)
            case Conditional(test=test, then=then, other=other):
                for part in (test, then, other):
                    self.expression(part)
            case ListOf(items=items):
                for item in items:
                    self.expression(item)

    def _chain(self, node: Expr) -> None:
        names: list[tuple[str, Span]] = []
        while isinstance(node, Attribute):
            names.append((node.name, node.name_span))
            node = node.target
        if isinstance(node, Name):
            self.chain(node.id, node.span, names[::-1])
        else:
            self.expression(node)
            if isinstance(node, Call) and names:
                self.member_of_call(node, *names[-1])

    def chain(self, first: str, span: Span, rest: list[tuple[str, Span]]) -> None:
        """A dotted name."""
        kind = _SPACES.get(first)
        if kind is None or not rest:
            return
        name, place = rest[0]
        if kind is Kind.PARAM:
            for inner, inner_span in rest[1:]:
                if f"{name}.{inner}" not in self._params:
                    break
                self.add(kind, name, place)
                name, place = f"{name}.{inner}", inner_span
        self.add(kind, name, place)

    def call(self, node: Call) -> None:
        """A function whose arguments name keys."""

    def member_of_call(self, node: Call, name: str, span: Span) -> None:
        """What is taken of the result of a function."""


def _params(node: Node | None, prefix: str) -> Iterator[tuple[str, Scalar]]:
    """The parameters of a document, and its groups, by whole names, with where the last part stands."""
    for key, value in _entries(node):
        yield f"{prefix}{key.text}", key
        if isinstance(value, Mapping) and value.key("params") is not None:
            yield from _params(value.get("params"), f"{prefix}{key.text}.")


class _Module(_Walk):
    """The names of a module."""

    def read(self) -> None:
        self.declare_common()
        for section, value in self.tree.entries:
            if section.text == "success":
                self._success(value)
            self.expressions(value)
        for key, _ in _entries(self.tree.get("resources")):
            self.add(Kind.RESOURCE, key.text, name_span(key), declares=True)
        container = self.tree.get("container")
        for key, _ in _entries(container.get("env") if isinstance(container, Mapping) else None):
            self.add(Kind.ENV, key.text, name_span(key), declares=True)
        for _, port in _entries(self.tree.get("outputs")):
            inside = port.get("in") if isinstance(port, Mapping) else None
            if isinstance(inside, Scalar):
                self.add(Kind.OUTPUT, inside.text, name_span(inside))

    def _success(self, node: Node) -> None:
        if not isinstance(node, Mapping):
            return
        for scalar in _items(node.get("non_empty")):
            if isinstance(scalar.value, str):
                self.add(Kind.OUTPUT, scalar.text, name_span(scalar))
        for section in ("sha256", "min_files"):
            for key, _ in _entries(node.get(section)):
                self.add(Kind.OUTPUT, key.text, name_span(key))


_GLOB_NAME = regex(r"(?<!\$)\{([A-Za-z_]\w*)\}")


class _Pipeline(_Walk):
    """The names of a pipeline, with those of modules that are written in its steps."""

    def __init__(self, tree: Mapping, source: Source, home: Home, module_of: ModuleOf) -> None:
        super().__init__(tree, source, home)
        self._module_of = module_of
        self._steps = {key.text for key, _ in _entries(tree.get("steps"))}
        self._tables = {key.text for key, _ in _entries(tree.get("tables"))}
        bodies = [
            body.get(name)
            for section, name in (("tables", "key"), ("steps", "by"))
            for _, body in _entries(tree.get(section))
            if isinstance(body, Mapping)
        ]
        self.keys = frozenset(scalar.text for body in bodies for scalar in _items(body))
        self._modules: dict[str, tuple[Home, Document] | None] = {}

    def read(self) -> None:
        tree = self.tree
        self.declare_common()
        self.declare("data", Kind.DATA)
        self.declare("infer", Kind.INFER)
        self.declare("modules", Kind.SHORT)
        for section, value in tree.entries:
            if section.text not in ("steps", "tables", "flow", "moved", "modules"):
                self.expressions(value)
        for _, value in _entries(tree.get("modules")):
            if isinstance(value, Scalar):
                self.add(Kind.MODULE, value.text, name_span(value))
        for key, body in _entries(tree.get("tables")):
            self.add(Kind.TABLE, key.text, name_span(key), declares=True)
            self._table(key.text, body)
        for key, body in _entries(tree.get("steps")):
            self.step = key.text
            self.add(Kind.STEP, key.text, name_span(key), declares=True)
            if isinstance(body, Mapping):
                self._step(key.text, body)
            self.step = ""
        self._flow(tree.get("flow"))
        moved = tree.get("moved")
        for item in moved.items if isinstance(moved, ListNode) else ():
            name = item.get("to") if isinstance(item, Mapping) else None
            if isinstance(name, Scalar) and name.text in self._steps:
                self.add(Kind.STEP, name.text, name_span(name))

    def column(self, table: str, name: str, span: Span, *, declares: bool = False) -> None:
        if name in self.keys:
            self.add(Kind.KEY, name, span, declares=declares)
        else:
            self.add(Kind.COLUMN, f"{table}.{name}", span, declares=declares)

    def _table(self, table: str, body: Node) -> None:
        if not isinstance(body, Mapping):
            return
        for scalar in _items(body.get("key")):
            self.column(table, scalar.text, name_span(scalar), declares=True)
        columns = body.get("columns")
        for key, _ in _entries(columns):
            self.column(table, key.text, name_span(key), declares=True)
        if isinstance(columns, ListNode):
            for scalar in _items(columns):
                self.column(table, scalar.text, name_span(scalar), declares=True)
        rows = body.get("rows")
        for row in rows.items if isinstance(rows, ListNode) else ():
            for key, _ in _entries(row):
                self.column(table, key.text, name_span(key))
        glob = body.get("glob")
        if isinstance(glob, Scalar):
            span = name_span(glob)
            if span.line == span.end_line and span.end_column - span.column == len(glob.text):
                for found in _GLOB_NAME.finditer(glob.text):
                    start, end = (span.column + found.start(1), span.column + found.end(1))
                    self.column(table, found[1], span._replace(column=start, end_column=end), declares=True)
        for scalar in _items(body.get("params")):
            self._dotted(scalar.text, name_span(scalar))
        self.expressions(body)

    def _dotted(self, name: str, span: Span) -> None:
        """A parameter by its whole name, and the groups that it stands in."""
        for part in re.finditer(r"\w+", name):
            place = span._replace(column=span.column + part.start(), end_column=span.column + part.end())
            self.add(Kind.PARAM, name[: part.end()], place)

    def _step(self, name: str, body: Mapping) -> None:
        module = body.get("module")
        if isinstance(module, Mapping):
            inner = _Module(module, self.source, Home(self.home.path, name))
            inner.step = name
            inner.read()
            self.found += inner.found
        elif isinstance(module, Scalar):
            head = module.text.partition("/")[0]
            span = name_span(module)
            if self._is_short(head):
                self.add(Kind.SHORT, head, span._replace(end_column=span.column + len(head)))
            self.add(Kind.MODULE, module.text, span)
        found = self._module(name)
        home, document = found if found is not None else (Home("", name), None)
        for key in (key for each in ("with", "sha256") for key, _ in _entries(body.get(each))):
            kind = Kind.INPUT if document is None or key.text in document.inputs else Kind.PARAM
            self.add(kind, key.text, name_span(key), home=home)
        for key, _ in _entries(body.get("outputs")):
            self.add(Kind.OUTPUT, key.text, name_span(key), home=home)
        for scalar in _items(body.get("by")):
            self.add(Kind.KEY, scalar.text, name_span(scalar))
        for scalar in _items(body.get("over")):
            self.add(Kind.TABLE, scalar.text, name_span(scalar))
        for scalar in _items(body.get("after")):
            self.add(Kind.STEP, scalar.text, name_span(scalar))
        for key, value in body.entries:
            if key.text != "module":
                self.expressions(value)

    def _is_short(self, head: str) -> bool:
        modules = self.tree.get("modules")
        return isinstance(modules, Mapping) and modules.key(head) is not None

    def _module(self, step: str) -> tuple[Home, Document] | None:
        if step not in self._modules:
            steps = self.tree.get("steps")
            body = steps.get(step) if isinstance(steps, Mapping) else None
            module = body.get("module") if isinstance(body, Mapping) else None
            found = None
            if isinstance(module, Scalar):
                found = self._module_of(Named(module.text, module.span))
            elif isinstance(module, Mapping):
                found = self._module_of(Named(f"#{step}", module.span))
            self._modules[step] = found
        return self._modules[step]

    def _flow(self, node: Node | None) -> None:
        if isinstance(node, Scalar):
            self.add(Kind.STEP, node.text, name_span(node))
        for _, value in _entries(node):
            for item in value.items if isinstance(value, ListNode) else ():
                self._flow(item)

    def chain(self, first: str, span: Span, rest: list[tuple[str, Span]]) -> None:
        if first in _SPACES and rest:
            super().chain(first, span, rest)
        elif first in self._steps:
            self.add(Kind.STEP, first, span)
            if rest:
                self._of_step(first, *rest[0])
        elif first in self._tables:
            self.add(Kind.TABLE, first, span)
            if rest:
                self.column(first, *rest[0])
        elif not rest:
            self.add(Kind.KEY, first, span)

    def _of_step(self, step: str, name: str, span: Span) -> None:
        found = self._module(step)
        home, document = found if found is not None else (Home("", step), None)
        if name in self.keys and not (document is not None and name in (document.outputs or ())):
            self.add(Kind.KEY, name, span)
        else:
            self.add(Kind.OUTPUT, name, span, home=home)

    def call(self, node: Call) -> None:
        for name, value in node.keywords:
            place = self._keyword(name, value)
            if place is None:
                continue
            target = node.arguments[0] if node.arguments else None
            base = target.target if isinstance(target, Attribute) else None
            table = base.id if isinstance(base, Name) and base.id in self._tables else ""
            self.column(table, name, place)

    def member_of_call(self, node: Call, name: str, span: Span) -> None:
        if node.name == "keys":
            self.add(Kind.KEY, name, span)

    def _keyword(self, name: str, value: Expr) -> Span | None:
        """Where the name of a keyword stands: right before its value, on the same line."""
        line = self.source.text[self.source.line_starts[value.span.line - 1] :].partition("\n")[0]
        found = re.search(r"\b(%s)\s*=[\s(]*$" % re.escape(name), line[: value.span.column - 1])
        if found is None:
            return None
        file, number = self.source.name, value.span.line
        return Span(file, number, found.start(1) + 1, number, found.end(1) + 1)
