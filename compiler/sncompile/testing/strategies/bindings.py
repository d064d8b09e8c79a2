"""What inputs and parameters are bound to."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from sncompile.testing.spec import Json
from sncompile.testing.strategies.features import PARTED
from sncompile.testing.strategies.texts import Draw, hostile, mostly, seldom
from sncompile.testing.strategies.world import World

FORMATS = ("csv", "tiff", "fastq.gz")

DEFAULTS: dict[str, st.SearchStrategy[Any]] = {
    "string": hostile("\n\t"),
    "integer": st.integers(-3, 10**12),
    "number": st.one_of(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 9)),
    "boolean": st.booleans(),
    "path": st.sampled_from(["ref/a b.fa", "x.txt"]),
    "string[]": st.lists(hostile("\n"), max_size=3),
    "integer[]": st.lists(st.integers(0, 9), max_size=3),
}
"""Values of each type of parameter."""


def _source(draw: Draw, world: World, keys: list[str]) -> tuple[Json, str, list[str], bool]:
    """Something to bind an input to, the port type that fits, its formats, and whether it may be absent."""
    choices = ["literal", "column", *(["step"] * 4 if world.steps else []), *(["input"] if world.inputs else [])]
    match draw(st.sampled_from(choices)):
        case "step":
            step = draw(st.sampled_from(world.steps))
            port, (kind, formats) = draw(st.sampled_from(sorted(step.outputs.items())))
            if not set(step.keys) <= set(keys):
                kind = kind.rstrip("?").removesuffix("[]") + "[]" + "?" * kind.endswith("?")
            elif kind == "file" and draw(st.integers(0, 4)) == 3:
                more = [] if port in step.parts else ["in/more.txt"]
                return ["${%s.%s}" % (step.name, port), *more], "file[]", formats, False
            return "${%s.%s}" % (step.name, port), kind, formats, True
        case "column":
            table = draw(st.sampled_from(world.tables))
            single = set(table.key) <= set(keys)
            column = f"{table.name}.{table.name}_file"
            if not single:
                return "${present(%s)}" % column if draw(mostly) else "${%s}" % column, "file[]", [], True
            forms = ["${%s}", "${%s}", "${%s if %s_text != null else 'in/more.txt'}", "${coalesce(%s, 'in/more.txt')}"]
            form = draw(st.sampled_from(forms))
            names = (column, f"{table.name}.{table.name}")[: form.count("%s")]
            return form % names, "file", [], "coalesce" not in form
        case "input":
            name, kind = draw(st.sampled_from(sorted(world.inputs.items())))
            return "${inputs.%s}" % name, kind.removesuffix("?"), [], kind.endswith("?")
    return draw(st.sampled_from(["in/one file.txt", "${data.raw}/x.txt"])), "file", [], False


def draw_input(draw: Draw, world: World, keys: list[str]) -> tuple[Json, Json]:
    """A port and what is bound to it; now and then they do not fit, where the world may be wrong."""
    value, kind, formats, doubtful = _source(draw, world, keys)
    if kind.endswith("?"):
        # An output that need not be there; beside others, a list says that it may be shorter.
        listed = value.replace("${", "${present(").replace("}", ")}") if kind.endswith("[]?") else value
        return {"type": kind}, listed
    if draw(seldom) and world.wrong:
        kind = kind.removesuffix("[]") if kind.endswith("[]") else kind + "[]"
    port: Json = {"type": kind + ("?" if draw(st.integers(0, 4 if doubtful else 1)) else "")}
    if len(formats) > 0 and draw(st.booleans()):
        fits = draw(mostly) or not world.wrong
        port["format"] = [draw(st.sampled_from(FORMATS)), formats[0]] if fits else draw(st.sampled_from(FORMATS))
    return port, value


def draw_sheet(draw: Draw, world: World, keys: list[str]) -> tuple[Json, Json]:
    """A port that takes a table made for the job, and the columns of that; what it gathers is of one step or table."""
    rows: Json = {"a text": draw(hostile("\t")).replace("${", "$${"), "n": draw(st.integers(0, 9))}
    rows |= {f"key {key}": "${%s}" % key for key in keys if draw(st.booleans()) and not world.keys}
    single = [(step.name, port) for step in world.steps for port, (kind, _) in step.outputs.items() if kind == "file"]
    match draw(st.sampled_from(["job", *(["step"] * bool(single)), *(["table"] * bool(world.tables))])):
        case "step":
            step, port = draw(st.sampled_from(single))
            form = draw(st.sampled_from(["${%s.%s}", "${coalesce(%s.%s, '')}", "${stem(%s.%s)}"]))
            rows["made"] = form % (step, port)
        case "table":
            table = draw(st.sampled_from(world.tables))
            rows |= {f"column {c}": "${%s.%s}" % (table.name, c) for c in (*table.columns, table.key[0])}
    return {"type": "file?", "format": draw(st.sampled_from(["csv", "jsonl"]))}, {"rows": rows}


def draw_param(draw: Draw, world: World, keys: list[str]) -> tuple[Json, Any]:
    """A parameter and what is bound to it; `...` where nothing is."""
    choices = ["literal", "literal", "default", "absent"]
    choices += ["words"]
    choices += ["value"] * any(step.values for step in world.steps)
    choices += (
        ["key"] * bool(keys and not world.keys) + ["column"] * bool(world.tables) + ["param"] * bool(world.params)
    )
    kind = draw(st.sampled_from(list(DEFAULTS)))
    match draw(st.sampled_from(choices)):
        case "absent":
            return {"type": kind + "?"}, ...
        case "default":
            return {"type": kind, "default": draw(DEFAULTS[kind])}, ...
        case "words":
            return {"type": "string[]"}, "${%s}" % draw(st.sampled_from(PARTED))
        case "value":
            step = draw(st.sampled_from([step for step in world.steps if step.values]))
            name, kind = draw(st.sampled_from(sorted(step.values.items())))
            several = not set(step.keys) <= {*world.keys, *keys}
            return {"type": kind + "[]?" if several else kind + "?"}, "${%s.%s}" % (step.name, name)
        case "key":
            key = draw(st.sampled_from(keys))
            return {"type": "string"}, draw(st.sampled_from(["${%s}", "${upper(%s)}", "--x=${%s}"])) % key
        case "column":
            return _column(draw, world, keys)
        case "param":
            name, kind = draw(st.sampled_from(sorted(world.params.items())))
            return {"type": kind}, "${params.%s}" % name
    return {"type": kind}, draw(DEFAULTS[kind])


def _column(draw: Draw, world: World, keys: list[str]) -> tuple[Json, Any]:
    """A parameter bound to a column: one cell, or the list of them."""
    table = draw(st.sampled_from(world.tables))
    columns = [(c, k) for c, k in table.columns.items() if k != "path"]
    column, kind = draw(st.sampled_from([*columns, (table.key[0], "string")]))
    single = set(table.key) <= {*world.keys, *keys}
    named = f"{table.name}.{column}"
    if single:
        forms = ["${%s}", *(_CHOICES if kind == "string" else ())]
        form = draw(st.sampled_from(forms))
        return {"type": kind + "?"}, form.replace("%s", named)
    listed = [f"present({named})", *([f"coalesce({named}, 'none')"] if kind == "string" else [])]
    listed = [named] if column in table.key else listed
    value = draw(st.sampled_from(listed)) if draw(mostly) or not world.wrong else named
    if kind == "string" and draw(st.booleans()):
        call = draw(st.sampled_from(["sorted", "unique", "len"]))
        kind = "integer" if call == "len" else "string[]"
        return {"type": kind}, "${%s(%s)}" % (call, value)
    gaps = draw(st.booleans())
    return {"type": kind + ("?[]?" if gaps else "[]?")}, "${%s}" % (named if gaps else value)


_CHOICES = (
    "${null if %s == null else 'x/' + %s}",
    "${%s + '.' if %s != null and len(%s) > 1 else null}",
    "${upper(%s) if not (%s == null) else 'none'}",
    "${coalesce(%s, 'none')}",
    "${'none' if %s == null or %s + 'x' == 'DMSOx' else %s}",
)
"""Expressions over a text that may be absent, which none of them reads where it is."""
