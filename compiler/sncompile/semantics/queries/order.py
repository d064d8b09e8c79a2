"""A query that says an order → the same query with an order that leaves no two different rows equal.

SQL leaves it open which of two rows comes first that are equal in what is ordered by, and releases of DuckDB differ in
it. So what an order is for is put after what it says:

    … order by size                            → … order by size, 1, 2, 3           the columns that come out
    first(x order by size)                     → first(x order by size, x)          what the aggregate is given
    row_number() over (order by size)          → … over (order by size, wells)      the rows of the tables that it reads
    …, count(*), row_number() over (order by count(*)) … group by plate
                                               → … over (order by count(*), plate)  what tells groups apart

Rows that are equal in all of that can change places without being noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sncompile.semantics.queries.form import Form, Run, arguments, by_rows, ordered, said_order, too_deep
from sncompile.semantics.queries.functions import AGGREGATES, BY_ORDER, WINDOWS_BY_ORDER

Node = dict[str, Any]
"""A part of DuckDB's tree of a query."""


def with_order_settled(form: Form, columns: int, run: Run) -> str | None:
    """The SQL of a query of so many columns, every order in it complete; None where it says none. Raises `SqlFault`."""
    try:
        return _settled(form, columns, run)
    except RecursionError:
        raise too_deep() from None


def _settled(form: Form, columns: int, run: Run) -> str | None:
    tree = json.loads(json.dumps(form.tree))
    top = tree["statements"][0]["node"]
    settler = _Settler(run)
    if form.ordered:
        settler.append(_orders_of(top), settler.places(columns))
    for node in _nodes(top):
        if node.get("type") == "SELECT_NODE":
            settler.select(node)
        if node is not top and node.get("type") in ("SELECT_NODE", "SET_OPERATION_NODE") and ordered(node):
            settler.rows_taken(node)
    if not settler.changed:
        return None
    return str(run("SELECT json_deserialize_sql(CAST(? AS JSON))", [json.dumps(tree)])[0][0])


class _Settler:
    """Completes orders in place; `changed` says whether there were any."""

    def __init__(self, run: Run) -> None:
        self.changed = False
        self._run = run

    def append(self, orders: list[Node], more: Sequence[Node]) -> None:
        """Put more after an order, but for what stands in it."""
        said = [_shape(order["expression"]) for order in orders]
        orders += [order for order in more if _shape(order["expression"]) not in said]
        self.changed = True

    def places(self, columns: int) -> list[Node]:
        """An order by the first columns that come out."""
        sql = f"SELECT 1 ORDER BY {', '.join(str(n + 1) for n in range(columns))}"
        made = json.loads(self._run("SELECT json_serialize_sql(?)", [sql])[0][0])
        return _orders_of(made["statements"][0]["node"])

    def rows_taken(self, node: Node) -> None:
        """Of a part of the query that says an order and takes some of the rows: by all that comes out of it."""
        if not any(m.get("distinct_on_targets") or "LIMIT" in str(m.get("type")) for m in node["modifiers"]):
            return
        columns = _columns(node)
        if columns is not None:
            self.append(_orders_of(node), self.places(columns))
        elif node["type"] == "SELECT_NODE":
            self.append(_orders_of(node), list(map(_order_by, _rows_of(node))))

    def select(self, node: Node) -> None:
        """The orders inside of aggregates and windows of one `select`."""
        for call in _calls(node):
            name = str(call.get("function_name", "")).lower()
            window = call["class"] == "WINDOW"
            inner = said_order(call)
            if name in BY_ORDER and inner:
                given = [one for one in arguments(call) if one.get("class") != "CONSTANT"]
                complete = [*inner]
                self.append(complete, list(map(_order_by, given)))
                if window:
                    call["arg_orders"] = complete
                else:
                    call["order_bys"]["orders"] = complete
            told_apart = name in WINDOWS_BY_ORDER or (name in BY_ORDER and not inner) or by_rows(call)
            if window and told_apart and call.get("orders"):
                self.append(call["orders"], list(map(_order_by, _rows_of(node))))


