"""Graph → picture: a box for each family, with the tables, files and outputs at its rim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sncompile.drawing.picture import Bond, Link, Node, Picture, Shape, words
from sncompile.ir.graph.edges import taken, unknown_tables
from sncompile.ir.graph.feeds import steps_in
from sncompile.ir.graph.model import Edge, Family, Graph, Relation, relate
from sncompile.ir.graph.text import value_text
from sncompile.ir.keys.key_set import KeySet, keys_of
from sncompile.ir.keys.table import Table
from sncompile.ir.values.branches import branches
from sncompile.ir.values.model import (
    Cell,
    Const,
    Items,
    Key,
    Lookup,
    Output,
    Related,
    Text,
    Value,
    walk,
)
from sncompile.ir.values.relating import UNIT
from sncompile.passes.fold import fold


def family_picture(graph: Graph) -> Picture:
    """The picture of a graph's families."""
    nodes = {name: _step(family, graph) for name, family in graph.families.items()}
    links = [_edge(graph, edge) for edge in graph.edges if edge.source != edge.target]
    for table in _tables(graph):
        nodes[f"table:{table.name}"] = _table(table)
        links += _table_links(graph, table)
    for pattern, ports in _files(graph).items():
        nodes[f"file:{pattern}"] = Node(
            f"file:{pattern}", Shape.FILE, words(pattern), (), "", f"input: {words(pattern, 200)}"
        )
        links += [_file_link(graph.families[step], pattern, tuple(names)) for step, names in ports.items()]
    for name, value in graph.outputs.items():
        nodes[f"output:{name}"] = _output(graph, name, value)
        links += [_output_link(graph.families[step], name) for step in steps_in(value)]
    jobs, steps = graph.job_count(), len(graph.families)
    caption = f"{jobs:,} job{'' if jobs == 1 else 's'} in {steps:,} step{'' if steps == 1 else 's'}"
    if any(unknown_tables(family) for family in graph.families.values()):
        caption = f"{steps:,} steps, some of whose jobs are known later"
    return Picture(graph.name, words(graph.title or graph.name, 100), caption, tuple(nodes.values()), tuple(links))


def keys_text(keys: KeySet) -> str:
    """`well, site × 24`; `1 job` for a family without keys."""
    if any(table.late is not None and not table.late.known for table in keys.rows.tables):
        return f"{', '.join(keys.by)}: known later" if keys.by else "1 job"
    return f"{', '.join(keys.by)} × {len(keys):,}" if keys.by else "1 job"


def path_text(value: Value) -> str:
    """A path as a pattern: `results/apply/{well}/{site}/corrected.tiff`."""
    match value:
        case Const():
            return str(value.value)
        case Key():
            return f"{{{value.name}}}"
        case Text():
            return "".join(map(path_text, value.parts))
        case Related():
            return path_text(value.value)
        case Items():
            return ", ".join(map(path_text, value.items))
        case _:
            return f"{{{value_text(value)}}}"


def _step(family: Family, graph: Graph) -> Node:
    lines = [] if family.title in ("", family.name) else [words(family.title)]
    # A link from a box to itself says less than words do.
    own = [port for edge in graph.into(family.name) if edge.source == family.name for port in edge.ports]
    lines += [words(f"{', '.join(own)}: of another of these jobs")] if own else []
    lines += [words(f"module {family.module}")] if family.module != family.name.rpartition(".")[2] else []
    tip = f"{family.name}: {family.title or family.module} ({family.span.file}:{family.span.line})"
    return Node(
        family.name, Shape.STEP, words(family.name), tuple(lines), words(keys_text(family.keys)), words(tip, 200)
    )


def bond_of(edge: Edge) -> Bond:
    """What an edge is drawn as."""
    return Bond(edge.relation.value) if edge.ports else Bond.ORDER


def _edge(graph: Graph, edge: Edge) -> Link:
    source, target = graph.families[edge.source].keys, graph.families[edge.target].keys
    tip = f"{edge.source} → {edge.target}: {', '.join(edge.ports) or 'order'}"
    label = _label(source, target) if edge.ports else "order"
    if edge.relation is Relation.LINK and edge.ports:
        label = "by a column"
    return Link(edge.source, edge.target, bond_of(edge), label, words(tip, 200), False)


