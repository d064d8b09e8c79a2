"""Fits values to ports and parameters: types, lists, formats, and what each instance's value must hold."""

from __future__ import annotations

from typing import Any

from sncompile.diagnostics import Edit, Fix, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import tables as table_faults
from sncompile.faults import values as faults
from sncompile.ir.language.encoding import no_option
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import NULL, UNKNOWN, Type
from sncompile.ir.language.written import converted
from sncompile.ir.values.model import (
    Apply,
    Cell,
    Choice,
    Const,
    Content,
    Items,
    Key,
    Lookup,
    Output,
    Related,
    Value,
    keeping,
    lenient,
    walk,
)
from sncompile.ir.values.written import as_read, as_text
from sncompile.lazy_regex import regex
from sncompile.syntax.document import ParamDoc, PortDoc
from sncompile.syntax.nodes import Written
from sncompile.syntax.quoting import quoted

_SNAKEMAKES = regex(r"(?:expand|collect|multiext)\(")
"""Functions of Snakefiles that make lists of paths."""


def port_type(port: PortDoc) -> Type:
    """The type of a port."""
    return Type(port.base, port.many, port.optional, port.formats)


def param_type(param: ParamDoc) -> Type:
    """The type of a parameter."""
    return Type(param.base, param.many, param.optional, gaps=param.gaps)


def absent(span: Span) -> Const:
    """What an unbound optional port or parameter holds."""
    return Const(None, NULL, span)


def bind_port(port: PortDoc, value: Value, what: str, report: Report, meant: str | None = None) -> Value:
    """`value` as an input port takes it; what does not fit is told. It may be a text that is `meant` as a reference."""
    if port.optional:
        value = lenient(value)
    value = as_text(_taken_for(port.base, value))
    given = value.type
    if port.many and _is_empty_list(value):
        if not port.optional:
            declared = _declared(port)
            hint = "give at least one, or make the port optional with `?`"
            report.add(faults.ABSENT.at(value.span, f"{what} is an empty list", help=hint, related=declared))
            return Const(None, UNKNOWN, value.span)
        return Const((), port_type(port), value.span)
    if given.base == "unknown":
        return value
    if given.base == "null":
        if not port.optional:
            report.add(
                faults.ABSENT.at(
                    value.span, f"{what} is required, and nothing is there to give it",
                    help="give another value, or make the port optional with `?`", related=_declared(port),
                )
            )  # fmt: skip
            return Const(None, UNKNOWN, value.span)
        return value
    fits = given.many == port.many
    if fits or _many_fits(port_type(port), value, f"{what} ({port_type(port)})", _declared(port), report, meant):
        # A list that is written out has items of its own kinds.
        for item in value.items if isinstance(value, Items) else (value,):
            _check_file(port, item, what, report)
    else:
        return Const(None, UNKNOWN, value.span)  # That no such file is there is no fault of its own.
    return plain_path(value)


def _taken_for(base: str, value: Value) -> Value:
    """A value of a type that cannot be known, as a column has no cells, as if it were of the `base` that is wanted."""
    known = value.type.base != "unknown"
    if known or not any(isinstance(leaf, Cell) and leaf.type.base == "unknown" for leaf in walk(value)):
        return value
    return value._replace(type=value.type._replace(base=base))


def _declared(port: PortDoc) -> tuple[Place, ...]:
    return (Place("the port is declared here", port.name.span),)


def plain_path(value: Value) -> Value:
    """A path with `./` before it where a tool would take it for an option."""
    if isinstance(value, Const):
        found = value.value
        if isinstance(found, str):
            return value._replace(value=no_option(found))
        if isinstance(found, tuple):
            return value._replace(value=tuple(no_option(v) if isinstance(v, str) else v for v in found))
        return value
    if isinstance(value, Items):
        return value._replace(items=tuple(map(plain_path, value.items)))
    if isinstance(value, Related) and isinstance(value.value, Output):
        return value  # It is one already.
    if isinstance(value, (Apply, Choice, Related)):
        cells = [leaf.table.columns[leaf.column] for leaf in walk(value) if isinstance(leaf, Cell)]
        if any(str(cell).startswith("-") for column in cells for cell in column):
            return Apply("@path", (value,), value.type, value.span)
    return value


