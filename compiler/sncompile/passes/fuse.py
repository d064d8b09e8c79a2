"""`fuse`: makes a chain of map-linked steps one job.

    a [well] -> b [well]   =>   b [well]: a's command, then b's

The job is called after its last step. What lies between is still written, for nobody else reads it or asks for it; it
may be deleted with the job. A job whose first half failed does that half again too: that is the price of half the jobs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping, Sequence

from sncompile.ir.graph.commands import Argument, ShellPart, Success
from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.feeds import reads_optional, steps_in
from sncompile.ir.graph.model import Edge, Family, Graph
from sncompile.ir.graph.resources import RESOURCES, Unit
from sncompile.ir.graph.rewrite import map_children, map_family
from sncompile.ir.graph.structure import settings_structure, structure
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Const, Local, Output, Related, Size, Value
from sncompile.ir.values.remote import Remote
from sncompile.ir.values.run_time import dynamic
from sncompile.lazy_regex import regex
from sncompile.passes.paths import unmanageable
from sncompile.passes.reduce import reduce
from sncompile.passes.result import Remark, Result, some


def fuse(graph: Graph, keep: Collection[str] = ()) -> Result:
    """The graph with chains made one family each, wherever that is legal.

    The steps that `keep` names are asked for by their names, and go into no other.
    """
    done: list[Remark] = []
    while True:
        found = _fuse_once(graph, frozenset(keep))
        done += [remark for remark in found.remarks if remark.done]
        if found.graph is graph:
            return Result(graph, (*done, *(remark for remark in found.remarks if not remark.done)))
        # Two steps that waited for a third are one now, and an order that kept others apart may follow from it.
        graph = reduce(found.graph).graph


def _fuse_once(graph: Graph, keep: frozenset[str]) -> Result:
    published = {step for value in graph.outputs.values() for step in steps_in(value)}
    # A path may be made from a path.
    named = {step for f in graph.families.values() for o in f.outputs.values() for step in steps_in(o.path)}
    below: dict[str, list[Edge]] = {}
    for edge in graph.edges:
        below.setdefault(edge.source, []).append(edge)
    families = dict(graph.families)
    remote = Remote(graph.families, Evaluator(graph.families))
    remarks = []
    for name in graph.order():
        edges = below.get(name, [])
        if len({edge.target for edge in edges}) != 1:
            continue
        first, second = families[name], families[edges[0].target]
        if graph.feeds_itself(name) or graph.feeds_itself(second.name):
            continue  # Jobs of one family wait for each other: each is as small as it can be.
        # A step that writes nothing is known by its mark, which a job of both would not have.
        if first.keys is not second.keys or not first.keys.by or not first.outputs or not second.outputs:
            continue
        reason = _hindrance(first, second, published) if name not in named else "another path is made from one of its"
        if reads_optional(first, graph.families) or reads_optional(second, graph.families):
            reason = "what one of them reads may not be there"
        if not keep.isdisjoint((name, *(origin.step for origin in first.origins.values()))):
            reason = f"`{name}` is asked for by name"
        if reason is None and (remote.ports(name) or remote.ports(second.name)):
            reason = "the engine fetches what one of them reads, or sends what it writes"
        fused = _fused(first, second) if reason is None else None
        if fused is not None and unmanageable(fused):
            reason = "not the same parts vary in their paths, and an engine deletes or protects some of them"
        if fused is None or reason is not None:
            message = f"`{name}` and `{second.name}` stay two jobs: {reason}"
            remarks.append(Remark("fuse", False, message, second.span))
            continue
        families[second.name] = _without_between(fused, fused.outputs.keys() - second.outputs.keys())
        del families[name]
        message = f"`{name}` is done in the job of `{second.name}`: nothing else reads what lies between"
        remarks.append(Remark("fuse", True, message, second.span))
    if len(families) == len(graph.families):
        return Result(graph, tuple(remarks))
    return Result(with_families(graph, families), tuple(remarks))


def _hindrance(first: Family, second: Family, published: set[str]) -> str | None:
    """Why two families of the same keys cannot be one job."""
    if first.name in published:
        return "an output of the pipeline lies between them"
    if any(w.step == first.name for w in second.after) or not _mapped(first, second):
        return "not every job of the one reads from just its own job of the other"
    told = (
        (
            "they use different containers",
            (structure(first.container), first.network),
            (structure(second.container), second.network),
        ),
        ("they use different environments", (first.conda, _environment(first)), (second.conda, _environment(second))),
        ("they are tried again differently", first.retries, second.retries),
        ("they run in different places", first.local_rule, second.local_rule),
        ("one is done in batches", (first.batch, first.batches), (second.batch, second.batches)),
    )
    found = next((reason for reason, mine, theirs in told if mine != theirs), None)
    if found is not None:
        return found
    if any(dynamic(v) for v in (*first.resources.values(), *second.resources.values())):
        return "their resources are known only when they run"
    if any(not isinstance(v, Const) for v in (*first.resources.values(), *second.resources.values())):
        return "their resources differ from job to job"
    if any(o.protected or o.optional or o.value for o in first.outputs.values()):
        return "what lies between is protected or optional, or a value"
    if any(map(dynamic, (*first.params.values(), *second.params.values()))):
        return "they take values that are known when they run"
    mine, theirs = settings_structure(first), settings_structure(second)
    others = [name for name in mine if name not in _JOINED and mine[name] != theirs[name]]
    if others:
        return f"they differ in {some(others)}"
    return None


_JOINED = frozenset(("container", "environment", "resources", "retries", "success", "place", "batch", "batches"))
"""Settings that are looked at above, or that one job of both can have."""


def _environment(family: Family) -> tuple[object, ...]:
    return tuple((v.name, v.secret, structure(v.value)) for v in family.env)


def _mapped(first: Family, second: Family) -> bool:
    """Whether the second takes from the first by plain inputs alone, each job from the job of the same key."""
    for port in second.inputs.values():
        if first.name in steps_in(port.value) and not _direct(port.value, first):
            return False
    others = (*second.params.values(), *second.resources.values(), *(v.value for v in second.env if v.value))
    return not any(first.name in steps_in(value) for value in others)


def _direct(value: Value, first: Family) -> bool:
    plain = isinstance(value, Related) and isinstance(value.value, Output) and not value.linked
    return plain and isinstance(value, Related) and value.source is first.keys and value.target is first.keys


def _fused(first: Family, second: Family) -> Family:
    """One family of two; what the first one's names clash with gets new ones."""
    between = {
        name: port.value.value.port
        for name, port in second.inputs.items()
        if isinstance(port.value, Related) and isinstance(port.value.value, Output)
        and port.value.value.step == first.name
    }  # fmt: skip
    taken = {*second.inputs, *second.outputs, *second.params, *second.lists}
    names = {(space, name): _fresh(name, first.name, taken) for space, members in _members(first) for name in members}
    first = _renamed(first, names)
    second = _fed(second, {name: names["outputs", port] for name, port in between.items()})
    outputs = {names["outputs", n]: o for n, o in first.outputs.items()}
    return second._replace(
        title=", then ".join(t for t in dict.fromkeys((first.title, second.title)) if t),
        inputs={
            **{names["inputs", n]: p for n, p in first.inputs.items()},
            **{n: p for n, p in second.inputs.items() if n not in between},
        },
        params={**{names["params", n]: v for n, v in first.params.items()}, **second.params},
        outputs={**second.outputs, **outputs},
        lists={**{names["lists", n]: f for n, f in first.lists.items()}, **second.lists},
        command=None,
        shell=(*_script(first), ShellPart("\n", None), *_script(second)),
        resources=_together(first.resources, second.resources),
        success=_both(first.success, second.success, names),
        after=tuple(dict.fromkeys((*first.after, *second.after))),
        tags=tuple(dict.fromkeys((*first.tags, *second.tags))),
    )


