"""`lookup(step.output, key=value, …)`: the instance of a step that an expression names.

It is the ordinary edge of an instance whose own keys were those named: keys that are not named are the job's own, and
where those do not say which one, it is the list of all.

    samples: sample  control        of `lookup(align.bam, sample=samples.control)`, the job of
             S1                     S1 takes nothing,
             S2      S1             S2 takes align/S1

Decision 0066.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sncompile.diagnostics import Span, did_you_mean
from sncompile.faults import names as name_faults
from sncompile.faults import tables as faults
from sncompile.faults import values as value_faults
from sncompile.ir.keys.key_set import KeySet, Lacking, Link, rows_of_tables
from sncompile.ir.keys.table import Table
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Attempt, Cell, Const, Local, Output, Related, Size, Value, gathered, lenient, walk
from sncompile.ir.values.written import as_text
from sncompile.semantics.checking.cells import at_the_cell
from sncompile.semantics.scope import Keyed
from sncompile.syntax.expressions import Attribute, Call

if TYPE_CHECKING:
    from sncompile.semantics.typing import Typer


def look_up_instance(node: Call, member: Attribute, space: Keyed, typer: Typer) -> Value:
    """The typed value of a look-up in a step; its faults are told."""
    found = space.home(member.name, member.span)
    if found is None:
        typer.member(space, member.name, member.span, member.name_span)  # type: ignore[arg-type]  # It tells of it.
        return typer.unknown(node.span)
    value, source = found
    if value.type.base == "unknown" and not value.type.of_files:
        return typer.unknown(node.span)  # What is wrong with the step has been told.
    conditions = _conditions(node, source, typer)
    if conditions is None or isinstance(value, Const):
        return typer.unknown(node.span) if conditions is None else value._replace(span=node.span)
    target = typer.scope.keys
    if late_refused(source.rows.tables, conditions.values(), node.span, typer):
        return typer.unknown(node.span)
    try:
        instances = _Instances(source, target, conditions, node.span)
    except ValueFault as fault:
        typer.report.add(faults.TOO_MANY_ROWS.at(node.span, str(fault), help=fault.help))
        return typer.unknown(node.span)
    seen = instances.link()
    kind = value.type
    if not seen.one:
        value = lenient(value)
        kind = gathered(value.type)
    elif any(each.absent for each in seen.lacking.values()):
        kind = kind._replace(optional=True)
    return Related(value, source, KeySet(target.rows, target.by, seen), kind, node.span)


def late_refused(tables: Iterable[Table], conditions: Iterable[Value], span: Span, typer: Typer) -> bool:
    """Whether a look-up would need rows that are not known before a step has run; told where it does."""
    seen = [*tables, *(leaf.table for value in conditions for leaf in walk(value) if isinstance(leaf, Cell))]
    late = next((table for table in seen if table.late is not None), None)
    if late is not None:
        message = f"the rows of `{late.name}` are known once a step has run, and what is looked up is found before"
        hint = "look up by keys that are known, or take what the keys of the step give"
        typer.report.add(faults.NOT_YET_KNOWN.at(span, message, help=hint))
    return late is not None


def _conditions(node: Call, source: KeySet, typer: Typer) -> dict[str, Value] | None:
    """What each key must be, as text; None after telling what is wrong with one."""
    keys = (*source.by, *(name for name in typer.scope.keys.by if name not in source.by))
    found: dict[str, Value] = {}
    good = True
    for name, expr in node.keywords:
        value = as_text(typer.expr(expr))
        if name not in keys:
            hint = did_you_mean(name, keys, what="there are the keys") or "neither the step nor this one has keys"
            message = f"`{name}` is a key neither of the step that is looked up nor of this one"
            typer.report.add(name_faults.UNKNOWN_MEMBER.at(node.span, message, help=hint))
            good = False
        elif value.type.base == "unknown":
            good = False
        elif value.type.many:
            hint = "name one instance; for several, have a table with a row for each (`sql` with `unnest`), and gather"
            typer.wrong(value.span, f"`{name}` is one key, and this is {value.type}", hint)
            good = False
        elif any(isinstance(leaf, (Output, Local, Attempt, Size)) for leaf in walk(value)):
            message = "which instance is meant must be known before anything runs"
            hint = "use keys, columns of tables and parameters"
            typer.report.add(value_faults.RUN_TIME_ONLY.at(value.span, message, help=hint))
            good = False
        found[name] = value
    return found if good else None


class _Named(NamedTuple):
    """What the conditions come to for an instance: texts, or why they come to nothing."""

    texts: Mapping[str, str | None]
    fault: str | None


class _Instances:
    """Which instances of `source` each of `target` names."""

    def __init__(self, source: KeySet, target: KeySet, conditions: Mapping[str, Value], span: Span) -> None:
        self._source, self._target, self._conditions, self._span = source, target, conditions, span
        self._evaluator = Evaluator({})
        self._closures = {name: self._evaluator.closure(value, target) for name, value in conditions.items()}
        self.one = set(source.by) <= {*target.by, *conditions}
        self._find = self._by_key() if self.one else self._by_rows()

    def link(self) -> Link:
        """The instances that each names, and which name one that is not there."""
        lacking: dict[int, Lacking] = {}
        instances: list[Sequence[int]] = []
        for number in range(len(self._target)):
            named = self._named(number)
            absent = any(text is None for text in named.texts.values())
            found = () if absent or named.fault else self._find(number, named.texts)
            instances.append(found)
            if not found:
                lacking[number] = self._lacking(number, named, absent=absent and not named.fault)
        return Link(self._source, instances, self.one, lacking)

    def _named(self, number: int) -> _Named:
        texts: dict[str, str | None] = {}
        for name, closure in self._closures.items():
            try:
                held = closure(number)
            except (ValueFault, AtRunTime) as fault:
                return _Named({}, f"`{name}`: {fault}")
            texts[name] = None if held is None or held == "" else to_text(held)
        return _Named(texts, None)

    def _by_key(self) -> Callable[[int, Mapping[str, str | None]], Sequence[int]]:
        """For keys that say all: the instance that has them."""
        own, position, by = self._target.by, self._source.position, self._source.by

        def find(number: int, texts: Mapping[str, str | None]) -> Sequence[int]:
            mine = dict(zip(own, self._target.instances[number], strict=True))
            found = position.get(tuple([texts.get(name, mine.get(name)) for name in by]))  # type: ignore[misc]
            return () if found is None else (found,)

        return find

    def _by_rows(self) -> Callable[[int, Mapping[str, str | None]], Sequence[int]]:
        """For keys that leave some open: those of the instance with the named keys, by the rows of all tables."""
        source, target = self._source, self._target
        tables = list(source.rows.tables)
        meets = any(t in tables or source.rows.meets(t) for t in target.rows.tables)
        own = [name for name in target.by if meets or name in self._conditions]
        if meets:
            tables = [*target.rows.tables, *(t for t in tables if t not in target.rows.tables)]
        by = (*own, *(name for name in self._conditions if name not in own))
        named = KeySet(rows_of_tables(tables), by)
        related = named.related(source)

        def find(number: int, texts: Mapping[str, str | None]) -> Sequence[int]:
            mine = dict(zip(target.by, target.instances[number], strict=True))
            here = named.position.get(tuple([texts.get(name, mine.get(name)) for name in by]))  # type: ignore[misc]
            return () if here is None else related[here]

        return find

    def _lacking(self, number: int, named: _Named, *, absent: bool) -> Lacking:
        where = self._target.describe(number)
        told = f" for {where}" if where else ""
        if named.fault:
            why = f"{named.fault}{told}"
        elif absent:
            why = f"`{next(n for n, text in named.texts.items() if text is None)}` is empty{told}"
        else:
            keys = ", ".join(f"{name}=`{text}`" for name, text in named.texts.items())
            why = f"there is no instance with {keys}{told}{self._left_out(named.texts)}"
        texts = {name: text for name, text in named.texts.items() if text is not None}
        return Lacking(why, self._place(number, named, why), absent, texts)

    def _left_out(self, texts: Mapping[str, str | None]) -> str:
        """That a row has these keys, which the `where` of the step that is named leaves out; empty where none has."""
        for table in self._source.rows.tables:
            if texts.keys() <= set(table.key):
                rows = zip(*(table.columns[name] for name in texts), strict=True)
                if any([str(cell) for cell in row] == [*texts.values()] for row in rows):
                    return ", as `where` leaves it out"
        return ""

    def _doubtful(self, named: _Named) -> list[str]:
        """The conditions: those first that no instance meets, then the last of the others."""
        by = self._source.by
        unknown = [n for n, text in named.texts.items() if n in by and text not in set(self._source.column(n))]
        return [*unknown, *(name for name in reversed(list(self._conditions)) if name not in unknown)]

    def _place(self, number: int, named: _Named, why: str) -> Span | None:
        """The cell that names the instance."""
        told = faults.NO_INSTANCE.at(self._span, why, help="")
        empty = [name for name, text in named.texts.items() if text is None]
        for name in empty or self._doubtful(named):
            place = at_the_cell(told, self._conditions[name], self._target, number, None, self._evaluator).span
            if place != self._span:
                return place
        return None