def _check_file(port: PortDoc, value: Value, what: str, report: Report) -> None:
    """Whether a value stands for what the port takes: text, of the same kind, in a format of its own."""
    given = value.type
    if given.base in ("unknown", "null"):
        return
    if not given.textual:
        message = f"{what} takes a {port.base}, not {given}"
        report.add(faults.WRONG_TYPE.at(value.span, message, help="give a path", related=_declared(port)))
    elif given.of_files and given.base != port.base:
        report.add(
            faults.KIND_MISMATCH.at(
                value.span,
                f"{what} takes a {port.base}, and this is a {given.base}",
                help=f"make the port a {given.base}, or take another output",
                related=_declared(port),
            )
        )
    elif port.formats and given.formats and not any(name in given.formats for name in port.formats):
        report.add(
            faults.FORMAT_MISMATCH.at(
                value.span,
                f"{what} takes {_either(port.formats)}, and this is {_either(given.formats)}",
                help="convert it in a step between, or add the format to the port",
                related=_declared(port),
            )
        )


def _either(formats: tuple[str, ...]) -> str:
    return " or ".join(f"`{f}`" for f in formats)


def _is_empty_list(value: Value) -> bool:
    return isinstance(value, Const) and value.value == ()


def _many_fits(
    wanted: Type, value: Value, what: str, declared: tuple[Place, ...], report: Report, meant: str | None = None
) -> bool:
    given, many = value.type, wanted.many
    if given.many == many or given.base in ("unknown", "null"):
        return True
    if many:
        message, help = f"{what} takes a list, and this is one value", "write a list of one: `[…]`"
        fixes: tuple[Fix, ...] = ()
        if meant is not None:
            help = f"did you mean `{meant}`?"
            fixes = (Fix(f"write `{meant}`", (Edit(value.span, quoted(meant)),)),)
        elif isinstance(value, Const) and _SNAKEMAKES.match(str(value.value)):
            help = "name what makes the files, and all that go with this job are gathered: `${STEP.OUTPUT}`"
        report.add(table_faults.ONE_INTO_LIST.at(value.span, message, help=help, related=declared, fixes=fixes))
        return False
    gather = next((v for v in walk(value) if isinstance(v, Related) and v.gathers), None)
    if gather is None:
        report.add(
            faults.WRONG_TYPE.at(
                value.span,
                f"{what} takes one value, and this is a list",
                help="take one item: `…[0]`",
                related=declared,
            )
        )
        return False
    extra = [name for name in gather.source.by if name not in gather.target.by]
    keys = " and ".join(f"`{name}`" for name in extra)
    report.add(
        table_faults.GATHER_INTO_ONE.at(
            value.span,
            f"{what} takes one value, but several meet here: the source ranges over {keys}, this step does not",
            help=_looked_up(gather) or f"add {keys} to this step's `by`, or make it a list (`{wanted.base}[]`)",
            related=declared,
        )
    )
    return False


def _looked_up(gather: Related) -> str | None:
    """The mend where the step's own rows say which row of the other table is theirs, though by no key of the step."""
    extra = [name for name in gather.source.by if name not in gather.target.by]
    cell = gather.value
    for table in gather.target.rows.tables:
        if isinstance(cell, Cell) and len(extra) == 1 and extra[0] in table.columns and extra[0] not in table.key:
            own = f"{table.name}.{extra[0]}"
            return f"look the one value up: `lookup({cell.table.name}.{cell.column}, {extra[0]}={own})`"
    return None


def bind_param(param: ParamDoc, value: Value, what: str, report: Report) -> Value:
    """`value` as a parameter takes it, converted where a cell or key is text; what does not fit is told."""
    if param.optional:
        value = lenient(value)
    if param.gaps:
        value = keeping(value)
    wanted = param_type(param)
    value = _taken_for(wanted.base, value)
    value = as_text(value) if wanted.textual else as_read(value)
    given = value.type
    if given.base == param.base and given.many == param.many and not _is_empty_list(value):
        return value
    declared = (Place("the parameter is declared here", param.name.span),)
    if _is_empty_list(value) and param.many:
        return Const((), wanted, value.span)
    if given.base == "unknown":
        return value
    if given.base == "null":
        if not param.optional:
            report.add(
                faults.ABSENT.at(
                    value.span, f"{what} is required, and this is nothing", help="give a value", related=declared
                )
            )
            return Const(None, UNKNOWN, value.span)
        return value
    if not _many_fits(wanted, value, f"{what} ({wanted})", declared, report):
        return Const(None, UNKNOWN, value.span)
    if wanted.base == "path" and given.base == "string":
        return value._replace(type=given._replace(base="path"))
    if wanted.textual and given.textual:
        return value
    if given.base == wanted.base or (given.base, wanted.base) == ("integer", "number"):
        return value
    # Cells are text, and a division gives a number: whether the value serves is seen when it is there.
    from_cells = given.textual and not given.of_files and not wanted.textual and _from_cells(value)
    typed_cell = wanted.textual and _is_cell(value)
    # What a step writes is of its own type, which is looked at when it is written.
    written = any(isinstance(leaf, Content) for leaf in walk(value))
    if not written and (from_cells or typed_cell or (given.base, wanted.base) == ("number", "integer")):
        kind = wanted._replace(optional=value.type.optional, gaps=value.type.gaps)
        return Apply(f"@{'string' if wanted.textual else wanted.base}", (value,), kind, value.span)
    _mismatch(value, wanted, what, declared, report)
    return Const(None, UNKNOWN, value.span)


