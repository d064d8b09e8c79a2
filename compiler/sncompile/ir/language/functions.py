"""The functions of expressions: their types, and what they compute."""

from __future__ import annotations

import csv
import io
import json
import posixpath
import re
import shlex
from collections.abc import Callable
from math import ceil
from typing import Any

from sncompile.ir.language.encoding import no_option
from sncompile.ir.language.operands import MAX_TEXT, Function, TypeFault, ValueFault, Wants, number_type, to_text
from sncompile.ir.language.patterns import matches, wrong_pattern
from sncompile.ir.language.quantities import quantity
from sncompile.ir.language.scalars import number_of
from sncompile.ir.language.types import BOOLEAN, INTEGER, NULL, NUMBER, STRING, Type, unify
from sncompile.ir.language.written import converted
from sncompile.lazy_regex import regex

__all__ = ["FUNCTIONS", "TypeFault", "ValueFault", "to_text"]


def _texts(types: list[Type]) -> None:
    for t in types:
        if not t.textual and t.base not in ("unknown", "null"):
            raise TypeFault(f"takes text, not {t}", "turn it into text with `str(…)`")


def _each(result: Type) -> Callable[[list[Type]], Type]:
    """Takes one text or a list of them, and gives as many."""

    def check(types: list[Type]) -> Type:
        _texts(types[:1])
        return result._replace(many=types[0].many)

    return check


def _over(function: Callable[..., Any]) -> Callable[..., Any]:
    def compute(value: Any, *rest: Any) -> Any:
        if value is None:
            raise ValueFault("the value is absent")
        return tuple(function(v, *rest) for v in value) if isinstance(value, tuple) else function(value, *rest)

    return compute


def _replaced(types: list[Type]) -> Type:
    _texts(types)
    if types[1].many or types[2].many:
        raise TypeFault("takes one text to look for and one to put there", "take an item: `…[0]`")
    return STRING._replace(many=types[0].many)


def _listed(types: list[Type]) -> Type:
    if not types[0].many and types[0].base != "unknown":
        raise TypeFault(f"takes a list, not {types[0]}", "write a list of one: `[…]`")
    return types[0]._replace(formats=types[0].formats)


def _joined(types: list[Type]) -> Type:
    if sum(t.many for t in types) > 1 or (any(t.many for t in types) and len(types) > 2):
        raise TypeFault(
            "takes one list and a separator, or single texts that make a path", "such as `join(names, ',')`"
        )
    return STRING


def _join(*values: Any) -> str:
    lists = [v for v in values if isinstance(v, tuple)]
    rest = [to_text(v) for v in values if not isinstance(v, tuple)]
    if lists:
        return (rest[0] if rest else ",").join(to_text(v) for v in lists[0])
    return posixpath.join(*rest)


def _zipped(types: list[Type]) -> Type:
    if not all(t.many or t.base == "unknown" for t in types):
        raise TypeFault("takes lists", "such as `zip(names, files)`")
    return Type("string", many=True)


_SAME_INSTANCES = "take them from the same instances: `keys(STEP).KEY` has the keys of what `STEP.OUTPUT` brings"


def _zip(*values: Any) -> tuple[str, ...]:
    if len({len(v) for v in values}) > 1:
        sizes = ", ".join(str(len(v)) for v in values)
        raise ValueFault(f"the lists have {sizes} items, not equally many", _SAME_INSTANCES)
    return tuple(to_text(item) for row in zip(*values, strict=True) for item in row)


def _most(types: list[Type]) -> Type:
    if len(types) == 1 and types[0].many:
        return types[0].one
    return number_type(types)


def _integers(types: list[Type]) -> Type:
    number_type(types)
    return Type("integer", many=True)


def _summed(types: list[Type]) -> Type:
    return number_type([types[0].one]) if len(types) == 1 and types[0].many else number_type(types)


def _sum(*values: Any) -> int | float:
    items = values[0] if isinstance(values[0], tuple) else values
    if None in items:
        raise ValueFault("an absent value cannot be added", "say what stands there: `coalesce(x, 0)`")
    return sum(items)


def _rounded(types: list[Type]) -> Type:
    number_type(types)
    if any(t.many for t in types):
        raise TypeFault("takes one number, not a list", "take an item: `…[0]`")
    return INTEGER if len(types) == 1 else NUMBER


def _round(value: float, digits: int | None = None) -> int | float:
    if digits is not None and not (isinstance(digits, int) and 0 <= digits <= 15):
        raise ValueFault(f"`{digits}` is no number of digits", "a whole number from 0 to 15")
    try:
        return round(value, digits)
    except (OverflowError, ValueError):
        raise ValueFault(f"`{value}` cannot be rounded") from None


