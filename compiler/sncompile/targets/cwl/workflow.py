"""The lowered model → the whole document."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from sncompile import __version__
from sncompile.diagnostics import Report
from sncompile.lowering.model import Lowered as Pipeline
from sncompile.targets.cwl.context import Around
from sncompile.targets.cwl.model import Document, Expression, Input, Json, Link, Output, Result, Step, array
from sncompile.targets.cwl.names import unique, unique_names
from sncompile.targets.cwl.plan import Plan
from sncompile.targets.cwl.tools import DONE, Lowered, lower_task
from sncompile.targets.cwl.wiring import Wiring

MAIN = "main"
FILES: Json = array(["File", "Directory"])


def lower_pipeline(lowered: Pipeline, folder: str, report: Report) -> Document:
    """The document of a pipeline; `folder` leads from where it will stand to the working folder."""
    plan = Plan(lowered)
    used = {MAIN}
    around = Around(plan, report, unique_names(plan.numbers, used))
    waited = {other for name in plan.numbers for other in plan.waited_for(lowered.tasks[name])}
    tools = {name: lower_task(lowered.tasks[name], around, marked=name in waited) for name in plan.numbers}
    wiring = Wiring(plan, tools, folder, used)
    steps = [step for tool in tools.values() for step in _steps(tool, around, wiring)]
    results, last = _placed(plan, tools, wiring, used)
    return Document(
        name=lowered.name,
        title=lowered.title,
        spec=lowered.spec,
        digest=lowered.digest,
        version=__version__,
        secrets=tuple(sorted({name for tool in tools.values() for name in tool.secrets})),
        promised=tuple(_promised(lowered)),
        inputs=tuple(wiring.inputs),
        outputs=results,
        steps=(*steps, *last),
        tools=tuple(tool.tool for tool in tools.values()),
        expressions=tuple(wiring.expressions.values()),
        requirements=({"class": "ScatterFeatureRequirement"}, {"class": "MultipleInputFeatureRequirement"}),
        jobs=sum(map(len, plan.numbers.values())),
        job=wiring.job,
    )


def _steps(lowered: Lowered, around: Around, wiring: Wiring) -> Iterator[Step]:
    """The step of a task, after those that pick its files."""
    tool = lowered.tool
    links: list[Link] = []
    scatter: list[str] = []
    before = len(wiring.picks)
    for column in lowered.columns:
        name, kind = column.input.name, column.input.type
        each = lowered.scattered and not column.shared
        value: Json = list(column.values) if each else column.values[0]
        links.append(Link(name, (wiring.given(f"{tool.id}_{name}", array(kind) if each else kind, value),)))
        scatter += [name] if each else []
    for port in lowered.ports:
        wired = wiring.wire(lowered, port)
        links.append(wired.link)
        scatter += [port.name] if wired.scatter else []
    links += [Link(f"after_{around.ids[name]}", (f"{around.ids[name]}/{DONE}",)) for name in lowered.waits]
    yield from wiring.picks[before:]
    yield Step(tool.id, tool.id, tuple(links), tuple(scatter), tuple(output.name for output in tool.outputs))


def _placed(
    plan: Plan, tools: dict[str, Lowered], wiring: Wiring, used: set[str]
) -> tuple[tuple[Result, ...], list[Step]]:
    """The last step, which gives all files that are kept the paths that the pipeline has for them."""
    sources: list[str] = []
    paths: list[str] = []
    for name, lowered in tools.items():
        for port, output in lowered.task.outputs.items():
            if not output.temp:
                sources.append(wiring.source(name, port))
                paths += [posixpath.normpath(p) for n in plan.numbers[name] for p in output.paths[n]]
    if not sources:
        return (), []
    tool = unique("place", used)
    kinds = ["File", "Directory"]
    listed = array([*kinds, array(kinds)])
    wiring.expressions[tool] = Expression(
        id=tool,
        comments=("Gives every file its path: folders are made from what lies between the slashes.",),
        inputs=(Input("files", listed), Input("paths", array("string"))),
        outputs=(Output("tree", FILES),),
        script="place.js",
    )
    given = wiring.given("paths", array("string"), paths)
    step = unique("placed", used)
    links = (Link("files", tuple(sources), True), Link("paths", (given,)))
    return (Result(unique("files", used), FILES, f"{step}/tree"),), [Step(step, tool, links, (), ("tree",))]


def _promised(lowered: Pipeline) -> Iterator[tuple[str, str]]:
    for name, promised in lowered.outputs.items():
        if promised.paths is not None:
            several = "several files" if promised.paths else "no files"
            yield name, several if promised.many else promised.paths[0]
