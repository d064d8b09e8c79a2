"""What a module may have beyond ports, parameters and a command, drawn so that each goes with all others.

Each function takes a module as far as it has been drawn, and changes it in place. `Module.late` are inputs that may
lack their file, `Module.values` parameters that a step writes: their uses are limited, and `draw_command` heeds that.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from sncompile.testing.spec import Json
from sncompile.testing.strategies.texts import Draw, hostile, one_in
from sncompile.testing.strategies.world import StepShape, World

PARTED = ("words('-q 30 --rg \"a b\"')", "split('a,b,,c', ',')", "words('')", "split('x', '-') + words('y z')")
"""Expressions that give a list of texts."""

_SHOWN = hostile("\n", least=1).filter(lambda text: text.strip() and not set(text) & set("{}"))
"""What a report says: text without braces, which Snakemake takes for wildcards."""


@dataclass
class Module:
    """A module that is drawn, and what is bound to it."""

    body: Json = field(default_factory=lambda: {"inputs": {}, "params": {}, "outputs": {}})
    bound: Json = field(default_factory=dict)
    late: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    """Outputs that are taken from the scratch folder, which the command does not name."""

    @property
    def in_scratch(self) -> bool:
        """Whether the command runs in a folder of its own."""
        return bool(self.body.get("scratch"))


def grouped(draw: Draw, module: Module) -> None:
    """Puts some of the parameters into a group; in commands they are called `group.name`."""
    for name in list(module.body["params"]):
        if one_in(draw, 4):
            module.body["params"][f"g.{name}"] = module.body["params"].pop(name)
            if name in module.bound:
                module.bound[f"g.{name}"] = module.bound.pop(name)
            if name in module.values:
                module.values.add(f"g.{name}")


def as_documents(module: Module) -> None:
    """Writes groups as mappings, which they are in documents."""
    params, bound = module.body["params"], module.bound
    for name in [name for name in params if name.startswith("g.")]:
        params.setdefault("g", {"params": {}})["params"][name.removeprefix("g.")] = params.pop(name)
    for name in [name for name in bound if name.startswith("g.")]:
        bound.setdefault("g", {})[name.removeprefix("g.")] = bound.pop(name)


def checked(draw: Draw, module: Module, world: World) -> None:
    """Adds checks, which hold unless the world may be wrong."""
    checks: list[Json] = []
    for name, param in module.body["params"].items():
        if name in module.values or not one_in(draw, 4):
            continue
        kind, hole = param["type"], f"params.{name}"
        if "[]" in kind:
            checks.append("${%s == null or len(present(%s)) >= 0}" % (hole, hole))
        elif kind.startswith("string"):
            checks.append(
                {"that": "${%s == null or match(%s + 'x', '(.|[^.])*x')}" % (hole, hole), "message": "a text"}
            )
        else:
            checks.append("${%s == null or %s == %s}" % (hole, hole, hole))
    if world.wrong and one_in(draw, 200):
        checks.append("${match('abc', 'a.')}")
    if checks:
        module.body["checks"] = checks


def shown(draw: Draw, module: Module) -> None:
    """Has a report show some of the outputs, and the tool tell its version."""
    for output in module.body["outputs"].values():
        if output["type"].startswith("file") and "in" not in output and one_in(draw, 6):
            texts = {name: draw(_SHOWN) for name in ("category", "caption") if one_in(draw, 2)}
            output["report"] = texts | (
                {"labels": {draw(st.sampled_from(["figure", "lane_2"])): draw(_SHOWN)}} if one_in(draw, 3) else {}
            )
    if one_in(draw, 6):
        module.body["version_command"] = ["tool", *draw(st.lists(hostile(least=1), max_size=2))]


def optional(draw: Draw, module: Module, shape: StepShape, paths: Json) -> None:
    """Makes an output other than the first one that need not be written."""
    for name, port in module.body["outputs"].items():
        plain = port["type"] in ("file", "directory") and not isinstance(paths.get(name), dict)
        if name != "o0" and plain and one_in(draw, 5):
            port["type"] += "?"
            shape.outputs[name] = (port["type"], shape.outputs[name][1])


def accompanied(draw: Draw, module: Module, shape: StepShape) -> None:
    """Lets files lie beside an output, which later steps may ask for."""
    for name, port in module.body["outputs"].items():
        if port["type"] == "file" and one_in(draw, 7):
            port["companions"] = draw(st.sampled_from([[".bai"], [".fai", "^.dict"]]))
            shape.companions[name] = port["companions"]


def parted(draw: Draw, module: Module, shape: StepShape) -> None:
    """Lets a file in an output directory be an output of its own."""
    around = [name for name, port in module.body["outputs"].items() if port["type"] == "directory"]
    if around and one_in(draw, 4):
        name = draw(st.sampled_from(around))
        path = draw(st.sampled_from(["x.html", "sub/a b.txt"]))
        module.body["outputs"]["part"] = {"type": "file", "in": name, "path": path}
        shape.outputs["part"] = ("file", [])
        shape.parts.add("part")


def valued(draw: Draw, module: Module, shape: StepShape, world: World) -> None:
    """Lets an output hold a value."""
    if not world.depth and one_in(draw, 9):
        kind = draw(st.sampled_from(["string", "integer", "number", "boolean"]))
        module.body["outputs"]["value"] = {"type": kind}
        shape.values["value"] = kind


def in_scratch(draw: Draw, module: Module, paths: Json) -> None:
    """Runs the command in a folder of its own, where inputs have names and outputs are taken from."""
    if not one_in(draw, 7):
        return
    module.body["scratch"] = True
    for name, port in module.body["inputs"].items():
        listed = "[]" in port["type"]
        if not one_in(draw, 2) or (listed and name in module.late):
            continue
        names = [f"{name}_{{index}}.in"] if listed else [f"{name}/in put", f"{name}.{{{{x}}}}"]
        port["as"] = draw(st.sampled_from(names))
    for name, port in module.body["outputs"].items():
        kept = port["type"].rstrip("?") in ("file", "directory") and "in" not in port
        if kept and one_in(draw, 3):
            port["from"] = draw(st.sampled_from([f"{name}.out", f"{name}/*.o[ut", f"it's {name}*"]))
            module.taken.add(name)
