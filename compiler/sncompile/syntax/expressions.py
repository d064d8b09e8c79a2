"""What stands in `${…}`: the nodes of expressions, and templates, which are text with expressions in it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sncompile.diagnostics import Span


class Name(NamedTuple):
    """A bare name."""

    id: str
    span: Span


class Literal(NamedTuple):
    """A constant: text, number, boolean or None."""

    value: str | int | float | bool | None
    span: Span


class Attribute(NamedTuple):
    """`target.name`."""

    target: Expr
    name: str
    span: Span
    name_span: Span


class Index(NamedTuple):
    """`target[index]`."""

    target: Expr
    item: Expr
    span: Span


class Call(NamedTuple):
    """`name(arguments, key=value)`."""

    name: str
    arguments: tuple[Expr, ...]
    keywords: tuple[tuple[str, Expr], ...]
    span: Span
    name_span: Span


class Operation(NamedTuple):
    """An operator on its operands: `not`, `-x`, `+x`, `and`, `or`, arithmetic and comparison."""

    operator: str
    operands: tuple[Expr, ...]
    span: Span


class Conditional(NamedTuple):
    """`then if test else other`."""

    test: Expr
    then: Expr
    other: Expr
    span: Span


class ListOf(NamedTuple):
    """`[item, …]`."""

    items: tuple[Expr, ...]
    span: Span


class Given(NamedTuple):
    """What a name of `let` stands for, in its place: a value of the document; None where that is not known."""

    value: Any
    span: Span


Expr = Name | Literal | Attribute | Index | Call | Operation | Conditional | ListOf | Given


class Template(NamedTuple):
    """A scalar's text cut at its `${…}`: a tuple of text and expressions, never two texts in a row.

    A template of exactly one expression keeps that expression's type; any other is text. `broken` says that one of its
    expressions could not be read.
    """

    parts: tuple[str | Expr, ...]
    span: Span
    spans: tuple[Span, ...]
    broken: bool = False

    @property
    def whole(self) -> Expr | None:
        """The expression of a scalar that is exactly one `${…}`."""
        if len(self.parts) == 1 and not isinstance(self.parts[0], str):
            return self.parts[0]
        return None

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """The expressions in it, in order."""
        return tuple(part for part in self.parts if not isinstance(part, str))