_FORM = regex(r"[ +-]?(?:0?[1-9][0-9]?)?,?(?:\.[0-9]{1,2})?[deEfg%]?")


def _formatted(types: list[Type]) -> Type:
    number_type(types[:1])
    if any(t.many for t in types) or not types[1].textual:
        raise TypeFault(
            "takes a number and how it is written, a text", "such as `format(x, '.2f')`, `format(n, '04d')`"
        )
    return STRING


def _format(value: float, form: str) -> str:
    """As Python's format specification has it, of which numbers, signs, zeros and digits are taken."""
    if not _FORM.fullmatch(form) or (form.endswith("d") and not isinstance(value, int)):
        raise ValueFault(f"`{form}` is no form for `{value}`", "such as '.2f', '04d' for a whole number, '.3g', ',d'")
    return format(value, form)


def _split_types(types: list[Type]) -> Type:
    _texts(types)
    if any(t.many for t in types):
        raise TypeFault("takes one text, and what stands between its parts", "take an item: `…[0]`")
    return STRING._replace(many=True)


def _split(text: str, between: str) -> tuple[str, ...]:
    if text is None:
        raise ValueFault("the value is absent")
    if not between:
        raise ValueFault("nothing stands between the parts", "such as `split(text, ',')`")
    return tuple(text.split(between)) if text else ()


def _words_types(types: list[Type]) -> Type:
    _texts(types)
    if any(t.many for t in types):
        raise TypeFault("takes one text", "take an item: `…[0]`")
    return STRING._replace(many=True)


def _words(text: str) -> tuple[str, ...]:
    """The words of a text as a shell has them: blanks part them, quotes hold them together; nothing else has a meaning.

    >>> _words("-q 30 --rg 'ID:a b'  $x")
    ('-q', '30', '--rg', 'ID:a b', '$x')
    """
    if text is None:
        raise ValueFault("the value is absent")
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise ValueFault("a quote is not closed, or a backslash stands at the end") from None


def _match_types(types: list[Type]) -> Type:
    _texts(types)
    if any(t.many for t in types):
        raise TypeFault("takes one text and a pattern", "take an item: `…[0]`")
    return BOOLEAN


def _match(text: str, pattern: str) -> bool:
    if text is None or pattern is None:
        raise ValueFault("an absent value matches nothing", "test it first: `x != null and match(x, '…')`")
    wrong = wrong_pattern(pattern)
    if wrong is not None:
        raise ValueFault(f"`{pattern}` is not a regular expression: {wrong}", "patterns match the whole text")
    return matches(pattern, text)


def _scalar(result: Type) -> Callable[[list[Type]], Type]:
    def check(types: list[Type]) -> Type:
        if types[0].many:
            raise TypeFault(f"takes one value, not {types[0]}", "take an item: `…[0]`")
        return result

    return check


def _length(types: list[Type]) -> Type:
    if not types[0].many and not types[0].textual and types[0].base != "unknown":
        raise TypeFault(f"takes a list or text, not {types[0]}", "turn it into text with `str(…)`")
    return INTEGER


def _range(*values: int) -> tuple[int, ...]:
    found = range(*(int(v) for v in values))
    if found[1_000_000:]:
        raise ValueFault("a range of more than a million numbers", "use a table")
    return tuple(found)


def _digits(text: str) -> str:
    # Python's underscores between digits are none of ours.
    if "_" in text:
        raise ValueError
    return text.strip()


def _refuse_absent(value: Any, what: str, instead: str) -> None:
    """Raise `ValueFault` for an absent value."""
    if value is None:
        raise ValueFault(f"an absent value is not {what}", f"say what stands there: `coalesce(…, {instead})`")


def _int(value: Any) -> int:
    _refuse_absent(value, "an integer", "'0'")
    try:
        return int(_digits(value)) if isinstance(value, str) else int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueFault(f"`{value}` is not an integer") from None


def _float(value: Any) -> float:
    _refuse_absent(value, "a number", "'0'")
    try:
        return float(_digits(value)) if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueFault(f"`{value}` is not a number") from None


def _suffix(path: str) -> str:
    name = posixpath.basename(path)
    stem = name.lstrip(".")
    return "." + stem.split(".", 1)[1] if "." in stem else ""


def _stem(path: str) -> str:
    name = posixpath.basename(path)
    tail = _suffix(path)
    return name[: -len(tail)] if tail else name


def _sort(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(value, key=lambda v: (isinstance(v, str), v)))


