"""What a query is made of, before it is run: which tables it names, and whether it may run at all.

DuckDB itself parses it. Everything that is not known to be harmless is refused: a query reads tables, and does
nothing else, and it gives the same each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sncompile.semantics.sql_text import SqlFault

_NODES = frozenset(
    (
        "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE", "BASE_TABLE", "SUBQUERY", "JOIN",
        "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "ORDER_MODIFIER", "ORDER_DEFAULT", "ASCENDING",
        "DESCENDING", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER",
    )
)  # fmt: skip
"""Parts of a statement that only read."""

_TABLE_FUNCTIONS = frozenset(("range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"))
"""Functions after `FROM` that make rows from their arguments alone."""

_CLOCK = frozenset(("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"))
"""Names that DuckDB takes for functions where no column is called so."""

_MACHINE = frozenset(
    (
        "version", "user", "current_user", "session_user", "current_role", "current_catalog", "pg_sleep",
        "current_setting", "current_database", "current_schema", "current_schemas", "getvariable", "getenv",
        "in_search_path",
    )
)  # fmt: skip
"""Functions that give what the machine is and not what the tables hold, and pass for constant."""

_IN_ANY_ORDER = frozenset(
    ("list", "array_agg", "string_agg", "group_concat", "listagg", "first", "last", "json_group_array")
)
"""Aggregates whose result depends on the order of the rows."""

_SORTS = frozenset(("list_sort", "array_sort", "list_reverse_sort", "array_reverse_sort"))
"""Functions that put a list in order; DuckDB 1 makes one of `list(x order by x)`."""

_NO_PLACE = 2**63


class Form(NamedTuple):
    """A query's form: the tables that it names (folded, with where), whether it says an order, and DuckDB's tree."""

    tables: Mapping[str, int]
    ordered: bool
    tree: Mapping[str, Any]


Run = Callable[[str, list[Any]], list[tuple[Any, ...]]]
"""Runs a statement of ours."""


def read_form(sql: str, unsteady: frozenset[str], run: Run) -> Form:
    """The form of a query; `unsteady` functions are refused. Raises `SqlFault`."""
    try:
        return _form_of(sql, unsteady, run)
    except RecursionError:
        raise SqlFault("the query is nested too deep", kind="limit", help="split it, by a table of its own") from None


def _form_of(sql: str, unsteady: frozenset[str], run: Run) -> Form:
    tree = json.loads(run("SELECT json_serialize_sql(?)", [sql])[0][0])
    if tree["error"]:
        message = str(tree["error_message"])
        if "Only SELECT" in message:
            raise SqlFault("a query reads tables and does nothing else", kind="refused", help="begin with `select`")
        raise SqlFault(message.splitlines()[0], **place_of(tree, sql))
    if len(tree["statements"]) != 1:
        given = "several statements" if tree["statements"] else "nothing"
        raise SqlFault(f"a query is one `select`, and this is {given}", help="write one `select`")
    walker = _Walker(sql, unsteady)
    top = tree["statements"][0]["node"]
    walker.walk(top, frozenset())
    return Form(walker.tables, _ordered(top), tree)


def unsteady_functions(run: Run) -> frozenset[str]:
    """Functions that do not give the same each time, whatever they are given: overloads that depend on the time zone
    do, as it is fixed.
    """
    steady = "stability = 'CONSISTENT' OR parameter_types[1] IS NOT NULL AND stability <> 'VOLATILE'"
    rows = run(
        "SELECT function_name FROM duckdb_functions() WHERE stability IS NOT NULL "
        f"GROUP BY ALL HAVING NOT bool_or({steady})",
        [],
    )
    return frozenset(name for (name,) in rows) | _MACHINE | _CLOCK


def place_of(node: Mapping[str, Any], sql: str) -> dict[str, Any]:
    """Where DuckDB says that a fault or a part begins: `start` and `length`, that of the word there; empty where it
    does not say.
    """
    position = node.get("position", node.get("query_location"))
    if position is None or not 0 <= int(position) < _NO_PLACE:
        return {}
    start = len(sql.encode()[: int(position)].decode(errors="ignore"))
    length = 0
    while start + length < len(sql) and (sql[start + length].isalnum() or sql[start + length] == "_"):
        length += 1
    return {"start": start, "length": length}


def _ordered(node: Mapping[str, Any]) -> bool:
    return any(m.get("type") == "ORDER_MODIFIER" and m.get("orders") for m in node.get("modifiers") or ())


class _Walker:
    """Walks DuckDB's tree of a query; `tables` takes in what it names that is no part of the query itself."""

    def __init__(self, sql: str, unsteady: frozenset[str]) -> None:
        self.tables: dict[str, int] = {}
        self._sql = sql
        self._unsteady = unsteady
        self._sorted: set[int] = set()

    def walk(self, node: Any, within: frozenset[str]) -> None:
        """Look at a node and all below it; `within` are the names that `with` gives to parts of the query."""
        if isinstance(node, list):
            for item in node:
                self.walk(item, within)
        elif isinstance(node, dict):
            self._look(node, within)
            named = {str(node["cte_name"]).lower()} if node.get("cte_name") else set()
            # A name of `with` stands for the parts after its own, and in `with recursive` in its own as well.
            for entry in (node.get("cte_map") or {}).get("map", ()):
                self.walk(entry["value"], within)
                within |= {str(entry["key"]).lower()}
            for key, value in node.items():
                if key != "cte_map":
                    own = key == "query" and node.get("type") == "CTE_NODE"
                    self.walk(value, within if own else within | named)

    def _look(self, node: dict[str, Any], within: frozenset[str]) -> None:
        kind, group = node.get("type"), node.get("class")
        if group in ("FUNCTION", "WINDOW"):
            self._function(node)
        elif group == "COLUMN_REF":
            self._column(node)
        elif isinstance(kind, str) and group is None and not kind.endswith("_TYPE_INFO") and kind not in _NODES:
            changes = kind.endswith("_QUERY_NODE")
            what = f", and this has `{kind.removesuffix('_QUERY_NODE').lower()}`" if changes else ""
            self._refuse(node, f"a query reads tables and does nothing else{what}", "write a `select`")
        if kind == "BASE_TABLE":
            self._table(node, within)
        elif kind == "TABLE_FUNCTION":
            self._table_function(node)
        if node.get("sample") is not None:
            self._refuse(node, "a sample is not the same each time", "take rows by a condition")
        if kind in ("SELECT_NODE", "SET_OPERATION_NODE"):
            self._limit(node)

    def _refuse(self, node: Mapping[str, Any], message: str, help: str) -> None:
        raise SqlFault(message, kind="refused", help=help, **place_of(node, self._sql))

    def _table(self, node: Mapping[str, Any], within: frozenset[str]) -> None:
        name = str(node["table_name"])
        place = place_of(node, self._sql)
        if node.get("schema_name") or node.get("catalog_name"):
            message = f"`{node.get('schema_name')}.{name}` is no table of the spec"
            raise SqlFault(message, help="name a table of the spec", **place)
        if name.lower() not in within:
            self.tables.setdefault(name.lower(), place.get("start", 0))

    def _table_function(self, node: Mapping[str, Any]) -> None:
        called = node.get("function") or {}
        name = str(called.get("function_name", "")).lower()
        if name not in _TABLE_FUNCTIONS:
            # DuckDB does not say where such a function stands.
            start = self._sql.lower().find(name)
            raise SqlFault(
                f"`{name}` reads what is no table of the spec",
                kind="refused",
                help="declare it under `tables`, and name the table",
                start=max(0, start),
                length=len(name),
            )

    def _function(self, node: Mapping[str, Any]) -> None:
        name = str(node.get("function_name", "")).lower()
        if name in self._unsteady:
            message = f"`{name}` does not depend on the tables alone"
            self._refuse(node, message, "give such a value as a parameter: `${params.x}`")
        if name in _SORTS:
            self._sorted |= {id(child) for child in node.get("children") or node.get("arguments") or ()}
        orders = (node.get("order_bys") or {}).get("orders") or id(node) in self._sorted
        if node["class"] == "FUNCTION" and name in _IN_ANY_ORDER and not orders:
            self._refuse(
                node, f"`{name}` depends on the order of the rows, which is not said", f"write `{name}(x order by x)`"
            )

    def _column(self, node: Mapping[str, Any]) -> None:
        names = node.get("column_names") or [""]
        if len(names) == 1 and str(names[0]).lower() in _CLOCK:
            message = f"`{names[0]}` does not depend on the tables alone"
            self._refuse(node, message, "give such a value as a parameter: `${params.x}`")

    def _limit(self, node: Mapping[str, Any]) -> None:
        modifiers = node.get("modifiers") or ()
        if _ordered(node):
            return
        for modifier in modifiers:
            if str(modifier.get("type", "")).startswith("LIMIT"):
                where = modifier.get("limit") or modifier.get("offset") or node
                self._refuse(where, "`limit` without `order by` takes any rows", "say an order: `order by …`")
            if modifier.get("distinct_on_targets"):
                where = modifier["distinct_on_targets"][0]
                self._refuse(where, "`distinct on` without `order by` takes any rows", "say an order: `order by …`")


def with_ties_settled(form: Form, columns: int, run: Run) -> str:
    """The query with all of its columns after those that it is ordered by, so that no two rows may change places."""
    places = ", ".join(str(n + 1) for n in range(columns))
    other = json.loads(run("SELECT json_serialize_sql(?)", [f"SELECT 1 ORDER BY {places}"])[0][0])
    tree = json.loads(json.dumps(form.tree))
    more = other["statements"][0]["node"]["modifiers"][0]["orders"]
    for modifier in tree["statements"][0]["node"]["modifiers"]:
        if modifier.get("type") == "ORDER_MODIFIER":
            modifier["orders"] += more
    return str(run("SELECT json_deserialize_sql(CAST(? AS JSON))", [json.dumps(tree)])[0][0])
