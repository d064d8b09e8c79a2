"""Random specs: most are valid, a few are wrong in one place.

What a step is bound to is drawn first and its module is made to fit, so that most specs get as far as jobs.
"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from sncompile.testing.spec import Json, Row, Spec
from sncompile.testing.strategies import features
from sncompile.testing.strategies.bindings import DEFAULTS, draw_input, draw_param, draw_sheet
from sncompile.testing.strategies.features import Module
from sncompile.testing.strategies.modules import draw_command, draw_outputs, draw_resources, draw_shell
from sncompile.testing.strategies.tables import KEYS, draw_table, key_pool
from sncompile.testing.strategies.texts import Draw, key_values, mostly, one_in, some
from sncompile.testing.strategies.world import Sizes, StepShape, TableShape, World


@st.composite
def specs(
    draw: Draw,
    *,
    tables: int = 3,
    rows: int = 7,
    steps: int = 6,
    inputs: int = 3,
    params: int = 2,
    outputs: int = 2,
    depth: int = 2,
    wrong: bool = True,
) -> Spec:
    """A spec with its modules, nested pipelines and files; each size is the most that there is of a kind.

    With `wrong`, a few of the specs have something in them that the compiler must refuse. Without it fewer have, but
    not none: what a `where` leaves is not looked at.
    """
    pool = key_pool(draw)
    world = World([], {}, {}, Sizes(tables, rows, steps, inputs, params, outputs, depth), wrong)
    declared = {f"t{i}": draw_table(draw, f"t{i}", pool, world) for i in range(draw(st.integers(1, tables)))}
    document = {"pipeline": "main", **_pipeline(draw, world, declared, "")}
    if draw(st.booleans()):
        document["modules"] = {"mod": "./modules"}
        for step in document["steps"].values():
            if isinstance(step["module"], str) and step["module"].startswith("./modules/"):
                step["module"] = step["module"].replace("./modules/", "mod/").removesuffix(".yaml")
    return Spec(document, world.documents, world.files, {"modules/calc.py": "pass\n"})


def _pipeline(draw: Draw, world: World, tables: Json, prefix: str) -> Json:
    """The body of a pipeline document: its steps, in an order that data, `after` and `flow` keep to."""
    document: Json = {"data": {"raw": "raw data"}, "tables": tables}
    if draw(st.booleans()):
        document["data"]["workspace"] = draw(st.sampled_from(["ws", "a b/it's"]))
    own_params = {f"{prefix}p{i}": draw(st.sampled_from(list(DEFAULTS))) for i in range(draw(st.integers(0, 2)))}
    document["params"] = {name: {"type": kind, "default": draw(DEFAULTS[kind])} for name, kind in own_params.items()}
    document["params"] |= world.maps
    world.params.update(own_params)
    document["steps"] = {}
    most = min(3, world.sizes.steps) if world.depth else world.sizes.steps
    for number in range(draw(st.integers(1 if world.depth else min(2, most), most))):
        name = f"{prefix}s{number}"
        nested = world.depth < world.sizes.depth and draw(st.integers(0, 5)) == 3
        document["steps"][name] = (_nested if nested else _step)(draw, world, name)
    names = [step.name for step in world.steps]
    if draw(st.booleans()):
        document["flow"] = draw_flow(draw, names)
    if not world.depth and draw(st.integers(0, 3)) == 2:
        step = draw(st.sampled_from(world.steps))
        document["outputs"] = {"result": f"${{{step.name}.{draw(st.sampled_from(sorted(step.outputs)))}}}"}
    return document


def draw_flow(draw: Draw, names: list[str], seq: bool = True) -> Json:
    """A nested order of steps that keeps to the order of their names."""
    if len(names) <= 1 or not draw(mostly):
        return {"seq": names}
    cut = draw(st.integers(1, len(names)))
    parts = [part for part in (names[:cut], names[cut:]) if part]
    inner = [part[0] if len(part) == 1 else draw_flow(draw, part, not seq) for part in parts]
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
    values = table.values.get(column) or ["x", "dmso", f"in/{table.name}_0.tif"]
    value = draw(st.sampled_from(values))
    if re.fullmatch(r"[\w./ -]+", value) is None:
        return None
    name = column if column in by else f"{table.name}.{column}"
    test = draw(
        st.sampled_from(["{} == '{}'", "{} != '{}'", "not {} == '{}'", "'{1}' != {0}", "{} in ['{}', 'A01', '01']"])
    )
    return "${" + test.format(name, value) + "}"


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


def _step(draw: Draw, world: World, name: str) -> Json:
    """One plain step, with a module made for it."""
    declared, by = _range(draw, world)
    keys = list(dict.fromkeys([*world.keys, *by]))
    made = Module()
    module, bound = made.body, made.bound
    for i in range(draw(st.integers(0, world.sizes.inputs))):
        drawn = draw_sheet if one_in(draw, 24) else draw_input
        module["inputs"][f"i{i}"], bound[f"i{i}"] = drawn(draw, world, keys)
        _note_source(draw, world, keys, made, f"i{i}")
    for i in range(draw(st.integers(0, world.sizes.params))):
        module["params"][f"q{i}"], value = draw_param(draw, world, by)
        if value is not ...:
            bound[f"q{i}"] = value
            _note_source(draw, world, keys, made, f"q{i}")
    shape = StepShape(name, keys, {})
    module["outputs"], paths = draw_outputs(draw, world, shape, by)
    features.accompanied(draw, made, shape)
    features.optional(draw, made, shape, paths)
    features.parted(draw, made, shape)
    features.valued(draw, made, shape, world)
    features.in_scratch(draw, made, paths)
    features.grouped(draw, made)
    features.checked(draw, made, world)
    features.shown(draw, made)
    shell = draw(st.integers(0, 4)) == 0
    module |= {"shell": draw_shell(draw, made)} if shell else {"command": draw_command(draw, made)}
    features.as_documents(made)
    module["resources"] = draw_resources(draw)
    if draw(st.booleans()):
        module["container"] = draw(st.sampled_from(["tool:1", {"image": "tool:2"}]))
    declared |= {**_common(draw, world), "with": bound, "outputs": paths, "resources": draw_resources(draw)}
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


def _note_source(draw: Draw, world: World, keys: list[str], made: Module, name: str) -> None:
    """Note whether what is bound to a port or parameter is known late; ask for what lies beside an output."""
    named = re.findall(r"\b(\w+)\.(\w+)", str(made.bound[name]))
    for step in world.steps:
        for port in [port for whose, port in named if whose == step.name]:
            if step.outputs.get(port, ("", []))[0].endswith("?"):
                made.late.add(name)
            if port in step.values:
                made.values.add(name)
            single = made.body["inputs"].get(name, {}).get("type") in ("file", "file?")
            if port in step.companions and single and one_in(draw, 2):
                made.body["inputs"][name]["companions"] = step.companions[port]


def _nested(draw: Draw, world: World, name: str) -> Json:
    """A step whose module is a pipeline, with tables of its own, the caller's, or both."""
    declared, by = _range(draw, world)
    bound: Json = {}
    keys = list(dict.fromkeys([*world.keys, *by]))
    inner = World(list(world.tables), world.documents, world.files, world.sizes, world.wrong, keys)
    inner.depth = world.depth + 1
    inputs: Json = {}
    for i in range(draw(st.integers(0, 2))):
        inputs[f"n{i}"], bound[f"n{i}"] = draw_input(draw, world, keys)
        inner.inputs[f"n{i}"] = inputs[f"n{i}"]["type"]
    own = _own_tables(draw, world, inner, name) if draw(st.booleans()) else {}
    body = _pipeline(draw, inner, own, f"{name}_")
    outputs: Json = {}
    shape = StepShape(name, keys, {})
    for i, step in enumerate(some(draw, inner.steps, 1, 2)):
        sure = {n: o for n, o in step.outputs.items() if not o[0].endswith("?") and n not in step.parts}
        port, (kind, formats) = draw(st.sampled_from(sorted(sure.items())))
        gathers = not set(step.keys) <= set(keys)
        outputs[f"o{i}"] = "${%s.%s}" % (step.name, port)
        shape.outputs[f"o{i}"] = (kind.removesuffix("[]") + "[]" if gathers else kind, formats)
    path = f"./{name}.yaml"
    world.documents[path] = {"pipeline": name, "inputs": inputs, **body, "outputs": outputs}
    for param, kind in inner.params.items():
        if draw(st.booleans()):
            bound[param] = draw(DEFAULTS[kind])
    declared |= {**_common(draw, world), "with": bound}
    world.steps.append(shape)
    return {"module": path, **declared}


def _own_tables(draw: Draw, world: World, inner: World, name: str) -> Json:
    """A table of the inner pipeline, which may hide one of its caller's."""
    pool = {key: draw(st.lists(key_values, min_size=1, max_size=2, unique=True)) for key in KEYS}
    for key, values in ((k, v) for t in world.tables for k, v in t.values.items()):
        pool[key] = list(dict.fromkeys([*values[:2], *pool[key][:1]]))
    hidden = draw(st.sampled_from([f"{name}t", world.tables[0].name]))
    inner.tables = [t for t in inner.tables if t.name != hidden]
    kept = dict(world.files)
    own: dict[str, Any] = {hidden: draw_table(draw, hidden, pool, inner)}
    if "file" in own[hidden] and own[hidden]["file"] in kept:
        own[hidden] = {"key": own[hidden]["key"], "rows": _cells(world.files[own[hidden]["file"]])}
        world.files.clear()
        world.files.update(kept)
    return own


def _cells(rows: list[Row]) -> list[Json]:
    """Rows of a file as rows of a document: empty cells are absent."""
    return [{column: None if cell == "" else cell for column, cell in row.items()} for row in rows]
