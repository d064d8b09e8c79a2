"""Columns made at once are what one gets going instance by instance, and the collector is left as it was."""

from __future__ import annotations

import gc

import pytest
from hypothesis import event, given

from sncompile.api import graph_of
from sncompile.ir.graph.edges import taken
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.whole_columns import whole_column
from sncompile.testing.spec import Spec
from sncompile.uncollected import uncollected
from tests.properties.test_passes import SPECS, compiled, varied


@varied
@given(SPECS)
def test_at_once_is_one_by_one(spec: Spec) -> None:
    """Where a value can be worked out for all instances at once, it is the same for each of them."""
    with compiled(spec) as graph:
        if graph is None:
            return
        evaluator = Evaluator(graph.families)
        for family in graph.families.values():
            values = [*taken(family).values(), *(output.path for output in family.outputs.values())]
            for value in values:
                found = whole_column(value, family.keys, family, graph.families)
                if found is None:
                    continue
                event(type(value).__name__)
                closure = evaluator.closure(value, family.keys, family)
                try:
                    assert list(found) == [closure(i) for i in range(len(family.keys))]
                except (ValueFault, AtRunTime) as fault:
                    pytest.fail(f"{value} is at fault: {fault}")


def test_the_collector_is_left_as_it_was() -> None:
    """It is off inside, also inside of another such stretch, and on again afterwards, even after a fault."""
    was = gc.isenabled()
    gc.enable()
    try:
        with uncollected(), uncollected():
            assert not gc.isenabled()
        assert gc.isenabled()
        with pytest.raises(AttributeError):
            graph_of(None)  # type: ignore[arg-type]
        assert gc.isenabled()
        gc.disable()
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        (gc.enable if was else gc.disable)()
