"""Looks at what inputs, parameters and the rest hold for every instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, NamedTuple

from sncompile.diagnostics import Diagnostic, Report, Span, nearest
from sncompile.diagnostics import Related as Place
from sncompile.diagnostics.few import MAX_TOLD
from sncompile.faults import tables as table_faults
from sncompile.faults import values as faults
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.language.types import READ, type_text
from sncompile.ir.values.branches import written_parts
from sncompile.ir.values.evaluate import AbsentItem, AtRunTime, Evaluator, Gap, Missing, NotThere
from sncompile.ir.values.model import Apply, Cell, Const, Key, Output, Record, Related, Value, walk
from sncompile.ir.values.tables import follows_from_unknown_rows, late_join
from sncompile.semantics.checking.cells import Faulty
from sncompile.semantics.checking.made_sheets import check_sheets
from sncompile.semantics.checking.pairing import check_pairing
from sncompile.semantics.checking.settings import Words, check_output, check_settings
from sncompile.semantics.checking.stated import check_step
from sncompile.semantics.checking.unknowns import Unknowns
from sncompile.semantics.limits import check_value
from sncompile.semantics.look_alikes import folded
from sncompile.semantics.program import Program, Step
from sncompile.syntax.document import ParamDoc, PipelineDoc, PortDoc, StepDoc


def check_values(program: Program, evaluator: Evaluator, report: Report) -> None:
    """Tell every value that does not serve, once for each port or parameter."""
    words: Words = {}
    # Without a fault up to here all values are known.
    unknowns = Unknowns(program) if report.failed else None
    for step in program.steps.values():
        told = report.given
        for name, value in step.inputs.items():
            if _surely_there(value) or name in step.sheets:
                continue
            if value.type.base != "unknown" and not (unknowns and unknowns.within(value)):
                what = f"the input `{name}` of `{step.name}`"
                _check_input(step.module.inputs[name], value, what, _At(step.keys, step), evaluator, report)
        for name, value in step.params.items():
            param = step.module.params[name]
            settled = isinstance(value, Const) and value.value is not None and _is_free(param)
            if settled and not (isinstance(value, Const) and _is_infinite(value.value) and _in_json(step)):
                continue
            if value.type.base != "unknown" and not (unknowns and unknowns.within(value)):
                what = f"the parameter `{name}` of `{step.name}`"
                _check_param(param, value, what, _At(step.keys, step, _in_json(step)), evaluator, report)
        if step.sheets:
            check_sheets(step, evaluator, report)
        if report.given == told:
            check_pairing(step, report)
            told = report.given
        # What is at fault already would be at fault again wherever the module uses it.
        if report.given == told:
            check_step(step, evaluator, report)
            check_settings(step, evaluator, words, report)
    for port, value, keys in program.handed:
        if value.type.base != "unknown" and not (unknowns and unknowns.within(value)):
            what = f"the input `{port.name.name}` of the pipeline"
            _check_input(port, value, what, _At(keys, None), evaluator, report)
    for name, value in program.outputs.items():
        if value.type.base != "unknown" and not (unknowns and unknowns.within(value)):
            check_output(name, value, program, evaluator, report)


def _in_json(step: Step) -> bool:
    """Whether a step's parameters are given as JSON."""
    return any(isinstance(argument, Record) for argument in step.command or ())


def _is_free(param: ParamDoc) -> bool:
    """Whether a parameter has no limits of its own, so that `check_value` has nothing to look at."""
    return not param.enum and param.minimum is None and param.maximum is None and param.pattern is None


def _is_infinite(value: object) -> bool:
    """Whether a value is, or holds, a number that is none: infinite, or no number."""
    if isinstance(value, tuple):
        return any(map(_is_infinite, value))
    return isinstance(value, float) and not isfinite(value)


def _surely_there(value: Value) -> bool:
    """Whether an input is there for every instance as anybody can see: a path, or the output of a step without keys."""
    if isinstance(value, Const):
        return value.value not in (None, "", ())
    return isinstance(value, Related) and isinstance(value.value, Output) and not value.source.by


