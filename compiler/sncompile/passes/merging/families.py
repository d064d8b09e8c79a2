"""Groups with their branches → families over tables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart, Waits
from sncompile.ir.graph.feeds import feeds, waited_for
from sncompile.ir.graph.model import Family, Graph, Origin
from sncompile.ir.graph.rewrite import map_family
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Const, Value
from sncompile.passes.merging.branches import Placed
from sncompile.passes.merging.columns import Columns, Place, alike, filled
from sncompile.passes.merging.links import Home, Links, alias
from sncompile.passes.merging.naming import choose_key, common_name, fresh
from sncompile.passes.merging.shapes import At, Hole, Shape, script_template
from sncompile.passes.merging.tables import BranchTable

Holes = Sequence[Sequence[Hole]]


class Builder:
    """Makes the families of all groups; `links` knows where their members have gone."""

    def __init__(self, graph: Graph, shapes: Mapping[str, Shape], placed: Sequence[Placed]) -> None:
        self._graph, self._shapes = graph, shapes
        self._evaluator = Evaluator(graph.families)
        self._names = _family_names(graph, placed)
        self._tables = _tables(graph, shapes, placed, self._names)
        self._keys = {found.members: self._key_set(found) for found in placed}
        homes: dict[str, Home] = {}
        for found in placed:
            keys, name = self._keys[found.members], self._names[found.members]
            for number, member in enumerate(found.members):
                inner = graph.families[member].keys
                homes[member] = Home(name, keys, number * len(inner), inner)
        self.links = Links(homes)

    def _key_set(self, found: Placed) -> KeySet:
        return self._tables[found.table].keys(found.rows, self._graph.families[found.members[0]].keys)

    def _holes(self, found: Placed) -> Holes:
        """Hole by hole, what stands there in each member."""
        return list(zip(*(self._shapes[member].holes for member in found.members), strict=True))

    def _path(self, step: str, port: str) -> str:
        """Where a step without keys writes an output."""
        family = self._graph.families[step]
        found: str = self._evaluator.closure(family.outputs[port].path, family.keys, family)(0)
        return found

    def differing(self, found: Placed) -> list[str]:
        """What differs between the members, for people."""
        differ = [holes[0].hint for holes in self._holes(found) if not alike(holes)]
        return [f"`{hint}`" for hint in dict.fromkeys(differ)]

    def family(self, found: Placed) -> Family:
        """The family of a group: the first member's template with its holes filled."""
        members = [self._graph.families[member] for member in found.members]
        first, table, keys = members[0], self._tables[found.table], self._keys[found.members]
        columns = Columns(
            self._names[found.members], Place(table, found.rows, keys, first.keys), self.links, self._path
        )
        values: dict[At, Value] = {}
        for holes in self._holes(found):
            value = columns.value(holes)
            if value is not None:
                values[holes[0].at] = value
        titles = {member.title for member in members}
        made = _Filling(first, values, self.links).family()
        return made._replace(
            name=self._names[found.members],
            title=titles.pop() if len(titles) == 1 else "",
            keys=keys,
            after=tuple(self._waits(members, keys)),
            tags=tuple(dict.fromkeys(tag for member in members for tag in member.tags)),
            origins={
                table.values[row]: Origin(member.name, member.span)
                for row, member in zip(found.rows, members, strict=True)
            },
        )

    def relinked(self, family: Family) -> Family:
        """A family that is not merged, with its references made anew."""
        found = map_family(family, self.links.value)
        if any(waits.step in self.links.homes for waits in family.after):
            found = found._replace(after=tuple(self._waits([family], family.keys)))
        return found

    # --- Order ----------------------------------------------------------------------------------------------------

    def _waits(self, members: Sequence[Family], keys: KeySet) -> list[Waits]:
        """What the new family waits for, where its instances are those of its members, one after the other."""
        if len(members) == 1 and not any(w.step in self.links.homes for w in members[0].after):
            return list(members[0].after)
        needs: dict[str, list[set[int]]] = {}
        sources: dict[str, KeySet] = {}
        size = len(members[0].keys)
        for number, member in enumerate(members):
            for waits in member.after:
                home = self.links.homes.get(waits.step)
                name = home.family if home is not None else waits.step
                sources[name] = home.keys if home is not None else self._graph.families[waits.step].keys
                rows = needs.setdefault(name, [set() for _ in range(len(keys))])
                start = home.first if home is not None else 0
                for _, found in feeds(waited_for(waits, self._graph), member.keys, self._evaluator):
                    for i in range(size):
                        rows[number * size + i].update(start + j for j in found(i))
        return [_waits(name, sources[name], keys, rows) for name, rows in needs.items()]


def _waits(name: str, source: KeySet, keys: KeySet, needs: Sequence[set[int]]) -> Waits:
    """By the keys where they say the same, else told instance by instance."""
    by_keys = keys.related(source) if source.rows.tables == keys.rows.tables or not source.by else None
    if by_keys is None and all(len(found) == len(source) for found in needs):
        by_keys = keys.related(source)
    if by_keys is not None and all(set(a) == b for a, b in zip(by_keys, needs, strict=True)):
        return Waits(name, source, keys)
    return Waits(name, source, alias(keys, source, [tuple(sorted(found)) for found in needs], one=False))


