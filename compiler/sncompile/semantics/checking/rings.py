"""Steps that take their own outputs from other instances (`lookup`): whether some instance can be the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import graph as graph_faults
from sncompile.faults import tables as faults
from sncompile.ir.graph.feeds import feeds, in_turn, steps_in
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Value
from sncompile.semantics.program import Step

MAX_SHOWN = 12
"""Instances of a ring that are shown."""


def tell_ring(step: Step, steps: Mapping[str, Step], report: Report) -> bool:
    """Whether instances of a step need each other in a ring; told with the rows. `steps` are those of the program."""
    for output in step.outputs.values():
        if step.name in steps_in(output.path):
            message = f"a path of `{step.name}` is made from its own outputs"
            report.add(
                graph_faults.CYCLE.at(output.path.span, message, help="leave the path out, so that it is derived")
            )
            return True
    own = [value for value in _taken(step) if step.name in steps_in(value)]
    plain = next((value for value in own if not steps_in(value)[step.name]), None)
    if plain is not None:
        hint = f"take another instance's: `lookup({step.name.rpartition('.')[2]}.OUTPUT, KEY=TABLE.COLUMN)`"
        message = f"steps wait for each other: `{step.name}` → `{step.name}`"
        report.add(graph_faults.CYCLE.at(plain.span, message, help=hint))
        return True
    evaluator = Evaluator(steps)
    try:
        sources = [find for value in own for name, find in feeds(value, step.keys, evaluator) if name == step.name]
        in_turn(len(step.keys), lambda i: [j for find in sources for j in find(i)])
    except CycleError as error:
        _tell(step, own[0], error.args[1], report)
        return True
    except (ValueFault, AtRunTime):
        return False  # A condition that is at fault is told of where values are looked at.
    return False


def _taken(step: Step) -> list[Value]:
    values = [*step.inputs.values(), *step.params.values(), *step.resources.values()]
    values += [v.value for v in step.env if v.value is not None]
    return [*values, step.container] if step.container is not None else values


def _tell(step: Step, value: Value, ring: list[int], report: Report) -> None:
    keys = step.keys
    shown = [keys.describe(number) for number in ring]
    if len(shown) > MAX_SHOWN:
        shown = [*shown[: MAX_SHOWN - 1], f"… ({len(ring) - MAX_SHOWN:,} more)", shown[-1]]
    related = [Place(f"{keys.describe(n)} is here", place) for n, place in _rows(keys, ring[:-1][:MAX_SHOWN])]
    message = f"instances of `{step.name}` need each other: {' → '.join(shown)}"
    hint = "mend the cells that say which instance is taken: one of them has to be empty"
    report.add(faults.RING_OF_INSTANCES.at(value.span, message, help=hint, related=tuple(related)))


def _rows(keys: KeySet, numbers: Iterable[int]) -> list[tuple[int, Span]]:
    """Where the first row of each instance stands."""
    table = next((t for t in reversed(keys.rows.tables) if set(t.key) & set(keys.by)), None)
    if table is None:
        return []
    row_of = keys.rows.rows_of(table)
    first: dict[int, int] = {}
    for row, member in enumerate(keys.member()):
        first.setdefault(member, row)
    place: Callable[[int], Span] = table.row_span
    return [(n, place(row_of[first[n]])) for n in numbers if n in first]