def _instance(keys: KeySet, number: int) -> str:
    where = keys.describe(number)
    return f" for {where}" if where else ""


def _unpartnered(value: Related, at: KeySet) -> tuple[int, int] | None:
    """The first instance that nothing feeds, and how many there are, of those by which `at` sees the value."""
    related = value.target.related(value.source)
    if all(related):
        return None
    seen: Iterable[int] = range(len(related))
    if value.target is not at:
        seen = sorted({number for found in at.related(value.target) for number in found})
    lacking = [number for number in seen if not related[number]]
    return (lacking[0], len(lacking)) if lacking else None


def _check_input(port: PortDoc, value: Value, what: str, at: _At, evaluator: Evaluator, report: Report) -> None:
    related = (Place("the port is declared here", port.name.span),)
    number = 0
    faulty = Faulty(value, at.keys, at.step, evaluator)
    try:
        if isinstance(value, Related) and isinstance(value.value, Output):
            # A product's path need not be looked at: only whether there is one for everybody.
            if _tell_unnamed(value, None, what, port, report):
                return
            lacking = _unpartnered(value, at.keys)
            if lacking is not None and not port.optional:
                _tell_lacking(value, lacking, what, port, report, related)
            return
        closure = evaluator.over(value, at.keys, at.step)
        for number in range(1 if isinstance(value, Const) else len(at.keys)):
            found = closure(number)
            if port.optional and not _has_gap(found):
                continue
            if found is None or found == "":
                hint = "fill the cell, leave the row out with `where`, or make the port optional with `?`"
                message = f"{what} is absent{_instance(at.keys, number)}"
                if not faulty.add(number, faults.ABSENT.at(value.span, message, help=hint, related=related)):
                    break
                continue
            if found == ():
                _tell_empty(at.keys, value, number, what, port, report, related)
                return
            if _has_gap(found):
                _tell_gap(port, what, value, number, at, evaluator, report)
                return
    except AtRunTime:
        return  # A port takes no value that a step writes, which is told (`value_outputs.py`).
    except Gap as gap:
        report.add(_gap(port, what, value, gap.item))
    except NotThere as unknown:
        _tell_unnamed(unknown.related, None if unknown.related is value else unknown.number, what, port, report)
    except Missing as missing:
        # An optional port does without what it takes, but not without a part of it.
        lacking = _unpartnered(missing.related, at.keys) or (missing.number, 1)
        _tell_lacking(missing.related, lacking, what, port, report, related)
    except ValueFault as fault:
        hint = fault.help or "mend the expression, or the cell that it takes"
        faulty.add(number, faults.BAD_VALUE.at(value.span, f"{what}: {fault}", help=hint, related=related))
    report.extend(faulty.told())


def _tell_unnamed(value: Related, number: int | None, what: str, declared: PortDoc | ParamDoc, report: Report) -> bool:
    """Tell of instances (all of them, or that of a number) that name one of another step that is not there.

    Those that name none are told of where the taker cannot do without.
    """
    lacking = value.target.lacking(value.source)
    numbers = lacking if number is None else [number]
    wrong = [n for n in numbers if not (lacking[n].absent and declared.optional)]
    related = (Place(f"the {_kind(declared)} is declared here", declared.name.span),)
    told: dict[Span, Diagnostic] = {}
    for n in wrong:
        each = lacking[n]
        meant = _meant(value.source, each.named)
        hint = meant or f"there are {NotThere(value, n, each).known()}; mend the cell or the condition"
        if each.absent:
            optional = type_text(declared.base, declared.many, True, False)
            hint = f"fill the cell, or make the {_kind(declared)} optional (`{optional}`)"
        place = each.place or value.span
        taken = (Place("it is taken here", value.span),) if each.place is not None else ()
        told.setdefault(place, table_faults.NO_INSTANCE.at(
            place, f"{what}: {each.why}", help=hint, related=(*taken, *related)))  # fmt: skip
        if len(told) == MAX_TOLD:
            break
    for diagnostic in told.values():
        # Whoever takes what a cell names lacks the same.
        (report.add if diagnostic.span == value.span else report.add_once)(diagnostic)
    return bool(wrong)