class _Filling:
    """The first member of a group with its holes filled."""

    def __init__(self, family: Family, values: Mapping[At, Value], links: Links) -> None:
        self._family, self._values, self._links = family, values, links

    def _fill(self, value: Value, *at: str | int) -> Value:
        return filled(value, at, self._values, self._links)

    def family(self) -> Family:
        """The filled family; its keys, name and order are still the member's."""
        family = self._family
        return family._replace(
            inputs={n: p._replace(value=self._fill(p.value, "inputs", n)) for n, p in family.inputs.items()},
            params={n: self._fill(v, "params", n) for n, v in family.params.items()},
            outputs={n: o._replace(path=self._fill(o.path, "outputs", n)) for n, o in family.outputs.items()},
            lists={n: f._replace(path=self._fill(f.path, "lists", n)) for n, f in family.lists.items()},
            command=self._command(),
            shell=self._script(),
            env=tuple(
                [v if v.value is None else v._replace(value=self._fill(v.value, "env", v.name)) for v in family.env]
            ),
            container=self._links.value(family.container) if family.container is not None else None,
            resources={n: self._links.value(v) for n, v in family.resources.items()},
        )

    def _command(self) -> tuple[Argument, ...] | None:
        if self._family.command is None:
            return None
        return tuple([self._argument(a, i) for i, a in enumerate(self._family.command)])

    def _argument(self, argument: Argument, number: int) -> Argument:
        if isinstance(argument, Option):
            return argument._replace(value=self._fill(argument.value, "command", number))
        return argument if isinstance(argument, Flag) else self._fill(argument, "command", number)

    def _script(self) -> tuple[ShellPart, ...] | None:
        if self._family.shell is None:
            return None
        found: list[ShellPart] = []
        for number, piece in enumerate(script_template(self._family.shell, self._family.span)):
            value = self._values.get(("shell", number))
            if not isinstance(piece, Const):
                found.append(piece)
            elif value is not None:
                found.append(ShellPart("", value))
            else:
                found.append(ShellPart(str(piece.value), None))
        return tuple(_joined(found))


def _joined(parts: list[ShellPart]) -> list[ShellPart]:
    """Parts of text next to each other as one."""
    found: list[ShellPart] = []
    for part in parts:
        if found and part.value is None and found[-1].value is None:
            found[-1] = found[-1]._replace(text=found[-1].text + part.text)
        else:
            found.append(part)
    return found


# --- Names ----------------------------------------------------------------------------------------------------------


def _family_names(graph: Graph, placed: Sequence[Placed]) -> dict[tuple[str, ...], str]:
    """A name for each group: what its steps' names have in common, or else what its module or program is called."""
    inside = {member for found in placed for member in found.members}
    used = {name for name in graph.families if name not in inside}
    names: dict[tuple[str, ...], str] = {}
    for found in placed:
        family = graph.families[found.members[0]]
        wanted = common_name(found.members) or _program(family)
        names[found.members] = fresh(wanted, used.__contains__)
        used.add(names[found.members])
    return names


def _program(family: Family) -> str:
    first = family.command[0] if family.command else None
    text = str(first.value) if isinstance(first, Const) else family.module
    name = re.sub(r"\W+", "_", text.rpartition("/")[2]).strip("_")
    return name if name and name[0].isalpha() else f"step_{name}"


def _tables(
    graph: Graph, shapes: Mapping[str, Shape], placed: Sequence[Placed], names: Mapping[tuple[str, ...], str]
) -> dict[int, BranchTable]:
    """A table for every set of branches."""
    by_table: dict[int, list[Placed]] = {}
    for found in placed:
        by_table.setdefault(found.table, []).append(found)
    used = {key for family in graph.families.values() for key in family.keys.by}
    used |= set(graph.families) | set(names.values())
    tables = {t.name for f in graph.families.values() for t in f.keys.rows.tables}
    reserved = set(used) | tables
    found_tables: dict[int, BranchTable] = {}
    for number, groups in by_table.items():
        keys = _keys(groups, shapes)
        usual = "branch" if len(by_table) == 1 else f"{names[groups[0].members]}_id"
        wanted = _key_name(groups, shapes, keys) or re.sub(r"\W", "_", usual)
        name = fresh(wanted, reserved.__contains__)
        reserved.add(name)
        span = graph.families[groups[0].members[0]].span
        found_tables[number] = BranchTable(name, keys, span, reserved)
    return found_tables


def _keys(groups: Sequence[Placed], shapes: Mapping[str, Shape]) -> list[str]:
    size = 1 + max(row for group in groups for row in group.rows)
    names = [""] * size
    for group in groups:
        for row, member in zip(group.rows, group.members, strict=True):
            names[row] = names[row] or member
    whole = [group for group in groups if len(group.rows) == size]
    paths = [texts for group in whole for texts in _texts(group, shapes, "outputs")]
    others = [texts for group in whole for space in ("params", "inputs") for texts in _texts(group, shapes, space)]
    return choose_key(names, paths, others)


def _texts(group: Placed, shapes: Mapping[str, Shape], space: str) -> list[list[str]]:
    """The holes of a kind that hold one text in each member and differ, as columns."""
    found = []
    for holes in zip(*(shapes[member].holes for member in group.members), strict=True):
        if holes[0].at[0] != space or holes[0].many:
            continue
        cells = [h.entries[0].value for h in holes if isinstance(h.entries[0], Const)]
        if len(cells) == len(holes) and all(isinstance(c, (str, int)) for c in cells) and len(set(cells)) > 1:
            found.append([str(c) for c in cells])
    return found


def _key_name(groups: Sequence[Placed], shapes: Mapping[str, Shape], keys: Sequence[str]) -> str:
    """The name of a parameter or option that holds the key; empty where there is none."""
    for group in groups:
        for holes in zip(*(shapes[member].holes for member in group.members), strict=True):
            hint, place = holes[0].hint, holes[0].at[0]
            if place not in ("params", "command") or holes[0].many or hint in ("argument", "word"):
                continue
            cells = [h.entries[0].value if isinstance(h.entries[0], Const) else None for h in holes]
            if cells == [keys[row] for row in group.rows] and re.fullmatch(r"[A-Za-z]\w*", hint):
                return str(hint)
    return ""
