"""The template of branches: its steps, with what each branch gives them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from hypothesis import strategies as st

from sncompile.testing.spec import Json
from sncompile.testing.strategies.texts import Draw, hostile, one_in, some

_NAMES: tuple[Callable[[int], str], ...] = (
    lambda i: f"{'ABCDEFGH'[i % 8]}{i // 8 + 1:02d}",
    lambda i: f"s{i // 2 + 1}_{('tumor', 'normal')[i % 2]}",
    lambda i: f"p{i + 1}",
    lambda i: f"{i + 1:03d}",
    lambda i: ("liver", "brain", "heart", "lung", "skin", "eye")[i % 6] + str(i // 6 or ""),
    lambda i: f"run{i % 2}_lane{i // 2}",
    lambda i: f"{'x' * (i + 1)}",
)
_IN_PATHS = "ab1 '\"$&;()[]ü~#%+=@,!"


class Ref(NamedTuple):
    """An output of a step: of the template in a branch `back` before the own one, or (`part` None) of a shared step."""

    part: int | None
    port: str
    back: int = 0
    shared: str = ""


@dataclass(frozen=True)
class Part:
    """A step of the template. Lists hold a value for each branch.

    `inputs` are bound to a path, a `Ref`, or a list of these, and `listed` are those that take lists; `outputs` without
    paths get derived ones. The command has `items`, in which ports and parameters stand, and `words` as they are.
    """

    name: str
    program: str
    kind: str
    keyed: bool
    inputs: dict[str, list[Any]] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()
    params: dict[str, tuple[str, list[Any]]] = field(default_factory=dict)
    outputs: dict[str, list[str] | None] = field(default_factory=dict)
    items: tuple[Json, ...] = ()
    words: list[list[Json]] = field(default_factory=list)
    env: list[Json] = field(default_factory=list)
    settings: Json = field(default_factory=dict)
    after: tuple[int, ...] = ()

    def module(self, words: Sequence[Json], optional: Collection[str] = ()) -> Json:
        """The step's module, with words of a branch in its command; `optional` are parameters that may be absent."""
        ports = {n: {"type": "file[]" if n in self.listed else "file"} for n in self.inputs}
        params = {n: {"type": f"{kind}?" if n in optional else kind} for n, (kind, _) in self.params.items()}
        module: Json = {"inputs": ports, "params": params, "outputs": {n: {"type": "file"} for n in self.outputs}}
        if self.kind == "shell":
            return {**module, "shell": " ".join([self.program, *map(str, (*self.items, *words))]) + "\n"}
        return {**module, "command": [self.program, *self.items, *words]}


def branch_names(draw: Draw, count: int) -> list[str]:
    """Names as people give them: `A01`, `s1_tumor`, `p7`, `liver`, …"""
    style = draw(st.sampled_from(_NAMES))
    return [style(i) for i in range(count)]


def _texts(draw: Draw, names: Sequence[str], free: st.SearchStrategy[str]) -> list[str]:
    """A text for each branch: the same for all, made from its name, numbers, or anything."""
    match draw(st.sampled_from(["same", "name", "around", "number", "free", "few"])):
        case "same":
            return [draw(free)] * len(names)
        case "name":
            return list(names)
        case "around":
            before, after = draw(st.sampled_from([("x_", ""), ("", ".v1"), ("a b-", "-c"), ("run", ""), ("", "1")]))
            return [f"{before}{name}{after}" for name in names]
        case "number":
            return [str(draw(st.integers(0, 30))) for _ in names]
        case "few":
            return [draw(st.sampled_from(["low", "high"])) for _ in names]
    return [draw(free) for _ in names]


