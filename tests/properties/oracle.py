"""A naive interpreter of the spec language: an independent reading, to hold the compiler against.

It works on plain data, instance by instance and row by row, with nested loops and no index. It shares no code with the
compiler, but for the class that holds a spec's plain data. Only what the language lets a spec say about its jobs is
covered: no `infer`, `glob` or `sql`, and of the functions only those whose meaning needs no explanation.

A *joined row* is a mapping of tables to one row of each. A step's own joined rows are all combinations of rows of the
tables that it ranges over which agree on the columns they share (where such a column is a key of at least one side)
and pass the step's `where`; a step in a nested pipeline starts from the joined rows of the pipeline's own step.
"""

from __future__ import annotations

import ast
import math
import operator
import posixpath
import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from sncompile.testing.spec import Spec

Json = Any
Row = Mapping[str, Any]
Key = tuple[str, ...]


class Fault(Exception):
    """The spec is wrong: the compiler must report an error."""


class Undecided(Exception):
    """The language does not say what this means."""


@dataclass(frozen=True)
class Job:
    """A job, with the fields of `--emit jobs` that the language fixes."""

    id: str
    step: str
    key: dict[str, str]
    command: list[str] | None
    shell: str | None
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    resources: dict[str, int]
    container: str | None
    after: frozenset[str]


def jobs_of(spec: Spec, noticed: set[str] | None = None) -> list[Job]:
    """All jobs of a spec. Raises `Fault` where the spec is wrong, `Undecided` where the language is silent.

    `noticed` takes the names of rare situations that the spec gets into (`NOTHING_TO_TAKE`, …).
    """
    return _Interpreter(spec, set() if noticed is None else noticed).jobs()


NOTHING_TO_TAKE = "a single value without anything that gives it"
ORDER_OF_NESTED = "an order that a nested pipeline stands in"
ORDER_PAST_INSTANCES = "a flow past instances that do not exist"
EMPTY_IN_NESTED = "a required input of a nested pipeline without a value"
GATHER_WITHOUT_ROWS = "what a step gathers from tables that its rows, which are none, have nothing to do with"
ALL_ABSENT = "a list of what no instance has"
MIXED_LIST = "a list of references that do not fit"
WITHOUT_ROWS = "a step without rows"
GONE_WITH_FAULT = "a step that is gone and does not fit"


# --- values ----------------------------------------------------------------------------------------------------------


class Produced(str):
    """A path that a step writes, with what its port says about it."""

    formats: tuple[str, ...]
    kind: str
    around: str = ""
    """The directory that it is a part of."""

    @classmethod
    def of(cls, path: str, formats: tuple[str, ...], kind: str) -> Produced:
        """The path of a port."""
        made = cls(path)
        made.formats, made.kind = formats, kind
        return made


class Written(str):
    """What a step writes into the file of a value; nobody knows it before."""


UNSAID = "unsaid"
"""A command that engines are told in another form, in a scratch folder or with values that steps write."""


def as_text(value: Any) -> str:
    """A value inside other text, or as an argument."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        raise Undecided("a list inside a text")
    return str(value)


def arguments(value: Any) -> list[str]:
    """A value as arguments: a list is that many, an absent value none."""
    if value is None:
        return []
    return ["" if v is None else as_text(v) for v in (value if isinstance(value, list) else [value])]


def in_path(text: str) -> str:
    """A key's value as one component of a derived path, percent-encoded where it would break the path."""
    if text and set(text) == {"."} and len(text) <= 2:
        return "%2E" * len(text)
    encoded = ""
    for place, letter in enumerate(text):
        breaks = letter in "/%{}<" or (place == 0 and letter in "-~") or unicodedata.category(letter) == "Cc"
        encoded += "".join(f"%{byte:02X}" for byte in letter.encode()) if breaks else letter
    return encoded


def megabytes(text: str) -> int:
    """A size as decimal megabytes, rounded up."""
    units = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
    return _in_units(text, units, 10**6)


def minutes(text: str) -> int:
    """A time as minutes, rounded up."""
    return _in_units(text, {"s": 1, "m": 60, "h": 3600, "d": 86400}, 60)


def _in_units(text: str, units: Mapping[str, int], unit: int) -> int:
    found = re.fullmatch(r"([0-9.]+)([A-Za-z]+)", text)
    if found is None or found[2] not in units:
        raise Fault(f"{text} is no quantity")
    return math.ceil(float(found[1]) * units[found[2]] / unit)


def converted(value: Any, declared: Json) -> Any:
    """A value as a parameter's type wants it. Raises `Fault` for a value that the parameter does not take."""
    kind = declared.get("type", "string")
    if value is None:
        if kind.endswith("?"):
            return None
        raise Fault("a required parameter is absent")
    kind = kind.removesuffix("?")
    if any(isinstance(each, Written) for each in _as_list(value)):
        return value
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise Fault("a single value for a list parameter")
        one = kind.removesuffix("[]")
        if None in value and not one.endswith("?"):
            raise Fault("an absent item in a list")
        return [None if v is None else _single(v, one.removesuffix("?"), declared) for v in value]
    if isinstance(value, list):
        raise Fault("a list for a single parameter")
    return _single(value, kind, declared)