def _from_cells(value: Value) -> bool:
    """Whether a text comes from a table, whose cells are converted; a text in the spec is not."""
    if isinstance(value, Choice):
        return _from_cells(value.then) or _from_cells(value.other)
    return any(isinstance(v, (Key, Related, Lookup)) for v in walk(value))


def _is_cell(value: Value) -> bool:
    """Whether a value is that of a typed column: what was written there is its value, and no query has computed it."""
    if isinstance(value, Choice):
        return _is_cell(value.then) and _is_cell(value.other)
    cell = value.value if isinstance(value, Related) else value
    return isinstance(cell, (Cell, Lookup)) and not cell.table.queried


def _mismatch(value: Value, wanted: Type, what: str, declared: tuple[Place, ...], report: Report) -> None:
    hint = f"the parameter takes {wanted}"
    if isinstance(value, Const) and not isinstance(value.value, tuple):
        if isinstance(value.value, str):
            example = {"boolean": "`true` or `false`", "integer": "a whole number", "number": "a number"}[wanted.base]
            hint = f"give {example}, without quotes"
    elif wanted.textual:
        hint = "turn it into text with `str(…)`"
    report.add(
        faults.WRONG_TYPE.at(value.span, f"{what} takes {wanted}, not {value.type}", help=hint, related=declared)
    )


def parse_text(param: ParamDoc, text: str) -> Any:
    """The value of a parameter given as text on the command line. Raises `ValueFault`."""
    if param.many:
        inner = text.strip()
        items = inner[1:-1] if inner.startswith("[") and inner.endswith("]") else inner
        texts = [item.strip() for item in items.split(",")] if items.strip() else []
        if "" in texts and not param.gaps:
            raise ValueFault("an item of the list is empty", "leave the comma out, or give the list with `--params`")
        return tuple(converted(item, param.base) if item else None for item in texts if item or param.gaps)
    return converted(text, param.base)


def parse_plain(param: ParamDoc, value: object) -> Any:
    """The value of a parameter given as plain data (`--params FILE`, Python). Raises `ValueFault`.

    Scalars of a file are as they were written (`Written`): what they are hangs on the parameter. For a list the empty
    text is the empty list, since configurations write so that there is nothing.
    """
    if param.many and value == "":
        return ()
    items = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if isinstance(value, (list, tuple)) != param.many and value is not None:
        if not param.many:
            raise ValueFault("it takes one value, not a list")
        given = f"[{', '.join(part.strip() for part in str(value).split(','))}]"
        raise ValueFault("it takes a list", f"write a list: `{given}`" if len(given) <= 60 else None)
    found = tuple(_plain_item(param, item) for item in items)
    return found if isinstance(value, (list, tuple)) else found[0]


def _plain_item(param: ParamDoc, item: object) -> Any:
    if item is None and (param.gaps if param.many else param.optional):
        return None
    textual = param.base in ("string", "path")
    read = item.value if isinstance(item, Written) else item
    fits = {
        "boolean": isinstance(read, bool),
        "integer": isinstance(read, (int, float)) and not isinstance(read, bool),
        "number": isinstance(read, (int, float)) and not isinstance(read, bool),
    }.get(param.base, isinstance(read, (str, int, float, bool)))
    if not fits:
        told = "nothing" if item is None else "a mapping" if isinstance(item, dict) else f"`{item}`"
        told = "a list" if isinstance(item, (list, tuple)) else told
        raise ValueFault(f"it takes {param_type(param)}, not {told}")
    if isinstance(item, Written):
        return converted(item.text, param.base)
    return item if isinstance(item, str) and textual else converted(item, param.base)