def _as_it_reads(text: Any) -> Any:
    """What orders a text of the spec or of a cell that stands for a number or boolean."""
    return text.lower() == "true" if text.lower() in ("true", "false") else number_of(text)


def _sort_written(value: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(value, key=_as_it_reads))


def _replace(value: str, old: str, new: str) -> str:
    if old and value.count(old) * len(new) > MAX_TEXT:
        raise ValueFault("the text becomes too large", "compute it in the tool")
    return value.replace(old, new)


def _there(types: list[Type]) -> Type:
    if types[0] == NULL:
        return STRING._replace(many=True)  # Such as the outputs of a step without jobs.
    return _listed(types)._replace(gaps=False)


def _first_there(types: list[Type]) -> Type:
    found = types[0]
    for other in types[1:]:
        if other.many and not found.many and found.base not in ("unknown", "null"):
            raise TypeFault("takes a list only where its first value is one", "give one value")
        joined = unify(found.one, other.one)
        if joined is None:
            raise TypeFault(f"takes values of one type, not {found} and {other}", _QUOTE)
        many = found.many or other.many
        # One value stands in for absent items of a list, but not for the list itself.
        optional = found.optional and (other.optional or (many and not other.many))
        filled = found.gaps and (other.gaps if other.many else other.optional)
        gaps = many and (filled or (found.optional and other.many and other.gaps))
        found = joined._replace(many=many, optional=optional, gaps=gaps)
    return found


_QUOTE = "cells of text tables are text: write '0', or convert what comes out, `int(coalesce(…))`"


def _coalesce(found: Any, other: Any) -> Any:
    """`other` where `found` is absent; for a list that is there, item by item."""
    if not isinstance(found, tuple):
        return other if found is None else found
    if isinstance(other, tuple) and len(other) != len(found):
        raise ValueFault(f"the lists have {len(found)} and {len(other)} items, not equally many")
    others = other if isinstance(other, tuple) else (other,) * len(found)
    return tuple(o if item is None else item for item, o in zip(found, others, strict=True))


def _extreme(choose: Callable[[Any], Any]) -> Callable[..., Any]:
    def compute(*values: Any) -> Any:
        items = values[0] if isinstance(values[0], tuple) else values
        if not items:
            raise ValueFault("the list is empty")
        if None in items:
            raise ValueFault("an absent value has no order", "say what stands there: `coalesce(x, 0)`")
        return choose(items)

    return compute


def _least_written(items: Any) -> Any:
    return min(items, key=_as_it_reads)


def _greatest_written(items: Any) -> Any:
    return max(items, key=_as_it_reads)


FUNCTIONS: dict[str, Function] = {
    "basename": Function(1, 1, _each(STRING), _over(posixpath.basename), Wants.TEXT),
    "stem": Function(1, 1, _each(STRING), _over(_stem), Wants.TEXT),
    "suffix": Function(1, 1, _each(STRING), _over(_suffix), Wants.TEXT),
    "dirname": Function(1, 1, _each(STRING), _over(posixpath.dirname), Wants.TEXT),
    "join": Function(1, 16, _joined, _join, Wants.TEXT),
    "len": Function(1, 1, _length, lambda v: len(v) if v is not None else 0, Wants.TEXT),
    "sorted": Function(1, 1, _listed, _sort, Wants.EITHER),
    "unique": Function(1, 1, _listed, lambda v: tuple(dict.fromkeys(v)), Wants.EITHER),
    "zip": Function(1, 16, _zipped, _zip, Wants.TEXT),
    "range": Function(1, 3, _integers, _range),
    "str": Function(1, 1, _scalar(STRING), to_text, Wants.TEXT),
    "int": Function(1, 1, _scalar(INTEGER), _int),
    "float": Function(1, 1, _scalar(NUMBER), _float),
    "upper": Function(1, 1, _each(STRING), _over(str.upper), Wants.TEXT),
    "lower": Function(1, 1, _each(STRING), _over(str.lower), Wants.TEXT),
    "replace": Function(3, 3, _replaced, _over(_replace), Wants.TEXT),
    "min": Function(1, 16, _most, _extreme(min), Wants.EITHER),
    "max": Function(1, 16, _most, _extreme(max), Wants.EITHER),
    "present": Function(1, 1, _there, lambda v: tuple(item for item in v or () if item is not None), Wants.UNTOUCHED),
    "coalesce": Function(2, 16, _first_there, _coalesce, Wants.UNTOUCHED),
    "sum": Function(1, 16, _summed, _sum),
    "round": Function(1, 2, _rounded, _round),
    "format": Function(2, 2, _formatted, _format),
    "split": Function(2, 2, _split_types, _split, Wants.TEXT),
    "words": Function(1, 1, _words_types, _words, Wants.TEXT),
    "match": Function(2, 2, _match_types, _match, Wants.TEXT),
    "ceil": Function(1, 1, lambda types: number_type(types) and INTEGER, lambda v: ceil(v)),
}
"""The functions by name; `file` and `lookup` need more than values and are typed apart."""


