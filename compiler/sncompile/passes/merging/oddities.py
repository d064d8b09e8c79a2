"""Steps that nearly belong to a set, with what keeps them out: what `merge` would have liked to do."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from sncompile.diagnostics import Related as Place
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.resources import RESOURCES, Unit
from sncompile.ir.graph.text import value_text
from sncompile.ir.values.model import Const
from sncompile.passes.merging.groups import Group
from sncompile.passes.merging.shapes import Shape
from sncompile.passes.result import Remark


def oddities(graph: Graph, shapes: Mapping[str, Shape], groups: Sequence[Group]) -> tuple[Remark, ...]:
    """A remark for each step that is like a set of others but for a few aspects; the largest such set is named."""
    inside = {member for group in groups for member in group.members}
    largest: dict[Hashable, Group] = {}
    for group in groups:
        kind = _kind(graph.families[group.members[0]])
        if kind not in largest or len(largest[kind].members) < len(group.members):
            largest[kind] = group
    found = []
    for name in shapes:
        near = None if name in inside else largest.get(_kind(graph.families[name]))
        if near is not None:
            found.append(_remark(graph, shapes, name, near))
    return tuple(found)


def _kind(family: Family) -> Hashable:
    """What steps must share to be worth a word: their program and their ports."""
    program = ""
    if family.command and isinstance(family.command[0], Const):
        program = str(family.command[0].value)
    elif family.shell:
        program = next(iter(family.shell[0].text.split()), "")
    return (program, tuple(family.inputs), tuple(family.outputs))


def _remark(graph: Graph, shapes: Mapping[str, Shape], name: str, group: Group) -> Remark:
    mine, theirs = dict(shapes[name].aspects), dict(shapes[group.members[0]].aspects)
    family, other = graph.families[name], graph.families[group.members[0]]
    told = [_difference(aspect, family, other) for aspect in mine if mine[aspect] != theirs[aspect]]
    reason = "; ".join(filter(None, told)) or "it waits for one of them, or one of them for it"
    message = f"`{name}` stays by itself beside {len(group.members)} steps such as `{other.name}`: {reason}"
    return Remark("merge", False, message, family.span, (Place(f"one of the {len(group.members)}", other.span),))


def _difference(aspect: str, mine: Family, theirs: Family) -> str:
    match aspect:
        case "resources":
            names = [n for n in {**mine.resources, **theirs.resources} if _resource(mine, n) != _resource(theirs, n)]
            return ", ".join(f"{n} is {_resource(mine, n)}, there {_resource(theirs, n)}" for n in names)
        case "container":
            return f"container {_image(mine)}, there {_image(theirs)}"
        case "retries":
            return f"retries {mine.retries}, there {theirs.retries}"
        case "command":
            return "its command differs in more than files, names and numbers"
        case "keys":
            return f"it ranges over {_keys(mine)}, they over {_keys(theirs)}"
        case _:
            several = aspect.endswith("s") and not aspect.endswith("ss")
            return f"its {aspect} {'differ' if several else 'differs'}"


def _resource(family: Family, name: str) -> str:
    value = family.resources.get(name)
    return f"{value_text(value)} {_UNITS[RESOURCES[name].unit]}".rstrip() if value is not None else "not said"


_UNITS = {Unit.COUNT: "", Unit.MEGABYTES: "MB", Unit.MINUTES: "min"}


def _image(family: Family) -> str:
    if family.container is not None:
        return value_text(family.container)
    return f"none (conda: {family.conda})" if family.conda is not None else "none"


def _keys(family: Family) -> str:
    return ", ".join(family.keys.by) or "nothing"
