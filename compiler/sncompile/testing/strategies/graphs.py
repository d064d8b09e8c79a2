"""Small pipelines wired at random, whose jobs can be run with a program of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sncompile.testing.spec import Json, Row, Spec
from sncompile.testing.strategies.texts import Draw, hostile, key_values, one_in, some

_RANGES: tuple[tuple[str, ...], ...] = ((), ("a",), ("a", "b"), ("a", "b"))


@dataclass(frozen=True)
class _Step:
    name: str
    by: tuple[str, ...]
    outputs: dict[str, str]
    """port → its type"""


@st.composite
def graphs(
    draw: Draw,
    *,
    steps: int = 6,
    rows: int = 4,
    keys: st.SearchStrategy[str] = key_values,
    batches: bool = True,
    temporary: bool = True,
    program: str = "tool",
) -> Spec:
    """A pipeline of up to `steps` steps over one table of up to `rows` rows with the keys `a` and `b`.

    Each step calls `program` with its inputs, parameters and outputs. Chains, broadcasts and gathers come in any order.
    Paths are derived or by hand, some of them made from a column of the table and not from its keys. `batches` lets
    steps have `batch`, `temporary` lets outputs be temporary.
    """
    found = _rows(draw, keys, rows)
    table = {"key": ["a", "b"], "rows": [*found]}
    done: list[_Step] = []
    document: Json = {"pipeline": "main", "tables": {"t": table}, "steps": {}}
    for number in range(draw(st.integers(1, steps))):
        step, declared = _step(draw, f"s{number}", done, program)
        if batches and step.by and one_in(draw, 3):
            declared["batch"] = draw(st.integers(2, 3))
        if temporary and one_in(draw, 8):
            _make_temporary(draw, declared)
        document["steps"][step.name] = declared
        done.append(step)
    if one_in(draw, 4):
        wanted = some(draw, done, 1, 2)
        document["outputs"] = {f"result{i}": f"${{{s.name}.{next(iter(s.outputs))}}}" for i, s in enumerate(wanted)}
    return Spec(document)


def _rows(draw: Draw, keys: st.SearchStrategy[str], most: int) -> list[Row]:
    """Rows with two keys, a name that no other row has, and a file."""
    pairs = draw(st.lists(st.tuples(keys, keys), min_size=1, max_size=most, unique=True))
    return [
        {"a": a, "b": b, "name": f"n{number}", "file": f"raw/{number % 2}/{number} x.txt"}
        for number, (a, b) in enumerate(pairs)
    ]


def _step(draw: Draw, name: str, done: list[_Step], program: str) -> tuple[_Step, Json]:
    # Steps that range as the one before them make chains.
    by = done[-1].by if len(done) > 0 and draw(st.booleans()) else draw(st.sampled_from(_RANGES))
    inputs: Json = {}
    bound: Json = {}
    for i in range(draw(st.integers(0, 2))):
        kind, value = _source(draw, by, done)
        inputs[f"i{i}"] = {"type": kind}
        bound[f"i{i}"] = value
    params: Json = {}
    for i in range(draw(st.integers(0, 2))):
        kind, value = _param(draw, by)
        params[f"q{i}"] = {"type": kind}
        bound[f"q{i}"] = value
    outputs: Json = {}
    paths: Json = {}
    for i in range(draw(st.integers(1, 2))):
        outputs[f"o{i}"] = {"type": draw(st.sampled_from(["file", "file", "directory"]))}
        path = _path(draw, f"{name}_{i}", by)
        if path is not None:
            paths[f"o{i}"] = path
    module: Json = {"inputs": inputs, "params": params, "outputs": outputs}
    holes = ["${%s.%s}" % (group, port) for group, ports in module.items() for port in ports]
    shell = one_in(draw, 3)
    module |= {"shell": " ".join([program, *holes]) + "\n"} if shell else {"command": [program, name, *holes]}
    declared: Json = {"module": module, "with": bound}
    declared |= {"by": list(by)} if by else {}
    declared |= {"outputs": paths} if paths else {}
    if done and one_in(draw, 5):
        declared["after"] = [draw(st.sampled_from(done)).name]
    return _Step(name, by, {port: told["type"] for port, told in outputs.items()}), declared


def _source(draw: Draw, by: tuple[str, ...], done: list[_Step]) -> tuple[str, Any]:
    """The type of an input, and what it is bound to."""
    if done and not one_in(draw, 4):
        source = done[-1] if draw(st.booleans()) else draw(st.sampled_from(done))
        port, kind = draw(st.sampled_from(sorted(source.outputs.items())))
        one = set(source.by) <= set(by)
        return kind if one else f"{kind}[]", f"${{{source.name}.{port}}}"
    if draw(st.booleans()):
        return "file", "raw/all of it.txt"
    return ("file" if set(by) == {"a", "b"} else "file[]"), "${t.file}"


def _param(draw: Draw, by: tuple[str, ...]) -> tuple[str, Any]:
    """The type of a parameter, and what it is bound to."""
    match draw(st.sampled_from(["text", "number", "key", "column"])):
        case "number":
            return "number", draw(st.sampled_from([0, 2, 0.5, -1]))
        case "key" if by:
            return "string", f"${{{by[-1]}}}"
        case "column":
            return ("string" if set(by) == {"a", "b"} else "string[]"), "${t.name}"
    return "string", draw(hostile())


def _path(draw: Draw, folder: str, by: tuple[str, ...]) -> str | None:
    """A path by hand; None where it is derived."""
    match draw(st.sampled_from(["derived", "derived", "keys", "column"])):
        case "keys" if not by:
            return f"out/{folder}/it's.txt"
        case "column" if set(by) == {"a", "b"}:
            return f"out/{folder}/${{t.name}}.txt"
    return None


def _make_temporary(draw: Draw, declared: Json) -> None:
    port = draw(st.sampled_from(sorted(declared["module"]["outputs"])))
    path = declared.get("outputs", {}).get(port)
    told: Json = {"temp": True} if path is None else {"path": path, "temp": True}
    declared["outputs"] = {**declared.get("outputs", {}), port: told}