def _label(source: KeySet, target: KeySet) -> str:
    """`map`, `broadcast`, or `gather` with the keys that are gathered over; nothing between single jobs."""
    relation = relate(source, target)
    if relation is Relation.GATHER:
        return words(f"gather {', '.join(key for key in source.by if key not in target.by)}")
    return relation.value if target.by else ""


def _tables(graph: Graph) -> list[Table]:
    """The tables that families range over or take values of, in the order of their first use."""
    found: dict[Table, None] = {}
    for family in graph.families.values():
        for table in (*family.keys.rows.tables, *_used(family)):
            found.setdefault(table)
    return list(found)


def _used(family: Family) -> dict[Table, list[str]]:
    """The tables whose columns a family takes, each with what takes them."""
    found: dict[Table, list[str]] = {}
    values = taken(family) | {f"outputs.{name}": output.path for name, output in family.outputs.items()}
    for name, value in values.items():
        for leaf in walk(value):
            if isinstance(leaf, (Cell, Lookup)) and name not in found.setdefault(leaf.table, []):
                found[leaf.table].append(name)
    return found


def _table(table: Table) -> Node:
    origin = "rows in the spec"
    if table.enumerated is not None:
        folders = {str(cell).rpartition("/")[0] for cell in table.columns[table.enumerated]}
        origin = f"files in {folders.pop() or '.'}" if len(folders) == 1 else "listed files"
    elif table.file is not None:
        origin = Path(table.file).name
    elif table.queried:
        origin = "made by a query"
    elif table.late is not None:
        origin = f"from {table.late.step}.{table.late.port}"
    columns = words(", ".join(table.columns), 200)
    return Node(
        f"table:{table.name}",
        Shape.TABLE,
        words(table.name),
        (words(origin),),
        words(keys_text(keys_of(table))),
        f"columns: {columns}",
    )


def _table_links(graph: Graph, table: Table) -> Iterator[Link]:
    """From a table to who takes its values, and to who ranges over it first."""
    for name, family in graph.families.items():
        values = _used(family).get(table)
        above = (graph.families[edge.source] for edge in graph.into(name))
        first = table in family.keys.rows.tables and bool(family.keys.by)
        if values is None and (not first or any(table in f.keys.rows.tables for f in above)):
            continue
        bond = Bond(relate(keys_of(table), family.keys).value)
        tip = words(f"{table.name} → {name}: {', '.join(values or ['keys'])}", 200)
        yield Link(f"table:{table.name}", name, bond, _label(keys_of(table), family.keys), tip, True)


def _files(graph: Graph) -> Mapping[str, dict[str, list[str]]]:
    """The input files that are named as text: pattern → step → ports."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, family in fold(graph).graph.families.items():
        for port, given in family.inputs.items():
            for value in _named(given.value):
                pattern = path_text(value)
                found.setdefault(pattern, {}).setdefault(name, []).append(port)
    return found


def _named(value: Value) -> list[Value]:
    """The parts of an input that come neither from a step nor from a table's column."""
    parts = [part.value for part in branches(value)]
    if parts != [value]:
        return [named for part in parts for named in _named(part)]
    if any(isinstance(leaf, (Cell, Lookup)) for leaf in walk(value)) or steps_in(value):
        return []
    nothing = isinstance(value, Const) and (not isinstance(value.value, (str, tuple)) or value.value == ())
    return [] if nothing else [value]


def _file_link(family: Family, pattern: str, ports: tuple[str, ...]) -> Link:
    bond = Bond.BROADCAST if family.keys.by and "{" not in pattern else Bond.MAP
    label = bond.value if family.keys.by else ""
    return Link(f"file:{pattern}", family.name, bond, label, words(f"→ {family.name}: {', '.join(ports)}", 200), True)


def _output(graph: Graph, name: str, value: Value) -> Node:
    paths = [
        path_text(graph.families[leaf.step].outputs[leaf.port].path) for leaf in walk(value) if isinstance(leaf, Output)
    ]
    lines = tuple(words(path) for path in paths[:3])
    return Node(
        f"output:{name}", Shape.OUTPUT, words(name), lines, "", words(f"output {name}: {', '.join(paths)}", 200)
    )


def _output_link(family: Family, name: str) -> Link:
    bond = Bond(relate(family.keys, UNIT).value)
    return Link(
        family.name, f"output:{name}", bond, _label(family.keys, UNIT), words(f"{family.name} → {name}", 200), False
    )