def _meant(source: KeySet, named: Mapping[str, str]) -> str | None:
    """The key that may be meant by one that is not there."""
    for name, text in named.items():
        if name in source.by:
            keys = set(source.column(name))
            alike = next((key for key in sorted(keys) if folded(key) == folded(text)), None)
            near = alike or (nearest(text, keys) if text not in keys else None)
            if near is not None and near != text:
                return f"did you mean `{near}`?"
    return None


def _kind(declared: PortDoc | ParamDoc) -> str:
    return "port" if isinstance(declared, PortDoc) else "parameter"


def _tell_lacking(
    value: Related,
    lacking: tuple[int, int],
    what: str,
    declared: PortDoc | ParamDoc,
    report: Report,
    related: tuple[Place, ...],
) -> None:
    """Tell of what has nothing to take; for who may do without the whole, it is a part of it that is not there."""
    if late_join(value) is not None:
        return  # It may have something to take once the rows are known.
    number, count = lacking
    where = value.target.describe(number)
    told = f" for {where}" if where else ""
    more = f" and {count - 1} more" if count > 1 else ""
    fault = table_faults.GATHERS_NOTHING if value.gathers else table_faults.NO_PARTNER
    verb = "gathers nothing" if value.gathers else "has nothing to take"
    hint = _by_keys_alone(value, number) or _where(value, number, declared)
    if declared.many and not value.gathers:
        # It is an item of a list that is written out.
        hint = "have the list leave it out knowingly (`${present([…])}`), or say what stands there (`coalesce(x, …)`)"
    if declared.optional:
        hint = "test whether it is there (`… if x != null else null`), or say what stands there (`coalesce(x, …)`)"
    report.add(fault.at(value.span, f"{what} {verb}{told}{more}", help=hint, related=related))


def _has_gap(found: Any) -> bool:
    return isinstance(found, tuple) and None in found


def _tell_gap(
    declared: PortDoc | ParamDoc,
    what: str,
    value: Value,
    number: int,
    at: _At,
    evaluator: Evaluator,
    report: Report,
) -> None:
    report.add(_gap(declared, what, value, evaluator.first_gap(value, at.keys, number, at.step)))


def _gap(declared: PortDoc | ParamDoc, what: str, value: Value, item: AbsentItem | None) -> Diagnostic:
    """The fault of a list with an absent item, with the place of the row that lacks it."""
    lacking = f"{item.what} is absent for {item.described}" if item is not None else "an item is absent"
    rows = (Place("absent here", item.row),) if item is not None and item.row is not None else ()
    kind = "port" if isinstance(declared, PortDoc) else "parameter"
    related = (*rows, Place(f"the {kind} is declared here", declared.name.span))
    message = f"{what} has a gap: {lacking}"
    return table_faults.GAP_IN_LIST.at(value.span, message, help=_fill(declared, value), related=related)


def _fill(declared: PortDoc | ParamDoc, value: Value) -> str:
    while isinstance(value, Apply) and value.function.startswith("@"):
        value = value.operands[0]
    cell = value.value if isinstance(value, Related) and isinstance(value.value, Cell) else None
    named = f"{cell.table.name}.{cell.column}" if cell is not None else "…"
    knowingly = f"leave it out knowingly (`present({named})`)"
    if isinstance(declared, PortDoc):
        return f"{knowingly}, or fill the cell" if cell is not None else knowingly
    if cell is not None and cell.type.base not in ("string", "path"):
        other = {"integer": "0", "number": "0.5", "boolean": "false"}.get(cell.type.base, "…")
    else:
        other = {"integer": "'0'", "number": "'0.5'", "boolean": "'false'"}.get(declared.base, "'none'")
    typed = f"`{declared.base}?[]`"
    return f"say what stands there (`coalesce({named}, {other})`), {knowingly}, or let the parameter be {typed}"


