"""Forms of run-time expressions: each can be read in its language, says what it needs, and gives what the language
of specs gives."""

from __future__ import annotations

import builtins
import json
import math
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sncompile.diagnostics import Span
from sncompile.ir.language.types import BOOLEAN, INTEGER, NUMBER, STRING, Type
from sncompile.lowering.expressions import (
    AWK_FUNCTIONS,
    FORMS,
    Attempt,
    Call,
    Expression,
    Form,
    If,
    Known,
    Language,
    Listed,
    NoForm,
    Printer,
    Size,
    Varying,
    bare,
    evaluated,
)

HEADER = Path(__file__).parents[1] / "templates" / "snakemake" / "Snakefile.j2"
ALL = [(language, name, form) for language, forms in FORMS.items() for (name, _), form in forms.items()]
HERE = Span("spec.yaml", 1, 1, 1, 1)
ATTEMPT, SIZE = 2, 1536
NODE = shutil.which("node") or shutil.which("nodejs")


@pytest.mark.parametrize(("language", "name", "form"), ALL, ids=lambda each: str(each)[:20])
def test_what_a_form_calls_is_there(language: Language, name: str, form: Form) -> None:
    """A function of the language, or one that the form says it needs and that targets bring."""
    called = set(re.findall(r"(?<![.\w])([A-Za-z_]+)\(", form.text)) - {"if", "not"}
    there = {
        Language.PYTHON: set(dir(builtins)),
        Language.JAVASCRIPT: set(),
        Language.AWK: {"int"},
    }[language]
    assert called - there == ({form.needs} if form.needs else set())
    if form.needs:
        brought = HEADER.read_text("utf-8") if language is Language.PYTHON else AWK_FUNCTIONS
        assert form.needs in brought


# --- What they compute --------------------------------------------------------------------------------------------

OPERANDS: dict[str, Sequence[tuple[Any, ...]]] = {
    "+": [(2, 3), (0.5, -1), (7,), ("a", "b")],
    "-": [(2, 3), (0.5, -1), (7,)],
    "*": [(2, 3), (0.5, -4)],
    "/": [(1, 4), (6, 3)],
    "//": [(7, 2), (-7, 2), (7.5, 2)],
    "%": [(7, 3), (-7, 3), (7, -3), (7.5, 2)],
    "<": [(1, 2), (2, 2), (3, 2), ("a", "b")],
    "<=": [(1, 2), (2, 2), (3, 2), ("b", "a")],
    ">": [(1, 2), (2, 2), (3, 2), ("a", "b")],
    ">=": [(1, 2), (2, 2), (3, 2), ("b", "a")],
    "==": [(1, 1), (1, 2), ("a", "a"), ("a", "b")],
    "!=": [(1, 1), (1, 2), ("a", "a"), ("a", "b")],
    "in": [(1, (1, 2)), (3, (1, 2)), ("b", "abc"), ("d", "abc")],
    "not in": [(1, (1, 2)), (3, (1, 2)), ("b", "abc"), ("d", "abc")],
    "not": [(True,), (False,)],
    "and": [(True, True), (True, False), (False, True, True), (True, True, True)],
    "or": [(False, False), (True, False), (False, False, True), (False, False, False)],
    "min": [(2, 1), (1, 2), (3, 1, 2), (0.5, 7, 1, -1)],
    "max": [(2, 1), (1, 2), (2, 3, 1), (0.5, 7, 1, -1)],
    "ceil": [(1.5,), (-1.5,), (2,), (-2,)],
    "[]": [((4, 5, 6), 0), ((4, 5, 6), 2), (("a", "b"), 1)],
    "len": [((4, 5, 6),), ("abcd",)],
    "int": [("12",), (2.5,)],
    "float": [("2.5",), (2,)],
    "upper": [("aBc",)],
    "lower": [("aBc",)],
    "replace": [("banana", "a", "o")],
    "sorted": [((3, 1, 2),), (("b", "a"),)],
    "unique": [((3, 1, 3, 2, 1),)],
    "range": [(3,), (2, 5), (1, 10, 4), (3, 0, -1)],
}
"""What each operator is tried on."""


