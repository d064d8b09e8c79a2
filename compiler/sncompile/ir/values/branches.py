"""The parts of a value that some instances read and others do not: the two sides of a choice, the items of a list.

What an instance needs is what its own evaluation reads. Who looks at parts of a value by themselves - for the files
that must be there, say - asks here which instances come to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.types import BOOLEAN, NULL
from sncompile.ir.values.evaluate import Closure, Evaluator
from sncompile.ir.values.model import Apply, Bound, Choice, Const, Content, Items, Value, children

HANDED_ON = frozenset(("zip", "sorted", "@sorted", "unique", "@unique", "present", "+"))
"""Functions whose lists hold what their operands' lists hold."""


class Branch(NamedTuple):
    """A part of a value. `tests` are those of the choices around it, each with what it must come to."""

    value: Value
    tests: tuple[tuple[Value, bool], ...] = ()

    def taken(self, at: KeySet, evaluator: Evaluator, step: Bound | None = None) -> Closure:
        """The function that tells whether an instance of `at` comes to the part."""
        tests = [(evaluator.closure(test, at, step), wanted) for test, wanted in self.tests]
        return lambda i: all(bool(test(i)) == wanted for test, wanted in tests)


def branches(value: Value, tests: tuple[tuple[Value, bool], ...] = ()) -> Iterator[Branch]:
    """The items of a list, also of one made of others, the sides of a choice, and the operands of `coalesce`.

    Any other value is one part.
    """
    if isinstance(value, Items):
        for item in value.items:
            yield from branches(item, tests)
    elif isinstance(value, Choice):
        yield from branches(value.then, (*tests, (value.test, True)))
        yield from branches(value.other, (*tests, (value.test, False)))
    elif isinstance(value, Apply) and value.function == "coalesce" and not value.type.many:
        for operand in value.operands:
            yield from branches(operand, tests)
            nothing = Const(None, NULL, operand.span)
            tests = (*tests, (Apply("==", (operand, nothing), BOOLEAN, operand.span), True))
    elif isinstance(value, Apply) and value.function == "@path":
        # What the compiler puts around paths that begin with a dash stays around each.
        for part in branches(value.operands[0], tests):
            yield part._replace(value=value._replace(operands=(part.value,), type=part.value.type))
    elif isinstance(value, Apply) and value.type.many and value.function in HANDED_ON:
        for operand in value.operands:
            yield from branches(operand, tests)
    else:
        yield Branch(value, tests)


def written_parts(value: Value, tests: tuple[tuple[Value, bool], ...] = ()) -> Iterator[Branch]:
    """The files of what steps write, wherever in a value that is."""
    if isinstance(value, Content):
        yield Branch(value.files, tests)
    elif isinstance(value, Choice):
        yield from written_parts(value.then, (*tests, (value.test, True)))
        yield from written_parts(value.other, (*tests, (value.test, False)))
    else:
        for child in children(value):
            yield from written_parts(child, tests)