def _tell_empty(
    keys: KeySet,
    value: Value,
    number: int,
    what: str,
    port: PortDoc,
    report: Report,
    related: tuple[Place, ...],
) -> None:
    if late_join(value) is not None:
        return
    gather = next((v for v in walk(value) if isinstance(v, Related) and v.gathers), None)
    fault = table_faults.GATHERS_NOTHING if gather is not None else faults.ABSENT
    hint = "give at least one, or make the port optional with `?`"
    if gather is not None:
        hint = _where(gather, number, port)
    report.add(fault.at(value.span, f"{what} is an empty list{_instance(keys, number)}", help=hint, related=related))


def _where(value: Related, number: int, declared: PortDoc | ParamDoc) -> str:
    """The mends where an instance has nothing to take: the `where` that would leave it out, or an optional taker."""
    target, kind = value.target, "port" if isinstance(declared, PortDoc) else "parameter"
    optional = f"make the {kind} optional (`{type_text(declared.base, declared.many, True, False)}`)"
    if not target.by:
        return f"make sure that the source has instances, or {optional}"
    keys = zip(target.by, target.instances[number], strict=True)
    test = " or ".join(f"{name} != {key!r}" for name, key in keys)
    return f'leave it out with `where: "${{{test}}}"`, add what is missing, or {optional}'


def _by_keys_alone(value: Related, number: int) -> str | None:
    """The mend where there is an instance with the job's own keys, which another column keeps from it."""
    source, target, taken = value.source, value.target, value.value
    if value.gathers or value.linked or not source.by or not isinstance(taken, Output):
        return None
    if not set(source.by) <= set(target.by):
        return None
    own = dict(zip(target.by, target.instances[number], strict=True))
    key = tuple(own[name] for name in source.by)
    if key not in set(source.instances):
        return None
    tables = " and ".join(f"`{table.name}`" for table in source.rows.tables)
    named = ", ".join(f"{name}={name}" for name in source.by)
    told = ", ".join(f"{name}={text}" for name, text in zip(source.by, key, strict=True))
    look_up = f"`lookup({taken.step}.{taken.port}, {named})`"
    return (
        f"`{taken.step}` has a job for {told}, but {tables} no row for this one: {look_up} takes it by that key alone"
    )


def check_given(step: StepDoc, module: PipelineDoc, given: Mapping[str, Value], keys: KeySet, report: Report) -> None:
    """Tell every value that a step gives to a pipeline's parameter and that does not serve."""
    for name, value in given.items():
        if value.type.base != "unknown" and not any(isinstance(v, Output) for v in walk(value)):
            what = f"the parameter `{name}` of `{step.name.name}`"
            _check_param(module.params[name], value, what, _At(keys, None), Evaluator({}), report)


class _At(NamedTuple):
    """Where a parameter's values are looked at: some instances, and the step whose they are."""

    keys: KeySet
    step: Step | None
    in_json: bool = False
    """Whether its parameters are given as JSON."""


