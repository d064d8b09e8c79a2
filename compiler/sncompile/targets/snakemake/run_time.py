"""Expressions that are known only when a job is about to run → Python in the Snakefile."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence

from sncompile.diagnostics import Span
from sncompile.ir.language.types import Type
from sncompile.lowering.expressions import (
    Attempt,
    Content,
    Expression,
    Granted,
    If,
    Known,
    Language,
    Listed,
    NoForm,
    Printer,
    Scaled,
    Size,
    Varying,
    bare,
    everything,
    expression_text,
)
from sncompile.lowering.files import listed_cell
from sncompile.lowering.pieces import Plain
from sncompile.targets.snakemake.context import TaskContext, texts
from sncompile.targets.snakemake.inputs import own_cell, rows_code
from sncompile.targets.snakemake.names import item_name
from sncompile.targets.snakemake.python_code import Arithmetic, Atom, Code, flat, string
from sncompile.targets.snakemake.python_code import Call as CallCode
from sncompile.targets.snakemake.row_lists import texts_code


def run_time_code(expression: Expression, context: TaskContext, *, guarded: bool = False) -> Code:
    """A function of the attempt, of the inputs' sizes and of what steps have written.

    What has no form in Python is told as a fault.

    Where it is `guarded` it is 1 as long as a file that it reads is not there: Snakemake asks for `threads` before.
    """
    inside = list(everything(expression))
    kinds: tuple[tuple[str, tuple[type, ...]], ...] = (("input", (Size, Content)), ("attempt", (Attempt,)))
    needs = [n for n, kind in kinds if any(isinstance(e, kind) for e in inside)]
    read = [e for e in inside if isinstance(e, Content)] if guarded else []
    if any(isinstance(each, Size) for each in inside):
        context.around.functions.add("size")
    head = f"lambda {', '.join(['wildcards', *needs])}: "
    try:
        printed, whole = _amount(expression, _Python(context))
    except NoForm as error:
        context.refuse(expression._replace(span=error.span), error.what)
        return Atom(f"{head}0")
    if read:
        context.around.functions |= {"ready", *(() if whole else ("round_up",))}
        python = _Python(context)
        paths = " + ".join(dict.fromkeys(python.paths(each) for each in read))
        amount = f"({printed})" if whole else f"round_up({printed})"
        return Atom(f"{head}{amount} if ready({paths}) else 1")
    plain = _is_arithmetic(printed)
    printed = ast.unparse(ast.parse(printed, mode="eval")) if plain else printed
    multiple = _multiple_of_attempt(printed) if plain else None
    if multiple is not None:
        return Atom(f"{head}attempt" if multiple == 1 else f"{head}{multiple} * attempt")
    if whole:
        return Atom(head + printed)
    context.around.functions.add("round_up")
    return CallCode(f"{head}round_up", (Arithmetic(printed) if plain else Atom(printed),))


def _is_arithmetic(code: str) -> bool:
    """Whether code is arithmetic of names, numbers and calls: without texts, whose quotes have to stay as they are."""
    tree = ast.parse(code, mode="eval")
    known = (
        ast.Expression,
        ast.expr_context,
        ast.operator,
        ast.unaryop,
        ast.BinOp,
        ast.UnaryOp,
        ast.Name,
        ast.Attribute,
    )
    for node in ast.walk(tree):
        number = isinstance(node, ast.Constant) and isinstance(node.value, int | float)
        if not (number or isinstance(node, known) or (isinstance(node, ast.Call) and not node.keywords)):
            return False
    return True


def _multiple_of_attempt(code: str) -> int | None:
    """By what whole number a product multiplies the attempt; None for anything else.

    >>> _multiple_of_attempt("2 * attempt * 1000"), _multiple_of_attempt("3000000 * attempt / 1000000")
    (2000, 3)
    """
    product: ast.expr = ast.parse(code, mode="eval").body
    over: object = 1
    if isinstance(product, ast.BinOp) and isinstance(product.op, ast.Div) and isinstance(product.right, ast.Constant):
        over = product.right.value
        product = product.left
    factor, attempts = 1, 0
    pending = [product]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            pending += [node.left, node.right]
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            factor *= node.value
        elif isinstance(node, ast.Name) and node.id == "attempt":
            attempts += 1
        else:
            return None
    return factor // over if attempts == 1 and isinstance(over, int) and factor % over == 0 else None


def late_words(expression: Expression, context: TaskContext) -> Code:
    """A function that gives what steps have written as words of the shell, quoted: one, or several of a list.

    What has no form in Python is told as a fault.
    """
    context.around.functions.add("quoted")
    python = _Python(context)
    head = "lambda wildcards, input: quoted"
    try:
        if any(isinstance(each, (Attempt, Size, Granted)) for each in everything(expression)):
            raise NoForm(f"`{expression_text(expression)}`", expression.span)
        text = python.texts(expression) if expression.type.many else python.as_text(expression)
    except NoForm as error:
        context.refuse(expression._replace(span=error.span), error.what)
        text = "''"
    return CallCode(head, (Atom(bare(text) if expression.type.many else f"[{bare(text)}]"),))


def late_value(expression: Expression, context: TaskContext) -> Code:
    """What steps have written as a value of Python. What has no form in it is told as a fault."""
    try:
        return Atom(bare(_Python(context).print(expression)))
    except NoForm as error:
        context.refuse(expression._replace(span=error.span), error.what)
        return Atom("None")


def paths_code(content: Content, context: TaskContext) -> Code:
    """The files that a job takes a value from, as inputs."""
    code = _Python(context).paths(content)
    return Atom(code) if isinstance(content.files, Known) else Atom(f"{context.wildcards()}{code}")


def _amount(expression: Expression, python: _Python) -> tuple[str, bool]:
    """A resource as Python, and whether that is a whole number."""
    if not isinstance(expression, Scaled):
        return bare(python.print(expression)), expression.type.base == "integer"
    code, times = python.print(expression.amount), expression.times
    if expression.over != 1:
        return f"{code} / {expression.over}", False
    if expression.amount.type.textual:
        code = f"float({bare(code)})"
    return (bare(code) if times == 1 else f"{code} * {int(times) if times == int(times) else times}"), expression.whole


class _Python(Printer):
    """Prints the expressions of one family."""

    language = Language.PYTHON

    def __init__(self, context: TaskContext) -> None:
        self._context = context

    def constant(self, value: Plain, type: Type, span: Span) -> str:
        return literal(value)

    def varying(self, expression: Varying) -> str:
        """A value that differs between jobs, by its sidecar."""
        cells, kind = self._context.columns[expression.column].cells, expression.type
        # A number may be whole in one row and a fraction in another.
        if kind.many or kind.optional or kind.base in ("boolean", "number"):
            self._context.around.functions.add("json")
            hint = "number" if kind.base == "number" else "value"
            return f"json.loads({_look_up([json.dumps(cell) for cell in cells], hint, self._context)})"
        code = _look_up(texts(cells), "text" if kind.textual else "number", self._context)
        return code if kind.textual else f"int({code})"

    def attempt(self, expression: Attempt) -> str:
        return "attempt"

    def size(self, expression: Size) -> str:
        return f"size({_sized(expression.port, self._context)})"

    def paths(self, expression: Content) -> str:
        """The files that are read, as a list."""
        files = expression.files
        if isinstance(files, Known):
            return literal(listed_cell(files.value))
        column = self._context.columns[files.column]
        made = texts_code(column.texts, self._context) if column.texts is not None else None
        code = flat(made or rows_code(list(map(listed_cell, column.cells)), files.column, self._context))
        return code.rpartition("lambda wildcards: ")[2]

    def content(self, expression: Content, *, as_text: bool = False) -> str:
        self._context.around.functions.add("content")
        many = expression.type.many
        if expression.type.base == "string" or as_text:
            code = "content({})"
        elif expression.type.base == "boolean":
            code = '(content({}) == "true")'
        else:
            self._context.around.functions.add("json")
            code = "json.loads(content({}))"
        paths = self.paths(expression)
        if expression.type.optional and not many:
            nothing = "''" if as_text else "None"
            return f"({code.format(f'{paths}[0]')} if {paths} else {nothing})"
        return f"[{code.format('path')} for path in {paths}]" if many else code.format(f"{paths}[0]")

    def texts(self, expression: Expression) -> str:
        """A list as texts. Raises `NoForm`."""
        match expression:
            case Content():
                return self.content(expression, as_text=True)
            case Listed():
                return self.listed([bare(self.as_text(item)) for item in expression.items], expression.span)
            case If():
                test, then, other = self.print(expression.test), *map(self.texts, (expression.then, expression.other))
                return f"({then} if {test} else {other})"
        raise NoForm("a list", expression.span)

    def text(self, code: str, type: Type, span: Span) -> str:
        if type.textual:
            return code
        return f'("true" if {code} else "false")' if type.base == "boolean" else f"str({code})"

    def joined(self, texts: Sequence[str], span: Span) -> str:
        return f"({' + '.join(texts)})"

    def listed(self, items: Sequence[str], span: Span) -> str:
        return f"[{', '.join(items)}]"

    def need(self, function: str) -> None:
        self._context.around.functions.add(function)


def _sized(port: str, context: TaskContext) -> str:
    """The paths of a port: what Snakemake has as its input, unless that is a mark; an absent port has none."""
    files = context.task.inputs[port].files
    if context.around.marks.spelled_out(context.name, "inputs", port):
        return flat(rows_code(list(map(listed_cell, files.cells)), port, context)).rpartition("lambda wildcards: ")[2]
    return "[]" if files.absent else f"input.{item_name(port)}"


def _look_up(cells: list[str], name: str, context: TaskContext) -> str:
    return flat(own_cell(cells, name, context)).rpartition("lambda wildcards: ")[2]


def literal(value: object) -> str:
    """A constant as Python."""
    if isinstance(value, str):
        return string(value).text
    if isinstance(value, Sequence):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)
