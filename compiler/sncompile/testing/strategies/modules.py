"""Modules whose commands use all that they are given."""

from __future__ import annotations

from hypothesis import strategies as st

from sncompile.ir.graph.resources import RESOURCES, Unit
from sncompile.testing.spec import Json
from sncompile.testing.strategies.bindings import FORMATS
from sncompile.testing.strategies.features import Module
from sncompile.testing.strategies.texts import Draw, mostly, one_in, some
from sncompile.testing.strategies.world import StepShape, World

_AMOUNTS: dict[Unit, st.SearchStrategy[Json]] = {
    Unit.MEGABYTES: st.sampled_from(["1GB", "1.5GB", "1500001B", "2GiB", "300MB", "1TB", "20GB", "1B", "512MiB"]),
    Unit.MINUTES: st.sampled_from(["10m", "1h", "61s", "2d", "60s", "1.5h"]),
}


def draw_resources(draw: Draw) -> Json:
    """Some resources; seldom GPUs, which most targets have no word for."""
    chosen = [RESOURCES[name] for name in some(draw, list(RESOURCES)) if name != "gpus" or one_in(draw, 8)]
    return {
        each.name: draw(_AMOUNTS[each.unit] if each.unit in _AMOUNTS else st.integers(each.least, 64))
        for each in chosen
    }


def draw_outputs(draw: Draw, world: World, shape: StepShape, by: list[str]) -> tuple[Json, Json]:
    """Output ports, put into `shape`, and the paths that the step says by hand."""
    ports: Json = {}
    paths: Json = {}
    for i in range(draw(st.integers(1, world.sizes.outputs))):
        kind = draw(st.sampled_from(["file", "file", "directory"]))
        formats = some(draw, list(FORMATS), 0, 2) if kind == "file" else []
        ports[f"o{i}"] = {"type": kind, **({"format": formats} if formats else {})}
        shape.outputs[f"o{i}"] = (kind, formats)
        if not world.keys and draw(st.integers(0, 3)) == 0:
            between = draw(st.sampled_from(["/", "/", "_"]))
            holes = ["${%s}" % key for key in (by if draw(mostly) or not world.wrong else by[1:])]
            path = f"${{data.raw}}/{shape.name}-o{i}/{between.join(['k', *holes, 'end'])}"
            paths[f"o{i}"] = {"path": path, "temp": draw(st.booleans())} if draw(st.booleans()) else path
    if not world.keys and draw(st.integers(0, 5)) == 4:
        ports["many"] = {"type": "file[]"}
        shape.outputs["many"] = ("file[]", [])
        paths["many"] = ["/".join([shape.name, end, *("${%s}" % key for key in by), "x"]) for end in ("left", "right")]
    return ports, paths


def draw_command(draw: Draw, module: Module) -> list[Json]:
    """A command that uses every port and parameter in one of the ways that fit."""
    items = draw_words(draw, module)
    if draw(st.booleans()):
        items.append("${file('calc.py')}")
    return ["tool", draw(st.sampled_from(["a b", "$HOME", "it's", 3, "*"])), *draw(st.permutations(items))]


def draw_words(draw: Draw, module: Module) -> list[Json]:
    """Arguments for every port and parameter."""
    return [draw(st.sampled_from(_allowed(module, group, name, kind))) for group, name, kind in _members(module)]


def _members(module: Module) -> list[tuple[str, str, str]]:
    """What a command has to use: `inputs`, `params` or `outputs`, the name, the type."""
    groups = ("inputs", "params", "outputs")
    named = [(group, name, port["type"]) for group in groups for name, port in module.body[group].items()]
    return [(g, n, "file" if n == "value" else k.rstrip("?") if g == "outputs" else k) for g, n, k in named
            if g != "outputs" or n not in module.taken]  # fmt: skip


def _allowed(module: Module, group: str, name: str, kind: str) -> list[Json]:
    """Those of `_ways` that go with what else a module has."""
    if (group == "inputs" and name in module.late) or (group == "params" and name in module.values):
        hole = "${%s.%s}" % (group, name)
        return [hole, {"option": f"--{name}", "value": hole}]
    ways = _ways(group, name, kind)
    if module.in_scratch and group != "params":
        # Paths become absolute there, where they stand by themselves.
        listed = "[]" in kind
        ways = [w for w in ways if not isinstance(w, dict) or not ("list_file" in w or (listed and w.get("joined")))]
    return ways


def _ways(group: str, name: str, kind: str) -> list[Json]:
    """Arguments that may hold a port or parameter of a type."""
    hole = "${%s.%s}" % (group, name)
    ways: list[Json] = [hole, {"option": f"--{name}", "value": hole}]
    if "[]" in kind:
        ways += [{"option": f"--{name}", "value": hole, "repeat": True}]
        joined = {"option": f"{name.upper()}=", "value": hole, "joined": True, "repeat": True}
        ways += [joined] if "?[]" not in kind else []
    elif not kind.endswith("?"):
        ways += [f"{name}={hole}", {"option": "-x", "value": f"{hole}:{hole}", "when": "${1 < 2}"}]
    if "[]" not in kind:
        ways += [{"option": f"{name.upper()}=", "value": hole, "joined": True}]
    if kind == "boolean":
        ways += [{"flag": f"--{name}", "when": hole}, "${'yes' if params.%s else 'no'}" % name]
    if kind == "file":
        ways += ["${basename(%s.%s)}" % (group, name)]
    if kind.endswith("[]"):
        ways += ["${len(%s.%s)}" % (group, name)]
        # Items of a parameter may have line breaks.
        ways += [{"list_file": hole, "separator": "nul", "prefix": "@"}]
        ways += [{"list_file": hole, "option": f"--{name}"}] if group == "inputs" else []
    return ways


def draw_shell(draw: Draw, module: Module) -> str:
    """A script that uses every port and parameter, some of them as `args` of the module."""
    if one_in(draw, 3):
        module.body["args"] = draw(st.permutations([*draw_words(draw, module), "it's"]))
        return "cat ${args} | awk '{print $1}' \"$HOME\" $(date) $${HOME}\n"
    holes = ["${%s.%s}" % (group, name) for group, name, _ in _members(module)]
    return "cat " + " ".join(draw(st.permutations(holes))) + " | awk '{print $1}' \"$HOME\" $(date) $${HOME}\n"
