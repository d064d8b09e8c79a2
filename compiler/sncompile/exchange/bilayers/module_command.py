"""A module's `command` → arguments as Bilayers has them; what has no such form is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sncompile.diagnostics import Report, Span
from sncompile.exchange.bilayers.arguments import Passed, Piece, Ref, Word
from sncompile.faults import exchange as faults
from sncompile.syntax.document import (
    Argument,
    Constant,
    FlagArgument,
    ListArgument,
    ListValue,
    ModuleDoc,
    OptionArgument,
    Value,
)
from sncompile.syntax.expressions import Attribute, Call, Conditional, Expr, ListOf, Literal, Name, Operation, Template

_SPACES = ("inputs", "outputs", "params")


class Strange(Exception):
    """An argument that Bilayers has no form for; `span` is where."""

    def __init__(self, span: Span, why: str) -> None:
        self.span, self.why = span, why
        super().__init__(why)


def read_command(doc: ModuleDoc, report: Report) -> list[Piece]:
    """The arguments of a module's command. What Bilayers cannot express is told and left out."""
    return _Reading(doc, report).pieces()


class _Reading:
    def __init__(self, doc: ModuleDoc, report: Report) -> None:
        self._doc, self._report = doc, report
        self._pending: list[tuple[str, Ref, tuple[str, ...], FlagArgument]] = []
        self._pieces: list[Piece] = []

    def pieces(self) -> list[Piece]:
        """All arguments."""
        for argument in self._doc.command:
            try:
                self._read(argument)
            except Strange as strange:
                self._tell(strange)
        self._flush()
        return self._pieces

    def _tell(self, strange: Strange) -> None:
        hint = "give the value a parameter of its own, with one argument: `{option: --x, value: ${params.x}}`"
        self._report.add(faults.NO_ARGUMENT.at(strange.span, strange.why, help=hint))

    def _read(self, argument: Argument) -> None:
        if isinstance(argument, FlagArgument):
            self._flag(argument)
            return
        if isinstance(argument, OptionArgument):
            self._option(argument)
            return
        if isinstance(argument, ListArgument):
            raise Strange(argument.span, "Bilayers has no files with lists")
        passed = self._value(argument)
        if isinstance(passed, Passed) and self._joins(passed):
            passed = replace(passed, words=tuple(word for word, *_ in self._pending))
            self._pending.clear()
        self._flush()
        self._pieces.append(passed)

    # --- Flags and options --------------------------------------------------------------------------------------

    def _flag(self, flag: FlagArgument) -> None:
        """A flag; one that only tells whether a value is there is a word of the argument that comes after it."""
        if flag.when is None:
            self._flush()
            self._pieces.append(Word(flag.flag))
            return
        expr = _whole(flag.when)
        ref = _ref(expr) if expr is not None else None
        if ref is not None and ref.space == "params":
            last = self._pieces[-1] if self._pieces and not self._pending else None
            if isinstance(last, Passed) and last.form == "flag" and last.ref == ref:
                self._pieces[-1] = replace(last, words=(*last.words, flag.flag))
                return
            self._flush()
            self._pieces.append(Passed(ref, (flag.flag,), form="flag"))
            return
        found = _condition(expr) if expr is not None else None
        if found is None:
            raise Strange(flag.span, f"`{flag.flag}` has a condition that Bilayers cannot express")
        if self._pending and self._pending[-1][1:3] != found:
            self._flush()
        self._pending.append((flag.flag, *found, flag))

    def _option(self, option: OptionArgument) -> None:
        if option.joined:
            raise Strange(option.span, f"`{option.option}` is joined to its value")
        found = self._value(option.value)
        if isinstance(found, Word):
            if option.when is not None:
                raise Strange(option.span, f"`{option.option}` has a condition that Bilayers cannot express")
            self._flush()
            self._pieces += [Word(option.option), found]
            return
        if option.when is not None:
            expr = _whole(option.when)
            condition = _condition(expr) if expr is not None else None
            if condition is None or condition[0] != found.ref:
                raise Strange(option.span, f"`{option.option}` has a condition that Bilayers cannot express")
            found = replace(found, skip=condition[1] or found.skip)
        leading: tuple[str, ...] = ()
        if self._joins(found):
            leading = tuple(word for word, *_ in self._pending)
            self._pending.clear()
        self._flush()
        self._pieces.append(replace(found, words=(*leading, option.option)))

    def _joins(self, found: Passed) -> bool:
        """Whether flags before a value are its own words: they have the same condition."""
        return bool(self._pending) and self._pending[-1][1:3] == (found.ref, found.skip)

    def _flush(self) -> None:
        for word, _, _, flag in self._pending:
            self._tell(Strange(flag.span, f"`{word}` has a condition that Bilayers cannot express"))
        self._pending.clear()

    # --- Values -------------------------------------------------------------------------------------------------

    def _value(self, value: Value) -> Word | Passed:
        if isinstance(value, Constant):
            return Word(value.text)
        if isinstance(value, ListValue):
            raise Strange(value.span, "a list is several arguments")
        if all(isinstance(part, str) for part in value.parts):
            return Word("".join(map(str, value.parts)))
        if len(value.expressions) > 1:
            raise Strange(value.span, "an argument is made from several values")
        at = next(i for i, part in enumerate(value.parts) if not isinstance(part, str))
        found = self._single(value.expressions[0], value)
        before, after = "".join(map(str, value.parts[:at])), "".join(map(str, value.parts[at + 1 :]))
        return replace(found, before=before + found.before, after=found.after + after)

    def _single(self, expr: Expr, whole: Template) -> Passed:
        passed = _passed(expr)
        if passed is None:
            raise Strange(whole.span, "the value of an argument is computed")
        ref = passed.ref
        declared = {"inputs": self._doc.inputs, "outputs": self._doc.outputs, "params": self._doc.params}[ref.space]
        found = declared.get(ref.name)  # type: ignore[attr-defined]
        if found is None:
            raise Strange(whole.span, f"there is no `{ref}`")
        if found.many:
            raise Strange(whole.span, f"`{ref}` is a list, and Bilayers passes one value")
        if passed.form == "value" and getattr(found, "base", "") == "boolean":
            raise Strange(whole.span, f"`{ref}` is passed as `true` or `false`; Bilayers writes `True` and `False`")
        return replace(passed, optional=found.optional)