def _single(value: Any, kind: str, declared: Json) -> Any:
    if kind in ("integer", "number") and isinstance(value, str):
        try:
            value = int(value) if kind == "integer" or re.fullmatch(r"[-+]?\d+", value) else float(value)
        except ValueError:
            raise Fault(f"{value!r} is no {kind}") from None
    if kind == "boolean" and isinstance(value, str):
        if value not in ("true", "false"):
            raise Fault(f"{value!r} is no boolean")
        value = value == "true"
    wanted = {"integer": int, "number": (int, float), "boolean": bool, "string": str, "path": str}[kind]
    if not isinstance(value, wanted) or (kind != "boolean" and isinstance(value, bool)):
        raise Fault(f"{value!r} is no {kind}")
    if value < declared.get("minimum", value) or value > declared.get("maximum", value):
        raise Fault(f"{value!r} is out of range")
    if "enum" in declared and value not in declared["enum"]:
        raise Fault(f"{value!r} is none of the values")
    if "pattern" in declared and not re.fullmatch(declared["pattern"], value):
        raise Fault(f"{value!r} does not match")
    return value


# --- tables ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Table:
    """A table: its key columns, all columns, and its rows, absent cells being `None` and keys text."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[Row]


Joined = dict[Table, Row]


def read_table(name: str, declared: Json, files: Mapping[str, list[Row]], params: Json) -> Table:
    """A table of a pipeline document with the parameters `params`."""
    key = tuple(_as_list(declared["key"]))
    inline = "file" not in declared
    if "params" in declared:
        raw = [{key[0]: k, **cells} for k, cells in params[declared["params"]]["default"].items()]
    else:
        raw = declared["rows"] if inline else files[declared["file"]]
    columns = tuple(dict.fromkeys([*key, *(column for row in raw for column in row)]))
    rows = []
    for row in raw:
        cells = {column: row.get(column) for column in columns}
        if not inline:
            cells = {column: None if cell == "" else cell for column, cell in cells.items()}
        for column in key:
            if cells[column] is None:
                raise Fault("a key is absent")
            cells[column] = as_text(cells[column])
        rows.append(cells)
    keys = [tuple(row[column] for column in key) for row in rows]
    if len(set(keys)) < len(keys):
        raise Fault("a key occurs twice")
    return Table(name, key, columns, rows)


def join(rows: list[Joined], table: Table) -> list[Joined]:
    """The natural join of joined rows with one more table."""
    found = []
    for joined in rows:
        for row in table.rows:
            if all(_agree(other, there, table, row) for other, there in joined.items()):
                found.append({**joined, table: row})
    return found


def _agree(left: Table, there: Row, right: Table, here: Row) -> bool:
    shared = [c for c in left.columns if c in right.columns and (c in left.key or c in right.key)]
    return all(there[c] == here[c] for c in shared)


# --- expressions -----------------------------------------------------------------------------------------------------

_HOLE = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.In: lambda a, b: a in b,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "basename": lambda path: PurePosixPath(path).name,
    "stem": lambda path: PurePosixPath(path).stem,
    "len": len,
    "sorted": sorted,
    "unique": lambda values: list(dict.fromkeys(values)),
    "upper": str.upper,
    "lower": str.lower,
    "replace": str.replace,
    "str": as_text,
    "int": int,
    "coalesce": lambda *values: _coalesced(*values),
    # A step that is gone has no list at all.
    "present": lambda values: None if values is None else [v for v in values if v is not None],
    "words": shlex.split,
    "split": lambda text, between: text.split(between) if text else [],
    "match": lambda text, pattern: re.fullmatch(pattern, text) is not None,
}


class Names:
    """What the names of an expression mean: `name` gives a value or an object with `attribute`."""

    def name(self, name: str) -> Any:
        """The value of a name."""
        raise Fault(f"nothing is called {name}")

    def function(self, name: str) -> Callable[..., Any]:
        """A function of the fixed list."""
        if name not in _FUNCTIONS:
            raise Fault(f"no function {name}")
        return _FUNCTIONS[name] if name in ("coalesce", "present") else _whole(_FUNCTIONS[name])


def _whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes no list with absent items."""

    def called(*values: Any) -> Any:
        if any(isinstance(value, list) and None in value for value in values):
            raise Fault("an absent item in a list")
        return function(*values)

    return called


def _coalesced(*values: Any) -> Any:
    found, *others = values
    for other in others:
        if found is None:
            found = other
        elif isinstance(found, list):
            stand_in = other if isinstance(other, list) else [other] * len(found)
            found = [b if a is None else a for a, b in zip(found, stand_in, strict=True)]
    return found


@dataclass(frozen=True)
class Dotted:
    """A name that only means something with an attribute: `data`, `params`, a table, a step."""

    attribute: Callable[[str], Any]


