"""What stands in `${…}`: a small tree that writes itself as text, and that says its own value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol

Value = Any
"""A text, a number, a boolean, None for what is absent, or a list of texts or numbers."""


class Missing(Exception):
    """An instance has no partner, or something is absent where it must not be: the spec is wrong, and no test."""


class Scope(Protocol):
    """Where an expression stands: what its names mean there."""

    def key(self, name: str) -> str:
        """The instance's own key."""
        ...

    def column(self, table: str, column: str) -> Value:
        """A cell, or the list of the cells of all rows that the instance looks at."""
        ...

    def output(self, step: str, port: str) -> Value:
        """A path, or the list of the paths of all instances that feed this one."""
        ...

    def param(self, name: str) -> Value:
        """A parameter of the pipeline."""
        ...

    def input(self, name: str) -> Value:
        """An input of the pipeline."""
        ...


class Expression:
    """A part of an expression."""

    def text(self) -> str:
        """As it is written between `${` and `}`."""
        raise NotImplementedError

    def value(self, scope: Scope) -> Value:
        """What it is for an instance; only what is needed for that is looked at."""
        raise NotImplementedError

    def written(self) -> Any:
        """As it stands in the document."""
        return "${%s}" % self.text()


def parts(expression: Any) -> Iterator[Expression]:
    """An expression and everything inside it."""
    if isinstance(expression, Expression):
        yield expression
    if isinstance(expression, tuple):
        for item in expression:
            yield from parts(item)
    elif is_dataclass(expression) and isinstance(expression, Expression):
        for found in fields(expression):
            yield from parts(getattr(expression, found.name))


@dataclass(frozen=True)
class Literal(Expression):
    """A text (without quotes or backslashes), a number, a boolean or null."""

    held: Value

    def text(self) -> str:
        if self.held is None:
            return "null"
        if isinstance(self.held, bool):
            return "true" if self.held else "false"
        return f"'{self.held}'" if isinstance(self.held, str) else str(self.held)

    def value(self, scope: Scope) -> Value:
        return self.held


@dataclass(frozen=True)
class Plain(Expression):
    """A value that stands in the document by itself: hostile texts, lists of them, numbers."""

    held: Value

    def text(self) -> str:
        raise AssertionError("a plain value does not stand in an expression")

    def value(self, scope: Scope) -> Value:
        return list(self.held) if isinstance(self.held, tuple) else self.held

    def written(self) -> Any:
        if isinstance(self.held, tuple):
            return [escaped(item) for item in self.held]
        return escaped(self.held)


def escaped(held: Value) -> Value:
    """A text of which nothing is an expression."""
    return held.replace("${", "$${") if isinstance(held, str) else held


@dataclass(frozen=True)
class Key(Expression):
    """A key of the step."""

    name: str

    def text(self) -> str:
        return self.name

    def value(self, scope: Scope) -> Value:
        return scope.key(self.name)


@dataclass(frozen=True)
class Column(Expression):
    """A column of a table."""

    table: str
    column: str

    def text(self) -> str:
        return f"{self.table}.{self.column}"

    def value(self, scope: Scope) -> Value:
        return scope.column(self.table, self.column)


@dataclass(frozen=True)
class Output(Expression):
    """An output of a step."""

    step: str
    port: str

    def text(self) -> str:
        return f"{self.step}.{self.port}"

    def value(self, scope: Scope) -> Value:
        return scope.output(self.step, self.port)


@dataclass(frozen=True)
class Param(Expression):
    """A parameter of the pipeline."""

    name: str

    def text(self) -> str:
        return f"params.{self.name}"

    def value(self, scope: Scope) -> Value:
        return scope.param(self.name)


@dataclass(frozen=True)
class Input(Expression):
    """An input of the pipeline."""

    name: str

    def text(self) -> str:
        return f"inputs.{self.name}"

    def value(self, scope: Scope) -> Value:
        return scope.input(self.name)


@dataclass(frozen=True)
class Choice(Expression):
    """`x if c else y`; the arm that is not taken is not looked at."""

    then: Expression
    condition: Expression
    otherwise: Expression

    def text(self) -> str:
        return f"{_inner(self.then)} if {_inner(self.condition)} else {_inner(self.otherwise)}"

    def value(self, scope: Scope) -> Value:
        condition = self.condition.value(scope)
        if not isinstance(condition, bool):
            raise Missing("a condition is true or false")
        taken, left = (self.then, self.otherwise) if condition else (self.otherwise, self.then)
        found = taken.value(scope)
        # Both arms must be of one kind, whichever is taken; but what the other one reads counts for nothing.
        before = set(getattr(scope, "touched", ()))
        try:
            other = left.value(scope)
        except Missing:
            other = None
        finally:
            if hasattr(scope, "touched"):
                scope.touched = before
        if found is not None and other is not None and isinstance(found, list) != isinstance(other, list):
            raise Missing("a choice between a list and one value")
        return found