def _rows_of(select: Node) -> list[Node]:
    """What tells the rows apart that a window or an order of a `select` sees: its groups, or the rows that it reads."""
    if select.get("aggregate_handling") == "FORCE_AGGREGATES":
        # `group by all` would go by what is put into windows.
        groups = [_plain(one) for one in select["select_list"] if not any(map(_of_rows, _nodes(one)))]
        select["aggregate_handling"] = "STANDARD_HANDLING"
        select["group_expressions"], select["group_sets"] = groups, [list(range(len(groups)))]
    groups = [_named_by(group, select) for group in select.get("group_expressions") or ()]
    if groups:
        return groups
    return [_column(name) for name in _relations(select.get("from_table") or {})]


def _relations(relation: Node) -> Iterator[str]:
    """The names of the tables after a `from`; those without get one."""
    kind = relation.get("type")
    if kind == "JOIN":
        yield from _relations(relation["left"])
        if relation.get("join_type") not in ("SEMI", "ANTI"):
            yield from _relations(relation["right"])
        return
    if kind in (None, "EMPTY"):
        return
    if kind in ("SUBQUERY", "PIVOT") and not relation.get("alias"):
        relation["alias"] = f"part at {relation.get('query_location', 0)}"
    called = relation.get("function") or {}
    yield str(relation.get("alias") or relation.get("table_name") or called.get("function_name"))


def _named_by(group: Node, select: Node) -> Node:
    """What a group is by, where it is said as the place or the new name of a column."""
    listed = select["select_list"]
    place = str((group.get("value") or {}).get("value", (group.get("literal") or {}).get("text")))
    if group.get("class") == "CONSTANT" and place.isdigit() and 0 < int(place) <= len(listed):
        return _plain(listed[int(place) - 1])
    if group.get("class") == "COLUMN_REF" and len(group["column_names"]) == 1:
        for one in listed:
            if str(one.get("alias", "")).lower() == str(group["column_names"][0]).lower() and not any(_stars([one])):
                return _plain(one)
    return group


def _of_rows(node: Node) -> bool:
    """Whether a part is an aggregate or a window."""
    name = str(node.get("function_name", "")).lower()
    return node.get("class") == "WINDOW" or name in AGGREGATES or name in BY_ORDER


def _columns(node: Node) -> int | None:
    """How many columns come out of a part of the query; None where a `*` hides it."""
    while node.get("type") == "SET_OPERATION_NODE":
        node = node.get("left") or node["children"][0]
    listed = node.get("select_list")
    hidden = listed is None or any(_stars(listed)) or any(map(_is_unnest, _nodes(listed)))
    return None if hidden or listed is None else len(listed)


def _stars(nodes: Sequence[Node]) -> Iterator[Node]:
    return (node for node in _nodes(nodes) if node.get("class") == "STAR")


def _is_unnest(node: Node) -> bool:
    """Of a record it makes several columns."""
    return str(node.get("function_name", "")).lower() in ("unnest", "unlist")


def _calls(select: Mapping[str, Any]) -> Iterator[Node]:
    """The functions and windows of one `select`, without those of queries inside of it."""
    parts = ("select_list", "having", "qualify", "modifiers", "from_table")
    for node in _nodes([select[part] for part in parts if select.get(part)], within=False):
        if node.get("class") in ("FUNCTION", "WINDOW"):
            yield node


def _nodes(node: Any, *, within: bool = True) -> Iterator[Node]:
    """All parts of a part, itself first; `within` takes those of queries that stand in it too."""
    if isinstance(node, list):
        for one in node:
            yield from _nodes(one, within=within)
    elif isinstance(node, dict):
        yield node
        for key, value in node.items():
            if within or key not in ("subquery", "cte_map"):
                yield from _nodes(value, within=within)


def _orders_of(node: Node) -> list[Node]:
    """The order of a part of a query, to be added to."""
    for modifier in node["modifiers"]:
        if modifier.get("type") == "ORDER_MODIFIER":
            orders: list[Node] = modifier["orders"]
            return orders
    return []


def _order_by(expression: Node) -> Node:
    return {"type": "ORDER_DEFAULT", "null_order": "ORDER_DEFAULT", "expression": expression}


def _column(name: str) -> Node:
    """A table's name as a value: the record of its row."""
    return {"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": "", "column_names": [name]}


def _plain(expression: Node) -> Node:
    return {**expression, "alias": ""}


def _shape(expression: Any) -> Any:
    """An expression without where it stands, to compare it."""
    if isinstance(expression, list):
        return [_shape(one) for one in expression]
    if isinstance(expression, dict):
        return {k: _shape(v) for k, v in expression.items() if not k.startswith("query_location") and k != "alias"}
    return expression
