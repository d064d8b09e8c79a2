"""Which table a step ranges over, and which of its rows take part (decision 0008)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set

from sncompile.diagnostics import Edit, Fix, Report, Span, did_you_mean
from sncompile.diagnostics import Related as Place
from sncompile.faults import tables as faults
from sncompile.ir.keys.key_set import KeySet, Rows, keys_of
from sncompile.ir.keys.table import Table
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.relating import UNIT
from sncompile.semantics.checking.cells import at_the_cell
from sncompile.semantics.conditions import varies
from sncompile.semantics.linking.step_order import names_in
from sncompile.semantics.scope import Scope
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import Named, StepDoc
from sncompile.syntax.quoting import as_list


class KeyLinker:
    """Makes the key sets of one pipeline's steps.

    `own` are the names of the tables that the pipeline declares itself, which come before its caller's; `lost` are
    those that could not be read, with their keys; `outer` is the key set of the step that uses the pipeline; `scope`
    gives what an expression sees from some instances.
    """

    def __init__(
        self,
        tables: Mapping[str, Table],
        own: Set[str],
        lost: Mapping[str, set[str]],
        outer: KeySet,
        scope: Callable[[KeySet], Scope],
        report: Report,
    ) -> None:
        self._tables = tables
        self._own = own
        self._lost = lost
        self._outer = outer
        self._scope = scope
        self._report = report
        self._shared: dict[tuple[object, ...], KeySet] = {}

    def link(self, step: StepDoc, *, gone: bool = False) -> KeySet | None:
        """The step's instances, or None where they cannot be known; the reason is told.

        Of a step that is gone nobody asks which rows its `where` lets pass.
        """
        if not step.by and step.over is None and step.where is None:
            return self._outer
        by = tuple(dict.fromkeys(name.name for name in step.by))
        table = self._table(step, by)
        if table is None:
            return None
        keys = (*self._outer.by, *(name for name in by if name not in self._outer.by))
        try:
            return self._instances(step, table, keys, gone=gone)
        except ValueFault as fault:
            self._report.add(faults.TOO_MANY_ROWS.at(_place(step), str(fault), help=fault.help))
            return None

    def _instances(self, step: StepDoc, table: Table, keys: tuple[str, ...], *, gone: bool) -> KeySet | None:
        # Steps over the same keys share one key set, so that what relates them is worked out once.
        known = (id(table), keys)
        if step.where is None or gone:
            if known not in self._shared:
                self._shared[known] = KeySet(self._rows(table), keys)
            found = self._shared[known]
        else:
            found_where = self._chosen(step, table)
            if found_where is None:
                return None
            chosen, place = found_where
            rows = self._rows(table)
            index = rows.rows_of(table)
            found = KeySet(rows.select([i for i in range(rows.size) if chosen[index[i]]]), keys)
            if len(table) and not any(chosen):
                message = f"`where` lets no row of `{table.name}` pass ({len(table)} in all)"
                return self._without_rows(step, found, place, message, "check the values that it compares with")
        if found.rows.size or gone:
            return found
        if not len(table) or not self._outer.rows.size:
            # Told of already, but for a step that asks for rows.
            message, hint = f"`{table.name}` has no rows", "add rows"
            return self._without_rows(step, found, _place(step), message, hint) if step.require_rows else found
        message = f"no row of `{table.name}` goes with the instances of the step that uses this pipeline"
        return self._without_rows(step, found, _place(step), message, "the keys that both have need values in common")

    def _without_rows(self, step: StepDoc, keys: KeySet, place: Span, message: str, hint: str) -> KeySet | None:
        """A step's instances where there are none of its rows; None where it requires rows. Told in either case."""
        if step.require_rows:
            self._report.add(faults.EMPTY_TABLE.at(place, message, help=f"{hint}, or take `require: rows` out"))
            return None
        told = f"`{step.name.name}` has no jobs" if keys.by else f"what `{step.name.name}` gathers is nothing"
        hint = f"{hint}; `require: rows` makes this an error"
        self._report.add(faults.NO_ROWS.at(place, f"{message}: {told}", help=hint))
        return keys

    def _rows(self, table: Table) -> Rows:
        if self._outer is UNIT:
            return Rows.of(table)
        if table in self._outer.rows.tables:
            return self._outer.rows
        return self._outer.rows.join(table)[0]

    def _table(self, step: StepDoc, by: tuple[str, ...]) -> Table | None:
        if step.over is not None:
            return self._named(step, by)
        if not by:
            return self._for_where(step)
        having = [t for t in self._tables.values() if set(by) <= set(t.key)]
        having = [t for t in having if t.name in self._own] or having
        if not having:
            self._tell_unknown(step, by)
            return None
        exact = [t for t in having if set(by) == set(t.key)]
        if len(exact) == 1:
            return exact[0]
        if any(set(by) <= keys for keys in self._lost.values()):
            return None  # It could be the table that could not be read, of which has been told.
        if len(having) > 1:
            names = ", ".join(f"`{t.name}`" for t in having)
            message = f"the tables {names} all have {_listed(by)}"
            # Those that have no other key are meant mostly; of these the one whose columns the step takes.
            meant = exact or having
            taken = [t for t in meant if t.name in names_in(step)] or meant
            hint = f"say which one: {' or '.join(f'`over: {t.name}`' for t in taken)}"
            self._report.add(faults.WHICH_TABLE.at(step.by[0].span, message, help=hint))
            return None
        return having[0]

    def rows_of(self, name: Named) -> KeySet | None:
        """The rows of a table by its keys, or None where they cannot be known; the reason is told."""
        table = self._called(name)
        if table is None:
            return None
        if table.late is not None:
            message = f"the rows of `{table.name}` are known once a step has run, and checks are looked at before"
            hint = "check in the module that takes them: that is looked at once they are known"
            self._report.add(faults.NOT_YET_KNOWN.at(name.span, message, help=hint))
            return None
        by = (*self._outer.by, *(key for key in table.key if key not in self._outer.by))
        return KeySet(self._rows(table), by)

    def _called(self, name: Named) -> Table | None:
        table = self._tables.get(name.name)
        if table is None and name.name not in self._lost:
            hint = did_you_mean(name.name, self._tables, what="tables") or "declare it under `tables`"
            self._report.add(faults.UNKNOWN_KEY.at(name.span, f"no table `{name.name}`", help=hint))
        return table

    def _named(self, step: StepDoc, by: tuple[str, ...]) -> Table | None:
        assert step.over is not None
        table = self._called(step.over)
        if table is None:
            return None
        wrong = [name for name in step.by if name.name not in table.key]
        for name in wrong:
            message = f"`{name.name}` is no key of the table `{table.name}`"
            meant = did_you_mean(name.name, table.key, what=f"keys of `{table.name}`")
            meant, fixes = _as_list(name) or (meant, ())
            self._report.add(faults.UNKNOWN_KEY.at(name.span, message, help=meant, fixes=fixes))
        return None if wrong else table

    def _for_where(self, step: StepDoc) -> Table | None:
        if step.where is None:
            return None
        tables = [t for t in self._tables.values() if t.name in self._own] or list(self._tables.values())
        if len(tables) == 1 and not self._lost:
            return tables[0]
        if not self._lost:
            self._report.add(
                faults.WHICH_TABLE.at(
                    step.where.span, "`where` chooses rows, and the step does not say of which table",
                    help="say which one: `over: TABLE`",
                )
            )  # fmt: skip
        return None

    def _tell_unknown(self, step: StepDoc, by: tuple[str, ...]) -> None:
        if self._lost:
            return  # A table that could not be read has been told of, and the key may be one of its columns.
        keys = sorted({key for table in self._tables.values() for key in table.key})
        unknown = list({name.name: name for name in reversed(step.by) if name.name not in keys}.values())
        for name in unknown:
            owner = next((t for t in self._tables.values() if name.name in t.columns), None)
            hint = did_you_mean(name.name, keys, what="keys")
            hint, fixes = _as_list(name) or (hint, ())
            if owner is not None:
                hint = f"`{name.name}` is a column of `{owner.name}`, but not in its `key`"
            related = () if owner is None else (Place("the table is here", owner.span),)
            self._report.add(
                faults.UNKNOWN_KEY.at(
                    name.span, f"no table has the key `{name.name}`",
                    help=hint or "declare a table with this key under `tables`", related=related, fixes=fixes,
                )
            )  # fmt: skip
        if not unknown:
            self._report.add(
                faults.UNKNOWN_KEY.at(
                    step.by[0].span, f"no table has the keys {_listed(by)} together", help=self._together(by)
                )
            )

    def _together(self, by: tuple[str, ...]) -> str:
        """How a step ranges over keys of several tables: no query joins rows that come too late for it."""
        known = {key for table in self._tables.values() if table.late is None for key in table.key}
        early, late = [key for key in by if key in known], [key for key in by if key not in known]
        if not late:
            return "a step ranges over keys of one table; make a table that holds the combinations"
        if not early:
            return "a step ranges over keys of one table, and no query joins rows that are known later"
        return (
            f"{_listed(late)} is known once a step has run: make it a pipeline that is used "
            f"{_by(early)}, with a step {_by(late)} inside"
        )

    def _chosen(self, step: StepDoc, table: Table) -> tuple[list[bool], Span] | None:
        """Whether a step's `where` lets each row of its table pass, and its place; None after telling why not."""
        assert step.where is not None
        if table.late is not None:
            message = f"`where` is asked before the rows of `{table.name}` are known"
            hint = f"have `{table.late.step}` write those rows alone that are wanted"
            self._report.add(faults.NOT_YET_KNOWN.at(step.where.span, message, help=hint))
            return None
        where = Typer(self._scope(keys_of(table)), self._report).read(step.where)
        if not len(table):
            return [], where.span  # The types of its columns may not be known.
        if where.type.base == "unknown":
            return None
        if where.type.base != "boolean" or where.type.many:
            self._report.add(
                faults.BAD_CONDITION.at(
                    where.span,
                    f"`where` gives {where.type}, not true or false",
                    help="compare it: `${fields.plate == 'P1'}`",
                )
            )
            return None
        if varies(where, keys_of(table)):
            message = "`where`: what it takes differs between the jobs that the pipeline is used for"
            hint = "take the step's own table and what is the same for all; leave rows out where the pipeline is used"
            self._report.add(faults.BAD_CONDITION.at(where.span, message, help=hint))
            return None
        chosen: list[bool] = []
        try:
            for value in Evaluator({}).column(where, keys_of(table)):
                chosen.append(bool(value))
        except (ValueFault, AtRunTime, KeyError) as fault:
            row = table.describe(len(chosen))
            told = faults.BAD_CONDITION.at(where.span, f"`where` for {row}: {fault}", help=_help_of(fault))
            self._report.add(at_the_cell(told, where, keys_of(table), len(chosen), None, Evaluator({})))
            return None
        return chosen, where.span


def _place(step: StepDoc) -> Span:
    return step.by[0].span if step.by else step.name.span


def _by(keys: Sequence[str]) -> str:
    return f"`by: {keys[0]}`" if len(keys) == 1 else f"`by: [{', '.join(keys)}]`"


def _as_list(name: Named) -> tuple[str, tuple[Fix, ...]] | None:
    """The mend of a text with commas that was meant as a list of keys."""
    if "," not in name.name:
        return None
    hint = f"write a list: {as_list(name.name)}"
    return hint, (Fix(hint, (Edit(name.span, as_list(name.name)),)),)


def _help_of(fault: Exception) -> str:
    if isinstance(fault, ValueFault):
        return fault.help or "mend the expression, or the cell that it takes"
    return "`where` uses the keys and columns of the step's own table, `data` and `params`"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