def flat(found: Json, members: Callable[[Json], Json | None]) -> Json:
    """A mapping with what is in groups called `group.name`; `members` gives those of a group, None for any other."""
    inside = {f"{name}.{m}": each for name, given in found.items() for m, each in (members(given) or {}).items()}
    return {name: given for name, given in found.items() if members(given) is None} | inside


def interpolate(value: Any, names: Names, turn: Callable[[Any], str] = as_text) -> Any:
    """A scalar or a list with its `${…}` computed; absent items of a list are left out.

    A scalar that is exactly one `${…}` keeps its type, unless `turn` is given.
    """
    if isinstance(value, list):
        return [v for v in (interpolate(item, names) for item in value) if v is not None]
    if not isinstance(value, str):
        return value
    whole = _HOLE.fullmatch(value)
    if whole is not None and whole[1] is not None and turn is as_text:
        return evaluate(whole[1], names)
    return _HOLE.sub(lambda hole: "${" if hole[1] is None else turn(evaluate(hole[1], names)), value)


def evaluate(text: str, names: Names) -> Any:
    """The value of an expression."""
    return _value(ast.parse(text.strip(), mode="eval").body, names)


def _value(node: ast.expr, names: Names) -> Any:
    match node:
        case ast.Constant():
            return node.value
        case ast.Name(id="null"):
            return None
        case ast.Name():
            return names.name(node.id)
        case ast.Attribute():
            return _value(node.value, names).attribute(node.attr)
        case ast.Subscript():
            return _value(node.value, names)[_value(node.slice, names)]
        case ast.List():
            return [_value(item, names) for item in node.elts]
        case ast.BoolOp(op=ast.And()):
            return all(_value(part, names) for part in node.values)
        case ast.BoolOp():
            return any(_value(part, names) for part in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, names)
        case ast.IfExp():
            return _value(node.body if _value(node.test, names) else node.orelse, names)
        case ast.Compare(ops=[op]):
            return _OPERATORS[type(op)](_value(node.left, names), _value(node.comparators[0], names))
        case ast.BinOp():
            return _OPERATORS[type(node.op)](_value(node.left, names), _value(node.right, names))
        case ast.Call(func=ast.Name(id=name)):
            return names.function(name)(*[_value(argument, names) for argument in node.args])
    raise Undecided(ast.dump(node))


def _reference(value: Any) -> tuple[str, str] | None:
    """The two names of a text that is one `${name.name}` and nothing else."""
    found = re.fullmatch(r"\$\{\s*(\w+)\.(\w+)\s*\}", value) if isinstance(value, str) else None
    return (found[1], found[2]) if found is not None else None


def names_in(value: Any) -> set[str]:
    """The plain names that a text's expressions use."""
    if isinstance(value, list):
        return set().union(*(names_in(v) for v in value))
    found: set[str] = set()
    for hole in _HOLE.finditer(str(value)):
        if hole[1] is not None:
            found |= {
                node.id for node in ast.walk(ast.parse(hole[1].strip(), mode="eval")) if isinstance(node, ast.Name)
            }
    return found


# --- steps -----------------------------------------------------------------------------------------------------------


@dataclass(eq=False)
class Pipeline:
    """One use of a pipeline document: the whole spec, or a step of another use."""

    document: Json
    data: dict[str, str]
    tables: dict[str, Table]
    step: Step | None
    steps: dict[str, Step] = field(default_factory=dict)


@dataclass(eq=False)
class Step:
    """One use of a module, with its keys, its own joined rows and its instances in order."""

    name: str
    document: Json
    reference: str
    declared: Json
    home: Pipeline
    keys: tuple[str, ...]
    tables: list[Table]
    rows: list[Joined]
    gone: bool
    inner: Pipeline | None = None

    def __post_init__(self) -> None:
        if any(isinstance(given, dict) and "rows" in given for given in self.declared.get("with", {}).values()):
            raise Undecided("a table that is made for a job")
        self.document = {**self.document, "params": flat(self.document.get("params", {}), lambda p: p.get("params"))}
        groups = {name.partition(".")[0] for name in self.document["params"] if "." in name}
        bound = flat(self.declared.get("with", {}), lambda given: given if isinstance(given, dict) else None)
        assert {name.partition(".")[0] for name in bound if "." in name} <= groups
        self.declared = {**self.declared, "with": bound}

    def key_of(self, joined: Joined) -> Key:
        """The step's key in a joined row that has all of its tables."""
        return tuple(
            next(row[key] for t, row in joined.items() if t in self.tables and key in t.key) for key in self.keys
        )

    def instances(self) -> list[Key]:
        """The distinct keys, in the order in which they first occur; without keys there is one."""
        if not self.keys:
            return [()]
        return list(dict.fromkeys(self.key_of(joined) for joined in self.rows))

    def rows_of(self, key: Key) -> list[Joined]:
        """The own joined rows of an instance."""
        return [joined for joined in self.rows if self.key_of(joined) == key]

    def feeders(self, key: Key, other: Step) -> list[Key]:
        """The instances of another step that meet an instance of this one, in the order of the rows that this one sees.

        A step without keys is there for everyone.
        """
        if not other.keys:
            return other.instances()
        rows = self.rows_of(key)
        for table in other.tables:
            if table not in self.tables:
                rows = join(rows, table)
        there = set(other.instances())
        return [k for k in dict.fromkeys(map(other.key_of, rows)) if k in there]

    def outer_key(self, key: Key) -> Key:
        """The part of an instance's key that the pipeline's own step ranges over."""
        assert self.home.step is not None
        return key[: len(self.home.step.keys)]


