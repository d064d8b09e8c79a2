"""What Snakemake makes of a rule for one job: the few forms of Python that we emit, evaluated without running Python.

A form that is not known here is `Unknown`: whoever adds one to what is emitted adds it here, too. Semantics are those
of Snakemake 9 (patterns with wildcards, functions of them, quoting in `shell:`) and of the header of the Snakefile.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import operator
import shlex
import string
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import ceil
from typing import Any

from sncompile.ir.language.functions import FUNCTIONS as FUNCTIONS_OF_ROWS
from sncompile.ir.language.locations import is_url
from sncompile.ir.values.evaluate import record_text
from sncompile.lazy_regex import regex
from sncompile.targets.snakemake.reading_back.reading import Unreadable
from sncompile.targets.snakemake.storage import PROVIDERS


class Unknown(Unreadable):
    """A form of code that is not known."""


class AtRunTime(Exception):
    """A value that depends on files that are not there yet."""


class Rows:
    """A sidecar as the header's class `Table` has it. It is read when something is first looked up."""

    def __init__(self, text: str, key: Sequence[str]) -> None:
        self._text = text
        self.key = tuple(key)
        self.columns: list[str] = next(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
        self.places = {name: number for number, name in enumerate(self.columns)}
        self._plain = '"' not in text
        self._groups: dict[tuple[str, ...], dict[tuple[str, ...], list[list[str]]]] = {}

    @cached_property
    def rows(self) -> list[list[str]]:
        """All rows."""
        if self._plain and "\r" not in self._text:
            return [line.split("\t") for line in self._text.removesuffix("\n").split("\n")[1:]]
        return list(csv.reader(io.StringIO(self._text, newline=""), delimiter="\t"))[1:]

    def of(self, wildcards: Mapping[str, str] | None = None, by: Sequence[str] | None = None) -> list[list[str]]:
        """The rows of a job."""
        names = tuple(n for n in (self.key if by is None else by) if wildcards and n in wildcards)
        if not names:
            return self.rows
        groups = self._groups.get(names)
        if groups is None:
            groups = self._groups[names] = {}
            places = [self.places[n] for n in names]
            for row in self.rows:
                groups.setdefault(tuple([row[p] for p in places]), []).append(row)
        assert wildcards is not None
        return groups.get(tuple(wildcards[n] for n in names), [])

    def value(self, column: str, wildcards: Mapping[str, str] | None = None) -> str:
        """One value."""
        start = tuple(self.columns[: len(self.key)])
        if self._plain and wildcards and start == self.key and all(n in wildcards for n in start):
            # The first line that begins so is the row: nothing else of a large table needs to be read.
            head = "\n" + "\t".join(wildcards[n] for n in start)
            tail = "\t" if len(start) < len(self.columns) else "\n"
            place = self._text.find(head + tail) + 1
            if place:
                return self._text[place : self._text.index("\n", place)].split("\t")[self.places[column]]
        return self.of(wildcards)[0][self.places[column]]

    def values(
        self,
        column: str,
        wildcards: Mapping[str, str] | None = None,
        by: Sequence[str] | None = None,
        some: str | None = None,
    ) -> list[str]:
        """All values of a column."""
        place = self.places[column]
        return [row[place] for row in self.of(wildcards, by)]

    def source(self, wildcards: Mapping[str, str]) -> list[str]:
        """What the rows of a job were read from, of a table that a checkpoint writes: its last column."""
        return list(dict.fromkeys(row[-1] for row in self.of(wildcards)))

    def texts(
        self,
        cells: Sequence[str],
        wildcards: Mapping[str, str] | None = None,
        by: Sequence[str] | None = None,
        form: str = "",
    ) -> list[str]:
        """A text for each row."""
        found = [dict(zip(self.columns, row, strict=True)) for row in self.of(wildcards, by)]
        made = [[cell.format_map(row) for cell in cells] for row in found]
        return [FUNCTIONS_OF_ROWS[f"@{form}"].compute(*line) if form else line[0] for line in made]

    def each(
        self,
        pattern: str,
        wildcards: Mapping[str, str] | None = None,
        by: Sequence[str] | None = None,
        some: str | None = None,
    ) -> list[str]:
        """A path for each row, once."""
        pieces = list(string.Formatter().parse(pattern))
        rows = self.of(wildcards, by)
        columns: list[Any] = []
        for text, name, _, _ in pieces:
            columns.append([text] * len(rows))
            if name is not None:
                place = self.places[name]
                columns.append([row[place] for row in rows])
        return list(dict.fromkeys(map("".join, zip(*columns, strict=True))))


_OPERATORS: dict[type[ast.operator] | type[ast.cmpop] | type[ast.unaryop], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
    ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
}  # fmt: skip


class Flagged(str):
    """A path with what is said of it, such as `temp`."""

    flags: Mapping[str, Any]


def _flagged(name: str) -> Callable[..., Any]:
    def flag(path: Any, **more: Any) -> Any:
        if isinstance(path, list):
            return [flag(each, **more) for each in path]
        found = Flagged(path)
        found.flags = {**getattr(path, "flags", {}), name: more or True}
        return found

    return flag


def _stored(paths: Any) -> Any:
    """What Snakemake fetches or sends, with that said of it."""
    if isinstance(paths, list):
        return [_stored(path) for path in paths]
    return _flagged("storage")(paths) if is_url(paths) else paths


def _as_json(**members: Any) -> str:
    return record_text({n: tuple(v) if isinstance(v, list) else v for n, v in members.items()})


def _size(_: Any) -> Any:
    raise AtRunTime


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "as_json": _as_json,
    "options": lambda name, values: " ".join(f"{name} {shlex.quote(value)}" for value in values),
    "option": lambda name, values: " ".join([name, *map(shlex.quote, values)]) if values else "",
    # What is compared is a job with all that there may be.
    "there": lambda paths: list(paths),
    "some": lambda port, found: found,
    "first": lambda values: values[0] if values else None,
    "size": _size, "content": _size, "ready": _size, "quoted": _size,
    "ancient": lambda paths: paths,
    "fetched": lambda paths: _stored(paths),
    **{name: _flagged(name) for name in ("temp", "protected", "directory", "touch", "ensure", "report")},
    "dict": dict,
    "ceil": ceil, "round_up": lambda amount: ceil(amount - 1e-9),
    "int": int, "float": float, "str": str, "len": len, "min": min, "max": max, "bool": bool,
    "list": list, "sorted": sorted, "range": range,
}  # fmt: skip
"""Functions that rules call: those of the header, of Snakemake and of Python."""

