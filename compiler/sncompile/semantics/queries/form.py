"""What a query is made of, before it is run: which tables it names, and whether it may run at all.

DuckDB itself parses it. Everything that is not known to be harmless is refused: a query reads tables, and does
nothing else, and it gives the same each time. Where it says an order that leaves some rows equal, `order` says
the rest.

Decision 0026.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sncompile.semantics.queries.functions import (
    BY_NAME,
    BY_ORDER,
    ON_THE_CLOCK,
    STEADY,
    UNSTEADY,
    WINDOWS_BY_ORDER,
    WITHOUT_PARENTHESES,
)
from sncompile.semantics.queries.text import SqlFault

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

_SORTS = frozenset(("list_sort", "array_sort", "list_reverse_sort", "array_reverse_sort"))
"""Functions that put a list in order; DuckDB 1 makes one of `list(x order by x)`."""

_NO_PLACE = 2**63


class Form(NamedTuple):
    """A query's form: the tables that it names (folded, with where), whether it says an order, and DuckDB's tree.

    `bare` are names that are columns, or else functions that do not give the same each time, with where.
    `numbered` is where `rowid` stands, if it does: a column, or else the place of a row in a table.
    """

    tables: Mapping[str, int]
    ordered: bool
    tree: Mapping[str, Any]
    bare: Mapping[str, dict[str, Any]]
    numbered: Mapping[str, Any] | None = None


Run = Callable[[str, list[Any]], list[tuple[Any, ...]]]
"""Runs a statement of ours."""


def read_form(sql: str, run: Run) -> Form:
    """The form of a query. Raises `SqlFault`."""
    try:
        return _form_of(sql, run)
    except RecursionError:
        raise too_deep() from None


def too_deep() -> SqlFault:
    """What is told of a query that has more levels than can be looked at."""
    return SqlFault("the query is nested too deep", kind="limit", help="split it, by a table of its own")


def _form_of(sql: str, run: Run) -> Form:
    tree = json.loads(run("SELECT json_serialize_sql(?)", [sql])[0][0])
    if tree["error"]:
        message = str(tree["error_message"])
        if "Only SELECT" in message:
            raise SqlFault("a query reads tables and does nothing else", kind="refused", help="begin with `select`")
        raise SqlFault(message.splitlines()[0], **place_of(tree, sql))
    if len(tree["statements"]) != 1:
        given = "several statements" if tree["statements"] else "nothing"
        raise SqlFault(f"a query is one `select`, and this is {given}", help="write one `select`")
    walker = _Walker(sql, run)
    top = tree["statements"][0]["node"]
    walker.walk(top, frozenset())
    return Form(walker.tables, ordered(top), tree, walker.bare, walker.numbered)


def unsteady(name: str) -> tuple[str, str]:
    """What is told of a function that is refused: message and help."""
    if name in UNSTEADY:
        return f"`{name}` does not depend on the tables alone", "give such a value as a parameter: `${params.x}`"
    hint = "write it with other functions, or make the table beforehand"
    return f"it is not known that `{name}` gives the same each time", hint


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


def ordered(node: Mapping[str, Any]) -> bool:
    """Whether a part of a query says an order of its rows."""
    return any(m.get("type") == "ORDER_MODIFIER" and m.get("orders") for m in node.get("modifiers") or ())


class _Walker:
    """Walks DuckDB's tree of a query; `tables` takes in what it names that is no part of the query itself."""

    def __init__(self, sql: str, run: Run) -> None:
        self.tables: dict[str, int] = {}
        self.bare: dict[str, dict[str, Any]] = {}
        self.numbered: dict[str, Any] | None = None
        self._sql = sql
        self._run = run
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
        elif kind == "JOIN":
            self._join(node)
        if node.get("key_targets"):
            self._refuse(node, "`using key` keeps any row of a key", "keep all rows, and take one of each by an order")
        if node.get("sample") is not None:
            self._refuse(node, "a sample is not the same each time", "take rows by a condition")
        if kind in ("SELECT_NODE", "SET_OPERATION_NODE"):
            self._limit(node)

    def _refuse(self, node: Mapping[str, Any], message: str, help: str) -> None:
        raise SqlFault(message, kind="refused", help=help, **place_of(node, self._sql))

    def _word(self, word: str) -> dict[str, Any]:
        """Where a word stands first, for what DuckDB does not say the place of."""
        return {"start": max(0, self._sql.lower().find(word)), "length": len(word)}

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
            hint = "declare it under `tables`, and name the table"
            message = f"`{name}` reads what is no table of the spec"
            raise SqlFault(message, kind="refused", help=hint, **self._word(name))

    def _join(self, node: Mapping[str, Any]) -> None:
        if node.get("ref_type") == "POSITIONAL":
            place = place_of(node, self._sql) or self._word("positional")
            message = "a positional join depends on the order of the rows"
            raise SqlFault(message, kind="refused", help="join by a column", **place)
        if node.get("ref_type") == "ASOF" or node.get("ranking_expression"):
            hint = "join by the condition, and take one row of each: `arg_max(x, time order by x)`, and `group by`"
            place = place_of(node, self._sql) or self._word("asof")
            raise SqlFault("the join takes any of several rows that are as near", kind="refused", help=hint, **place)

    def _function(self, node: Mapping[str, Any]) -> None:
        name = str(node.get("function_name", "")).lower()
        given = arguments(node)
        if name in _SORTS:
            self._sorted |= {id(child) for child in given}
        window = node["class"] == "WINDOW"
        if name in BY_ORDER:
            if not said_order(node) and id(node) not in self._sorted and not (window and node.get("orders")):
                hint = BY_ORDER[name].format(name=name)
                self._refuse(node, f"`{name}` depends on the order of the rows, which is not said", hint)
        elif window and name in WINDOWS_BY_ORDER:
            if not node.get("orders"):
                hint = f"say one: `{name}(…) over (order by …)`"
                self._refuse(node, f"`{name}` depends on the order of the rows, which is not said", hint)
        elif (name not in STEADY and self._is_function(name)) or (name, len(given)) in ON_THE_CLOCK:
            if name in STEADY:
                hint = f"give the date as a parameter: `{name}(${{params.today}}, …)`"
                self._refuse(node, f"`{name}` of one date looks at the clock", hint)
            self._refuse(node, *unsteady(name))
        elif name in BY_NAME:
            self._by_name(node, given)
        if window and by_rows(node) and not node.get("orders"):
            hint = f"say an order: `{name}(…) over (order by … rows …)`"
            self._refuse(node, "`rows` of a window depend on the order of the rows, which is not said", hint)

    def _by_name(self, node: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> None:
        """A function that is told the name of an aggregate: it must stand there, and give the same each time."""
        called = _text_of(given[1]) if len(given) > 1 else None
        if called is None:
            self._refuse(node, "the name of the aggregate is not said", "write it as a text: `'sum'`")
        elif called.lower() not in STEADY and called.lower() not in BY_ORDER:
            self._refuse(node, *unsteady(called.lower()))

    def _is_function(self, name: str) -> bool:
        """Whether DuckDB has a function of that name; where it has none, it says so better."""
        if name in UNSTEADY:
            return True
        return bool(self._run("SELECT 1 FROM duckdb_functions() WHERE lower(function_name) = ? LIMIT 1", [name]))

    def _column(self, node: Mapping[str, Any]) -> None:
        names = node.get("column_names") or [""]
        if str(names[-1]).lower() == "rowid" and self.numbered is None:
            self.numbered = place_of(node, self._sql)
        if len(names) == 1 and str(names[0]).lower() in WITHOUT_PARENTHESES:
            self.bare.setdefault(str(names[0]).lower(), place_of(node, self._sql))

    def _limit(self, node: Mapping[str, Any]) -> None:
        modifiers = node.get("modifiers") or ()
        if ordered(node):
            return
        for modifier in modifiers:
            if str(modifier.get("type", "")).startswith("LIMIT"):
                where = modifier.get("limit") or modifier.get("offset") or node
                self._refuse(where, "`limit` without `order by` takes any rows", "say an order: `order by …`")
            if modifier.get("distinct_on_targets"):
                where = modifier["distinct_on_targets"][0]
                self._refuse(where, "`distinct on` without `order by` takes any rows", "say an order: `order by …`")


def arguments(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a function or window is given. DuckDB 1 lists them, DuckDB 2 each with its name."""
    given = node.get("children") or node.get("arguments") or []
    return [one["expression"] if "expression" in one and "class" not in one else one for one in given]


def said_order(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The order that stands inside of an aggregate's parentheses."""
    within = node.get("arg_orders") if node["class"] == "WINDOW" else (node.get("order_bys") or {}).get("orders")
    return list(within or ())


def by_rows(node: Mapping[str, Any]) -> bool:
    """Whether a window's frame is counted in rows, so that rows which are equal in its order are told apart."""
    return any(str(node.get(edge, "")).endswith("ROWS") for edge in ("start", "end"))


def _text_of(node: Mapping[str, Any]) -> str | None:
    """The text that a constant is: DuckDB 1 has it in its value, DuckDB 2 as it is written."""
    if node.get("class") != "CONSTANT":
        return None
    value = (node.get("value") or {}).get("value")
    literal = node.get("literal") or {}
    found = value if value is not None else literal.get("text")
    return found if isinstance(found, str) else None