def _whole(value: Value) -> Expr | None:
    return value.whole if isinstance(value, Template) else None


def _ref(expr: Expr) -> Ref | None:
    """`inputs.x`, `outputs.x` or `params.x`."""
    if isinstance(expr, Attribute) and isinstance(expr.target, Name) and expr.target.id in _SPACES:
        return Ref(expr.target.id, expr.name)
    return None


def _passed(expr: Expr) -> Passed | None:
    """The value of an argument: a port or parameter, bare, as `True` or `False`, or with text glued to it."""
    ref = _ref(expr)
    if ref is not None:
        return Passed(ref)
    if not isinstance(expr, Conditional):
        return None
    truth = _ref(expr.test)
    if truth is not None:
        words = [e.value if isinstance(e, Literal) else None for e in (expr.then, expr.other)]
        return Passed(truth, form="truth") if words == ["True", "False"] else None
    condition = _condition(expr.test)
    if condition is None or not (isinstance(expr.other, Literal) and expr.other.value is None):
        return None
    made = _glued(expr.then)
    return replace(made, skip=condition[1]) if made is not None and made.ref == condition[0] else None


def _glued(expr: Expr) -> Passed | None:
    """`'--x=' + str(params.x) + '/y'`, or a part of it."""
    if isinstance(expr, Operation) and expr.operator == "+" and len(expr.operands) == 2:
        left, right = expr.operands
        if isinstance(right, Literal) and isinstance(right.value, str):
            made = _glued(left)
            return replace(made, after=made.after + right.value) if made is not None else None
        if isinstance(left, Literal) and isinstance(left.value, str):
            made = _glued(right)
            return replace(made, before=left.value + made.before) if made is not None else None
        return None
    if isinstance(expr, Call) and expr.name == "str" and len(expr.arguments) == 1:
        expr = expr.arguments[0]
    return _passed(expr)


def _condition(expr: Expr) -> tuple[Ref, tuple[str, ...]] | None:
    """`x != null`, `x not in ['a', 'b']`, or both: whose value it is about, and which values are left out."""
    parts = expr.operands if isinstance(expr, Operation) and expr.operator == "and" else (expr,)
    refs: list[Ref | None] = []
    skip: tuple[str, ...] = ()
    for part in parts:
        if not isinstance(part, Operation) or len(part.operands) != 2:
            return None
        left, right = part.operands
        refs.append(_ref(left))
        if part.operator == "!=" and isinstance(right, Literal) and right.value is None:
            continue
        if part.operator == "!=" and isinstance(right, Literal) and isinstance(right.value, str):
            skip = (*skip, right.value)
        elif part.operator == "not in" and isinstance(right, ListOf) and (found := _texts(right.items)) is not None:
            skip = (*skip, *found)
        else:
            return None
    return (refs[0], skip) if refs[0] is not None and len(set(refs)) == 1 else None


def _texts(items: Sequence[Expr]) -> tuple[str, ...] | None:
    found = [item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str)]
    return tuple(found) if len(found) == len(items) else None
