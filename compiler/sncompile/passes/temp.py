"""`temp`: marks intermediates that nobody wants kept.

    a -> b -> c, outputs result = c.out   =>   a.out and b.out are deleted once they are read

Only paths that the compiler derived: a path that the spec names is there to be looked at. And what rows are read from
stays, as the next compile reads them again.
"""

from __future__ import annotations

from dataclasses import replace

from sncompile.ir.graph.edges import taken
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Made, Output, Value, walk
from sncompile.ir.values.remote import Remote, RemotePort
from sncompile.passes.paths import vary_alike
from sncompile.passes.result import Remark, Result, some


def temp(graph: Graph) -> Result:
    """The graph with derived outputs made temporary where steps read them and no output of the pipeline is one."""
    read = {port for family in graph.families.values() for value in taken(family).values() for port in _ports(value)}
    published = {port for value in graph.outputs.values() for port in _ports(value)}
    remote = Remote(graph.families, Evaluator(graph.families))
    families = {}
    remarks = []
    for name, family in graph.families.items():
        steps = {name, *(origin.step for origin in family.origins.values())}
        kept = {port for step, port in graph.row_sources if step in steps}
        found = [n for n in family.outputs if n not in kept and _unwanted(family, n, read, published)]
        if found and (sent := remote.ports(name)):
            found = [n for n in found if RemotePort("outputs", n) not in sent]
        families[name] = family
        optional = any(output.optional for output in family.outputs.values())
        if found and (family.batches or optional or not vary_alike(family)):
            why = "it is done in batches" if family.batches else "the step's paths do not vary in the same parts"
            why = "it need not write all of its files" if optional else why
            message = f"{some(found)} of `{name}` stay: {why}"
            remarks.append(Remark("temp", False, message, family.span))
        elif found:
            families[name] = _with_temp(family, found)
            message = f"{some(found)} of `{name}`: deleted once read, since nobody asks for it"
            remarks.append(Remark("temp", True, message, family.span))
    if all(families[name] is family for name, family in graph.families.items()):
        return Result(graph, tuple(remarks))
    return Result(replace(graph, families=families), tuple(remarks))


def _unwanted(family: Family, port: str, read: set[tuple[str, str]], published: set[tuple[str, str]]) -> bool:
    output, key = family.outputs[port], (family.name, port)
    if not output.derived or output.temp or output.protected:
        return False
    return key in read and key not in published and (family.name, "*") not in published


def _ports(value: Value) -> set[tuple[str, str]]:
    """The ports that a value comes from; `*` where it may be any of a family."""
    found = {(leaf.step, leaf.port) for leaf in walk(value) if isinstance(leaf, Output)}
    for made in walk(value):
        if isinstance(made, Made):
            found |= {(leaf.step, "*") for leaf in walk(made) if isinstance(leaf, Output)}
    return found


def _with_temp(family: Family, ports: list[str]) -> Family:
    outputs = {n: o._replace(temp=True) if n in ports else o for n, o in family.outputs.items()}
    return family._replace(outputs=outputs)