def _members(family: Family) -> tuple[tuple[str, Collection[str]], ...]:
    """What a command may name, by where it is."""
    return (
        ("inputs", family.inputs), ("outputs", family.outputs), ("params", family.params), ("lists", family.lists)
    )  # fmt: skip


def _fresh(name: str, prefix: str, taken: set[str]) -> str:
    found = name
    while found in taken:
        found = f"{re.sub(r'[^A-Za-z0-9]', '_', prefix)}_{found}"
    taken.add(found)
    return found


def _renamed(family: Family, names: Mapping[tuple[str, str], str]) -> Family:
    def rename(value: Value) -> Value:
        if isinstance(value, Local) and (value.space, value.name) in names:
            return value._replace(name=names[value.space, value.name])
        if isinstance(value, Size) and ("inputs", value.port) in names:
            return value._replace(port=names["inputs", value.port])
        return map_children(value, rename)

    return map_family(family, rename)


def _fed(family: Family, ports: Mapping[str, str]) -> Family:
    """The second family with inputs that were the first one's outputs read from there."""

    def feed(value: Value) -> Value:
        if isinstance(value, Local) and value.space == "inputs" and value.name in ports:
            return value._replace(space="outputs", name=ports[value.name])
        return map_children(value, feed)

    return map_family(family, feed)