def paths(draw: Draw, names: Sequence[str], folder: str, ending: str = ".txt") -> list[str]:
    """A path for each branch, no two the same and all below `folder`."""
    unique = draw(st.permutations(range(len(names))))
    match draw(st.sampled_from(["name", "twice", "folder", "around", "number", "free", "deep", "mixed"])):
        case "name":
            return [f"{folder}/{n}{ending}" for n in names]
        case "twice":
            return [f"{folder}/{n}/{n}_x{ending}" for n in names]
        case "folder":
            return [f"{folder}/{n}/x{ending}" for n in names]
        case "around":
            return [f"{folder}/x_{n}_R1{ending}" for n in names]
        case "number":
            return [f"{folder}/{i}{ending}" for i in unique]
        case "deep":
            return [f"{folder}/{'d/' * (i % 3)}{n}{ending}" for i, n in zip(unique, names, strict=True)]
        case "mixed":
            return [f"{folder}/{n}{ending}" if i else f"{folder}/odd-one" for i, n in zip(unique, names, strict=True)]
    free = st.text(_IN_PATHS, min_size=1, max_size=4)
    return [f"{folder}/{draw(free)}-{i}{ending}" for i in unique]


_PARAMS: dict[str, Callable[[Draw, Sequence[str]], list[Any]]] = {
    "string": lambda draw, names: _texts(draw, names, hostile("\n")),
    "integer": lambda draw, names: [draw(st.integers(-2, 9)) for _ in names],
    "number": lambda draw, names: [draw(st.sampled_from([0, 1, 1.0, 2, 0.5, 1e-7, -3])) for _ in names],
    "boolean": lambda draw, names: [draw(st.booleans()) for _ in names],
    "path": lambda draw, names: paths(draw, names, "ref"),
    "string[]": lambda draw, names: [draw(st.lists(st.sampled_from([n, "x", "it's"]), max_size=3)) for n in names],
    "integer[]": lambda draw, names: [draw(st.lists(st.integers(0, 9), min_size=1, max_size=3)) for _ in names],
}


def _params(draw: Draw, names: Sequence[str], sources: Sequence[Ref]) -> dict[str, tuple[str, list[Any]]]:
    """Parameters; one of them may be the path of an output."""
    found: dict[str, tuple[str, list[Any]]] = {}
    for i in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(list(_PARAMS)))
        found[f"q{i}"] = (kind, _PARAMS[kind](draw, names))
    if sources and one_in(draw, 8):
        found["source"] = ("path", [draw(st.sampled_from(sources))] * len(names))
    return found


def _words(draw: Draw, names: Sequence[str], kind: str) -> list[list[Json]]:
    """Words that stand in the command itself, branch by branch; in a script, such that need no quotes."""
    ways = ["number", "option", *(["same", "path", "name"] if kind == "command" else [])]
    match draw(st.sampled_from(["none"] * len(ways) + ways)):
        case "none":
            return [[] for _ in names]
        case "same":
            return [["--fast", draw(hostile())]] * len(names)
        case "number":
            return [["--n", draw(st.integers(0, 9))] for _ in names]
        case "option":
            return [[f"--sigma={draw(st.integers(0, 9))}"] for _ in names]
        case "path":
            return [["--ref", path] for path in paths(draw, names, "ref")]
    return [["--name", name] for name in names]


def _sources(parts: Sequence[Part], shared: Sequence[str], keyed: bool) -> list[Ref]:
    """What a step may read from: the template's steps so far, and shared steps."""
    found = [Ref(number, port) for number, part in enumerate(parts) if part.keyed <= keyed for port in part.outputs]
    return [*found, *(Ref(None, "o", 0, name) for name in shared)]


def _input(draw: Draw, names: Sequence[str], parts: Sequence[Part], shared: Sequence[str], keyed: bool) -> Any:
    """What an input is bound to in each branch, and whether it is a list."""
    sources = _sources(parts, shared, keyed)
    match draw(st.sampled_from(["raw", "lists", *["step"] * 4, *["steps"] * 2])):
        case "steps" if len(sources) > 1 and not keyed:
            return [some(draw, sources, 1, 3)] * len(names), True
        case "step" | "steps" if sources:
            return [draw(st.sampled_from(sources))] * len(names), False
        case "lists" if not keyed:
            return [paths(draw, ["1", "2", "3"][: draw(st.integers(1, 3))], f"raw/{n}") for n in names], True
    if draw(st.booleans()):
        return ["raw/all.txt"] * len(names), False
    return paths(draw, names, draw(st.sampled_from(["raw", "in put"]))), False