def _converted(base: str) -> Callable[[Any], Any]:
    return lambda value: converted(value, base)


def _given(types: list[Type]) -> Type:
    return types[0]


def _no_options(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_no_options, value))
    return None if value is None else no_option(value)


def _csv_row(*cells: Any) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(["" if cell is None else to_text(cell) for cell in cells])
    return text.getvalue()


def _tsv_row(*cells: Any) -> str:
    return "\t".join(["" if cell is None else to_text(cell) for cell in cells])


def _json_row(names: Any, *cells: Any) -> str:
    return json.dumps(dict(zip(names, cells, strict=True)), ensure_ascii=False)


MAX_COLUMNS = 1_000
"""Columns of a row that is made."""


def _named_in_scratch(value: Any, signs: str, *texts: str) -> Any:
    """The names that the files of a list have in a scratch folder: `n` is a file's name, `i` its number, `t` a text.

    >>> _named_in_scratch(("raw/a.tif", "raw/b.tif"), "itn", "_")
    ('1_a.tif', '2_b.tif')
    """
    if value is None:
        return None
    found = []
    for number, path in enumerate(value, 1):
        rest = iter(texts)
        said = {"n": posixpath.basename(path), "i": str(number)}
        found.append("".join(next(rest) if sign == "t" else said[sign] for sign in signs))
    return tuple(found)


def companion(path: str, suffix: str) -> str:
    """The file beside another one: `suffix` is put behind its path; each `^` takes away a suffix that it has before.

    >>> companion("out.d/a.bam", ".bai"), companion("out.d/a.bam", "^.bai"), companion("out.d/a", "^.bai")
    ('out.d/a.bam.bai', 'out.d/a.bai', 'out.d/a.bai')
    """
    while suffix.startswith("^"):
        path, suffix = posixpath.splitext(path)[0], suffix[1:]
    return path + suffix


def _companions(value: Any, suffix: str) -> Any:
    if isinstance(value, tuple):
        return tuple(None if path is None else companion(path, suffix) for path in value)
    return None if value is None else companion(value, suffix)


def _literal(text: Any) -> str:
    """A text as a pattern of bash that nothing but it fits.

    >>> _literal("a*[b]?\\\\")
    'a[*][[]b][?][\\\\\\\\]'
    """
    return re.sub(r"[*?\[\\]", lambda sign: "[\\\\]" if sign[0] == "\\" else f"[{sign[0]}]", to_text(text))


FUNCTIONS |= {
    # What the compiler itself puts around a value; the sign keeps them out of the language.
    "@sorted": Function(1, 1, _listed, _sort_written),
    "@unique": Function(1, 1, _listed, lambda v: tuple(dict.fromkeys(v))),
    "@min": Function(1, 16, _most, _extreme(_least_written)),
    "@max": Function(1, 16, _most, _extreme(_greatest_written)),
    "@path": Function(1, 1, _given, _no_options),
    "@filled": Function(1, 1, lambda types: BOOLEAN, bool),
    "@prefixed": Function(2, 2, _given, lambda v, start: v and tuple(start + to_text(item) for item in v)),
    "@input": Function(1, 1, _given, lambda v: v),
    "@csv": Function(1, MAX_COLUMNS, lambda types: STRING, _csv_row, Wants.TEXT),
    "@tsv": Function(1, MAX_COLUMNS, lambda types: STRING, _tsv_row, Wants.TEXT),
    "@jsonl": Function(2, MAX_COLUMNS + 1, lambda types: STRING, _json_row, Wants.UNTOUCHED),
    "@names": Function(2, 100, lambda types: STRING._replace(many=True, optional=types[0].optional), _named_in_scratch),
    "@companion": Function(2, 2, _given, _companions),
    "@literal": Function(1, 1, lambda types: STRING, _literal),
    "@item": Function(1, 1, _given, lambda v: (v,)),
    "@string": Function(1, 1, _given, _converted("string")),
    "@integer": Function(1, 1, _given, _converted("integer")),
    "@number": Function(1, 1, _given, _converted("number")),
    "@boolean": Function(1, 1, _given, _converted("boolean")),
    "@megabytes": Function(1, 1, _given, quantity("megabytes", 1e-6)),
    "@minutes": Function(1, 1, _given, quantity("minutes", 1 / 60)),
}
