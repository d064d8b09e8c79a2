"""The jobs that a spec stands for, by the definition of the language alone; written naively on purpose."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .expressions import Expression, Missing, Output, Value, parts
from .model import SEPARATOR, Made, Need, Parameter, Pipeline, Port, Row, Spec, Step
from .relation import Combination, Keys, Placed, Range, feeding, joined, place

__all__ = ["Job", "Missing", "World", "encoded"]


class Wrong(Exception):
    """The spec names what is not there: a smaller spec that the reducer tries."""


@dataclass(frozen=True)
class Job:
    """A job; `waits` are the ids of all jobs that it waits for itself, by data or by order."""

    id: str
    step: str
    key: Mapping[str, str]
    words: list[str]
    shell: bool
    inputs: Mapping[str, Value]
    outputs: Mapping[str, str]
    waits: frozenset[str]
    of: Step = field(repr=False)

    def files(self) -> list[str]:
        """All its input files, each once, in order."""
        found = [p for v in self.inputs.values() if v is not None for p in (v if isinstance(v, list) else [v])]
        return list(dict.fromkeys(found))


def encoded(key: str) -> str:
    """A key's value as a part of a path."""
    if key in (".", ".."):
        return key.replace(".", "%2E")
    found = "".join("%%%02X" % ord(c) if c in "/%{}" or ord(c) < 32 or ord(c) == 127 else c for c in key)
    found = "%%%02X" % ord(found[0]) + found[1:] if found[0] in "-~" else found
    # Twenty repetitions at the end are a rule that feeds itself, to an engine.
    repeats = any(found.endswith(found[-length:] * 20) for length in range(1, len(found) // 20 + 1))
    return found[:-1] + "".join("%%%02X" % byte for byte in found[-1].encode()) if repeats else found


class World:
    """A spec, and everything in it that exists."""

    def __init__(self, spec: Spec, order: str = "rows") -> None:
        self.spec, self.order = spec, order
        self.root = Context(self, spec.root, None, None)

    def contexts(self) -> Iterator[Context]:
        """The pipelines as they are used, the outermost first."""
        return self.root.contexts()

    @cached_property
    def jobs(self) -> list[Job]:
        """All jobs. Raises `Missing` where the spec is wrong, and `Wrong` where it names what is not there."""
        found: list[Job] = []
        plain: list[tuple[Context, Step, Keys, Instance]] = []
        for context in self.contexts():
            for step in context.steps():
                for key in context.range_of(step).instances():
                    scope = Instance(context, step, key)
                    if step.nested is None:
                        plain.append((context, step, key, scope))
                    else:
                        scope.check_given(self.spec.nested[step.nested])
        writer: dict[str, str] = {}
        for context, step, key, scope in plain:
            for path in scope.outputs.values():
                if path in writer:
                    raise Wrong(f"two jobs write {path}")
                writer[path] = context.job_id(step, key)
        for context, step, key, scope in plain:
            found.append(scope.job(context.job_id(step, key), writer))
        if not found:
            raise Wrong("no job")
        return found

    @cached_property
    def final(self) -> dict[str, str]:
        """The pipeline's outputs, those that no step takes: path → the job that writes it."""
        root = self.root
        taken = _taken(root)
        asked: list[tuple[Context, Output]] = []
        for step in root.steps():
            if step.nested is None:
                kept = [made.name for made in step.outputs if not made.temp]
                free = [Output(step.name, name) for name in kept if (step.name, name) not in taken]
                asked += [(root, output) for output in free]
            else:
                inner = root.inner(step)
                free = [
                    v
                    for n, v in inner.pipeline.outputs.items()
                    if (step.name, n) not in taken and isinstance(v, Output)
                ]
                asked += [found for output in free for found in _behind(inner, output)]
        return {
            Instance(context, step, key).outputs[output.port]: context.job_id(step, key)
            for context, output in asked
            for step in [context.named(output.step)]
            for key in context.range_of(step).instances()
        }

    @cached_property
    def needed(self) -> frozenset[str]:
        """The jobs that the pipeline's outputs need."""
        found = frozenset(self.final.values())
        return found.union(*(self.above[id] for id in found))

    @cached_property
    def above(self) -> dict[str, frozenset[str]]:
        """Job → all jobs that it waits for, through others too."""
        by_id = {job.id: job for job in self.jobs}
        found: dict[str, frozenset[str]] = {}

        def needed(id: str, below: tuple[str, ...]) -> frozenset[str]:
            if id in below:
                raise Wrong("a ring")
            if id not in found:
                direct = by_id[id].waits
                found[id] = direct.union(*(needed(other, (*below, id)) for other in direct))
            return found[id]

        for id in by_id:
            needed(id, ())
        return found


class Context:
    """A pipeline where it is used: the outermost, or a step of another one."""

    def __init__(self, world: World, pipeline: Pipeline, parent: Context | None, step: Step | None) -> None:
        self.world, self.pipeline, self.parent, self.step = world, pipeline, parent, step
        self.prefix = "" if parent is None or step is None else f"{parent.prefix}{step.name}."
        self._inner: dict[str, Context] = {}
        self._ranges: dict[str, Range] = {}

    def contexts(self) -> Iterator[Context]:
        """This and all inside it."""
        yield self
        for step in self.steps():
            if step.nested is not None:
                yield from self.inner(step).contexts()

    def inner(self, step: Step) -> Context:
        """The pipeline that a step uses."""
        if step.name not in self._inner:
            assert step.nested is not None
            self._inner[step.name] = Context(self.world, self.world.spec.nested[step.nested], self, step)
        return self._inner[step.name]

    def steps(self) -> list[Step]:
        """Those that are there, whatever `when` says of others."""
        return [step for step in self.pipeline.steps if not self.gone(step)]

    def gone(self, step: Step) -> bool:
        """Whether its `when` is false."""
        return step.when is not None and not step.when.value(Static(self))

    def named(self, name: str) -> Step:
        """A step of this pipeline."""
        try:
            return self.pipeline.step(name)
        except KeyError:
            raise Wrong(f"no step {name}") from None

    def table(self, name: str) -> Placed:
        """A table that can be seen from here: its own, or its caller's."""
        for table in self.pipeline.tables:
            if table.name == name:
                return place(self.prefix, table)
        if self.parent is None:
            raise Wrong(f"no table {name}")
        return self.parent.table(name)

    def candidates(self, by: tuple[str, ...]) -> list[Placed]:
        """The tables that have these keys: its own, or else those of all pipelines around it."""
        found: dict[str, Placed] = {}
        here: Context | None = self
        while here is not None:
            for table in here.pipeline.tables:
                found.setdefault(table.name, place(here.prefix, table))
            here = here.parent
        own = {table.name for table in self.pipeline.tables}
        fitting = [placed for placed in found.values() if set(by) <= set(placed.table.key)]
        return [placed for placed in fitting if placed.table.name in own] or fitting

    @property
    def range(self) -> Range:
        """What the step that uses this pipeline ranges over."""
        return Range() if self.parent is None or self.step is None else self.parent.range_of(self.step)

    def range_of(self, step: Step) -> Range:
        """What a step of this pipeline ranges over: the outer keys before its own."""
        if step.name in self._ranges:
            return self._ranges[step.name]
        found = self.range
        if step.by or step.over is not None:
            if step.over is None:
                raise Wrong("no table said")
            placed = self.table(step.over)
            if not set(step.by) <= set(placed.table.key):
                raise Wrong(f"no such keys in {step.over}")
            if not step.say_over and [p.place for p in self.candidates(step.by)] != [placed.place]:
                raise Wrong(f"{step.name} has to say `over`")
            tables = found.tables if placed in found.tables else (*found.tables, placed)
            keys = (*found.keys, *((name, placed) for name in step.by if name not in found.names))
            wheres = found.wheres
            if step.where is not None:
                wheres = (*wheres, (placed, _condition(self, placed, step.where)))
            found = Range(tables, wheres, keys)
        self._ranges[step.name] = found
        return found

    def job_id(self, step: Step, key: Keys) -> str:
        """What the job is called."""
        return "/".join((self.prefix + step.name, *map(encoded, key)))

    def jobs_of(self, step: Step, key: Keys) -> list[str]:
        """The ids of the jobs of an instance: of a nested pipeline all jobs inside it."""
        if step.nested is None:
            return [self.job_id(step, key)]
        count = len(key)
        return [
            context.job_id(inner, found)
            for context in self.inner(step).contexts()
            for inner in context.steps()
            if inner.nested is None
            for found in context.range_of(inner).instances()
            if found[:count] == key
        ]

    def before(self, step: Step) -> list[Step]:
        """The steps that a step waits for beyond data; in place of one that is gone, those that it would wait for."""
        names = list(step.after)
        if step.name in self.pipeline.flow:
            names += self.pipeline.flow[: self.pipeline.flow.index(step.name)]
        found = []
        for name in names:
            other = self.named(name)
            found += self.before(other) if self.gone(other) else [other]
        return found


def _condition(context: Context, placed: Placed, where: Expression) -> Any:
    return lambda row: bool(where.value(OneRow(context, placed, row)))


class Static:
    """A scope without instances: parameters alone."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def key(self, name: str) -> str:
        raise Wrong(f"no key {name} here")

    def column(self, table: str, column: str) -> Value:
        raise Wrong(f"no table {table} here")

    def output(self, step: str, port: str) -> Value:
        raise Wrong(f"no step {step} here")

    def input(self, name: str) -> Value:
        raise Wrong(f"no input {name} here")

    def param(self, name: str) -> Value:
        context = self.context
        if name not in context.pipeline.params:
            raise Wrong(f"no parameter {name}")
        if context.parent is not None and context.step is not None and name in context.step.gives:
            return context.step.gives[name].value(Static(context.parent))
        return _default(context, name)


def _default(context: Context, name: str) -> Value:
    declared = context.pipeline.params[name]
    if "default" not in declared and not declared["type"].endswith("?"):
        raise Wrong(f"{name} is not given")
    return declared.get("default")


class OneRow(Static):
    """A row of the table that a step ranges over, where `where` looks at it."""

    def __init__(self, context: Context, placed: Placed, row: Row) -> None:
        super().__init__(context)
        self.placed, self.row = placed, row

    def key(self, name: str) -> str:
        return str(self.row[name])

    def column(self, table: str, column: str) -> Value:
        if self.context.table(table) != self.placed or column not in self.row:
            raise Wrong("`where` looks at the step's own table")
        found = self.row[column]
        return str(found) if column in self.placed.table.key else found


class Instance:
    """An instance of a step, nested or not: its key, and the rows that it looks at."""

    def __init__(self, context: Context, step: Step, key: Keys) -> None:
        self.context, self.step = context, step
        self.range = context.range_of(step)
        self.keys = dict(zip(self.range.names, key, strict=True))
        self.rows: list[Combination] = self.range.of(key)
        self.strict = False
        self.touched: set[str] = set()

    def key(self, name: str) -> str:
        if name not in self.keys:
            raise Wrong(f"no key {name}")
        return self.keys[name]

    def column(self, table: str, column: str) -> Value:
        placed = self.context.table(table)
        if column not in placed.table.columns:
            raise Wrong(f"no column {column}")
        seen: dict[int, Row] = {}
        for found in joined(self.rows, [placed]):
            _, number, row = found[placed.place]
            seen.setdefault(number, row)
        numbers = (
            sorted(seen) if self.context.world.order == "tables" and placed not in self.range.tables else list(seen)
        )
        cells = [seen[number][column] for number in numbers]
        if column in placed.table.key:
            cells = [str(cell) for cell in cells]
        if set(placed.table.key) <= set(self.keys):
            if not cells:
                raise Missing(f"no row of {table}")
            assert len(cells) == 1, "a key that is not one"
            return cells[0]
        if any(cell is None for cell in cells):
            raise Missing(f"{table}.{column} has a gap")
        return list(cells)

    def output(self, step: str, port: str) -> Value:
        return _output(self.context, self, step, port)

    def param(self, name: str) -> Value:
        context = self.context
        if name not in context.pipeline.params:
            raise Wrong(f"no parameter {name}")
        return self._given(name) if self._is_given(name) else _default(context, name)

    def input(self, name: str) -> Value:
        if name not in self.context.pipeline.inputs:
            raise Wrong(f"no input {name}")
        if not self._is_given(name):
            if self.context.pipeline.inputs[name].endswith("?"):
                return None
            raise Wrong(f"{name} is not given")
        return self._given(name)

    def _is_given(self, name: str) -> bool:
        return self.context.step is not None and name in self.context.step.gives

    def _given(self, name: str) -> Value:
        """What the step that uses this pipeline gives, for that one of its instances that this one is inside of."""
        context = self.context
        assert context.parent is not None
        assert context.step is not None
        outer = context.parent.range_of(context.step).names
        around = Instance(context.parent, context.step, tuple(self.keys[k] for k in outer))
        found = context.step.gives[name].value(around)
        self.touched |= around.touched
        return found

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Where its outputs go."""
        return {made.name: self._path(made) for made in self.step.outputs}

    def _path(self, made: Made) -> str:
        if made.path is not None:
            found = made.path.value(self)
            assert isinstance(found, str)
            return found
        name = self.context.prefix + self.step.name
        suffix = "" if made.format is None else f".{made.format}"
        return "/".join(("results", name, *map(encoded, self.keys.values()), made.name + suffix))

    def check_given(self, inner: Pipeline) -> None:
        """What a nested pipeline is given must be what it asks for."""
        types = {**inner.inputs, **{name: declared["type"] for name, declared in inner.params.items()}}
        for name, type in types.items():
            if name not in self.step.gives:
                if not type.endswith("?") and "default" not in inner.params.get(name, {}):
                    raise Wrong(f"{name} is not given")
                continue
            self.strict = name in inner.inputs and not type.endswith("?")
            found = self.step.gives[name].value(self)
            self.strict = False
            if found is None and not type.endswith("?"):
                raise Missing(f"{name} gets nothing")
            if found == [] and name in inner.inputs and not type.endswith("?"):
                raise Missing(f"{name} gets nothing")
            if found is not None and isinstance(found, list) != type.rstrip("?").endswith("[]"):
                raise Wrong(f"{name} is of the wrong kind")

    def port(self, port: Port) -> Value:
        """What goes into a port."""
        self.strict = not port.optional
        found = None if port.value is None else port.value.value(self)
        self.strict = False
        if found in (None, []):
            if not port.optional:
                raise Missing(f"{port.name} gets nothing")
            return [] if port.many else None
        if isinstance(found, list) != port.many or not _all_of(found, str):
            raise Wrong(f"{port.name} is of the wrong kind")
        return found

    def parameter(self, param: Parameter) -> Value:
        """What a parameter is."""
        found = param.default if param.value is None else param.value.value(self)
        if found is None and not param.type.endswith("?"):
            raise Missing(f"{param.name} gets nothing")
        many = param.type.rstrip("?").endswith("[]")
        if found is not None and (
            isinstance(found, list) != many or not _all_of(found, _TYPES[param.type.rstrip("?[]")])
        ):
            raise Wrong(f"{param.name} is of the wrong kind")
        return found

    def words(self) -> list[str]:
        """The command line, as the step's module says it."""
        found = ["rec"]
        for made in self.step.outputs:
            found += ["-d"] * (made.kind == "directory") + [self.outputs[made.name]]
        found.append(SEPARATOR)
        for port in self.step.inputs:
            found += _stands(port.form, port.name, self.port(port))
        found.append(SEPARATOR)
        if self.step.fails:
            found.append(f"fails={self.step.fails}")
        for param in self.step.params:
            found += _stands(param.form, param.name, self.parameter(param))
        return found

    def job(self, id: str, writer: Mapping[str, str]) -> Job:
        """The job of this instance."""
        inputs = {port.name: self.port(port) for port in self.step.inputs}
        words = self.words()
        # What a job needs is what its own evaluation reads: inputs, and outputs that parameters and conditions look at.
        waits = {writer[path] for path in self.touched}
        for other in self.context.before(self.step):
            for key in feeding(self.rows, self.context.range_of(other), self.context.world.order):
                waits.update(self.context.jobs_of(other, key))
        waits.update(self._around())
        if id in waits:
            raise Wrong("a ring")
        return Job(
            id=id,
            step=self.context.prefix + self.step.name,
            key=self.keys,
            words=words,
            shell=self.step.shell,
            inputs=inputs,
            outputs=self.outputs,
            waits=frozenset(waits),
            of=self.step,
        )

    def _around(self) -> set[str]:
        """What the pipelines around this one wait for as a whole."""
        found: set[str] = set()
        context = self.context
        while context.parent is not None and context.step is not None:
            names = context.parent.range_of(context.step).names
            around = Instance(context.parent, context.step, tuple(self.keys[k] for k in names))
            for other in context.parent.before(context.step):
                for key in feeding(around.rows, context.parent.range_of(other), context.world.order):
                    found.update(context.parent.jobs_of(other, key))
            context = context.parent
        return found


_TYPES = {"string": str, "integer": int, "boolean": bool}


def _all_of(found: Value, type: type) -> bool:
    return all(isinstance(item, type) for item in (found if isinstance(found, list) else [found]))


def _stands(form: str, name: str, value: Value) -> list[str]:
    """The words that a value becomes."""
    if form == "flag":
        return [f"--{name}"] if value else []
    if value is None:
        return []
    if form == "text":
        return [f"{name}={value}"]
    items = [str(item) for item in (value if isinstance(value, list) else [value])]
    if form == "repeat":
        return [word for item in items for word in (f"--{name}", item)]
    if form == "option":
        return [f"--{name}", *items] if items else []
    return items


class View:
    """The inside of a nested pipeline, as an instance outside of it sees its outputs."""

    def __init__(self, context: Context, seen: Instance) -> None:
        self.context, self.seen = context, seen
        self.static = Static(context)

    def key(self, name: str) -> str:
        return self.static.key(name)

    def column(self, table: str, column: str) -> Value:
        return self.static.column(table, column)

    def param(self, name: str) -> Value:
        return self.static.param(name)

    def input(self, name: str) -> Value:
        return self.static.input(name)

    def output(self, step: str, port: str) -> Value:
        return _output(self.context, self.seen, step, port)


def _taken(context: Context) -> set[tuple[str, str]]:
    """The outputs that the steps of a pipeline name."""
    return {
        (part.step, part.port)
        for step in context.steps()
        for value in (*(p.value for p in step.inputs), *(p.value for p in step.params), *step.gives.values())
        for part in parts(value)
        if isinstance(part, Output)
    }


def _behind(context: Context, value: Output) -> list[tuple[Context, Output]]:
    """The output of a step that runs something, in its pipeline, that a nested pipeline's output comes from.

    None for one that a step inside takes as well: whether that is an output of the whole, the language does not say.
    """
    step = context.named(value.step)
    if (value.step, value.port) in _taken(context) or context.gone(step):
        return []
    if step.nested is None:
        return [(context, value)]
    inner = context.inner(step)
    deeper = inner.pipeline.outputs[value.port]
    assert isinstance(deeper, Output)
    return _behind(inner, deeper)


def _output(context: Context, taking: Instance, name: str, port: str) -> Value:
    """The paths of the instances of a step that feed an instance."""
    step = context.named(name)
    if step.nested is not None:
        inner = context.inner(step)
        if context.gone(step):
            return None
        if port not in inner.pipeline.outputs:
            raise Wrong(f"no output {port}")
        return inner.pipeline.outputs[port].value(View(inner, taking))
    if port not in {made.name for made in step.outputs}:
        raise Wrong(f"no output {port}")
    other = context.range_of(step)
    one = set(other.names) <= set(taking.keys)
    if context.gone(step):
        return None if one else []
    paths = [Instance(context, step, key).outputs[port] for key in feeding(taking.rows, other, context.world.order)]
    taking.touched.update(paths)
    if not one:
        return paths
    assert len(paths) <= 1, "an instance that is not one"
    if not paths and taking.strict:
        # What is required must have a partner wherever it is looked at, also as an item of a list.
        raise Missing(f"no partner for {name}")
    return paths[0] if paths else None


def quoted(job: Job) -> str:
    """A job's words, for people."""
    return shlex.join(job.words)


def needs(job: Job) -> Mapping[str, Need]:
    """A job's resources."""
    return job.of.resources
