"""Graph → picture: a box for each job."""

from __future__ import annotations

from sncompile.diagnostics.counted import counted
from sncompile.drawing.families import bond_of
from sncompile.drawing.picture import Bond, Link, Node, Picture, Shape, words
from sncompile.ir.graph.feeds import steps_in
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Expansion, job_id

MOST = 2000
"""A picture of more boxes is drawn for minutes and read by nobody."""


def job_picture(graph: Graph) -> Picture:
    """The picture of a graph's jobs, without links that others imply."""
    expansion = Expansion(graph)
    bonds = {(edge.source, edge.target): bond_of(edge) for edge in graph.edges}
    nodes: list[Node] = []
    links: list[Link] = []
    for name, family in graph.families.items():
        for number in range(len(family.keys)):
            here = job_id(family, number)
            lines = tuple(
                words(f"{k}: {v}", 30) for k, v in zip(family.keys.by, family.keys.instances[number], strict=True)
            )
            nodes.append(Node(here, Shape.STEP, words(name), lines, "", words(here, 200)))
            for source, other in expansion.after(name, number):
                there = job_id(graph.families[source], other)
                links.append(Link(there, here, bonds[source, name], "", words(f"{there} → {here}", 200), False))
    rim_nodes, rim_links = _outputs(graph)
    caption = counted(graph.job_count(), "job")
    title = words(graph.title or graph.name, 100)
    return Picture(graph.name, title, caption, (*nodes, *rim_nodes), (*links, *rim_links))


def _outputs(graph: Graph) -> tuple[list[Node], list[Link]]:
    nodes: list[Node] = []
    links: list[Link] = []
    for name, value in graph.outputs.items():
        box = f"output:{name}"
        nodes.append(Node(box, Shape.OUTPUT, words(name), (), "", words(f"output {name}", 200)))
        for step in steps_in(value):
            family = graph.families[step]
            bond = Bond.GATHER if family.keys.by else Bond.MAP
            links += [
                Link(job_id(family, n), box, bond, "", words(f"{step} → {name}", 200), False)
                for n in range(len(family.keys))
            ]
    return nodes, links
