"""What a module takes and writes by convention: defaults and paths that follow from the data roots of its pipeline.

They are typed once, with the names of the module left open, and settled for every step that uses the module: each name
is replaced by what it stands for there, and what is known then is worked out, so that a path is as plain as one that
was written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Argument, Flag, Option
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.operands import MAX_TEXT, ValueFault, to_text
from sncompile.ir.language.types import INTEGER, STRING, UNKNOWN
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Apply, Choice, Const, Items, Key, Local, Text, Value, children, walk
from sncompile.semantics.path_text import join_text

WORKSPACE = "workspace"
FALLBACK = "results"
"""Where derived paths start in a pipeline without the root `workspace`."""


class RootNames(NamedTuple):
    """The data roots of whatever pipeline will use a module: any name may be one."""

    title: str = "the data roots"

    def names(self) -> Iterable[str]:
        """Those that are always there."""
        return (WORKSPACE,)

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        """A root, left open."""
        return Local("data", name, STRING, span)


def roots_of(data: Mapping[str, Value], span: Span) -> Mapping[str, Value]:
    """A pipeline's data roots, with the workspace that every pipeline has."""
    return {WORKSPACE: Const(FALLBACK, STRING, span), **data}


Names = Mapping[str, Mapping[str, Value]]
"""What stands for each of a module's names: by space, then by name."""


def open_names(value: Value, names: Names) -> list[Local]:
    """The names in a value that nothing stands for."""
    found = [v for v in walk(value) if isinstance(v, Local)]
    return [v for v in found if v.space in names and v.name not in names[v.space]]


def settle(value: Value, names: Names) -> Value:
    """`value` with each of the module's names replaced, and with what is known then worked out.

    Names of spaces that are not in `names` stay open. What hangs on something at fault is unknown.
    """
    match value:
        case Local():
            return names.get(value.space, {}).get(value.name, value)
        case Text():
            parts = [settle(part, names) for part in value.parts]
            return _unknown_or(value, parts) or _text(parts, value.span)
        case Items():
            items = [settle(item, names) for item in value.items]
            return _unknown_or(value, items) or _constant(value._replace(items=tuple(items)))
        case Choice():
            return _choice(value, names)
        case Apply():
            operands = [settle(operand, names) for operand in value.operands]
            return _unknown_or(value, operands) or _applied(value._replace(operands=tuple(operands)))
        case _:
            return value


def _unknown_or(value: Value, inside: list[Value]) -> Value | None:
    """What is unknown because something inside is; None where nothing is."""
    if any(v.type.base == "unknown" for v in inside):
        return Const(None, UNKNOWN._replace(many=value.type.many), value.span)
    return None


def _choice(value: Choice, names: Names) -> Value:
    test = settle(value.test, names)
    if isinstance(test, Const) and isinstance(test.value, bool):
        return settle(value.then if test.value else value.other, names)
    then, other = settle(value.then, names), settle(value.other, names)
    return _unknown_or(value, [test, then, other]) or value._replace(test=test, then=then, other=other)


def _text(parts: list[Value], span: Span) -> Value:
    flat: list[Value] = []
    for part in parts:
        inner = part.parts if isinstance(part, Text) else (part,)
        for each in inner:
            if isinstance(each, Const) and not isinstance(each.value, str):
                try:
                    each = Const(to_text(each.value), STRING, each.span)
                except ValueFault:
                    # Told with the instance, when the text is made.
                    return Text(tuple(parts), STRING, span)
            flat.append(each)
    if sum(len(str(each.value)) for each in flat if isinstance(each, Const)) > MAX_TEXT:
        # Told when the text is made.
        return Text(tuple(parts), STRING, span)
    return join_text(flat, span)


MAX_PARTS = 10_000


def is_large(value: Value) -> bool:
    """Whether a value has become too large to go on with: a few defaults, each naming the last one twice, may do it."""
    return next(islice(walk(value), MAX_PARTS, None), None) is not None


def _constant(value: Value) -> Value:
    """A value made of constants as one constant; others, and what cannot be computed, as they are."""
    if not all(isinstance(child, Const) for child in children(value)):
        return value
    try:
        found = Evaluator({}).constant(value)
    except ValueFault:
        return value
    return Const(found, value.type, value.span)


def _applied(value: Apply) -> Value:
    first = value.operands[0]
    if value.function == "len" and isinstance(first, Items) and not any(_may_vary(item) for item in first.items):
        return Const(len(first.items), INTEGER, value.span)
    if value.function == "join" and isinstance(first, Items):
        return _joined(value, first)
    if value.function == "+" and all(_is_one_text(operand) for operand in value.operands):
        return _text(list(value.operands), value.span)
    return _constant(value)


def _is_one_text(value: Value) -> bool:
    return value.type.textual and not value.type.many and not value.type.optional


def _may_vary(item: Value) -> bool:
    """Whether an item of a list may be none, or several."""
    return item.type.many or item.type.optional or item.type.base == "null"


def _joined(value: Apply, items: Items) -> Value:
    """Keys joined by a sign that none of them holds are a text with keys in it, which a path can be read from again."""
    sign = value.operands[1] if len(value.operands) == 2 else Const(",", STRING, value.span)
    if not (isinstance(sign, Const) and isinstance(sign.value, str) and sign.value):
        return value
    parts: list[Value] = []
    for item in items.items:
        held = item.keys.column(item.name) if isinstance(item, Key) else ()
        if not isinstance(item, (Key, Const)) or _may_vary(item) or any(sign.value in cell for cell in held):
            return value
        parts += [sign, item] if parts else [item]
    return _text(parts, value.span)


def decided(value: Value, names: Names) -> Value:
    """`value` with every choice taken that these names decide, and with keys joined to a text; all else as it is."""
    match value:
        case Choice():
            test = settle(value.test, names)
            if isinstance(test, Const) and isinstance(test.value, bool):
                return decided(value.then if test.value else value.other, names)
            return value._replace(then=decided(value.then, names), other=decided(value.other, names))
        case Text():
            return value._replace(parts=tuple(decided(part, names) for part in value.parts))
        case Items():
            return value._replace(items=tuple(decided(item, names) for item in value.items))
        case Apply():
            # Keys joined are better written as keys than worked out job by job.
            joined = settle(value, names)
            if isinstance(joined, Text) and all(isinstance(part, (Const, Key)) for part in joined.parts):
                return joined
            return value._replace(operands=tuple(decided(operand, names) for operand in value.operands))
        case _:
            return value


def may_be_decided(argument: Argument) -> bool:
    """Whether `decided_argument` could make something else of an argument, whatever the names stand for."""
    if isinstance(argument, (Flag, Option)):
        return argument.when is not None or (isinstance(argument, Option) and may_be_decided(argument.value))
    return any(isinstance(value, (Choice, Apply)) for value in walk(argument))


def decided_argument(argument: Argument, names: Names) -> Argument:
    """An argument of a command with every choice taken that these names decide."""
    if isinstance(argument, Flag):
        return argument if argument.when is None else argument._replace(when=settled_condition(argument.when, names))
    if isinstance(argument, Option):
        when = None if argument.when is None else settled_condition(argument.when, names)
        return argument._replace(value=decided(argument.value, names), when=when)
    return decided(argument, names)


def settled_condition(when: Value, names: Names) -> Value:
    """A condition as true or false where these names decide it."""
    found = settle(when, names)
    return found if isinstance(found, Const) and isinstance(found.value, bool) else when
