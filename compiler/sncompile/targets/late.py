"""What follows from rows that are not known yet, and so cannot be in emitted files, is told by step and port."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic
from sncompile.faults import targets as faults
from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.model import Apply, Choice, Const, Lookup, Value, walk
from sncompile.ir.values.tables import late_join
from sncompile.lazy_regex import regex
from sncompile.targets.emitted import Emitted

_HELP = "take what rows have as it is, or have a step compute it; `sncompile run` does it as it is"
_ENTRY = regex(r"        (\w+)=")


class _Place(NamedTuple):
    """Where files differ: a step as its rule or table is called, and what of it as that is called there."""

    step: str
    name: str = ""


def joined_later(graph: Graph) -> Diagnostic | None:
    """A diagnostic of what is taken over a join that is not known yet: neither kind of rows that stand in has it."""
    for family in graph.families.values():
        for name, value in taken(family).items():
            join = late_join(value)
            if join is None or join.table.late is None:
                continue
            why = (
                f"`{join.table.name}` and `{join.other.name}` join over `{join.column}`, "
                f"which `{join.table.late.step}` writes"
            )
            hint = f"give one of the two columns another name if nothing is to join; {_HELP.partition('; ')[2]}"
            message = f"`{name}` of `{family.name}` cannot be said before its rows are known: {why}"
            return faults.NOT_BEFORE_ROWS.at(value.span, message, help=hint)
    return None


def rows_needed(graph: Graph, first: Emitted, second: Emitted) -> Diagnostic | None:
    """A diagnostic where two kinds of stand-in rows led to different files; None where they did not."""
    if first.files == second.files:
        return None
    found = [(graph.families[step], name) for step, name in _places(graph, first, second)]
    if not found:
        message = "what the pipeline does follows from rows that are not known yet, in a way that cannot be emitted"
        return faults.NOT_BEFORE_ROWS.at(graph.span, message, help=_HELP)
    named = [(family, *told) for family, name in found if (told := _taken(family, name)) is not None]
    if not named:
        step = found[0][0]
        message = f"what `{step.name}` takes is made of rows that are not known yet, otherwise than by their keys"
        return faults.NOT_BEFORE_ROWS.at(step.span, message, help=_HELP)
    step, name, value = named[0]
    why = _why(value, step)
    return faults.NOT_BEFORE_ROWS.at(
        value.span, f"`{name}` of `{step.name}` cannot be said before its rows are known: {why}", help=_HELP
    )


def _places(graph: Graph, first: Emitted, second: Emitted) -> Iterator[_Place]:
    unlike = sorted(n for n in {*first.files, *second.files} if first.files.get(n) != second.files.get(n))
    for file in unlike:
        base = re.sub(r"_\d+$", "", file.removeprefix("tables/").removesuffix(".tsv"))
        step = max(
            (name for name in graph.families if base == name or base.startswith(f"{name}.")), key=len, default=None
        )
        if file.startswith("tables/") and step is not None:
            columns = first.files.get(file, second.files.get(file, b"")).split(b"\n", 1)[0].decode().split("\t")
            own = [name for name in columns if name not in graph.families[step].keys.by]
            rest = base[len(step) + 1 :]
            yield from (_Place(step, name) for name in ([rest] if rest else own))
    for step in graph.families:
        name = _entry(step.replace(".", "_"), first, second)
        if name is not None:
            yield _Place(step, name)


def _entry(rule: str, first: Emitted, second: Emitted) -> str | None:
    """The entry of a rule in which two Snakefiles first differ; None where that is in another rule."""
    texts = [each.files.get("Snakefile", b"").decode("utf-8", "replace").split("\n") for each in (first, second)]
    at = name = ""
    for one, other in zip_longest(*texts, fillvalue=""):
        if match := _ENTRY.match(one):
            name = match[1]
        if one != other:
            return name if at == rule else None
        if one.startswith(("rule ", "checkpoint ")):
            at, name = one.partition(" ")[2].rstrip(":"), ""
    return None


def _taken(family: Family, name: str) -> tuple[str, Value] | None:
    """The port or parameter that has a name in emitted files, and its value."""
    for told, value in taken(family).items():
        if isinstance(value, Const):
            continue
        last = re.sub(r"\W", "_", told.rpartition(".")[2])
        if name in (last, f"{last}_rows") or re.sub(r"_(\d+|rows)$", "", name) == last:
            return told.rpartition(".")[2], value
    return None


def _why(value: Value, family: Family) -> str:
    for leaf in walk(value):
        if isinstance(leaf, Lookup):
            return "a row is looked up"
        if isinstance(leaf, Choice) and not isinstance(leaf.test, Const):
            return "it is chosen for each row"
        if isinstance(leaf, Apply) and not leaf.function.startswith("@"):
            called = leaf.function if re.fullmatch(r"\w+", leaf.function) else f"… {leaf.function} …"
            return f"it is computed of rows (`{called}`)"
    return "it is put together otherwise than by keys, columns and paths"
