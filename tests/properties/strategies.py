"""Random specs: most are valid, a few are wrong in one place.

What a step is bound to is drawn first and its module is made to fit, so that most specs get as far as jobs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from hypothesis import strategies as st

from .compiled import Plain
from .oracle import Spec

Json = Any
Draw = st.DrawFn

KEYS = ("plate", "well", "site", "cycle")
FORMATS = ("csv", "tiff", "fastq.gz")
_PLAIN_KEYS = ("A01", "01", "1", "1.0", "1e3", "true", "no", "2024-01-01", "0x1F", "0o7")
_LETTERS = "abA1 '\"$`\\*?[]{}()|&;<>#!~%/.,:=-_@üß漢\u0301"


def hostile(extra: str = "", least: int = 0) -> st.SearchStrategy[str]:
    """Text full of what shells, paths and YAML care about, without our own `${`."""
    text = st.text(_LETTERS + extra, min_size=least, max_size=6)
    return text.map(lambda t: t.replace("${", "$ {"))


key_values = st.one_of(st.sampled_from(_PLAIN_KEYS), hostile(least=1), hostile("\t\n", least=1))
words = st.sampled_from(["x", "y", "dmso", "it's", "a b"])
mostly = st.integers(0, 9).map(lambda n: n != 7)
seldom = st.integers(0, 200).map(lambda n: n == 137)
DEEPEST = 2


def some(draw: Draw, items: list[Any], least: int = 0, most: int | None = None) -> list[Any]:
    """A random part of a list, shuffled."""
    if not items:
        return []
    shuffled = draw(st.permutations(items))
    return shuffled[: draw(st.integers(least, len(items) if most is None else min(most, len(items))))]


@dataclass
class TableShape:
    """What a strategy must know of a table to refer to it."""

    name: str
    key: list[str]
    columns: dict[str, str]
    values: dict[str, list[str]]


@dataclass
class StepShape:
    """What a strategy must know of a step to refer to it."""

    name: str
    keys: list[str]
    outputs: dict[str, tuple[str, list[str]]]
    """port → its type and formats"""


@dataclass
class World:
    """What is there while a pipeline is drawn: its tables, inputs, parameters, steps so far, and all documents."""

    tables: list[TableShape]
    documents: dict[str, Json]
    files: dict[str, list[Mapping[str, Any]]]
    keys: list[str] = field(default_factory=list)
    """of the steps around this pipeline"""
    inputs: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    steps: list[StepShape] = field(default_factory=list)
    depth: int = 0


@st.composite
def specs(draw: Draw) -> Spec:
    """A spec with its modules, nested pipelines and files."""
    pool = {key: draw(st.lists(key_values, min_size=1, max_size=3, unique=True)) for key in KEYS}
    world = World([], {}, {})
    declared = {f"t{i}": _table(draw, f"t{i}", pool, world) for i in range(draw(st.integers(1, 3)))}
    document = {"pipeline": "main", **_pipeline(draw, world, declared, "")}
    if draw(st.booleans()):
        document["modules"] = {"mod": "./modules"}
        for step in document["steps"].values():
            if isinstance(step["module"], str) and step["module"].startswith("./modules/"):
                step["module"] = step["module"].replace("./modules/", "mod/").removesuffix(".yaml")
    return Spec(document, world.documents, world.files, {"modules/calc.py": "pass\n"})


def _table(draw: Draw, name: str, pool: dict[str, list[str]], world: World) -> Json:
    """A table over some of the keys, with extra columns; not every combination of keys has a row."""
    key = some(draw, list(KEYS), 1, 3)
    rows_of_keys = some(draw, list(product(*(pool[k] for k in key))), 1, 7)
    extra = {f"{name}_text": "string", f"{name}_number": "number", f"{name}_file": "path"}
    others = [k for k in KEYS if k not in key]
    if others and draw(st.booleans()):
        extra[draw(st.sampled_from(others))] = "string"
    as_file = draw(st.booleans())
    rows: list[Mapping[str, Any]] = []
    for number, values in enumerate(rows_of_keys):
        row: dict[str, Any] = {}
        for k, value in zip(key, values, strict=True):
            plain = value in _PLAIN_KEYS and not as_file and draw(st.booleans())
            row[k] = Plain(value) if plain else value
        for column, kind in extra.items():
            if column in KEYS:
                cell: Any = draw(st.sampled_from(pool[column]))
            elif kind == "number":
                cell = draw(st.one_of(st.integers(-5, 50), st.sampled_from([0.5, 1.25, -2.0, 1e-7])))
            elif kind == "path":
                cell = f"in/{name}_{number}.tif"
            else:
                cell = draw(st.one_of(words, hostile(least=1), st.just("") if as_file else st.none()))
            row[column] = str(cell) if as_file and cell is not None else cell
        rows.append(row)
    world.tables.append(TableShape(name, key, extra, {k: [str(row[k]) for row in rows] for k in key}))
    if as_file:
        ending = draw(st.sampled_from(["csv", "tsv"]))
        world.files[f"{name}.{ending}"] = rows
        return {"key": key, "file": f"{name}.{ending}"}
    return {"key": key, "rows": rows}


def _pipeline(draw: Draw, world: World, tables: Json, prefix: str) -> Json:
    """The body of a pipeline document: its steps, in an order that data, `after` and `flow` keep to."""
    document: Json = {"data": {"raw": "raw data"}, "tables": tables}
    if draw(st.booleans()):
        document["data"]["workspace"] = draw(st.sampled_from(["ws", "a b/it's"]))
    own_params = {f"{prefix}p{i}": draw(st.sampled_from(list(_DEFAULTS))) for i in range(draw(st.integers(0, 2)))}
    document["params"] = {name: {"type": kind, "default": draw(_DEFAULTS[kind])} for name, kind in own_params.items()}
    world.params.update(own_params)
    document["steps"] = {}
    for number in range(draw(st.integers(1, 3) if world.depth else st.integers(2, 6))):
        name = f"{prefix}s{number}"
        nested = world.depth < DEEPEST and draw(st.integers(0, 5)) == 3
        document["steps"][name] = (_nested if nested else _step)(draw, world, name)
    names = [step.name for step in world.steps]
    if draw(st.booleans()):
        document["flow"] = _flow(draw, names)
    if not world.depth and draw(st.integers(0, 3)) == 2:
        step = draw(st.sampled_from(world.steps))
        document["outputs"] = {"result": f"${{{step.name}.{draw(st.sampled_from(sorted(step.outputs)))}}}"}
    return document


def _flow(draw: Draw, names: list[str], seq: bool = True) -> Json:
    """A nested order of some of the steps."""
    if len(names) <= 1 or not draw(mostly):
        return {"seq": names}
    cut = draw(st.integers(1, len(names)))
    parts = [part for part in (names[:cut], names[cut:]) if part]
    inner = [part[0] if len(part) == 1 else _flow(draw, part, not seq) for part in parts]
    return {"seq" if seq else "parallel": inner}


def _range(draw: Draw, world: World) -> tuple[Json, list[str]]:
    """`by`, `over` and `where` of a step, and its own keys."""
    table = draw(st.sampled_from(world.tables))
    by = some(draw, table.key)
    declared: Json = {}
    if by:
        declared["by"] = by[0] if len(by) == 1 and draw(st.booleans()) else by
    several = sum(set(by) <= set(t.key) for t in world.tables) > 1
    if (by and several) or (draw(st.booleans()) if by else draw(st.integers(0, 4)) == 0):
        declared["over"] = table.name
    if (by or "over" in declared) and draw(st.integers(0, 5)) == 0:
        condition = _where(draw, table, by)
        if condition:
            declared["where"] = condition
    return declared, by


def _where(draw: Draw, table: TableShape, by: list[str]) -> str | None:
    column = draw(st.sampled_from([*table.key, f"{table.name}_text", f"{table.name}_file"]))
    values = table.values.get(column, ["x", "dmso", f"in/{table.name}_0.tif"])
    value = draw(st.sampled_from(values))
    if re.fullmatch(r"[\w./ -]+", value) is None:
        return None
    name = column if column in by else f"{table.name}.{column}"
    test = draw(
        st.sampled_from(["{} == '{}'", "{} != '{}'", "not {} == '{}'", "'{1}' != {0}", "{} in ['{}', 'A01', '01']"])
    )
    return "${" + test.format(name, value) + "}"


_DEFAULTS: dict[str, st.SearchStrategy[Any]] = {
    "string": hostile("\n\t"),
    "integer": st.integers(-3, 10**12),
    "number": st.one_of(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 9)),
    "boolean": st.booleans(),
    "path": st.sampled_from(["ref/a b.fa", "x.txt"]),
    "string[]": st.lists(hostile("\n"), max_size=3),
    "integer[]": st.lists(st.integers(0, 9), max_size=3),
}


def _common(draw: Draw, world: World) -> Json:
    """What a plain step and a nested pipeline may both say."""
    declared: Json = {}
    if draw(st.integers(0, 6)) == 0:
        truths = [name for name, kind in world.params.items() if kind == "boolean"]
        declared["when"] = draw(st.sampled_from([False, True, "${1 > 2}", *("${params.%s}" % t for t in truths)]))
    earlier = [step.name for step in world.steps]
    if earlier and draw(st.integers(0, 3)) == 0:
        after = some(draw, earlier, 1, 2)
        declared["after"] = after[0] if len(after) == 1 else after
    return declared


def _source(draw: Draw, world: World, keys: list[str]) -> tuple[Json, str, list[str], bool]:
    """Something to bind an input to, the port type that fits, its formats, and whether it may be absent."""
    choices = ["literal", "column", *(["step"] * 4 if world.steps else []), *(["input"] if world.inputs else [])]
    match draw(st.sampled_from(choices)):
        case "step":
            step = draw(st.sampled_from(world.steps))
            port, (kind, formats) = draw(st.sampled_from(sorted(step.outputs.items())))
            if not set(step.keys) <= set(keys):
                kind = kind.removesuffix("[]") + "[]"
            elif kind == "file" and draw(st.integers(0, 4)) == 3:
                return ["${%s.%s}" % (step.name, port), "in/more.txt"], "file[]", formats, False
            return "${%s.%s}" % (step.name, port), kind, formats, True
        case "column":
            table = draw(st.sampled_from(world.tables))
            single = set(table.key) <= set(keys)
            return "${%s.%s_file}" % (table.name, table.name), "file" if single else "file[]", [], True
        case "input":
            name, kind = draw(st.sampled_from(sorted(world.inputs.items())))
            return "${inputs.%s}" % name, kind.removesuffix("?"), [], kind.endswith("?")
    return draw(st.sampled_from(["in/one file.txt", "${data.raw}/x.txt"])), "file", [], False


def _input(draw: Draw, world: World, keys: list[str]) -> tuple[Json, Json]:
    """A port and what is bound to it; now and then they do not fit."""
    value, kind, formats, doubtful = _source(draw, world, keys)
    if draw(seldom):
        kind = kind.removesuffix("[]") if kind.endswith("[]") else kind + "[]"
    port: Json = {"type": kind + ("?" if draw(st.integers(0, 4 if doubtful else 1)) else "")}
    if formats and draw(st.booleans()):
        port["format"] = (
            [draw(st.sampled_from(FORMATS)), formats[0]] if draw(mostly) else draw(st.sampled_from(FORMATS))
        )
    return port, value


def _param(draw: Draw, world: World, keys: list[str]) -> tuple[Json, Any]:
    """A parameter and what is bound to it; `...` where nothing is."""
    choices = ["literal", "literal", "default", "absent"]
    choices += (
        ["key"] * bool(keys and not world.keys) + ["column"] * bool(world.tables) + ["param"] * bool(world.params)
    )
    kind = draw(st.sampled_from(list(_DEFAULTS)))
    match draw(st.sampled_from(choices)):
        case "absent":
            return {"type": kind + "?"}, ...
        case "default":
            return {"type": kind, "default": draw(_DEFAULTS[kind])}, ...
        case "key":
            key = draw(st.sampled_from(keys))
            return {"type": "string"}, draw(st.sampled_from(["${%s}", "${upper(%s)}", "--x=${%s}"])) % key
        case "column":
            table = draw(st.sampled_from(world.tables))
            columns = [(c, k) for c, k in table.columns.items() if k != "path"]
            column, kind = draw(st.sampled_from([*columns, (table.key[0], "string")]))
            single = set(table.key) <= {*world.keys, *keys}
            if not single and kind == "string" and draw(st.booleans()):
                call = draw(st.sampled_from(["sorted", "unique", "len"]))
                kind = "integer" if call == "len" else "string[]"
                return {"type": kind}, "${%s(%s.%s)}" % (call, table.name, column)
            return {"type": kind + ("?" if single else "[]?")}, "${%s.%s}" % (table.name, column)
        case "param":
            name, kind = draw(st.sampled_from(sorted(world.params.items())))
            return {"type": kind}, "${params.%s}" % name
    return {"type": kind}, draw(_DEFAULTS[kind])


def _command(draw: Draw, module: Json) -> list[Json]:
    """A command that uses every port and parameter in one of the ways that fit."""
    items: list[Json] = []
    for group in ("inputs", "params", "outputs"):
        for name, port in module[group].items():
            hole = "${%s.%s}" % (group, name)
            kind = port["type"]
            ways: list[Json] = [hole, {"option": f"--{name}", "value": hole}]
            if "[]" in kind:
                ways += [{"option": f"--{name}", "value": hole, "repeat": True}]
            elif not kind.endswith("?"):
                ways += [f"{name}={hole}", {"option": "-x", "value": f"{hole}:{hole}", "when": "${1 < 2}"}]
            if kind == "boolean":
                ways += [{"flag": f"--{name}", "when": hole}, "${'yes' if params.%s else 'no'}" % name]
            if kind == "file":
                ways += ["${basename(%s.%s)}" % (group, name)]
            if kind.endswith("[]"):
                ways += ["${len(%s.%s)}" % (group, name)]
            items.append(draw(st.sampled_from(ways)))
    if draw(st.booleans()):
        items.append("${file('calc.py')}")
    return ["tool", draw(st.sampled_from(["a b", "$HOME", "it's", 3, "*"])), *draw(st.permutations(items))]


def _shell(draw: Draw, module: Json) -> str:
    """A script that uses every port and parameter."""
    holes = ["${%s.%s}" % (group, name) for group in ("inputs", "params", "outputs") for name in module[group]]
    return "cat " + " ".join(draw(st.permutations(holes))) + " | awk '{print $1}' \"$HOME\" $(date) $${HOME}\n"


_RESOURCES = {
    "cpus": st.integers(1, 64),
    "memory": st.sampled_from(["1GB", "1.5GB", "1500001B", "2GiB", "300MB", "1TB"]),
    "disk": st.sampled_from(["20GB", "1B", "512MiB"]),
    "time": st.sampled_from(["10m", "1h", "61s", "2d", "60s", "1.5h"]),
    "gpus": st.integers(0, 4),
}


def _resources(draw: Draw) -> Json:
    return {name: draw(_RESOURCES[name]) for name in some(draw, list(_RESOURCES))}


def _step(draw: Draw, world: World, name: str) -> Json:
    """One plain step, with a module made for it."""
    declared, by = _range(draw, world)
    keys = list(dict.fromkeys([*world.keys, *by]))
    module: Json = {"inputs": {}, "params": {}, "outputs": {}}
    bound: Json = {}
    for i in range(draw(st.integers(0, 3))):
        module["inputs"][f"i{i}"], bound[f"i{i}"] = _input(draw, world, keys)
    for i in range(draw(st.integers(0, 2))):
        module["params"][f"q{i}"], value = _param(draw, world, by)
        if value is not ...:
            bound[f"q{i}"] = value
    shape = StepShape(name, keys, {})
    paths: Json = {}
    for i in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(["file", "file", "directory"]))
        formats = some(draw, list(FORMATS), 0, 2) if kind == "file" else []
        module["outputs"][f"o{i}"] = {"type": kind, **({"format": formats} if formats else {})}
        shape.outputs[f"o{i}"] = (kind, formats)
        if not world.keys and draw(st.integers(0, 3)) == 0:
            between = draw(st.sampled_from(["/", "/", "_"]))
            holes = ["${%s}" % key for key in (by if draw(mostly) else by[1:])]
            path = f"${{data.raw}}/{name}-o{i}/{between.join(['k', *holes, 'end'])}"
            paths[f"o{i}"] = {"path": path, "temp": draw(st.booleans())} if draw(st.booleans()) else path
    if not world.keys and draw(st.integers(0, 5)) == 4:
        module["outputs"]["many"] = {"type": "file[]"}
        shape.outputs["many"] = ("file[]", [])
        paths["many"] = ["/".join([name, end, *("${%s}" % key for key in by), "x"]) for end in ("left", "right")]
    module |= {"shell": _shell(draw, module)} if draw(st.integers(0, 4)) == 0 else {"command": _command(draw, module)}
    module["resources"] = _resources(draw)
    if draw(st.booleans()):
        module["container"] = draw(st.sampled_from(["tool:1", {"image": "tool:2"}]))
    declared |= {**_common(draw, world), "with": bound, "outputs": paths, "resources": _resources(draw)}
    if draw(st.integers(0, 3)) == 0:
        declared["container"] = {"image": "other:3"}
    if draw(st.booleans()):
        path = f"./modules/{name}.yaml"
        world.documents[path] = {"module": name, **module}
        declared["module"] = path
    else:
        if "command" in module:
            module["command"] = [item for item in module["command"] if item != "${file('calc.py')}"]
        declared["module"] = module
    world.steps.append(shape)
    return declared


def _nested(draw: Draw, world: World, name: str) -> Json:
    """A step whose module is a pipeline, with tables of its own, the caller's, or both."""
    declared, by = _range(draw, world)
    bound: Json = {}
    keys = list(dict.fromkeys([*world.keys, *by]))
    inner = World(list(world.tables), world.documents, world.files, keys=keys, depth=world.depth + 1)
    inputs: Json = {}
    for i in range(draw(st.integers(0, 2))):
        inputs[f"n{i}"], bound[f"n{i}"] = _input(draw, world, keys)
        inner.inputs[f"n{i}"] = inputs[f"n{i}"]["type"]
    own: Json = {}
    if draw(st.booleans()):
        pool = {key: draw(st.lists(key_values, min_size=1, max_size=2, unique=True)) for key in KEYS}
        for key, values in ((k, v) for t in world.tables for k, v in t.values.items()):
            pool[key] = list(dict.fromkeys([*values[:2], *pool[key][:1]]))
        hidden = draw(st.sampled_from([f"{name}t", world.tables[0].name]))
        inner.tables = [t for t in inner.tables if t.name != hidden]
        kept = dict(world.files)
        own[hidden] = _table(draw, hidden, pool, inner)
        if "file" in own[hidden] and own[hidden]["file"] in kept:
            own[hidden] = {"key": own[hidden]["key"], "rows": _cells(world.files[own[hidden]["file"]])}
            world.files.clear()
            world.files.update(kept)
    body = _pipeline(draw, inner, own, f"{name}_")
    outputs: Json = {}
    shape = StepShape(name, keys, {})
    for i, step in enumerate(some(draw, inner.steps, 1, 2)):
        port, (kind, formats) = draw(st.sampled_from(sorted(step.outputs.items())))
        gathers = not set(step.keys) <= set(keys)
        outputs[f"o{i}"] = "${%s.%s}" % (step.name, port)
        shape.outputs[f"o{i}"] = (kind.removesuffix("[]") + "[]" if gathers else kind, formats)
    path = f"./{name}.yaml"
    world.documents[path] = {"pipeline": name, "inputs": inputs, **body, "outputs": outputs}
    for param, kind in inner.params.items():
        if draw(st.booleans()):
            bound[param] = draw(_DEFAULTS[kind])
    declared |= {**_common(draw, world), "with": bound}
    world.steps.append(shape)
    return {"module": path, **declared}


def _cells(rows: list[Mapping[str, Any]]) -> list[Json]:
    """Rows of a file as rows of a document: empty cells are absent."""
    return [{column: None if cell == "" else cell for column, cell in row.items()} for row in rows]
