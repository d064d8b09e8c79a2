"""`fold`: computes what is constant, and settles the conditions of arguments.

    command  tool, --n ("1" + "2"), --fast when true, --slow when false   =>   command  tool, --n "12", --fast

Names of parameters stay, so that commands read as their module wrote them.
"""

from __future__ import annotations

from dataclasses import replace

from sncompile.ir.build import with_families
from sncompile.ir.graph import Family, Graph
from sncompile.ir.rewrite import map_children, map_family
from sncompile.passes.result import Result
from sncompile.semantics.evaluate import Evaluator
from sncompile.semantics.operands import ValueFault
from sncompile.semantics.program import Argument, Flag, Option
from sncompile.semantics.values import Apply, Choice, Const, Items, Lookup, Text, Value, is_constant


def fold(graph: Graph) -> Result:
    """The graph with constant expressions computed."""
    folder = _Folder(Evaluator(graph.families))
    families = {name: folder.family(family) for name, family in graph.families.items()}
    if all(families[name] is family for name, family in graph.families.items()):
        return Result(graph)
    return Result(with_families(graph, families))


class _Folder:
    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def family(self, family: Family) -> Family:
        """The family with folded values; itself where there is nothing to fold."""
        found = map_family(family, self.value)
        if found.command is None:
            return found
        command = tuple(a for a in map(_settled, found.command) if a is not None)
        return found if command == found.command else replace(found, command=command)

    def value(self, value: Value) -> Value:
        """The value, folded from the inside."""
        value = map_children(value, self.value)
        if not isinstance(value, (Text, Items, Apply, Choice, Lookup)):
            return value
        if isinstance(value, Choice) and isinstance(value.test, Const):
            return value.then if value.test.value else value.other
        if not is_constant(value):
            return value
        try:
            return Const(self._evaluator.constant(value), value.type, value.span)
        except ValueFault:
            return value  # Told where it is used, if it is.


def _settled(argument: Argument) -> Argument | None:
    """An argument without a condition that is constant; None where it never holds."""
    if not isinstance(argument, (Option, Flag)) or not isinstance(argument.when, Const):
        return argument
    return argument._replace(when=None) if argument.when.value else None
