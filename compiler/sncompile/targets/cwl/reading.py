"""Reads an emitted document and its object back: which jobs an engine will run, and with what.

It follows the specification of CWL as far as our documents use it, and knows nothing of how they were made. What it
does not know, it refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sncompile.lazy_regex import regex
from sncompile.targets.cwl.model import Json
from sncompile.targets.cwl.render import expression_text
from sncompile.targets.cwl.script_words import Said, understood

_REFERENCE = regex(r"\$\(inputs\.(\w+)(\.length)?\)")


class Unreadable(Exception):
    """The document says something that this reader does not know."""


class File(NamedTuple):
    """A file or folder: from outside by its location, or one that a job (`job`) writes to a path, or what is in it."""

    kind: str
    location: str
    job: str
    contents: str | None = None


class ReadJob(NamedTuple):
    """A job as an engine will run it. `said` is what its script is told, `argv` the command that the script runs."""

    id: str
    step: str
    said: Said
    argv: tuple[str, ...]
    env: Mapping[str, str]
    image: str | None
    resources: Mapping[str, Json]
    network: bool


class Reading(NamedTuple):
    """All jobs, the steps that each step waits for, and the path of every file among the results."""

    jobs: tuple[ReadJob, ...]
    needs: Mapping[str, frozenset[str]]
    results: Mapping[str, File]


def read_back(document: str, job: str) -> Reading:
    """What a document does with an object. Raises `Unreadable`."""
    from ruamel.yaml import YAML

    loaded: Any = YAML(typ="safe", pure=True).load(document)
    processes = {process["id"]: process for process in loaded["$graph"]}
    return _Reader(processes, json.loads(job)).read()


class _Reader:
    def __init__(self, processes: Mapping[str, Json], given: Mapping[str, Json]) -> None:
        self._processes = processes
        self._main = processes["main"]
        self._values: dict[str, Json] = {name: _with_files(value) for name, value in given.items()}
        self._jobs: list[ReadJob] = []
        self._needs: dict[str, frozenset[str]] = {}

    def read(self) -> Reading:
        """Every job that the workflow makes of the object. Raises `Unreadable` where the two do not fit."""
        missing = self._main["inputs"].keys() ^ self._values.keys()
        if missing:
            raise Unreadable(f"the object and the workflow differ in {', '.join(sorted(missing))}")
        for name in self._order():
            self._step(name, self._main["steps"][name])
        results: dict[str, File] = {}
        for output in self._main["outputs"].values():
            _collect("", self._values[output["outputSource"]], results)
        return Reading(tuple(self._jobs), self._needs, results)

    def _order(self) -> Iterator[str]:
        """The steps, each after those that it takes something from."""
        from graphlib import TopologicalSorter

        steps = self._main["steps"]
        sources = {
            name: {s.partition("/")[0] for link in step["in"].values() for s in _sources(link)} & steps.keys()
            for name, step in steps.items()
        }
        for name in TopologicalSorter(sources).static_order():
            self._needs[name] = frozenset(sources[name]).union(*(self._needs[s] for s in sources[name]))
            yield name

    def _step(self, name: str, step: Json) -> None:
        process = self._processes[step["run"].removeprefix("#")]
        given = {port: self._linked(link) for port, link in step["in"].items()}
        scatter = step.get("scatter", [])
        if not scatter:
            outputs = self._run(name, process, given)
        else:
            counts = {len(given[port]) for port in scatter}
            if len(counts) != 1 or step["scatterMethod"] != "dotproduct":
                raise Unreadable(f"the step `{name}` scatters over lists of different lengths")
            several = [
                self._run(name, process, {**given, **{port: given[port][number] for port in scatter}})
                for number in range(counts.pop())
            ]
            outputs = {port: [found[port] for found in several] for port in step["out"]}
        for port in step["out"]:
            self._values[f"{name}/{port}"] = outputs[port]

    def _linked(self, link: Json) -> Json:
        if unknown := [source for source in _sources(link) if source not in self._values]:
            raise Unreadable(f"there is no {', '.join(unknown)}")
        values = [self._values[source] for source in _sources(link)]
        if isinstance(link, dict) and link.get("linkMerge") == "merge_flattened":
            return [item for value in values for item in (value if isinstance(value, list) else [value])]
        if len(values) != 1:
            raise Unreadable("several sources that are not merged")
        return values[0]

    def _run(self, step: str, process: Json, given: Mapping[str, Json]) -> Mapping[str, Json]:
        inputs = {}
        for name, said in process["inputs"].items():
            declared = {"type": said} if isinstance(said, str) else said
            found = given.get(name)
            if found is None and "default" in declared:
                found = _with_files(declared["default"])
            _check_type(found, declared["type"], f"{step}/{name}")
            inputs[name] = found
        if unknown := given.keys() - inputs.keys():
            raise Unreadable(f"the step `{step}` is given {', '.join(sorted(unknown))}, which its tool does not take")
        if process["class"] == "ExpressionTool":
            return _expression(process, inputs)
        return self._command(step, process, inputs)

    def _command(self, step: str, process: Json, inputs: Mapping[str, Json]) -> Mapping[str, Json]:
        words: list[str | File] = []
        for argument in process["arguments"]:
            words += _words(argument, inputs)
        if process["baseCommand"] != "bash" or not isinstance(words[0], File):
            raise Unreadable(f"the tool `{process['id']}` does not run its script")
        said, argv = understood(words[1:])
        required = {r["class"]: r for r in (*process.get("requirements", []), *process.get("hints", []))}
        self._jobs.append(
            ReadJob(
                id=said.job,
                step=step,
                said=said,
                argv=argv,
                env={n: _text(v, inputs) for n, v in required.get("EnvVarRequirement", {}).get("envDef", {}).items()},
                image=required.get("DockerRequirement", {}).get("dockerPull"),
                resources={
                    name: _words(value, inputs)[0] if isinstance(value, str) and _REFERENCE.fullmatch(value) else value
                    for kind in ("ResourceRequirement", "ToolTimeLimit")
                    for name, value in required.get(kind, {}).items()
                    if name != "class"
                },
                network=required.get("NetworkAccess", {}).get("networkAccess", False),
            )
        )
        return {name: _output(output, said, inputs) for name, output in process["outputs"].items()}


def _sources(link: Json) -> list[str]:
    found = link["source"] if isinstance(link, dict) else link
    return [found] if isinstance(found, str) else list(found)


def _with_files(value: Json) -> Json:
    if isinstance(value, list):
        return [_with_files(item) for item in value]
    if isinstance(value, dict):
        return File(value["class"], value.get("location", ""), "", value.get("contents"))
    return value


def _check_type(value: Json, kind: Json, where: str) -> None:
    """Raises `Unreadable` where a value has not the type that is declared for it."""
    if not _fits(value, kind):
        raise Unreadable(f"`{where}` is no {kind}")


def _fits(value: Json, kind: Json) -> bool:
    if isinstance(kind, list):
        return any(_fits(value, one) for one in kind)
    if isinstance(kind, dict):
        return isinstance(value, list) and all(_fits(item, kind["items"]) for item in value)
    if kind.endswith("?"):
        return value is None or _fits(value, kind[:-1])
    if kind.endswith("[]"):
        return isinstance(value, list) and all(_fits(item, kind[:-2]) for item in value)
    if kind in ("File", "Directory"):
        return isinstance(value, File) and value.kind == kind
    if isinstance(value, bool) or kind == "boolean":
        return isinstance(value, bool) and kind == "boolean"
    known: dict[str, type | tuple[type, ...]] = {"string": str, "int": int, "long": int, "double": (int, float)}
    return value is None if kind == "null" else isinstance(value, known[kind]) and not isinstance(value, File)


def _value(name: str, length: str | None, inputs: Mapping[str, Json]) -> Json:
    return len(inputs[name]) if length else inputs[name]


def _words(argument: str, inputs: Mapping[str, Json]) -> list[Any]:
    """The words of an argument: a list is that many, what is absent none."""
    whole = _REFERENCE.fullmatch(argument)
    value = _value(whole[1], whole[2], inputs) if whole else _text(argument, inputs)
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, File) else str(item) for item in items]


def _text(text: str, inputs: Mapping[str, Json]) -> str:
    """A text with its references filled in. An engine would look at any other `$` or backslash in its own way."""
    rest = _REFERENCE.sub("", text)
    if "$" in rest or "\\" in rest:
        raise Unreadable(f"engines may read `{text}` in several ways")
    if rest != text and text != text.strip():
        raise Unreadable(f"engines strip `{text}`")
    return _REFERENCE.sub(lambda found: str(_value(found[1], found[2], inputs)), text)


def _output(output: Json, said: Said, inputs: Mapping[str, Json]) -> Json:
    binding, kind = output["outputBinding"], output["type"]
    if "outputEval" in binding:
        return _text(binding["outputEval"], inputs)
    base = kind.removesuffix("[]")
    found = said.laid_out(binding["glob"])
    if kind.endswith("[]"):
        return [File(base, path, said.job) for path in found]
    if len(found) != 1:
        raise Unreadable(f"`{binding['glob']}` fits {len(found)} files of {said.job}")
    return File(base, found[0], said.job)


def _expression(process: Json, inputs: Mapping[str, Json]) -> Mapping[str, Json]:
    script = process["expression"]
    flat = list(_flat(inputs["files"]))
    if script == expression_text("pick.js"):
        return {"picked": _picked(flat, inputs["at"])}
    if script == expression_text("place.js"):
        if len(flat) != len(inputs["paths"]):
            raise Unreadable(f"{len(flat)} files have {len(inputs['paths'])} paths")
        return {"tree": [(path, file) for path, file in zip(inputs["paths"], flat, strict=True)]}
    raise Unreadable(f"the expression of `{process['id']}` is none of ours")


def _flat(value: Json) -> Iterator[File]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def _picked(files: list[File], at: Json) -> Json:
    if isinstance(at, list):
        return [_picked(files, item) for item in at]
    return None if at is None else files[at]


def _collect(above: str, value: Json, found: dict[str, File]) -> None:
    for path, file in value:
        if path in found:
            raise Unreadable(f"two results have the path `{path}`")
        found[above + path] = file