Work = tuple[Step, Key]


class _Instance(Names):
    """The names of a pipeline document, as an instance of a step sees them; `met` collects the jobs it refers to."""

    def __init__(self, run: _Interpreter, home: Pipeline, step: Step, key: Key, met: set[Work]) -> None:
        self.run, self.home, self.step, self.key, self.met = run, home, step, key, met
        self.lacks_partner = False

    def name(self, name: str) -> Any:
        own = self.step.keys if self.home is self.step.home else ()
        if name in own:
            return self.key[own.index(name)]
        if name in self.home.tables:
            return Dotted(lambda column: self._column(self.home.tables[name], column))
        if name in self.home.steps:
            return Dotted(lambda port: self._port(self.home.steps[name], port))
        if name == "data":
            return Dotted(lambda root: self.home.data[root])
        if name == "params":
            return Dotted(lambda param: self.run.pipeline_param(self.home, param, self._outer(), self.met))
        if name == "inputs":
            return Dotted(lambda port: self.run.pipeline_input(self.home, port, self._outer(), self.met))
        return super().name(name)

    def _outer(self) -> Key:
        """The key of the pipeline's own step; `home` is the step's own pipeline or the one inside it."""
        if self.home.step is None or self.home.step is self.step:
            return self.key
        return self.step.outer_key(self.key)

    def _column(self, table: Table, column: str) -> Any:
        if column not in table.columns and table.rows:
            raise Fault(f"no column {column}")
        rows = self.step.rows_of(self.key)
        if table not in self.step.tables:
            rows = join(rows, table)
        seen = {id(joined[table]): joined[table] for joined in rows if joined[table] is not None}
        values = [row[column] for row in seen.values()]
        if set(table.key) <= set(self.step.keys):
            return self._only(values)
        return values

    def _only(self, values: list[Any]) -> Any:
        if not values:
            self.run.noticed.add(NOTHING_TO_TAKE)
            self.lacks_partner = True
            return None
        return values[0]

    def _port(self, other: Step, port: str) -> Any:
        if other.gone:
            return None
        through = _reference(other.document["outputs"].get(port)) if other.inner is not None else None
        if through is not None and other.inner is not None:
            # What an output of a pipeline names is seen from here, by the keys that both ends have.
            name, attribute = through
            if name in other.inner.steps or name in other.inner.tables:
                with self.run.entered(other, self.key):
                    seen = _Instance(self.run, other.inner, self.step, self.key, self.met)
                    value = seen.name(name).attribute(attribute)
                self.lacks_partner |= seen.lacks_partner
                return value
        values = [self.run.output(other, key, port, self.met) for key in self.step.feeders(self.key, other)]
        if set(other.keys) <= set(self.step.keys):
            return self._only(values)
        if values and all(v is None for v in values):
            self.run.noticed.add(ALL_ABSENT)
        if any(isinstance(v, list) for v in values):
            values = [v for v in values if v is not None]
        return [single for v in values for single in _as_list(v)]


class _WhereRow(Names):
    """The names in a `where`: keys and columns of one joined row, and what is the same for all rows."""

    def __init__(self, run: _Interpreter, home: Pipeline, keys: tuple[str, ...], joined: Joined) -> None:
        self.run, self.home, self.keys, self.joined = run, home, keys, joined

    def name(self, name: str) -> Any:
        for table, row in self.joined.items():
            if name in self.keys and name in table.key:
                return row[name]
        if name in self.home.tables and self.home.tables[name] in self.joined:
            row = self.joined[self.home.tables[name]]
            return Dotted(lambda column: row[column])
        if name == "params":
            return Dotted(lambda param: self.run.constant_param(self.home, param))
        return super().name(name)


class _InModule(Names):
    """The names of a module document, for one job."""

    def __init__(self, run: _Interpreter, step: Step, values: dict[str, dict[str, Any]]) -> None:
        self.run, self.step, self.values = run, step, values
        self.args: list[str] = []

    def name(self, name: str) -> Any:
        if name == "args" and "args" in self.step.document:
            return self.args
        if name in self.values:
            return Dotted(lambda attribute: self._member(name, attribute))
        return super().name(name)

    def _member(self, name: str, attribute: str) -> Any:
        values = self.values[name]
        if attribute not in values and any(each.startswith(f"{attribute}.") for each in values):
            return Dotted(lambda inner: values[f"{attribute}.{inner}"])
        return values[attribute]

    def function(self, name: str) -> Callable[..., Any]:
        if name == "file":
            stem = PurePosixPath(self.step.reference).stem
            return lambda path: f"build/{self.run.spec.pipeline['pipeline']}/files/{stem}/{path}"
        return super().function(name)


