"""What is known only when a job is about to run: a small tree of its own, and how it is printed in a language.

The parts of an expression that are known to the compiler are constants or columns. What is left is made of operators,
each of which says in `FORMS` how it stands in a language; what has no form there is refused by name. Nothing is printed
because it happens to be spelled alike in two languages.

    memory: "${attempt * t.gb}GB"     Scaled(Call("*", (Attempt(), Varying("gb"))), 1000)
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import reduce
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sncompile.diagnostics import Span
from sncompile.ir.language.functions import FUNCTIONS
from sncompile.ir.language.operands import to_text
from sncompile.ir.language.operators import OPERATORS
from sncompile.ir.language.types import STRING, Type
from sncompile.ir.variant import Variant
from sncompile.lowering.pieces import Late

if TYPE_CHECKING:
    from sncompile.lowering.model import Task
    from sncompile.lowering.pieces import Plain


class Known(Variant):
    """What is the same for all jobs."""

    value: Plain
    type: Type
    span: Span


class Varying(Variant):
    """What a column of the task has for the job."""

    column: str
    type: Type
    span: Span


class Attempt(Variant):
    """Which try of the job it is, from 1."""

    type: Type
    span: Span


class Size(Variant):
    """The size in bytes of the files of an input."""

    port: str
    type: Type
    span: Span


class Content(Variant):
    """What stands in a file, or in each of several: `files` is a path, or a list of them."""

    files: Known | Varying
    type: Type
    span: Span


class Granted(Variant):
    """What the job is given of a resource."""

    resource: str
    type: Type
    span: Span


class Call(Variant):
    """An operator or function of the language on its operands."""

    operator: str
    operands: tuple[Expression, ...]
    type: Type
    span: Span


class If(Variant):
    """`then if test else other`."""

    test: Expression
    then: Expression
    other: Expression
    type: Type
    span: Span


class Joined(Variant):
    """Parts as one text."""

    parts: tuple[Expression, ...]
    type: Type
    span: Span


class Listed(Variant):
    """A list of single values."""

    items: tuple[Expression, ...]
    type: Type
    span: Span


class Scaled(Variant):
    """An amount in the unit of its resource: `amount * times / over`, and so many whole ones, rounded up."""

    amount: Expression
    times: float
    over: int
    type: Type
    span: Span

    @property
    def whole(self) -> bool:
        """Whether the amount is a whole number as it is."""
        return self.over == 1 and self.times == int(self.times) and self.amount.type.base == "integer"


Expression = Known | Varying | Attempt | Size | Content | Granted | Call | If | Joined | Listed | Scaled


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly inside an expression."""
    match expression:
        case Call():
            return expression.operands
        case If():
            return expression.test, expression.then, expression.other
        case Joined():
            return expression.parts
        case Listed():
            return expression.items
        case Scaled():
            return (expression.amount,)
        case Content():
            return (expression.files,)
    return ()


def everything(expression: Expression) -> Iterator[Expression]:
    """An expression and all that is inside it."""
    yield expression
    for part in parts(expression):
        yield from everything(part)


def expression_text(expression: Expression) -> str:
    """An expression, near to what a spec would say."""
    match expression:
        case Known():
            return json.dumps(expression.value, ensure_ascii=False)
        case Varying():
            return expression.column
        case Attempt():
            return "attempt"
        case Size():
            return f"inputs.{expression.port}.size"
        case Content():
            return f"content({expression_text(expression.files)})"
        case Granted():
            return f"resources.{expression.resource}"
        case If():
            test, then, other = map(expression_text, parts(expression))
            return f"({then} if {test} else {other})"
        case Joined():
            return " ~ ".join(map(expression_text, expression.parts))
        case Listed():
            return f"[{', '.join(map(expression_text, expression.items))}]"
        case Scaled():
            factor = f" * {expression.times:g}" if expression.times != 1 else ""
            return (
                f"{expression_text(expression.amount)}{factor}{f' / {expression.over}' if expression.over != 1 else ''}"
            )
        case Call():
            operands = list(map(expression_text, expression.operands))
            if expression.operator.startswith(_LOOSE) and len(operands) > 1:
                return f"({f' {expression.operator} '.join(operands)})"
            return f"{expression.operator}({', '.join(operands)})"


def evaluated(
    expression: Expression,
    task: Task,
    number: int,
    *,
    attempt: int = 1,
    sizes: Mapping[str, int] = MappingProxyType({}),
) -> Any:
    """What an expression is for a job, at an attempt, with inputs of some sizes. Raises `ValueFault`."""

    def found(inner: Expression) -> Any:
        return evaluated(inner, task, number, attempt=attempt, sizes=sizes)

    match expression:
        case Known():
            return expression.value
        case Varying():
            return task.columns[expression.column].cells[number]
        case Attempt():
            return attempt
        case Size():
            return sizes[expression.port]
        case Content():
            raise KeyError(expression_text(expression))  # Known when its job is about to run.
        case Granted():
            held = task.resources[expression.resource]
            assert isinstance(held, Late)
            return found(held.expression)
        case If():
            return found(expression.then if found(expression.test) else expression.other)
        case Joined():
            return "".join(to_text(found(part)) for part in expression.parts)
        case Listed():
            return tuple(map(found, expression.items))
        case Scaled():
            amount = float(found(expression.amount)) * expression.times / expression.over
            return max(1, ceil(amount - 1e-9)) if amount else 0
        case Call():
            operands = list(map(found, expression.operands))
            if expression.operator == "[]":
                return operands[0][operands[1]]
            if expression.operator in ("and", "or"):
                return all(operands) if expression.operator == "and" else any(operands)
            function = OPERATORS.get((expression.operator, len(operands))) or FUNCTIONS[expression.operator]
            return function.compute(*operands)