class Written(Printer):
    """Prints constants as all the languages have them."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.needed: set[str] = set()

    def constant(self, value: Any, type: Type, span: Span) -> str:
        if self.language is Language.PYTHON:
            return repr(list(value) if isinstance(value, tuple) else value)
        if not isinstance(value, (int, float)):
            raise NoForm(f"`{value}`", span)
        return json.dumps(int(value) if self.language is Language.AWK and isinstance(value, bool) else value)

    def varying(self, expression: Varying) -> str:
        return expression.column

    def attempt(self, expression: Attempt) -> str:
        return "attempt"

    def size(self, expression: Size) -> str:
        return expression.port

    def need(self, function: str) -> None:
        self.needed.add(function)


def known(value: Any) -> Known:
    one = value[0] if isinstance(value, tuple) else value
    type = {bool: BOOLEAN, int: INTEGER, float: NUMBER, str: STRING}[one.__class__]
    return Known(value, type._replace(many=isinstance(value, tuple)), HERE)


def call(name: str, *operands: Expression, type: Type = NUMBER) -> Call:
    return Call(name, operands, type, HERE)


def computed_by_python(codes: list[str]) -> list[Any]:
    return [eval(code, {"ceil": math.ceil, "attempt": ATTEMPT, "size": SIZE}) for code in codes]


def computed_by_javascript(codes: list[str]) -> list[Any]:
    if NODE is None:
        pytest.skip("no node is here")
    program = f"const attempt = {ATTEMPT}, size = {SIZE}; console.log(JSON.stringify([{', '.join(codes)}]))"
    found: list[Any] = json.loads(
        subprocess.run([NODE, "-"], input=program.encode(), capture_output=True, check=True).stdout
    )
    return found


def computed_by_awk(codes: list[str]) -> list[Any]:
    lines = [f'printf "%.17g\\n", {code}' for code in codes]
    program = "\n".join([AWK_FUNCTIONS, "BEGIN {", f"attempt = {ATTEMPT}; size = {SIZE}", *lines, "}"])
    done = subprocess.run(["awk", "-f", "/dev/stdin"], input=program, capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.splitlines()]


COMPUTED: dict[Language, Callable[[list[str]], list[Any]]] = {
    Language.PYTHON: computed_by_python,
    Language.JAVASCRIPT: computed_by_javascript,
    Language.AWK: computed_by_awk,
}


def unlike(language: Language, expressions: list[Expression]) -> list[str]:
    """The expressions that a language computes otherwise than the language of specs does."""
    codes = [Written(language).print(each) for each in expressions]
    wanted = [evaluated(each, None, 0, attempt=ATTEMPT, sizes={"size": SIZE}) for each in expressions]
    found = COMPUTED[language](codes)
    assert len(found) == len(wanted)
    return [
        f"{code} is {there!r} instead of {here!r}"
        for code, there, here in zip(codes, found, wanted, strict=True)
        if there != (list(here) if isinstance(there, list) else here)
    ]


def test_there_are_operands_for_every_form() -> None:
    assert {name for forms in FORMS.values() for name, _ in forms} - {"if"} == OPERANDS.keys()


@pytest.mark.parametrize("language", Language)
def test_a_form_computes_what_specs_mean(language: Language) -> None:
    """Of every operator, on all its operands that the language has."""
    names = {name for name, _ in FORMS[language]} - {"if"}
    plain = language is not Language.PYTHON
    tried = [
        call(name, *map(known, operands))
        for name in sorted(names)
        for operands in OPERANDS[name]
        if not (plain and any(isinstance(value, (str, tuple)) for value in operands))
    ]
    assert {each.operator for each in tried} == names
    assert unlike(language, list(tried)) == []


def number(drawn: random.Random, language: Language, depth: int) -> Expression:
    """An expression that is a number; all are such that no fraction is rounded."""
    if depth == 0:
        return drawn.choice(
            [known(drawn.choice([1, 2, 3, 0.5, 5, 0])), Attempt(INTEGER, HERE), Size("size", INTEGER, HERE)]
        )

    def inner() -> Expression:
        return number(drawn, language, drawn.randrange(depth))

    match drawn.choice(["+", "-", "*", "/", "//", "%", "minus", "plus", "min", "max", "ceil", "if"]):
        case "minus" | "plus" as sign:
            return call({"minus": "-", "plus": "+"}[sign], inner())
        case "/" | "//" | "%" as name:
            return call(name, inner(), known(drawn.choice([2, 4, -2, 0.5])))
        case "min" | "max" as name:
            return call(name, *(inner() for _ in range(drawn.randint(2, 4))))
        case "ceil":
            return call("ceil", inner())
        case "if":
            return If(truth(drawn, language, drawn.randrange(depth)), inner(), inner(), NUMBER, HERE)
        case name:
            return call(name, inner(), inner())


def truth(drawn: random.Random, language: Language, depth: int) -> Expression:
    """An expression that is true or false."""
    signs = [sign for sign in ("<", "<=", ">", ">=", "==", "!=") if (sign, 2) in FORMS[language]]
    if depth and language is not Language.JAVASCRIPT and drawn.random() < 0.6:
        name = drawn.choice(["not", "and", "or"])
        return call(
            name, *(truth(drawn, language, depth - 1) for _ in range(1 if name == "not" else drawn.randint(2, 3)))
        )
    return call(drawn.choice(signs), number(drawn, language, depth), number(drawn, language, depth))


@pytest.mark.parametrize("language", Language)
def test_forms_within_forms(language: Language) -> None:
    """Brackets stand wherever they are needed, whatever is inside of what."""
    drawn = random.Random(language.value)
    made = (number, truth) if language is not Language.JAVASCRIPT else (number,)
    assert (
        unlike(language, [drawn.choice(made)(drawn, language, depth) for depth in (1, 2, 3, 4) for _ in range(100)])
        == []
    )


@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_item_of_a_list_without_lists(at: int) -> None:
    """awk has none, so that what is taken is chosen by its number."""
    places = [known(at), call("+", known(at), call("-", Attempt(INTEGER, HERE), Attempt(INTEGER, HERE)))]
    items = (call("*", Attempt(INTEGER, HERE), known(3)), known(5), Size("size", INTEGER, HERE))
    lists = [known((7, 8, 9)), Listed(items, Type("integer", many=True), HERE)]
    assert unlike(Language.AWK, [call("[]", each, place) for each in lists for place in places]) == []


@pytest.mark.parametrize(
    ("expression", "language", "told"),
    [
        (call("sorted", known((2, 1))), Language.AWK, "`sorted`"),
        (call("==", known(1), known(2)), Language.JAVASCRIPT, "`==`"),
        (call("upper", known(("a", "b"))), Language.PYTHON, "`upper`"),
        (call("replace", known(("a", "b")), known("a"), known("b")), Language.PYTHON, "`replace`"),
        (call("[]", call("+", known((1,)), known((2,))), known(0)), Language.AWK, "a list"),
        (call("this"), Language.PYTHON, "this"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_has_no_form_is_told_by_name(expression: Expression, language: Language, told: str) -> None:
    with pytest.raises(NoForm, match=re.escape(told)) as raised:
        Written(language).print(expression)
    assert (raised.value.what, raised.value.span) == (told, HERE)


def test_what_a_form_needs_is_told_to_the_target() -> None:
    written = Written(Language.AWK)
    written.print(call("max", known(1), call("//", known(3), known(2))))
    assert written.needed == {"max", "floor"}


@pytest.mark.parametrize(
    ("code", "without"),
    [("(a)", "a"), ("(a + (b))", "a + (b)"), ("a", "a"), ("a(b)", "a(b)"), ("(a) + (b)", "(a) + (b)"), ("", "")],
)
def test_brackets_around_everything(code: str, without: str) -> None:
    assert bare(code) == without