class _Interpreter:
    """One spec, from its documents to its jobs."""

    def __init__(self, spec: Spec, noticed: set[str]) -> None:
        self.spec, self.noticed = spec, noticed
        self.under_way: list[Work] = []
        self.top = self._pipeline(spec.pipeline, None, {}, {})

    # pipelines and steps

    def _pipeline(
        self, document: Json, step: Step | None, data: Mapping[str, str], tables: Mapping[str, Table]
    ) -> Pipeline:
        """One use of a pipeline: the caller's data roots win, its own tables win."""
        params = document.get("params", {})
        own = {name: read_table(name, t, self.spec.files, params) for name, t in document.get("tables", {}).items()}
        home = Pipeline(document, {**document.get("data", {}), **data}, {**tables, **own}, step)
        if step is not None:
            step.inner = home
        for name, declared in document["steps"].items():
            home.steps[name] = self._step(home, name, declared)
        for step_ in home.steps.values():
            if "pipeline" in step_.document:
                self._pipeline(step_.document, step_, home.data, home.tables)
        return home

    def _step(self, home: Pipeline, name: str, declared: Json) -> Step:
        outer = home.step
        by = _as_list(declared.get("by", []))
        table = self._table_of(home, by, declared)
        tables = list(outer.tables) if outer else []
        rows: list[Joined] = list(outer.rows) if outer else [{}]
        if table is not None and table not in tables:
            tables.append(table)
            rows = join(rows, table)
        keys = tuple(dict.fromkeys([*(outer.keys if outer else ()), *by]))
        if "where" in declared:
            if table is None:
                raise Undecided("`where` without a table")
            own = tuple(by)
            rows = [j for j in rows if interpolate(declared["where"], _WhereRow(self, home, own, j))]
        document, reference = self._document(home, declared["module"])
        when = declared.get("when", True)
        gone = bool(outer and outer.gone) or not interpolate(when, _WhereRow(self, home, (), {}))
        if tables and not rows:
            self.noticed |= {WITHOUT_ROWS} if keys else {WITHOUT_ROWS, GATHER_WITHOUT_ROWS}
            if declared.get("require") == "rows" and not gone:
                raise Fault("a step that requires rows has none")
        full = f"{outer.name}.{name}" if outer else name
        return Step(full, document, reference, declared, home, keys, tables, rows, gone)

    def _table_of(self, home: Pipeline, by: list[str], declared: Json) -> Table | None:
        if "over" in declared:
            if declared["over"] not in home.tables:
                raise Fault(f"no table {declared['over']}")
            table = home.tables[declared["over"]]
            if not set(by) <= set(table.key):
                raise Fault("the table lacks a key")
            return table
        if not by:
            return None
        found = [t for t in home.tables.values() if set(by) <= set(t.key)]
        if len(found) != 1:
            raise Fault("no table, or several, have these keys")
        return found[0]

    def _document(self, home: Pipeline, module: Json) -> tuple[Json, str]:
        if not isinstance(module, str):
            return module, ""
        first, _, rest = module.partition("/")
        short = home.document.get("modules", {})
        reference = module
        if first in short:
            reference = f"{short[first]}/{rest}.yaml" if rest else short[first]
        if reference not in self.spec.documents:
            raise Fault(f"no document {reference}")
        return self.spec.documents[reference], reference

    # values that cross the border of a pipeline

    def constant_param(self, home: Pipeline, name: str) -> Any:
        """A pipeline's parameter where no instance is at hand: its default, or a constant that the caller gives."""
        if home.step is None:
            return self.pipeline_param(home, name, (), set())
        bound = home.step.declared.get("with", {})
        if name in bound and names_in(bound[name]):
            raise Undecided("a condition that varies with the instance")
        return converted(bound.get(name, home.document["params"][name].get("default")), home.document["params"][name])

    def pipeline_param(self, home: Pipeline, name: str, outer: Key, met: set[Work]) -> Any:
        """A pipeline's parameter, as an instance of its own step gives it."""
        if name not in home.document.get("params", {}):
            raise Fault(f"no parameter {name}")
        declared = home.document["params"][name]
        if home.step is None or name not in home.step.declared.get("with", {}):
            return converted(declared.get("default"), declared)
        names = _Instance(self, home.step.home, home.step, outer, met)
        return converted(interpolate(home.step.declared["with"][name], names), declared)

    def pipeline_input(self, home: Pipeline, name: str, outer: Key, met: set[Work]) -> Any:
        """What the caller binds to an input of a nested pipeline."""
        if home.step is None or name not in home.document.get("inputs", {}):
            raise Fault(f"no input {name}")
        return self.bound_input(home.step, outer, name, met)

    def bound_input(self, step: Step, key: Key, port: str, met: set[Work]) -> Any:
        """The value of a step's input port."""
        declared = step.document["inputs"][port]
        names = _Instance(self, step.home, step, key, met)
        bound = step.declared.get("with", {}).get(port)
        value = interpolate(bound, names)
        kind = declared["type"]
        optional, kind = kind.endswith("?"), kind.removesuffix("?")
        for item in bound if isinstance(bound, list) and not optional else ():
            one = _Instance(self, step.home, step, key, met)
            if interpolate(item, one) is None and one.lacks_partner:
                raise Fault(f"{step.name}.{port} has no partner for {item}")
        if step.inner is not None and not value and not optional:
            self.noticed.add(EMPTY_IN_NESTED)
        if value is None:
            if not optional:
                raise Fault(f"{step.name}.{port} is not bound")
            return None
        if kind.endswith("[]") != isinstance(value, list):
            raise Fault(f"{step.name}.{port} is of the wrong kind")
        if value == [] and not optional:
            raise Fault(f"{step.name}.{port} gathers nothing")
        if isinstance(value, list) and None in value:
            raise Fault(f"{step.name}.{port} has an absent item")
        for single in value if isinstance(value, list) else [value]:
            if isinstance(single, Produced):
                wanted = _as_list(declared.get("format", []))
                differ = wanted and single.formats and not set(wanted) & set(single.formats)
                if differ or single.kind != kind.removesuffix("[]"):
                    self.noticed |= {MIXED_LIST} if isinstance(bound, list) else set()
                    raise Fault("the formats differ" if differ else "a file for a directory, or a directory for a file")
        return value

    def output(self, step: Step, key: Key, port: str, met: set[Work]) -> Any:
        """The value of an output port of a step's instance, and the jobs that make it."""
        if port not in step.document.get("outputs", {}):
            raise Fault(f"{step.name} has no output {port}")
        if step.inner is not None:
            with self.entered(step, key):
                return interpolate(step.document["outputs"][port], _Instance(self, step.inner, step, key, met))
        met.add((step, key))
        if step.document["outputs"][port]["type"] in ("string", "integer", "number", "boolean"):
            return Written("a value")
        return self.path(step, key, port)

    @contextmanager
    def entered(self, step: Step, key: Key) -> Iterator[None]:
        """While an output of a nested pipeline is looked at. Raises `Fault` where that leads to itself."""
        if (step, key) in self.under_way:
            raise Fault("a cycle")
        self.under_way.append((step, key))
        try:
            yield
        finally:
            self.under_way.pop()

    def path(self, step: Step, key: Key, port: str) -> Any:
        """The path that a job writes for an output port."""
        declared = step.document["outputs"][port]
        kind = declared["type"].removesuffix("?")
        formats = tuple(_as_list(declared.get("format", [])))
        said = step.declared.get("outputs", {}).get(port)
        if isinstance(said, dict):
            said = said.get("path")
        if said is not None:
            if not set(step.keys) <= names_in(said):
                raise Fault("a path lacks a key")
            path = interpolate(said, _Instance(self, step.home, step, key, set()))
            if any(unicodedata.category(letter) == "Cc" for p in _as_list(path) for letter in p):
                raise Fault("a path holds a control character")
            if any(posixpath.normpath(p) != p.removeprefix("./") for p in _as_list(path)):
                raise Fault("a key gives a path that has another form for an engine")
            if isinstance(path, list) != kind.endswith("[]"):
                raise Fault("a path for a list port, or several for one")
        elif "in" in declared:
            around = self.path(step, key, declared["in"])
            part = Produced.of(f"{around}/{declared['path']}", formats, kind)
            part.around = around
            return part
        elif "path" in declared:
            raise Undecided("a path in the module")
        elif kind.endswith("[]"):
            raise Fault("a list port needs paths")
        else:
            suffix = f".{formats[0]}" if formats and kind == "file" else ""
            folder = step.home.data.get("workspace", "results")
            path = "/".join([folder, step.name, *map(in_path, key), port + suffix])
        single = kind.removesuffix("[]")
        if isinstance(path, list):
            return [Produced.of(p, formats, single) for p in path]
        return Produced.of(path, formats, single)

    # jobs

    def jobs(self) -> list[Job]:
        """All jobs, and the check that no two write the same path."""
        direct: dict[Work, set[Work]] = {}
        made: dict[Work, dict[str, Any]] = {}
        self._check_gone(self.top)
        self._check_nested(self.top)
        for step, key in self._work(self.top):
            direct[step, key] = set()
            made[step, key] = self._fields(step, key, direct[step, key])
        neighbours = {work: set(before) for work, before in direct.items()}
        self._add_order(neighbours, self._order(self.top, far=False))
        self._add_order(direct, self._order(self.top, far=True))
        written = [p for f in made.values() for value in f["outputs"].values() for p in _as_list(value)]
        if len(set(written)) < len(written):
            raise Fault("two outputs have the same path")
        above = _closure(direct)
        if above != _closure(neighbours):
            self.noticed.add(ORDER_PAST_INSTANCES)
        found = []
        for work, fields in made.items():
            implied = set().union(*(above[w] for w in direct[work])) if direct[work] else set()
            after = frozenset(_identity(w) for w in direct[work] - implied)
            found.append(Job(id=_identity(work), step=work[0].name, after=after, **fields))
        return found

    def _check_gone(self, home: Pipeline) -> None:
        """A step that is gone is not checked against what feeds it."""
        for step in home.steps.values():
            if step.gone:
                try:
                    for key in step.instances():
                        for port in step.document.get("inputs", {}):
                            self.bound_input(step, key, port, set())
                        for port in step.document.get("outputs", {}) if step.inner is None else ():
                            self.path(step, key, port)
                except Fault:
                    self.noticed.add(GONE_WITH_FAULT)
            if step.inner is not None:
                self._check_gone(step.inner)

    def _check_nested(self, home: Pipeline) -> None:
        """What callers bind to nested pipelines must fit, whether it is used in there or not."""
        for step in home.steps.values():
            if step.inner is None or step.gone:
                continue
            ports, params = step.document.get("inputs", {}), step.document.get("params", {})
            if set(step.declared.get("with", {})) - set(ports) - set(params):
                raise Fault(f"{step.name} binds what is not there")
            for key in step.instances():
                for port in ports:
                    self.bound_input(step, key, port, set())
                for param in (name for name, each in params.items() if each["type"] != "map"):
                    self.pipeline_param(step.inner, param, key, set())
            self._check_nested(step.inner)

    def _work(self, home: Pipeline) -> list[Work]:
        return [work for step in home.steps.values() for work in self._work_of(step)]

    def _work_of(self, step: Step) -> list[Work]:
        """The jobs of a step, or of all steps in a nested pipeline."""
        if step.gone:
            return []
        if step.inner is not None:
            return self._work(step.inner)
        return [(step, key) for key in step.instances()]

    def _inside(self, step: Step, key: Key) -> list[Work]:
        """The jobs of one instance of a step, which may be a nested pipeline."""
        return [(s, k) for s, k in self._work_of(step) if k[: len(key)] == key]

    def _add_order(self, direct: dict[Work, set[Work]], pairs: list[tuple[Step, Step]]) -> None:
        """Let the jobs of steps in order wait for those that the key relation gives them."""
        for before, then in pairs:
            if before.gone or then.gone:
                continue
            if before.inner is not None or then.inner is not None:
                self.noticed.add(ORDER_OF_NESTED)
            for step, key in self._work_of(then):
                for earlier in then.feeders(key[: len(then.keys)], before):
                    direct[step, key] |= set(self._inside(before, earlier))

    def _order(self, home: Pipeline, far: bool) -> list[tuple[Step, Step]]:
        """Pairs of steps that `after` and `flow` put in order, in this pipeline and in those inside."""
        pairs = []
        for name, step in home.steps.items():
            for before in _as_list(step.declared.get("after", [])):
                if before not in home.steps:
                    raise Fault(f"no step {before}")
                pairs.append((home.steps[before], home.steps[name]))
            if step.inner is not None:
                pairs += self._order(step.inner, far)
        if "flow" in home.document:
            for before, then in _flow_pairs(home.document["flow"], far):
                pairs.append((home.steps[before], home.steps[then]))
        return self._past_gone(pairs)

    def _past_gone(self, pairs: list[tuple[Step, Step]]) -> list[tuple[Step, Step]]:
        """The pairs, and those that a step that is gone stands between: what it waited for is still waited for."""
        found = list(dict.fromkeys(pairs))
        for _, middle in found:
            for after, then in found if middle.gone else ():
                if after is middle:
                    found += [(before, then) for before, m in found if m is middle and (before, then) not in found]
        return found

    def _fields(self, step: Step, key: Key, met: set[Work]) -> dict[str, Any]:
        """Everything of a job but its order."""
        document, declared = step.document, step.declared
        unknown = set(declared.get("with", {})) - set(document.get("inputs", {})) - set(document.get("params", {}))
        if unknown:
            raise Fault(f"{step.name} has no {unknown}")
        names = _Instance(self, step.home, step, key, met)
        inputs = {port: self.bound_input(step, key, port, met) for port in document.get("inputs", {})}
        params = {}
        for name, param in document.get("params", {}).items():
            value = interpolate(declared.get("with", {}).get(name), names)
            if value is None and name in declared.get("with", {}) and "default" in param:
                raise Undecided("an absent value for a parameter with a default")
            params[name] = converted(param.get("default") if value is None else value, param)
        outputs = {port: self.path(step, key, port) for port in document.get("outputs", {})}
        module = _InModule(self, step, {"inputs": inputs, "params": params, "outputs": outputs})
        resources = {**document.get("resources", {}), **declared.get("resources", {})}
        container = declared.get("container", document.get("container"))
        folder = step.home.data.get("workspace", "results")
        lists = "/".join([folder, step.name, ".sncompile/lists", *map(in_path, key)])
        module.args = [a for item in document.get("args", []) for a in _item(item, module, lists)]
        for check in document.get("checks", []):
            if not interpolate(check["that"] if isinstance(check, dict) else check, module):
                raise Fault("a check does not hold")
        items = [] if "shell" in document else document["command"]
        command = None if "shell" in document else [a for item in items for a in _item(item, module, lists)]
        shell = interpolate(document["shell"], module, turn=_quoted) if "shell" in document else None
        made = document["outputs"].values()
        looked_at = any("in" in port or ("companions" in port and port["type"].endswith("?")) for port in made)
        wrapped = document.get("scratch") or looked_at
        unsaid = wrapped or any(isinstance(value, Written) for p in params.values() for value in _as_list(p))
        ports = document.get("inputs", {})
        read = {port: _directories(value) for port, value in inputs.items()}
        return {
            "key": dict(zip(step.keys, key, strict=True)),
            "command": UNSAID if unsaid else command,
            "shell": UNSAID if unsaid else shell,
            "inputs": read | _beside(ports, inputs),
            "outputs": {n: p for n, p in outputs.items() if "in" not in document["outputs"][n]}
            | _beside(document["outputs"], outputs),
            "resources": _resources(resources),
            "container": container["image"] if isinstance(container, dict) else container,
        }


