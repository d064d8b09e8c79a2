"""Look-ups in steps, through passes, comparisons and targets: whatever columns say, jobs are what they were."""

from __future__ import annotations

from graphlib import CycleError
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sncompile.api import check, compile_graph, graph_of, optimize
from sncompile.diagnostics import CompileError
from sncompile.ir.diff.compare import compare
from sncompile.ir.graph.feeds import in_turn
from sncompile.ir.graph.model import Graph
from sncompile.ir.graph.verify import verify
from sncompile.ir.jobs.expansion import jobs

from .lowered_jobs import differences

STEPS = """\
sncompile: 1
pipeline: main
tables:
  t:
    key: [k, l]
    rows: ROWS
steps:
  one:
    by: [k, l]
    module: &tool
      inputs: {i: {type: "file?"}, more: {type: "file[]?"}}
      params: {n: {type: integer, default: 1}}
      outputs: {o: {type: file}}
      command: [tool, "${inputs.i}", "${inputs.more}", "${params.n}", "${outputs.o}"]
  two: {module: *tool, by: [k, l], with: {n: 2}}
  same: {module: *tool, by: [k, l], with: {i: "${lookup(one.o, k=t.a)}"}}
  like: {module: *tool, by: [k, l], with: {i: "${lookup(two.o, k=t.a)}"}}
  all: {module: *tool, by: k, with: {more: "${lookup(two.o, k=k)}"}}
  lists: {module: *tool, with: {more: "${lookup(one.o, k='K0')}"}}
  chain: {module: *tool, by: [k, l], batch: 3, with: {i: "${lookup(chain.o, l=t.b)}", more: ["${same.o}", "${like.o}"]}}
  after: {module: *tool, by: [k, l], with: {i: "${chain.o}"}}
  sheet:
    by: k
    with: {sheet: {rows: {K: "${chain.k}", L: "${chain.l}", O: "${chain.o}", B: "${lookup(one.o, k=t.a)}", N: 2}}}
    module: {inputs: {sheet: {type: file, format: csv}}, outputs: {o: {type: file}},
      command: [tool, "${inputs.sheet}", "${outputs.o}"]}
outputs: {o: "${after.o}", all: "${all.o}", lists: "${lists.o}", sheet: "${sheet.o}"}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def graph(text: str) -> Graph:
    """The graph of a spec without errors."""
    Path("main.yaml").write_text(text, encoding="utf-8")
    return graph_of(check("main.yaml").require())


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, str]]:
    """Rows by two keys, in any order; `a` names a first key that has the row's second, `b` a second one further on."""
    firsts, seconds = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    pairs = [(f"K{k}", f"L{n}") for k in range(firsts) for n in range(seconds)]
    found = []
    for first, second in draw(st.permutations(pairs)):
        row = {"k": first, "l": second}
        if draw(st.booleans()):
            row["a"] = f"K{draw(st.integers(0, firsts - 1))}"
        further = draw(st.integers(int(second[1:]) + 1, seconds))
        if further < seconds:
            row["b"] = f"L{further}"
        found.append(row)
    if not any("a" in row for row in found):
        found[0]["a"] = "K0"
    if not any("b" in row for row in found):
        found = [row | {"b": ""} for row in found]
    return found


def _text(found: list[dict[str, str]]) -> str:
    cells = [", ".join(f'{name}: "{cell}"' if cell else f"{name}: null" for name, cell in row.items()) for row in found]
    return STEPS.replace("ROWS", "[" + ", ".join(f"{{{row}}}" for row in cells) + "]")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows())
def test_jobs_stay_what_they_are(found: list[dict[str, str]]) -> None:
    """At every level, in the lowered model and in what is emitted; and each takes what its row says."""
    made = graph(_text(found))
    verify(made)
    assert not list(differences(made))
    before = {job.id: job for job in jobs(made)}
    for row in found:
        here = f"{row['k']}/{row['l']}"
        assert before[f"same/{here}"].inputs["i"] == (f"results/one/{row['a']}/{row['l']}/o" if row.get("a") else None)
        chain = before[f"chain/{here}"]
        assert chain.inputs["i"] == (f"results/chain/{row['k']}/{row['b']}/o" if row.get("b") else None)
        assert (f"chain/{row['k']}/{row.get('b')}" in chain.after) == bool(row.get("b"))
    for level in (1, 2):
        after = optimize(made, level, check=True).graph
        assert not list(differences(after))
        assert {job.id: job.digest for job in jobs(after)} == {i: job.digest for i, job in before.items()}
        compile_graph(after)  # It reads back what it emits.
        compile_graph(after, "bash")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows(), rows())
def test_comparison_says_what_digests_say(old: list[dict[str, str]], new: list[dict[str, str]]) -> None:
    """It makes none, and must follow chains of one family all the same."""
    was, now = graph(_text(old)), graph(_text(new))
    digests = {job.id: job.digest for job in jobs(was)}
    wanted = {job.id for job in jobs(now) if digests.get(job.id) != job.digest}
    found = compare(was, now)
    assert {job.id for job in found.jobs() if job.state.value in ("changed", "new")} == wanted


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=10, max_size=10))
def test_turns(needs: list[list[int]]) -> None:
    """Each after what it needs, or a ring in which each needs the next."""
    try:
        found = in_turn(10, needs.__getitem__)
    except CycleError as error:
        ring = error.args[1]
        assert ring[0] == ring[-1]
        assert all(after in needs[before] for before, after in pairwise(ring))
        return
    place = {number: n for n, number in enumerate(found)}
    assert sorted(found) == list(range(10))
    assert all(place[other] < place[number] for number in range(10) for other in needs[number])


def _chain(length: int) -> str:
    cells = ", ".join(f"{{y: {n}, b: {n - 1}}}" for n in range(length - 1, 0, -1))
    return f"""\
sncompile: 1
pipeline: main
tables: {{t: {{key: y, rows: [{cells}, {{y: 0}}]}}}}
steps:
  s:
    by: y
    with: {{i: "${{lookup(s.o, y=t.b)}}"}}
    module:
      inputs: {{i: {{type: "file?"}}}}
      outputs: {{o: {{type: file}}}}
      command: [tool, "${{inputs.i}}", "${{outputs.o}}"]
"""


def test_python_goes_as_deep_as_the_longest_chain() -> None:
    """Only where it has to: other Snakefiles stay as they were."""
    assert b"setrecursionlimit" not in compile_graph(graph(_chain(20))).files["Snakefile"]
    assert (
        b"setrecursionlimit(max(sys.getrecursionlimit(), 6000))" in compile_graph(graph(_chain(500))).files["Snakefile"]
    )


def test_cwl_refuses_steps_that_read_from_themselves() -> None:
    with pytest.raises(CompileError) as refused:
        compile_graph(graph(_chain(3)), "cwl")
    assert [d.code for d in refused.value.diagnostics] == ["SN614"]
