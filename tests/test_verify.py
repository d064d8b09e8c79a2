"""A graph that breaks a rule of the IR is refused, with the family and the rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sncompile.api import check, graph_of
from sncompile.ir.graph.commands import Waits
from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.verify import InvariantError, verify
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.values.model import Output, Related
from sncompile.ir.values.relating import UNIT

SPEC = """\
sncompile: 1
pipeline: main
tables: {t: {key: [k, l], rows: [{k: x, l: y}]}}
steps:
  first:
    by: [k, l]
    with: {p: "${k}"}
    module: {params: {p: {type: string}}, outputs: {o: {type: file}}, command: [touch, "${params.p}", "${outputs.o}"]}
  second:
    by: k
    with: {i: "${first.o}"}
    module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}
  third: {after: [second], module: {command: [tell, it]}}
outputs: {o: "${second.o}"}
"""


@pytest.fixture
def graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Graph:
    monkeypatch.chdir(tmp_path)
    Path("main.yaml").write_text(SPEC)
    return graph_of(check("main.yaml").require())


def with_family(graph: Graph, name: str, change: Callable[[Family], Family]) -> Graph:
    """The graph with one family changed, and all edges that follow."""
    return with_families(graph, {**graph.families, name: change(graph.families[name])})


def _without(graph: Graph, name: str) -> Graph:
    return replace(graph, families={n: f for n, f in graph.families.items() if n != name})


def _waiting_for_each_other(graph: Graph) -> Graph:
    return with_family(graph, "first", lambda f: f._replace(after=(Waits("third", UNIT, f.keys),)))


def _another_step_in_outputs(graph: Graph) -> Graph:
    value = graph.outputs["o"]
    assert isinstance(value, Related)
    assert isinstance(value.value, Output)
    return replace(graph, outputs={"o": value._replace(value=value.value._replace(step="nowhere"))})


def _by(family: Family, *keys: str) -> KeySet:
    """Other keys of the same rows."""
    return KeySet(family.keys.rows, keys)


BREACHES: dict[str, tuple[Callable[[Graph], Graph], str]] = {
    "another name": (
        lambda graph: replace(
            graph, families={**graph.families, "third": graph.families["third"]._replace(name="fourth")}
        ),
        "`third` holds a family called `fourth`",
    ),
    "nothing to run": (
        lambda graph: with_family(graph, "first", lambda f: f._replace(command=None)),
        "`first` has not exactly one of command and shell",
    ),
    "two things to run": (
        lambda graph: with_family(graph, "first", lambda f: f._replace(shell=())),
        "`first` has not exactly one of command and shell",
    ),
    "an edge too few": (
        lambda graph: replace(graph, edges=tuple(e for e in graph.edges if e.source != "first")),
        "`second` takes `i` from `first` without an edge; the edge first -> second does not follow from the families",
    ),
    "an edge too many": (
        lambda graph: replace(graph, families=with_family(graph, "third", lambda f: f._replace(after=())).families),
        "the edge second -> third does not follow from the families",
    ),
    "a step that is read from": (lambda graph: _without(graph, "first"), "these are named and not there: first"),
    "a step that is waited for": (lambda graph: _without(graph, "second"), "these are named and not there: second"),
    "a step that an output comes from": (
        _another_step_in_outputs,
        "an output comes from `nowhere`, which is not there",
    ),
    "a ring": (_waiting_for_each_other, "the graph has a cycle"),
    "a key of others": (
        lambda graph: with_family(graph, "first", lambda f: f._replace(keys=_by(f, "l"))),
        "`first` sees `params.p` from keys that it does not range over",
    ),
    "a relation to keys of others": (
        lambda graph: with_family(graph, "second", lambda f: f._replace(keys=_by(f, "l"))),
        "`second` sees `i` from keys that it does not range over",
    ),
}


@pytest.mark.parametrize(("change", "told"), BREACHES.values(), ids=BREACHES.keys())
def test_a_breach_is_told(change: Callable[[Graph], Graph], told: str, graph: Graph) -> None:
    assert verify(graph) is graph
    with pytest.raises(InvariantError) as caught:
        verify(change(graph))
    assert told in str(caught.value)