def _directories(value: Any) -> Any:
    """What is read where an input is a part of a directory: the directory, each once."""
    found = [getattr(each, "around", "") or each for each in _as_list(value)]
    return list(dict.fromkeys(found)) if isinstance(value, list) else found[0]


def _beside(ports: Json, values: Mapping[str, Any]) -> dict[str, Any]:
    """The files that lie beside those of ports, as ports of their own."""
    found = {}
    for name, port in ports.items():
        for suffix in port.get("companions", []) if values[name] is not None else ():
            start = values[name]
            while suffix.startswith("^"):
                start, suffix = str(PurePosixPath(start).with_suffix("")), suffix[1:]
            found[f"{name}_{suffix.strip('.')}"] = f"{start}{suffix}"
    return found


def _item(item: Json, names: Names, lists: str) -> list[str]:
    """The arguments of one item of a command; `lists` is the folder of the job's list files."""
    if not isinstance(item, dict):
        return arguments(interpolate(item, names))
    if not interpolate(item.get("when", True), names):
        return []
    if "flag" in item:
        return [item["flag"]]
    if "list_file" in item:
        if not arguments(interpolate(item["list_file"], names)):
            return []
        named = re.fullmatch(r"\$\{\w+\.([\w.]+)\}", item["list_file"])
        assert named is not None
        return [*([item["option"]] if "option" in item else []), f"{item.get('prefix', '')}{lists}/{named[1]}.txt"]
    values = arguments(interpolate(item["value"], names))
    if "option" not in item or not values:
        return values
    if item.get("repeat", False):
        words = [(item["option"], value) for value in values]
        return ["".join(word) for word in words] if item.get("joined") else [each for word in words for each in word]
    return [item["option"] + values[0]] if item.get("joined") else [item["option"], *values]