# --- How they are printed -------------------------------------------------------------------------------------------


class Language(Enum):
    """What expressions are printed in."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    AWK = "awk"


class Form(NamedTuple):
    """How an operator stands in a language, with `{}` for each operand.

    Joined by `between` it takes any number of operands. What `folds` takes two, and more by twos: `min(a, min(b, c))`.
    `needs` is a function that is no part of the language: a target that prints the form has to bring it.
    """

    text: str
    between: str = ""
    folds: bool = False
    needs: str = ""


def _infix(sign: str) -> Form:
    return Form(f"({{}} {sign} {{}})")


def _alike(*signs: str) -> dict[tuple[str, int], Form]:
    return {(sign, 2): _infix(sign) for sign in signs}


_NUMBERS = _alike("+", "-", "*", "/", "<", "<=", ">", ">=") | {("-", 1): Form("(-{})"), ("+", 1): Form("(+{})")}
_ANY = -1

FORMS: Mapping[Language, Mapping[tuple[str, int], Form]] = {
    Language.PYTHON: {
        **_NUMBERS,
        **_alike("//", "%", "==", "!=", "in", "not in"),
        ("if", 3): Form("({1} if {0} else {2})"),
        ("not", 1): Form("(not {})"),
        ("and", _ANY): Form("bool({})", " and "),
        ("or", _ANY): Form("bool({})", " or "),
        ("min", _ANY): Form("min({})", ", "),
        ("max", _ANY): Form("max({})", ", "),
        ("ceil", 1): Form("ceil({})", needs="ceil"),
        ("[]", 2): Form("{}[{}]"),
        ("len", 1): Form("len({})"),
        ("int", 1): Form("int({})"),
        ("float", 1): Form("float({})"),
        ("upper", 1): Form("{}.upper()"),
        ("lower", 1): Form("{}.lower()"),
        ("replace", 3): Form("{}.replace({}, {})"),
        ("sorted", 1): Form("sorted({})"),
        ("unique", 1): Form("list(dict.fromkeys({}))"),
        ("range", 1): Form("list(range({}))"),
        ("range", 2): Form("list(range({}, {}))"),
        ("range", 3): Form("list(range({}, {}, {}))"),
    },
    Language.JAVASCRIPT: {
        **_NUMBERS,
        ("if", 3): Form("({} ? {} : {})"),
        ("//", 2): Form("Math.floor({} / {})"),
        ("%", 2): Form("({0} - {1} * Math.floor({0} / {1}))"),
        ("min", _ANY): Form("Math.min({})", ", "),
        ("max", _ANY): Form("Math.max({})", ", "),
        ("ceil", 1): Form("Math.ceil({})"),
    },
    Language.AWK: {
        **_NUMBERS,
        **_alike("==", "!="),
        ("if", 3): Form("({} ? {} : {})"),
        ("//", 2): Form("floor({} / {})", needs="floor"),
        ("%", 2): Form("({0} - {1} * floor({0} / {1}))", needs="floor"),
        ("not", 1): Form("(! {})"),
        ("and", _ANY): Form("({})", " && "),
        ("or", _ANY): Form("({})", " || "),
        ("min", _ANY): Form("min({}, {})", folds=True, needs="min"),
        ("max", _ANY): Form("max({}, {})", folds=True, needs="max"),
        ("ceil", 1): Form("ceil({})", needs="ceil"),
    },
}
"""Language → operator and how many operands it takes → its form. `_ANY`: as many as there are."""

AWK_FUNCTIONS = """\
function floor(x) { return x == int(x) || x > 0 ? int(x) : int(x) - 1 }
function ceil(x) { return -floor(-x) }
function min(x, y) { return x < y ? x : y }
function max(x, y) { return x > y ? x : y }
function whole(x) { return x == 0 ? 0 : ceil(x - 1e-9) < 1 ? 1 : ceil(x - 1e-9) }
"""
"""What the forms for awk call, and `whole` for amounts of a resource."""

_ONE_TEXT = frozenset(("upper", "lower", "replace"))
"""They take a list of texts as well, item by item, which their forms do not."""

_LOOSE = ("+", "-", "*", "/", "%", "=", "!", "<", ">", "in", "not", "and", "or")


class NoForm(Exception):
    """A language has no form for something; `what` names it, `span` says where the spec has it."""

    def __init__(self, what: str, span: Span) -> None:
        super().__init__(what)
        self.what, self.span = what, span


class Printer(ABC):
    """Prints expressions in a language. A target says how attempts, sizes, columns and constants stand there."""

    language: Language

    @abstractmethod
    def constant(self, value: Plain, type: Type, span: Span) -> str:
        """A constant."""

    @abstractmethod
    def varying(self, expression: Varying) -> str:
        """What a column has for the job."""

    @abstractmethod
    def attempt(self, expression: Attempt) -> str:
        """Which try of the job it is."""

    @abstractmethod
    def size(self, expression: Size) -> str:
        """The size of an input's files."""

    def content(self, expression: Content, *, as_text: bool = False) -> str:
        """What stands in a file, or in several, by its type; `as_text`: as it stands there."""
        raise NoForm("the content of a file", expression.span)

    def need(self, function: str) -> None:  # noqa: B027 - most have it at hand
        """Take note that what is printed calls a function which is no part of the language."""

    def granted(self, expression: Granted) -> str:
        """What the job is given of a resource."""
        raise NoForm(f"`resources.{expression.resource}`", expression.span)

    def scaled(self, code: str, expression: Scaled) -> str:
        """An amount with a unit, of which `code` is the number."""
        raise NoForm("an amount with a unit", expression.span)

    def text(self, code: str, type: Type, span: Span) -> str:
        """A value as text, as `str` has it."""
        raise NoForm("a text", span)

    def joined(self, texts: Sequence[str], span: Span) -> str:
        """Texts as one."""
        raise NoForm("a text", span)

    def listed(self, items: Sequence[str], span: Span) -> str:
        """A list."""
        raise NoForm("a list", span)

    def print(self, expression: Expression) -> str:
        """An expression, in brackets where it needs them beside others. Raises `NoForm`."""
        match expression:
            case Known():
                return self.constant(expression.value, expression.type, expression.span)
            case Varying():
                return self.varying(expression)
            case Attempt():
                return self.attempt(expression)
            case Size():
                return self.size(expression)
            case Content():
                return self.content(expression)
            case If():
                return self._form("if", 3, expression.span).text.format(*map(self.print, parts(expression)))
            case Joined():
                texts = [self.as_text(part) for part in expression.parts]
                return self.joined(texts, expression.span)
            case Listed():
                return self.listed([self.print(item) for item in expression.items], expression.span)
            case Call():
                return self._call(expression)
            case Granted():
                return self.granted(expression)
            case Scaled():
                return self.scaled(self.print(expression.amount), expression)

    def as_text(self, expression: Expression) -> str:
        """An expression as text. What stands in a file looks as it does there. Raises `NoForm`."""
        if isinstance(expression, Content):
            return self.content(expression, as_text=True)
        if isinstance(expression, Known) and expression.value is None:
            expression = expression._replace(value="", type=STRING)
        if isinstance(expression, If) and any(isinstance(each, Content) for each in everything(expression)):
            test, *sides = self.print(expression.test), *map(self.as_text, (expression.then, expression.other))
            return self._form("if", 3, expression.span).text.format(test, *sides)
        return self.text(self.print(expression), expression.type, expression.span)

    def _call(self, call: Call) -> str:
        name, operands = call.operator, call.operands
        if name == "str":
            return self.as_text(operands[0])
        if name == "[]" and (name, 2) not in FORMS[self.language]:
            return self._picked(operands[0], operands[1])
        form = self._form(name, len(operands), call.span)
        if name in _ONE_TEXT and operands[0].type.many:
            raise NoForm(f"`{name}`", call.span)
        printed = [self.print(operand) for operand in operands]
        # What stands between the brackets of a call needs none; what has an index or a method behind it keeps them.
        if not name.startswith(_LOOSE):
            kept = form.text.startswith("{}") and not isinstance(operands[0], (Attempt, Size))
            printed = [p if kept and n == 0 else bare(p) for n, p in enumerate(printed)]
        if form.folds:
            return reduce(lambda done, each: form.text.format(done, each), printed)
        return form.text.format(form.between.join(printed)) if form.between else form.text.format(*printed)

    def _form(self, name: str, count: int, span: Span) -> Form:
        forms = FORMS[self.language]
        form = forms.get((name, count)) or forms.get((name, _ANY))
        if form is None:
            raise NoForm(f"`{name}`" if count else name, span)
        if form.needs:
            self.need(form.needs)
        return form

    def _picked(self, listed: Expression, index: Expression) -> str:
        """An item of a list that is written out, where a language has no lists; the last one for any further index."""
        choose, at = self._form("if", 3, listed.span), self.print(index)
        if isinstance(listed, Listed):
            *first, found = map(self.print, listed.items)
        elif isinstance(listed, Known) and isinstance(listed.value, tuple):
            *first, found = [self.constant(item, listed.type, listed.span) for item in listed.value]
        else:
            raise NoForm("a list", listed.span)
        for number, item in reversed(list(enumerate(first))):
            same = self._form("==", 2, listed.span).text.format(at, number)
            found = choose.text.format(same, item, found)
        return found


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
