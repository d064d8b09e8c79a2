"""`dedupe`: makes identical steps one.

    families  notify_a [tell], notify_b [tell]   =>   families  notify_a [tell]

Two steps are identical when each of their jobs has the same command, paths and settings. Since two steps never write
one path, these are steps that write nothing; of steps that do the same work for two places it says so, and leaves them:
every file that the spec names has to be there.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable

from sncompile.diagnostics import Related as Place
from sncompile.ir.graph.edges import with_families
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.graph.structure import family_structure, structure
from sncompile.ir.values.model import Const, Output, Related, Value
from sncompile.passes.result import Remark, Result, some


def dedupe(graph: Graph, keep: Collection[str] = ()) -> Result:
    """The graph with one family of each identical set; who waited for another of them waits for that one.

    The steps that `keep` names are asked for by their names, and stay as they are.
    """
    first: dict[object, Family] = {}
    same: dict[str, str] = {}
    work: dict[object, list[Family]] = {}
    remarks = []
    likely = _likely(graph)
    for name, family in graph.families.items():
        if name not in likely or name in keep:
            continue
        known = first.setdefault(family_structure(family), family) if not family.outputs else family
        if known is not family:
            same[name] = known.name
            message = f"`{name}` is `{known.name}` once more: it is done once"
            remarks.append(Remark("dedupe", True, message, family.span, (Place("the first", known.span),)))
        elif family.outputs:
            work.setdefault(family_structure(family, outputs=False), []).append(family)
    remarks += [_twins(found) for found in work.values() if len(found) > 1]
    if not same:
        return Result(graph, tuple(remarks))
    tags: dict[str, tuple[str, ...]] = {}
    for name, family in graph.families.items():
        kept = same.get(name, name)
        tags[kept] = tuple(dict.fromkeys((*tags.get(kept, ()), *family.tags)))
    families = {
        name: _waiting(family, same)._replace(tags=tags[name])
        for name, family in graph.families.items()
        if name not in same
    }
    return Result(with_families(graph, families), tuple(remarks))


def _likely(graph: Graph) -> set[str]:
    """The families that share with another what tells most families apart; only these are looked at as a whole."""
    found: dict[Hashable, list[str]] = {}
    for name, family in graph.families.items():
        gist = (
            tuple([_gist(port.value) for port in family.inputs.values()]),
            tuple([_gist(value) for value in family.params.values()]),
            tuple([word.value for word in family.command or () if isinstance(word, Const)]),
        )
        found.setdefault(gist, []).append(name)
    return {name for names in found.values() if len(names) > 1 for name in names}


def _gist(value: Value) -> Hashable:
    """What tells a value apart from most: of one output where it comes from, of a text or a whole number itself."""
    if isinstance(value, Related) and isinstance(value.value, Output):
        return (value.value.step, value.value.port)
    if isinstance(value, Const) and value.value.__class__ in (str, int):
        return value.value
    return structure(value)


def _twins(families: list[Family]) -> Remark:
    first, *others = families
    message = f"{some([f.name for f in families])} do the same for paths of their own; all stay, since all are named"
    return Remark("dedupe", False, message, others[0].span, (Place("the first", first.span),))


def _waiting(family: Family, same: dict[str, str]) -> Family:
    if not any(waits.step in same for waits in family.after):
        return family
    after = dict.fromkeys(w._replace(step=same.get(w.step, w.step)) for w in family.after)
    return family._replace(after=tuple(after))