_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
}


@dataclass(frozen=True)
class Binary(Expression):
    """An operator between two values."""

    left: Expression
    sign: str
    right: Expression

    def text(self) -> str:
        return f"{_inner(self.left)} {self.sign} {_inner(self.right)}"

    def value(self, scope: Scope) -> Value:
        left, right = self.left.value(scope), self.right.value(scope)
        if self.sign in ("==", "!=") and isinstance(left, list) != isinstance(right, list):
            raise Missing("a list is never equal to one value")
        if self.sign not in ("==", "!=") and (left is None or right is None):
            raise Missing(self.text())
        return _BINARY[self.sign](left, right)


@dataclass(frozen=True)
class Both(Expression):
    """`and` and `or`, of which the second part may not be looked at."""

    left: Expression
    sign: str
    right: Expression

    def text(self) -> str:
        return f"{_inner(self.left)} {self.sign} {_inner(self.right)}"

    def value(self, scope: Scope) -> Value:
        if bool(self.left.value(scope)) != (self.sign == "and"):
            return self.sign == "or"
        return bool(self.right.value(scope))


@dataclass(frozen=True)
class Index(Expression):
    """An item of a list."""

    of: Expression
    place: Expression

    def text(self) -> str:
        return f"{_inner(self.of)}[{self.place.text()}]"

    def value(self, scope: Scope) -> Value:
        found, place = self.of.value(scope), self.place.value(scope)
        if not isinstance(place, int) or place >= len(found):
            raise Missing(self.text())
        return found[place]


@dataclass(frozen=True)
class ListOf(Expression):
    """A list; what is absent is left out."""

    items: tuple[Expression, ...]

    def text(self) -> str:
        return f"[{', '.join(item.text() for item in self.items)}]"

    def value(self, scope: Scope) -> Value:
        found = [item.value(scope) for item in self.items]
        return [item for item in found if item is not None]

    def written(self) -> Any:
        return [item.written() for item in self.items]


@dataclass(frozen=True)
class Template(Expression):
    """Text with expressions inside."""

    pieces: tuple[str | Expression, ...]

    def text(self) -> str:
        raise AssertionError("a template does not stand in an expression")

    def value(self, scope: Scope) -> Value:
        found = [piece if isinstance(piece, str) else piece.value(scope) for piece in self.pieces]
        if any(item is None or isinstance(item, list) for item in found):
            raise Missing("a template")
        return "".join(map(str, found))

    def written(self) -> Any:
        return "".join(escaped(piece) if isinstance(piece, str) else piece.written() for piece in self.pieces)


def _zipped(*lists: list[str]) -> list[str]:
    if not all(isinstance(found, list) for found in lists):
        raise Missing("zip takes lists")
    if len({len(found) for found in lists}) > 1:
        raise Missing("zip of lists of different lengths")
    return [str(item) for items in zip(*lists, strict=True) for item in items]


def _list(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise Missing("one value is no list")
    return found


def _of_texts(function: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda x: [function(item) for item in x] if isinstance(x, list) else function(x)


def _basename(path: str) -> str:
    return path.rpartition("/")[2]


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "len": len,
    "upper": _of_texts(str.upper),
    "lower": _of_texts(str.lower),
    "basename": _of_texts(_basename),
    "sorted": lambda x: sorted(_list(x)),
    "unique": lambda x: list(dict.fromkeys(_list(x))),
    "join": lambda x, separator=",": separator.join(map(str, _list(x))),
    "zip": _zipped,
    "str": str,
    "int": int,
    "replace": lambda x, old, new: _of_texts(lambda item: item.replace(old, new))(x),
    "min": min,
    "max": max,
    "range": lambda *x: list(range(*x)),
}


@dataclass(frozen=True)
class Call(Expression):
    """A function of the language."""

    name: str
    arguments: tuple[Expression, ...]

    def text(self) -> str:
        return f"{self.name}({', '.join(item.text() for item in self.arguments)})"

    def value(self, scope: Scope) -> Value:
        found = [item.value(scope) for item in self.arguments]
        if any(item is None for item in found):
            raise Missing(self.text())
        return _FUNCTIONS[self.name](*found)


def _inner(expression: Expression) -> str:
    text = expression.text()
    return f"({text})" if isinstance(expression, (Choice, Binary, Both)) else text