def _without_between(family: Family, ports: Collection[str]) -> Family:
    """The family with what lies between deleted with its job, as nobody else reads it; paths of the spec stay."""
    outputs = {n: o._replace(temp=True) if n in ports and o.derived else o for n, o in family.outputs.items()}
    found = family._replace(outputs=outputs)
    return family if unmanageable(found) else found


_PLAIN = regex(r"[A-Za-z0-9_./+-]+\Z")
_KEYWORDS = frozenset((
    "if", "then", "else", "elif", "fi", "case", "esac", "for", "select", "while", "until", "do", "done", "in",
    "function", "time", "coproc",
))  # fmt: skip


def _script(family: Family) -> Sequence[ShellPart]:
    """A family's command or script as a script of its own, which leaves nothing behind for the next."""
    if family.shell is not None:
        return (ShellPart("(\n", None), *family.shell, ShellPart("\n)", None))
    found: list[ShellPart] = []
    for argument in family.command or ():
        if found:
            found.append(ShellPart(" ", None))
        text = _constant(argument)
        found.append(ShellPart("", argument) if text is None else ShellPart(text, None))
    first = found[0].text if found else ""
    if not found or (_PLAIN.match(first) and first not in _KEYWORDS):
        return found
    # Outside of an array the first word could be a keyword or an assignment, or be absent.
    return (ShellPart("(\ncommand=(", None), *found, ShellPart(')\n"${command[@]}"\n)', None))


def _constant(argument: Argument) -> str | None:
    """The text of an argument that is one and the same for every job."""
    if not isinstance(argument, Const) or isinstance(argument.value, bool):
        return None
    return shlex.quote(str(argument.value)) if isinstance(argument.value, (str, int, float)) else None


def _together(first: Mapping[str, Value], second: Mapping[str, Value]) -> dict[str, Value]:
    """The resources of both, one after the other: the larger of each, and the times added."""
    found = dict(second)
    for name, value in first.items():
        other = second.get(name)
        if not isinstance(value, Const) or not isinstance(other, Const):
            found.setdefault(name, value)
            continue
        mine, theirs = value.value, other.value
        if isinstance(mine, (int, float)) and isinstance(theirs, (int, float)):
            found[name] = other._replace(
                value=mine + theirs if RESOURCES[name].unit is Unit.MINUTES else max(mine, theirs)
            )
    return found


def _both(first: Success, second: Success, names: Mapping[tuple[str, str], str]) -> Success:
    return Success(
        (*second.non_empty, *(names["outputs", n] for n in first.non_empty)),
        {**second.sha256, **{names["outputs", n]: v for n, v in first.sha256.items()}},
        {**second.min_files, **{names["outputs", n]: v for n, v in first.min_files.items()}},
    )