def _check_param(param: ParamDoc, value: Value, what: str, at: _At, evaluator: Evaluator, report: Report) -> None:
    related = (Place("the parameter is declared here", param.name.span),)
    seen: set[object] = set()
    faulty = Faulty(value, at.keys, at.step, evaluator)
    number = 0
    # Rows that stand in for others say nothing of limits: these are looked at when the rows are known.
    limits = not follows_from_unknown_rows(value)
    try:
        closure = evaluator.over(value, at.keys, at.step)
        for number in range(1 if isinstance(value, Const) else len(at.keys)):
            try:
                found = closure(number)
            except (Gap, Missing, NotThere):
                raise
            except ValueFault as fault:
                if not limits:
                    report.add(_untyped(param, value, what, fault))
                    return
                hint = fault.help or "mend the expression, or the cell that it takes"
                told = f"{what}{_instance(at.keys, number)}"
                bad = faults.BAD_VALUE.at(value.span, f"{told}: {fault}", help=hint, related=related)
                if not faulty.add(number, bad):
                    break
                continue
            if found in seen:
                continue
            if _has_gap(found) and not param.gaps:
                _tell_gap(param, what, value, number, at, evaluator, report)
                return
            if _wrong(param, found, what, value, at.in_json, limits) is None:
                seen.add(found)
                continue
            # Of which instance it is, is worked out for those alone of which there is something to tell.
            wrong = _wrong(param, found, f"{what}{_instance(at.keys, number)}", value, at.in_json, limits)
            if wrong is not None and not faulty.add(number, wrong):
                break
    except AtRunTime:
        # What steps write is known when it is written; who writes it, before.
        _check_written(param, value, what, at, evaluator, report)
        return
    except Gap as gap:
        report.add(_gap(param, what, value, gap.item))
    except NotThere as unknown:
        _tell_unnamed(unknown.related, None if unknown.related is value else unknown.number, what, param, report)
    except Missing as missing:
        lacking = _unpartnered(missing.related, at.keys) or (missing.number, 1)
        _tell_lacking(missing.related, lacking, what, param, report, related)
    except ValueFault as fault:
        if not limits:
            report.add(_untyped(param, value, what, fault))
            return
        hint = fault.help or "mend the expression, or the cell that it takes"
        told = f"{what}{_instance(at.keys, number)}"
        faulty.add(number, faults.BAD_VALUE.at(value.span, f"{told}: {fault}", help=hint, related=related))
    report.extend(faulty.told())


def _untyped(param: ParamDoc, value: Value, what: str, fault: ValueFault) -> Diagnostic:
    """The fault of text out of rows that are known later where a number is wanted, without what stands in for them."""
    related = (Place("the parameter is declared here", param.name.span),)
    leaves = (leaf for leaf in walk(value) if isinstance(leaf, (Cell, Key)))
    named = next((leaf.column if isinstance(leaf, Cell) else leaf.name for leaf in leaves), None)
    if named is None:
        return faults.BAD_VALUE.at(value.span, f"{what}: {fault}", help=fault.help, related=related)
    message = f"{what} takes {param.base}, and `{named}` is text of rows that are known later"
    kind = param.base if param.base in READ else "integer"
    hint = f"say what it is where the table is: `columns: {{{named}: {{type: {kind}}}}}`"
    return faults.WRONG_TYPE.at(value.span, message, help=hint, related=related)


def _check_written(param: ParamDoc, value: Value, what: str, at: _At, evaluator: Evaluator, report: Report) -> None:
    """Tell of a job for which no step writes what it takes."""
    related = (Place("the parameter is declared here", param.name.span),)
    for part in written_parts(value):
        try:
            taken = part.taken(at.keys, evaluator, at.step)
        except AtRunTime:
            taken = _any_job
        files = evaluator.closure(part.value, at.keys, at.step)
        try:
            for number in range(len(at.keys)):
                if taken(number):
                    files(number)
        except NotThere as unknown:
            _tell_unnamed(unknown.related, None if unknown.related is value else unknown.number, what, param, report)
            return
        except Missing as missing:
            lacking = _unpartnered(missing.related, at.keys) or (missing.number, 1)
            _tell_lacking(missing.related, lacking, what, param, report, related)
            return


def _any_job(_: int) -> bool:
    return True


def _wrong(param: ParamDoc, found: Any, told: str, value: Value, in_json: bool, limits: bool) -> Diagnostic | None:
    """What is wrong with a parameter's value for an instance; None if nothing is."""
    related = (Place("the parameter is declared here", param.name.span),)
    if found is None and not param.optional:
        hint = "fill the cell, or give a value"
        return faults.ABSENT.at(value.span, f"{told} is absent", help=hint, related=related)
    if in_json and _is_infinite(found):
        hint = "a function or notebook is given JSON, which has finite numbers only; give it as a `string`"
        items = found if isinstance(found, tuple) else (found,)
        shown = next(to_text(item) for item in items if _is_infinite(item))
        message = f"{told} {'holds' if isinstance(found, tuple) else 'is'} {shown}, which JSON cannot say"
        return faults.BAD_VALUE.at(value.span, message, help=hint, related=related)
    return check_value(param, found, told, value.span) if limits else None
