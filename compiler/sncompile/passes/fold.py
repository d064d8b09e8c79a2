"""`fold`: computes what is constant, and settles the conditions of arguments.

    command  tool, --n ("1" + "2"), --fast when true, --slow when false   =>   command  tool, --n "12", --fast

Names of parameters stay, so that commands read as their module wrote them.
"""

from __future__ import annotations

from sncompile.ir.graph.commands import Argument, Flag, Option
from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import (
    Apply,
    Choice,
    Const,
    Items,
    Local,
    Lookup,
    Output,
    Related,
    Text,
    Value,
    is_constant,
)
from sncompile.passes.result import Result


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
        # Steps of one module share its command and settings: where nothing in them was folded, nothing will be.
        self._folded: set[tuple[int, ...]] = set()

    def family(self, family: Family) -> Family:
        """The family with folded values; itself where there is nothing to fold."""
        shared = tuple(map(id, (family.command, family.shell, family.container, family.env, family.resources)))
        if shared in self._folded and _is_all_plain(family):
            return family
        found = self._fold(family)
        if found is family:
            self._folded.add(shared)
        return found

    def _fold(self, family: Family) -> Family:
        found = map_family(family, self.value)
        if found.command is None:
            return found
        if not any(isinstance(a, (Option, Flag)) for a in found.command):
            return found
        command = tuple(a for a in map(_settled, found.command) if a is not None)
        return found if command == found.command else found._replace(command=command)

    def value(self, value: Value) -> Value:
        """The value, folded from the inside."""
        if _is_plain(value):
            return value
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


def _is_plain(value: Value) -> bool:
    """Whether nothing can be computed in a value: most are of these kinds."""
    return isinstance(value, (Const, Local)) or (isinstance(value, Related) and isinstance(value.value, Output))


def _is_all_plain(family: Family) -> bool:
    """Whether nothing can be computed in the values of a family that are its own, and not its module's."""
    for port in family.inputs.values():
        if not _is_plain(port.value):
            return False
    for output in family.outputs.values():
        if not _is_plain(output.path):
            return False
    return all(map(_is_plain, family.params.values()))


def _settled(argument: Argument) -> Argument | None:
    """An argument without a condition that is constant; None where it never holds."""
    if not isinstance(argument, (Option, Flag)) or not isinstance(argument.when, Const):
        return argument
    return argument._replace(when=None) if argument.when.value else None
