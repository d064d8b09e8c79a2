"""The kinds of fault: what each makes of a node of the code, one mutant a place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple


class Mutant(NamedTuple):
    """A node of a file's tree, and what stands there instead."""

    kind: str
    old: ast.expr | ast.stmt
    new: ast.expr | ast.stmt


COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
RECKONED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.BitXor: ast.BitOr,
}  # fmt: skip
"""Operators, and what stands in their place."""

EMPTY = {
    "str": "''", "bytes": "b''", "int": "0", "float": "0.0", "bool": "False",
    "tuple": "()", "list": "[]", "dict": "{}", "set": "set()", "frozenset": "frozenset()",
    "Sequence": "()", "Iterable": "()", "Iterator": "iter(())", "Collection": "()", "Mapping": "{}",
}  # fmt: skip
"""What a function gives back instead, by the type that it says; any other gives nothing."""

NOT_RUN = ("annotation", "returns", "decorator_list", "type_comment")
"""Fields of nodes that only tell a reader, or how fast and strict something is."""

DELETED = (ast.Expr, ast.AugAssign, ast.Raise, ast.For, ast.If, ast.While, ast.Delete)
"""Statements that may be missing. Where a name is given a value, nothing after it would run without."""


def mutants(tree: ast.Module) -> Iterator[Mutant]:
    """Every mutant of a file."""
    yield from _of_all(tree.body, "")


def mutated(tree: ast.Module, mutant: Mutant) -> str:
    """The text of the file with the fault; the tree is afterwards what it was."""
    _Put(mutant.old, mutant.new).visit(tree)
    try:
        return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    finally:
        _Put(mutant.new, mutant.old).visit(tree)


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _of_all(nodes: list[ast.stmt] | list[ast.AST], gives: str) -> Iterator[Mutant]:
    for node in nodes:
        if not _left_out(node):
            yield from _of(node, gives)


def _of(node: ast.AST, gives: str) -> Iterator[Mutant]:
    """The mutants of a node and all in it, in a function that gives back a type."""
    if isinstance(node, ast.stmt):
        yield from _of_statement(node, gives)
    elif isinstance(node, ast.expr):
        yield from _of_expression(node)
    if isinstance(node, ast.FunctionDef):
        gives = ast.unparse(node.returns) if node.returns else ""
    for name, held in ast.iter_fields(node):
        if name in NOT_RUN:
            continue
        inside = [each for each in (held if isinstance(held, list) else [held]) if isinstance(each, ast.AST)]
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "cast" and name == "args":
            inside = inside[1:]
        if isinstance(node, ast.JoinedStr):
            inside = [each for each in inside if isinstance(each, ast.FormattedValue)]
        if isinstance(node, ast.Subscript) and name == "slice" and isinstance(held, ast.Tuple):
            inside = list(held.elts)
        if name == "test" or (name == "ifs" and isinstance(node, ast.comprehension)):
            yield from (Mutant("condition", each, _not(each)) for each in inside if isinstance(each, ast.expr))
        yield from _of_all(inside, gives)


def _left_out(node: ast.AST) -> bool:
    """What is not run, is there for the type checker or the reader alone, or is a message."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.keyword(arg="strict"):
            return True  # `zip(…, strict=True)` asserts too.
        case ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) if name[0].isupper() and not name.isupper():
            return True  # The name of a type.
        case ast.Call(func=ast.Name(id="TypeVar" | "NewType" | "ParamSpec")):
            return True
        case ast.Constant(value=str()) | ast.JoinedStr() | ast.BinOp(left=ast.Constant(value=str())):
            return bool(re.search(r"[^\W\d_]{2} [^\W\d_]", ast.unparse(node)))
    return False


def _of_statement(node: ast.stmt, gives: str) -> Iterator[Mutant]:
    match node:
        case ast.Break():
            yield Mutant("loop", node, ast.Continue())
        case ast.Continue():
            yield Mutant("loop", node, ast.Break())
        case ast.Return(value=ast.expr() as value):
            empty = next((text for name, text in EMPTY.items() if re.match(rf"{name}\b(?!.*\| None)", gives)), "None")
            if ast.unparse(value) != empty:
                yield Mutant("return", node, ast.Return(ast.parse(empty, mode="eval").body))
        case ast.AugAssign(op=op) if type(op) in RECKONED:
            yield Mutant("arithmetic", node, ast.AugAssign(node.target, RECKONED[type(op)](), node.value))
    in_place = isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Attribute, ast.Subscript))
    if isinstance(node, DELETED) or in_place:
        yield Mutant("deleted", node, ast.Pass())


def _of_expression(node: ast.expr) -> Iterator[Mutant]:
    match node:
        case ast.Compare(ops=ops):
            for at, op in enumerate(ops):
                swapped = [*ops[:at], COMPARED[type(op)](), *ops[at + 1 :]]
                yield Mutant("comparison", node, ast.Compare(node.left, swapped, node.comparators))
        case ast.BoolOp(op=op, values=values):
            yield Mutant("and/or", node, ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values))
        case ast.UnaryOp(op=ast.Not()):
            yield Mutant("not", node, node.operand)
        case ast.BinOp(op=op) if type(op) in RECKONED and not (isinstance(op, ast.BitOr) and _is_type(node.left)):
            yield Mutant("arithmetic", node, ast.BinOp(node.left, RECKONED[type(op)](), node.right))
        case ast.Constant(value=bool() | int() | float() | str() | bytes() as value):
            yield from (Mutant("constant", node, ast.Constant(other)) for other in _others(value))
        case ast.Call(args=args, keywords=keywords):
            # Without its only argument, a call fails whoever tests it.
            if len(args) > 1 and ast.unparse(node.func) not in ("isinstance", "cast"):
                yield Mutant("argument", node, ast.Call(node.func, args[:-1], keywords))
            for at, keyword in enumerate(keywords):
                if not _left_out(keyword):
                    yield Mutant("argument", node, ast.Call(node.func, args, keywords[:at] + keywords[at + 1 :]))
        case ast.Tuple(elts=elts, ctx=ast.Load()) | ast.List(elts=elts, ctx=ast.Load()) | ast.Set(elts=elts):
            for at in range(len(elts) if len(elts) > 1 or not isinstance(node, ast.Set) else 0):
                left = elts[:at] + elts[at + 1 :]
                yield Mutant(
                    "element", node, ast.Set(left) if isinstance(node, ast.Set) else type(node)(left, ast.Load())
                )
        case ast.Dict(keys=keys, values=values):
            for at in range(len(keys)):
                yield Mutant("element", node, ast.Dict(keys[:at] + keys[at + 1 :], values[:at] + values[at + 1 :]))


def _others(value: bool | int | float | str | bytes) -> tuple[bool | int | float | str | bytes, ...]:
    """What may stand in a constant's place."""
    match value:
        case bool():
            return (not value,)
        case int() | float():
            return (value + 1, value - 1)
        case bytes():
            return (b"" if value else b"x",)
    return ("" if value else "x",)


def _not(condition: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), condition)


def _is_type(node: ast.expr) -> bool:
    """Whether an operand of `|` is a type, as in `isinstance(found, A | B)`."""
    left = node.left if isinstance(node, ast.BinOp) else node
    return isinstance(left, ast.Name) and (left.id[:1].isupper() or left.id in EMPTY)