STORED = frozenset(f"storage.{provider}" for provider in PROVIDERS.values())
"""What says that Snakemake fetches a path; which it is stays the same."""

_METHODS: Mapping[tuple[type, str], Callable[..., Any]] = {
    (Rows, "value"): Rows.value, (Rows, "values"): Rows.values, (Rows, "each"): Rows.each,
    (Rows, "source"): Rows.source, (Rows, "texts"): Rows.texts,
    (str, "upper"): str.upper, (str, "lower"): str.lower, (str, "replace"): str.replace,
}  # fmt: skip


class Members:
    """`input`, `output`, `params`, `resources`, `workflow`: something with named members, all of them as a list."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self.named = named


class Code:
    """Evaluates expressions; `names` are those of the file: its tables and constants."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def value(self, node: ast.expr, **local: Any) -> Any:
        """The value of an expression, of the call of a function of the wildcards where it is one.

        Raises `Unknown` for a form that is not known, and `AtRunTime`.
        """
        if isinstance(node, ast.Lambda):
            return self._value(node.body, {a.arg: local[a.arg] for a in node.args.args})
        return self._value(node, {})

    def _value(self, node: ast.expr, local: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                if node.id in local:
                    return local[node.id]
                if node.id in self._names:
                    return self._names[node.id]
            case ast.List():
                return self._listed(node.elts, local)
            case ast.JoinedStr():
                return "".join(self._value(part, local) for part in node.values)
            case ast.FormattedValue() if node.conversion == -1 and node.format_spec is None:
                return self._value(node.value, local)
            case ast.Attribute():
                inner = self._value(node.value, local)
                if isinstance(inner, Members) and node.attr in inner.named:
                    return inner.named[node.attr]
            case ast.Subscript():
                return self._value(node.value, local)[self._value(node.slice, local)]
            case ast.BinOp() if type(node.op) in _OPERATORS:
                return _OPERATORS[type(node.op)](self._value(node.left, local), self._value(node.right, local))
            case ast.UnaryOp() if type(node.op) in _OPERATORS:
                return _OPERATORS[type(node.op)](self._value(node.operand, local))
            case ast.Compare() if len(node.ops) == 1 and type(node.ops[0]) in _OPERATORS:
                left, right = self._value(node.left, local), self._value(node.comparators[0], local)
                return _OPERATORS[type(node.ops[0])](left, right)
            case ast.BoolOp():
                values = (self._value(value, local) for value in node.values)
                return all(values) if isinstance(node.op, ast.And) else any(values)
            case ast.IfExp():
                return self._value(node.body if self._value(node.test, local) else node.orelse, local)
            case ast.Call():
                return self._call(node, local)
            case ast.ListComp():
                raise AtRunTime  # Lists are made so of what files hold, and of nothing else.
        raise Unknown(f"{ast.unparse(node)[:100]!r} is not read")

    def _listed(self, items: Sequence[ast.expr], local: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = []
        for item in items:
            if isinstance(item, ast.Starred):
                found += self._value(item.value, local)
            else:
                found.append(self._value(item, local))
        return found

    def _call(self, node: ast.Call, local: Mapping[str, Any]) -> Any:
        arguments = [self._value(a, local) for a in node.args]
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is not None:
                named[keyword.arg] = self._value(keyword.value, local)
            elif isinstance(keyword.value, ast.Dict):
                for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                    named[str(self._value(key, local)) if key is not None else ""] = self._value(value, local)
        if isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            return FUNCTIONS[node.func.id](*arguments, **named)
        if isinstance(node.func, ast.Attribute):
            written = ast.unparse(node.func)
            if written == "json.loads":
                return json.loads(*arguments)
            if written in STORED and len(arguments) == 1:
                return _stored(arguments[0])
            if written == "dict.fromkeys":
                return dict.fromkeys(*arguments)
            owner = self._value(node.func.value, local)
            for (kind, name), method in _METHODS.items():
                if isinstance(owner, kind) and node.func.attr == name:
                    return method(owner, *arguments, **named)
        raise Unknown(f"{ast.unparse(node)[:100]!r} is not read")


_WILDCARD = regex(r"\{(\w+)\}")


def filled(pattern: str, wildcards: Mapping[str, str]) -> str:
    """A pattern with its wildcards filled in, as Snakemake does it. Raises `KeyError` for one that there is not."""
    return _WILDCARD.sub(lambda match: wildcards[match[1]], pattern) if "{" in pattern else pattern


class _Formatter(string.Formatter):
    """Snakemake's own formatting of `shell:`: lists are joined by spaces, `:q` quotes, and empty texts stay empty."""

    def get_field(self, field_name: str, args: Any, kwargs: Mapping[str, Any]) -> Any:
        first, _, rest = field_name.partition(".")
        value = kwargs[first]
        if rest:
            return value.named[rest], first
        if isinstance(value, Members):
            return [item for v in value.named.values() for item in (v if isinstance(v, list) else [v])], first
        return value, first

    def format_field(self, value: Any, format_spec: str) -> str:
        items = value if isinstance(value, list) else [value]
        if format_spec not in ("", "q"):
            raise Unknown(f"the format {format_spec!r}")
        texts = [str(item) for item in items]
        return " ".join(shlex.quote(t) if format_spec and t else t for t in texts)


def formatted(shell: str, names: Mapping[str, Any]) -> str:
    """The line that Snakemake hands to the shell."""
    return _Formatter().vformat(shell, (), names)
