"""Expressions that are known only when a job is about to run → Python in the Snakefile.

Whatever does not depend on the run is worked out by the compiler and written as a constant or looked up. What is left
is printed operator by operator: each stands in `PRINTED` with its Python, or is refused by name. Nothing is printed
because it happens to be spelled alike in both languages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sncompile.faults import targets as faults
from sncompile.ir.language.types import Type
from sncompile.ir.values.model import Apply, Attempt, Choice, Items, Local, Size, Text, Value
from sncompile.ir.values.run_time import dynamic
from sncompile.targets.snakemake.context import FamilyContext
from sncompile.targets.snakemake.python_code import string

Column = Callable[[list[object], Value], str]
"""Code for a value that differs between instances, of which every instance's is given."""


def _infix(sign: str) -> str:
    return f"({{}} {sign} {{}})"


PRINTED: Mapping[tuple[str, int], str] = {
    **{(sign, 2): _infix(sign) for sign in ("+", "-", "*", "/", "//", "%", "==", "!=", "<", "<=", ">", ">=")},
    ("in", 2): _infix("in"),
    ("not in", 2): _infix("not in"),
    ("-", 1): "(-{})",
    ("+", 1): "(+{})",
    ("not", 1): "(not {})",
    ("[]", 2): "{}[{}]",
    ("len", 1): "len({})",
    ("int", 1): "int({})",
    ("float", 1): "float({})",
    ("upper", 1): "{}.upper()",
    ("lower", 1): "{}.lower()",
    ("replace", 3): "{}.replace({}, {})",
    ("sorted", 1): "sorted({})",
    ("unique", 1): "list(dict.fromkeys({}))",
    ("range", 1): "list(range({}))",
    ("range", 2): "list(range({}, {}))",
    ("range", 3): "list(range({}, {}, {}))",
}
"""The Python of a function or operator of so many operands; `and`, `or`, `min`, `max` and `ceil` take any number."""

_MANY = {"and": " and ", "or": " or "}
_CALLED = frozenset(("min", "max", "ceil"))
_LOOSE = ("+", "-", "*", "/", "%", "=", "!", "<", ">", "in", "not", "and", "or")
# These take a list of texts as well, item by item, which their Python does not.
_ONE_TEXT = frozenset(("upper", "lower", "replace"))


class RunTime:
    """Prints the expressions of one family; `sized` gives the paths of an input port, `column` looks a value up."""

    def __init__(self, context: FamilyContext, sized: Callable[[str], str], column: Column) -> None:
        self._context, self._sized, self._column = context, sized, column

    def code(self, value: Value) -> str:
        """The Python of a value. What has none is told as a fault."""
        match value:
            case Attempt():
                return "attempt"
            case Size():
                return f"size({self._sized(value.port)})"
            case Local() if value.space in ("params", "resources"):
                return self.code(self._context.family.local(value.space, value.name))
            case _ if not dynamic(value):
                return self._known(value)
            case Choice():
                test, then, other = (self.code(v) for v in (value.test, value.then, value.other))
                return f"({then} if {test} else {other})"
            case Text():
                return f"({' + '.join(_as_text(self.code(part), part.type) for part in value.parts)})"
            case Items() if not any(item.type.many for item in value.items):
                return f"[{', '.join(map(self.code, value.items))}]"
            case Apply():
                return self._apply(value)
        return self._refuse(value, "this")

    def _known(self, value: Value) -> str:
        column = self._context.column(value)
        if all(found == column[0] for found in column):
            return literal(column[0])
        return self._column(column, value)

    def _apply(self, value: Apply) -> str:
        name, operands = value.function, value.operands
        printed = [self.code(operand) for operand in operands]
        if not value.function.startswith(_LOOSE):
            printed = list(map(bare, printed))
        if name in _MANY:
            return f"bool({_MANY[name].join(printed)})"
        if name in _CALLED:
            if name == "ceil":
                self._context.around.functions.add("ceil")
            return f"{name}({', '.join(printed)})"
        if name == "str":
            return _as_text(printed[0], operands[0].type)
        form = PRINTED.get((name, len(operands)))
        if form is None or (name in _ONE_TEXT and operands[0].type.many):
            return self._refuse(value, f"`{name}`")
        if form.startswith("{}") and not isinstance(operands[0], (Attempt, Size)):
            # What has an index or a method behind it keeps its brackets.
            printed[0] = self.code(operands[0])
        return form.format(*printed)

    def _refuse(self, value: Value, what: str) -> str:
        self._context.around.tell(
            faults.NOT_AT_RUN_TIME.at(
                value.span,
                f"Snakemake cannot compute {what} when a job is about to run",
                help="use numbers, comparisons, lists and their indexes, or compute it without `attempt` and sizes",
            )
        )
        return "0"


def _as_text(code: str, kind: Type) -> str:
    """Code for a value as text, as our `str` has it."""
    if kind.textual:
        return code
    return f'("true" if {code} else "false")' if kind.base == "boolean" else f"str({code})"


def literal(value: object) -> str:
    """A constant as Python."""
    if isinstance(value, str):
        return string(value).text
    if isinstance(value, Sequence):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def bare(code: str) -> str:
    """Code without brackets around all of it.

    >>> bare("(attempt + 1)"), bare("(a + 1) * (b + 2)")
    ('attempt + 1', '(a + 1) * (b + 2)')
    """
    depth = 0
    for place, sign in enumerate(code):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and place < len(code) - 1:
            return code
    return code[1:-1] if code.startswith("(") else code
