"""Random expressions with choices over absent cells: every way to evaluate them gives what a naive reading gives.

The naive reading is of Python's own operators, row by row, and shares nothing with the compiler. An expression that
reads an absent cell where it cannot do without is an error; one that would, in a branch that is not taken, is none.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sncompile.api import check, compile_graph, graph_of, optimize, verify_emitted
from sncompile.ir.jobs.expansion import jobs
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.whole_columns import whole_column

Row = Mapping[str, Any]


class NeedsCell(Exception):
    """An absent cell is read where a value is needed."""


class Drawn(NamedTuple):
    """An expression as it is written, and what it is for a row."""

    text: str
    value: Callable[[Row], Any]


def needed(drawn: Drawn, row: Row) -> Any:
    """The value of a part that has to be there."""
    found = drawn.value(row)
    if found is None:
        raise NeedsCell
    return found


COLUMNS = ("a", "b", "c")
words = st.sampled_from(["x", "yy", "it's", "é"])
columns = st.sampled_from(COLUMNS).map(lambda name: Drawn(f"t.{name}", lambda row: row[name]))
constants = words.map(lambda word: Drawn(json.dumps(word, ensure_ascii=False), lambda _: word))
keys = st.just(Drawn("k", lambda row: row["k"]))
nothing = st.just(Drawn("null", lambda _: None))


def _tests(texts: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn]:
    absent = st.tuples(columns, st.booleans()).map(
        lambda d: Drawn(f"{d[0].text} {'!=' if d[1] else '=='} null", lambda row: (d[0].value(row) is None) != d[1])
    )
    equal = st.tuples(texts, texts).map(
        lambda d: Drawn(f"({d[0].text}) == ({d[1].text})", lambda row: d[0].value(row) == d[1].value(row))
    )
    longer = texts.map(lambda d: Drawn(f"len(({d.text}) + '.') > 3", lambda row: len(needed(d, row)) > 2))
    plain = st.one_of(absent, equal, longer)
    both = st.tuples(plain, plain).map(
        lambda d: Drawn(f"({d[0].text} and {d[1].text})", lambda row: d[0].value(row) and d[1].value(row))
    )
    either = st.tuples(plain, plain).map(
        lambda d: Drawn(f"({d[0].text} or {d[1].text})", lambda row: d[0].value(row) or d[1].value(row))
    )
    turned = plain.map(lambda d: Drawn(f"not ({d.text})", lambda row: not d.value(row)))
    return st.one_of(plain, both, either, turned)


def _larger(texts: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn]:
    joined = st.tuples(texts, texts).map(
        lambda d: Drawn(f"({d[0].text}) + ({d[1].text})", lambda row: needed(d[0], row) + needed(d[1], row))
    )
    upper = texts.map(lambda d: Drawn(f"upper({d.text})", lambda row: needed(d, row).upper()))
    first = st.tuples(columns, texts).map(
        lambda d: Drawn(
            f"coalesce({d[0].text}, {d[1].text})",
            lambda row: d[0].value(row) if d[0].value(row) is not None else d[1].value(row),
        )
    )
    chosen = st.tuples(_tests(texts), texts, texts).map(
        lambda d: Drawn(
            f"({d[1].text} if {d[0].text} else {d[2].text})",
            lambda row: d[1].value(row) if d[0].value(row) else d[2].value(row),
        )
    )
    return st.one_of(chosen, chosen, joined, upper, first)


expressions = st.recursive(st.one_of(columns, constants, keys), _larger, max_leaves=6)
values = st.one_of(
    expressions,
    st.tuples(_tests(expressions), expressions).map(
        lambda d: Drawn(
            f"null if {d[0].text} else {d[1].text}", lambda row: None if d[0].value(row) else d[1].value(row)
        )
    ),
)
tables = st.lists(
    st.fixed_dictionaries({name: st.one_of(st.none(), words) for name in COLUMNS}), min_size=1, max_size=4
).map(lambda rows: [{"k": f"k{number}", **row} for number, row in enumerate(rows)])


def _spec(drawn: Drawn, rows: list[dict[str, Any]], folder: Path) -> Path:
    module = {
        "params": {"p": {"type": "string?"}},
        "outputs": {"o": {"type": "file"}},
        "command": ["tool", {"option": "--p", "value": "${params.p}"}, "${outputs.o}"],
    }
    document = {
        "sncompile": 1,
        "pipeline": "main",
        # A last row that has every cell keeps the columns there, and the texts texts.
        "tables": {"t": {"key": "k", "rows": [*rows, {"k": "last", **dict.fromkeys(COLUMNS, "zzz")}]}},
        "steps": {"s": {"by": "k", "with": {"p": f"${{{drawn.text}}}"}, "module": module}},
    }
    path = folder / "main.yaml"
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def _expected(drawn: Drawn, rows: list[dict[str, Any]]) -> list[Any] | None:
    """The value for every row; None where a row lacks what it needs."""
    try:
        return [drawn.value(row) for row in [*rows, {"k": "last", **dict.fromkeys(COLUMNS, "zzz")}]]
    except NeedsCell:
        return None


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(values, tables)
def test_expressions_are_what_they_are_row_by_row(drawn: Drawn, rows: list[dict[str, Any]]) -> None:
    """Checked, evaluated one by one and at once, written out as jobs, and lowered to CWL at every level."""
    expected = _expected(drawn, rows)
    with tempfile.TemporaryDirectory() as place:
        checked = check(_spec(drawn, rows, Path(place)))
        assert checked.failed == (expected is None), [d.message for d in checked.diagnostics]
        event("refused" if expected is None else "valid")
        if expected is None:
            return
        graph = graph_of(checked.require())
        family = graph.families["s"]
        evaluator = Evaluator(graph.families)
        closure = evaluator.closure(family.params["p"], family.keys, family)
        assert [closure(i) for i in range(len(family.keys))] == expected
        at_once = whole_column(family.params["p"], family.keys, family, graph.families)
        assert at_once is not None
        assert list(at_once) == expected
        words_of = [["--p", value] if value is not None else [] for value in expected]
        assert [job.command[1:-1] for job in jobs(graph) if job.command is not None] == words_of
        for level in (0, 1, 2):
            lowered = optimize(graph, level).graph
            out = Path(place) / "out"
            compile_graph(lowered, "cwl", out=out).write(out)
            verify_emitted(lowered, out, "cwl")


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(values, tables)
def test_snakemake_has_the_same_values(drawn: Drawn, rows: list[dict[str, Any]]) -> None:
    """Snakemake reads the file back and makes the same words; few examples, as it takes a second for each."""
    if _expected(drawn, rows) is None:
        return
    with tempfile.TemporaryDirectory() as place:
        graph = graph_of(check(_spec(drawn, rows, Path(place))).require())
        out = Path(place) / "build"
        compile_graph(graph, out=out).write(out)
        verify_emitted(graph, out)