def _items(draw: Draw, part: Part, alike: bool) -> tuple[Json, ...]:
    """The words of a command in which its ports and parameters stand, each in one of the ways that fit."""
    found: list[Json] = []
    kinds = [
        *(("inputs", n, "file[]" if n in part.listed else "file") for n in part.inputs),
        *(("params", n, kind) for n, (kind, _) in part.params.items()),
        *(("outputs", n, "file") for n in part.outputs),
    ]
    for group, name, kind in kinds:
        hole = "${%s.%s}" % (group, name)
        ways: list[Json] = [hole]
        if part.kind == "command":
            ways += [hole, {"option": f"--{name}", "value": hole}]
            ways += [{"option": f"-{name}", "value": hole, "repeat": True}] if kind.endswith("[]") else []
            # A flag that only some branches have is no value that differs.
            settled = kind == "boolean" and (alike or len(set(part.params[name][1])) == 1)
            ways += [{"flag": f"--{name}", "when": hole}] if settled else []
        found.append(draw(st.sampled_from(ways)))
    return tuple(draw(st.permutations(found)))


def _settings(draw: Draw) -> Json:
    settings: Json = {}
    if one_in(draw, 4):
        settings["resources"] = {"cpus": draw(st.integers(1, 4)), "memory": "1GB"}
    if one_in(draw, 6):
        settings["container"] = "tool:1"
    if one_in(draw, 6):
        settings["tags"] = ["some"]
    return settings


def draw_part(
    draw: Draw, names: Sequence[str], parts: Sequence[Part], shared: Sequence[str], keyed: bool, alike: bool
) -> Part:
    """One step of the template, after those in `parts`.

    `alike`: several of them may call one program, and a flag may stand in some branches.
    """
    number = len(parts)
    name = f"{draw(st.sampled_from(['load', 'align', 'seg', 'call2', 'qc_x', 't']))}{'abcdefgh'[number % 8]}"
    inputs, listed = {}, set()
    for i in range(draw(st.integers(0, 3))):
        inputs[f"i{i}"], many = _input(draw, names, parts, shared, keyed)
        if many:
            listed.add(f"i{i}")
    outputs: dict[str, list[str] | None] = {}
    for i in range(draw(st.sampled_from([1, 1, 1, 2, 2, 2, 0]))):
        by_hand = one_in(draw, 3)
        outputs[f"o{i}"] = paths(draw, names, f"out/{name}_{i}", "" if keyed else ".txt") if by_hand else None
    kind = draw(st.sampled_from(["command", "command", "shell"]))
    part = Part(
        name,
        draw(st.sampled_from(["tool", "tool2"])) if alike else f"tool_{name}",
        kind,
        keyed,
        inputs,
        frozenset(listed),
        _params(draw, names, _sources(parts, shared, keyed)),
        outputs,
        words=_words(draw, names, kind),
        env=[{"WHICH": text} for text in _texts(draw, names, hostile())] if one_in(draw, 6) else [{} for _ in names],
        settings=_settings(draw),
        after=tuple(n for n in range(len(parts)) if one_in(draw, 5)),
    )
    return replace(part, items=_items(draw, part, alike))


def neighbourly(draw: Draw, parts: list[Part]) -> bool:
    """Have one input read from the branch before the own one; whether there is any such input."""
    found = [
        (number, name)
        for number, part in enumerate(parts)
        for name, bound in part.inputs.items()
        if isinstance(bound[0], Ref) and bound[0].part is not None
    ]
    if not found:
        return False
    number, name = draw(st.sampled_from(found))
    part = parts[number]
    bound = [ref._replace(back=1) for ref in part.inputs[name]]
    parts[number] = replace(part, inputs={**part.inputs, name: bound})
    return True