def _quoted(value: Any) -> str:
    return " ".join(shlex.quote(argument) for argument in arguments(value))


def _resources(declared: Json) -> dict[str, int]:
    found = {}
    for name, value in declared.items():
        if name in ("memory", "disk"):
            found[f"{name}_mb"] = megabytes(value)
        elif name == "time":
            found["time_min"] = minutes(value)
        else:
            found[name] = value
    return found


def _flow_pairs(flow: Json, far: bool) -> list[tuple[str, str]]:
    """Pairs of steps in order: in a `seq`, every step of an item waits for every step of all items before it.

    With `far` false, only the first steps of an item wait for the last ones of the item right before it, which is the
    same unless instances are missing in between.
    """
    if isinstance(flow, str):
        return []
    pairs: list[tuple[str, str]] = []
    before: list[str] = []
    for item in flow.get("seq", []):
        pairs += [(u, v) for u in before for v in (_flow_names(item) if far else _flow_end(item, 0))]
        before = [*before, *_flow_names(item)] if far else _flow_end(item, -1)
    for item in [*flow.get("seq", []), *flow.get("parallel", [])]:
        pairs += _flow_pairs(item, far)
    return pairs


def _flow_end(flow: Json, end: int) -> list[str]:
    """The steps that a flow begins with (0) or ends with (-1)."""
    if isinstance(flow, str):
        return [flow]
    ends = flow["parallel"] if "parallel" in flow else [flow["seq"][end]]
    return [name for item in ends for name in _flow_end(item, end)]


def _flow_names(flow: Json) -> list[str]:
    if isinstance(flow, str):
        return [flow]
    return [name for item in [*flow.get("seq", []), *flow.get("parallel", [])] for name in _flow_names(item)]


def _closure(direct: dict[Work, set[Work]]) -> dict[Work, set[Work]]:
    """All jobs that each job depends on, however far. Raises `Fault` for a cycle."""
    above = {work: set(before) for work, before in direct.items()}
    changed = True
    while changed:
        changed = False
        for before in above.values():
            more = set().union(*(above[w] for w in before)) - before if before else set()
            before |= more
            changed = changed or bool(more)
    if any(work in before for work, before in above.items()):
        raise Fault("a cycle")
    return above


def _identity(work: Work) -> str:
    step, key = work
    return "/".join([step.name, *map(in_path, key)])


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
