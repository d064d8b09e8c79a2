"""What a run is about, written down before it starts: steps, parameters, outputs, the picture, and every job's file.

With it a run can be told of without its spec, which may have changed since, or be gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sncompile.drawing.families import family_picture
from sncompile.drawing.picture import Bond, Link, Node, Picture, Shape
from sncompile.ir.graph.feeds import may_lack
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.text import value_text
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Attempt, Value, is_constant, walk
from sncompile.ir.values.relating import UNIT
from sncompile.runner.files.job_files import first_files, marks
from sncompile.runner.record import RunFolder, private, write_object
from sncompile.semantics.building import build
from sncompile.semantics.program import Options, Program, Step
from sncompile.views.inference import inference_object


def facts_of(program: Program, options: Options, *, origin_of_params: str = "--params") -> dict[str, Any]:
    """What `facts.json` holds of a program; `origin_of_params` says where `options.params` came from."""
    graph = build(program)
    evaluator = Evaluator(graph.families)
    # A step without jobs is no family; its parameters are told all the same.
    of_steps = Evaluator(program.steps)
    return {
        "version": 1,
        "pipeline": program.name,
        "title": program.about.title,
        "description": program.about.description,
        "spec": program.spec,
        "span": program.span._asdict(),
        "steps": [_step(program.steps[name], graph.families[name], evaluator) for name in graph.order()],
        "parameters": [
            *_pipeline_parameters(program, options, of_steps, origin_of_params),
            *(p for step in program.steps.values() for p in _step_parameters(step, of_steps)),
        ],
        "outputs": {
            name: {**_output(value, evaluator), "may_lack": may_lack(value, graph.families)}
            for name, value in graph.outputs.items()
        },
        "shown": list(_shown(graph, evaluator)),
        "picture": _picture_object(family_picture(graph)),
        "inferred": inference_object(program.name, program.inferred)["values"],
    }


def write_facts(folder: RunFolder, facts: Mapping[str, Any], graph: Graph) -> None:
    """Write `facts.json`, and `jobs.jsonl` with a line `[step, key, file, mark]` for every job of the graph.

    A job is known by the first file that it writes, or by the mark that its rule leaves instead, whatever rule of the
    engine it became part of. Jobs of one batch share a mark.
    """
    evaluator = Evaluator(graph.families)
    families: dict[str, dict[str, int]] = {name: {} for name in graph.families}
    with open(folder.jobs, "w", encoding="utf-8", errors="surrogateescape", opener=private) as file:
        for family in graph.families.values():
            for number, (path, mark) in enumerate(
                zip(first_files(family, evaluator), marks(graph, family), strict=True)
            ):
                origin, key = family.origin(number)
                names = family.keys.by[len(family.keys.by) - len(key) :]
                line = [origin.step, dict(zip(names, key, strict=True)), path, mark]
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                counts = families[family.name]
                counts[origin.step] = counts.get(origin.step, 0) + 1
    write_object(folder.facts, {**facts, "families": families})


# --- Steps and parameters ---------------------------------------------------------------------------------------------


def _step(step: Step, family: Family, evaluator: Evaluator) -> dict[str, Any]:
    return {
        "name": step.name,
        "title": step.title,
        "module": step.module.name.name,
        "writes": sorted({output.base for output in family.outputs.values()}),
        "by": list(step.keys.by),
        "instances": len(step.keys),
        "container": None if step.container is None else _plain(step.container, evaluator, family),
        "conda": step.conda,
        "resources": {name: _plain(value, evaluator, family) for name, value in step.resources.items()},
        "grows": sorted(n for n, v in step.resources.items() if any(isinstance(each, Attempt) for each in walk(v))),
        "span": step.span._asdict(),
    }


def _pipeline_parameters(
    program: Program, options: Options, evaluator: Evaluator, origin_of_params: str
) -> Iterator[dict[str, Any]]:
    for name, value in program.params.items():
        origin = "default"
        if name in options.sets:
            origin = "--set"
        elif name in options.params:
            origin = origin_of_params
        yield _parameter(None, name, _plain(value, evaluator, None), origin, value)
    for name, value in program.data.items():
        origin = "--data" if name in options.data else "spec"
        yield {**_parameter(None, f"data.{name}", _plain(value, evaluator, None), origin, value), "type": "path"}


def _step_parameters(step: Step, evaluator: Evaluator) -> Iterator[dict[str, Any]]:
    for name, value in step.params.items():
        default = step.module.params[name].default if name in step.module.params else None
        # What `with` gives stands at its own place there; a default stands for the step as a whole.
        said = value.span not in (step.span, default.span if default is not None else step.span)
        found = _parameter(step.name, name, _plain(value, evaluator, step), "spec" if said else "default", value)
        if not said and default is not None:
            found |= {"file": default.span.file, "line": default.span.line}
        yield found


def given_to(step: Step, evaluator: Evaluator) -> dict[str, Any]:
    """What a step is given, as `facts.json` holds it: the values of its parameters by name, and its `container`."""
    found = {name: _plain(value, evaluator, step) for name, value in step.params.items()}
    return {**found, "container": None if step.container is None else _plain(step.container, evaluator, step)}


def _parameter(step: str | None, name: str, plain: Any, origin: str, value: Value) -> dict[str, Any]:
    span = value.span
    return {
        "step": step, "name": name, "value": plain, "type": str(value.type), "origin": origin,
        "file": span.file, "line": span.line,
    }  # fmt: skip


def _plain(value: Value, evaluator: Evaluator, step: Step | Family | None) -> Any:
    """A value as JSON has it: what it is where it is the same for all jobs, its expression otherwise."""
    keys = step.keys if step is not None else UNIT
    if is_constant(value) or len(keys) <= MOST_COMPARED:
        try:
            few = (
                [evaluator.closure(value, keys, step)(0)] if is_constant(value) else evaluator.column(value, keys, step)
            )
            seen = set(few)
            if len(seen) == 1:
                return _listed(*seen)
        except (AtRunTime, ValueFault):
            pass
    return f"${{{value_text(value)}}}"


MOST_COMPARED = 1000
"""Of so many instances it is looked at whether they share a value."""


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _output(value: Value, evaluator: Evaluator) -> dict[str, Any]:
    found = evaluator.closure(value, UNIT)(0)
    return {"many": isinstance(found, tuple), "paths": _paths(found)}


MOST_SHOWN = 200
"""Of so many jobs of a step the outputs are shown that are for people to look at."""


def _shown(graph: Graph, evaluator: Evaluator) -> Iterator[dict[str, Any]]:
    """The outputs that are for people to look at, port by port."""
    for name in graph.order():
        family = graph.families[name]
        for port, output in family.outputs.items():
            if output.report is None:
                continue
            path_of = evaluator.closure(output.path, family.keys, family)
            labels = dict(output.report.labels)
            yield {
                "step": name,
                "port": port,
                "category": output.report.category,
                "caption": output.report.caption,
                "jobs": len(family.keys),
                "files": [
                    {"labels": {**dict(zip(family.keys.by, key, strict=True)), **labels}, "path": path}
                    for number, key in enumerate(family.keys.instances[:MOST_SHOWN])
                    for path in _paths(path_of(number))
                ],
            }


def _paths(found: Any) -> list[str]:
    return [] if found is None else list(map(str, found)) if isinstance(found, tuple) else [str(found)]


# --- The picture ------------------------------------------------------------------------------------------------------


def _picture_object(picture: Picture) -> dict[str, Any]:
    return {
        "name": picture.name,
        "title": picture.title,
        "caption": picture.caption,
        "nodes": [node._asdict() for node in picture.nodes],
        "links": [link._asdict() for link in picture.links],
    }


def picture_from(facts: Mapping[str, Any]) -> Picture | None:
    """The picture that `facts.json` holds; None where it holds none."""
    found: Any = facts.get("picture")
    try:
        nodes = tuple(
            Node(**{**node, "shape": Shape(node["shape"]), "lines": tuple(node["lines"])}) for node in found["nodes"]
        )
        links = tuple(Link(**{**link, "bond": Bond(link["bond"])}) for link in found["links"])
        return Picture(str(found["name"]), str(found["title"]), str(found["caption"]), nodes, links)
    except (KeyError, TypeError, ValueError):
        return None
