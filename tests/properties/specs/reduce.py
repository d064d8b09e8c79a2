"""Makes a spec smaller as long as something holds of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from .expressions import Choice, Expression, ListOf, Literal, Output, Plain
from .model import Parameter, Pipeline, Port, Spec, Step, Table
from .pipelines import fits, kept

MOST = 1500
"""So many smaller specs are tried at most."""


def reduced(spec: Spec, holds: Callable[[Spec], bool], most: int = MOST) -> Spec:
    """The smallest spec found of which it still holds."""
    tried = 0
    seen: set[str] = set()
    changed = True
    while changed:
        changed = False
        for smaller in map(kept, filter(fits, _smaller(spec))):
            text = smaller.text()
            if text in seen or text == spec.text():
                continue
            seen.add(text)
            tried += 1
            if tried > most:
                return spec
            if holds(smaller):
                spec, changed = smaller, True
                break
    return spec


def _smaller(spec: Spec) -> Iterator[Spec]:
    """Specs that are a bit smaller, the boldest first."""
    for pipeline in spec.pipelines():
        if pipeline.flow:
            yield _put(spec, replace(pipeline, flow=()))
        for step in reversed(pipeline.steps):
            yield _put(spec, _without_step(pipeline, step))
            outs = {n: v for n, v in pipeline.outputs.items() if not (isinstance(v, Output) and v.step == step.name)}
            if len(outs) < len(pipeline.outputs):
                yield _put(spec, replace(_without_step(pipeline, step), outputs=outs))
    used = {step.nested for pipeline in spec.pipelines() for step in pipeline.steps}
    for name in spec.nested:
        if name not in used:
            yield replace(spec, nested={n: p for n, p in spec.nested.items() if n != name})
    for pipeline in spec.pipelines():
        for table in pipeline.tables:
            yield _put(spec, replace(pipeline, tables=tuple(t for t in pipeline.tables if t != table)))
        for name in pipeline.outputs:
            yield _put(spec, replace(pipeline, outputs={n: v for n, v in pipeline.outputs.items() if n != name}))
        for name in pipeline.inputs:
            yield _ungiven(
                _put(spec, replace(pipeline, inputs={n: v for n, v in pipeline.inputs.items() if n != name})),
                pipeline.name,
                name,
            )
        for name in pipeline.params:
            yield _ungiven(
                _put(spec, replace(pipeline, params={n: v for n, v in pipeline.params.items() if n != name})),
                pipeline.name,
                name,
            )
    for pipeline in spec.pipelines():
        for step in pipeline.steps:
            for smaller in _steps(step):
                yield _put(spec, replace(pipeline, steps=tuple(smaller if s == step else s for s in pipeline.steps)))
        for table in pipeline.tables:
            for fewer in _tables(table):
                yield _put(spec, replace(pipeline, tables=tuple(fewer if t == table else t for t in pipeline.tables)))
    yield from _values(spec)


def _put(spec: Spec, pipeline: Pipeline) -> Spec:
    if pipeline.name == spec.root.name:
        return replace(spec, root=pipeline)
    return replace(spec, nested={**spec.nested, pipeline.name: pipeline})


def _without_step(pipeline: Pipeline, step: Step) -> Pipeline:
    steps = tuple(replace(s, after=tuple(a for a in s.after if a != step.name)) for s in pipeline.steps if s != step)
    return replace(pipeline, steps=steps, flow=tuple(f for f in pipeline.flow if f != step.name))


def _ungiven(spec: Spec, document: str, name: str) -> Spec:
    found = spec
    for pipeline in spec.pipelines():
        steps = tuple(
            replace(s, gives={n: v for n, v in s.gives.items() if n != name}) if s.nested == document else s
            for s in pipeline.steps
        )
        found = _put(found, replace(pipeline, steps=steps))
    return found


def _steps(step: Step) -> Iterator[Step]:
    for field, empty in (
        ("where", None),
        ("when", None),
        ("batch", None),
        ("retries", None),
        ("after", ()),
        ("resources", {}),
        ("env", {}),
        ("shell", False),
        ("fails", 0),
        ("by", ()),
        ("inputs", ()),
        ("params", ()),
        ("outputs", ()),
    ):
        if getattr(step, field) != empty:
            smaller = replace(step, **{field: empty})
            if field == "by":
                smaller = replace(smaller, over=None, where=None, say_over=False)
            if field == "retries":
                smaller = replace(smaller, fails=0)
            yield smaller
    for field in ("by", "inputs", "params", "outputs", "after"):
        held = getattr(step, field)
        for place in range(len(held)):
            if len(held) > 1:
                yield replace(step, **{field: held[:place] + held[place + 1 :]})
    for name in step.resources:
        yield replace(step, resources={n: v for n, v in step.resources.items() if n != name})
    for name, value in step.gives.items():
        for simpler in _expressions(value):
            yield replace(step, gives={**step.gives, name: simpler})
    for field in ("inputs", "params"):
        held = getattr(step, field)
        for place, item in enumerate(held):
            for simpler in _given(item):
                yield replace(step, **{field: (*held[:place], simpler, *held[place + 1 :])})
    for place, made in enumerate(step.outputs):
        for change in (
            {"format": None},
            {"temp": False},
            {"create": False},
            {"path": None},
            {"kind": "file", "create": False},
        ):
            if any(getattr(made, n) != v for n, v in change.items()):
                yield replace(
                    step, outputs=(*step.outputs[:place], replace(made, **change), *step.outputs[place + 1 :])
                )
    if step.where is not None:
        for simpler in _expressions(step.where):
            yield replace(step, where=simpler)


def _given(item: Port | Parameter) -> Iterator[Port | Parameter]:
    if item.form not in ("word", "flag"):
        yield replace(item, form="word")
    if isinstance(item, Port) and item.optional:
        yield replace(item, optional=False)
    if item.value is not None:
        for simpler in _expressions(item.value):
            yield replace(item, value=simpler)


def _expressions(value: Expression) -> Iterator[Expression]:
    if isinstance(value, Choice):
        yield value.then
        yield value.otherwise
    if isinstance(value, ListOf):
        for place in range(len(value.items)):
            if len(value.items) > 1:
                yield replace(value, items=value.items[:place] + value.items[place + 1 :])
    if isinstance(value, Plain) and isinstance(value.held, tuple):
        for place in range(len(value.held)):
            yield Plain(value.held[:place] + value.held[place + 1 :])
    if isinstance(value, Plain) and isinstance(value.held, str) and value.held not in ("x", ""):
        yield Plain("x")
    if is_dataclass(value):
        for found in fields(value):
            held = getattr(value, found.name)
            if isinstance(held, Expression):
                if not isinstance(held, Literal):
                    yield held
                for simpler in _expressions(held):
                    yield replace(value, **{found.name: simpler})
            elif isinstance(held, tuple):
                for place, item in enumerate(held):
                    if isinstance(item, Expression):
                        if not isinstance(item, Literal):
                            yield item
                        for simpler in _expressions(item):
                            yield replace(value, **{found.name: (*held[:place], simpler, *held[place + 1 :])})


def _tables(table: Table) -> Iterator[Table]:
    if table.source != "rows":
        yield replace(table, source="rows")
    for place in range(len(table.rows)):
        if len(table.rows) > 1:
            yield replace(table, rows=table.rows[:place] + table.rows[place + 1 :])
    for column in table.columns:
        columns = tuple(c for c in table.columns if c != column)
        rows = tuple({c: row[c] for c in columns} for row in table.rows)
        if column not in table.key:
            yield replace(table, columns=columns, rows=rows)
        elif len(table.key) > 1:
            key = tuple(k for k in table.key if k != column)
            if len({tuple(row[k] for k in key) for row in rows}) == len(rows):
                yield replace(table, key=key, columns=columns, rows=rows)
                yield replace(table, key=key)


def _values(spec: Spec) -> Iterator[Spec]:
    """Every key's values become harmless ones, everywhere; first all of a key, then one by one."""
    names = {key for p in spec.pipelines() for t in p.tables for key in t.columns}
    for name in sorted(names):
        values = list(
            dict.fromkeys(
                str(r[name])
                for p in spec.pipelines()
                for t in p.tables
                if name in t.columns
                for r in t.rows
                if r[name] is not None
            )
        )
        if name in ("n",):
            continue
        simple = (
            [f"{name[0].upper()}{n}" for n in range(1, len(values) + 1)]
            if name not in ("path", "fq1", "fq2")
            else [f"raw/{name}{n}" for n in range(1, len(values) + 1)]
        )
        if values != simple:
            yield _mapped(spec, name, dict(zip(values, simple, strict=True)))
        for value, other in zip(values, simple, strict=True):
            if value != other and other not in values:
                yield _mapped(spec, name, {value: other})
            if len(value) > 10 and len(values) < 6:
                for shorter in (value[: len(value) // 2], value[:-1]):
                    if shorter not in values:
                        yield _mapped(spec, name, {value: shorter})


def _mapped(spec: Spec, name: str, values: dict[str, str]) -> Spec:
    found = spec
    for pipeline in spec.pipelines():
        tables = tuple(
            replace(t, rows=tuple({c: _moved(v, values) if c == name else v for c, v in r.items()} for r in t.rows))
            if name in t.columns
            else t
            for t in pipeline.tables
        )
        steps = tuple(_literals(s, values) for s in pipeline.steps)
        found = _put(found, replace(pipeline, tables=tables, steps=steps))
    return found


def _moved(value: Any, values: dict[str, str]) -> Any:
    return value if value is None else values.get(str(value), value)


def _literals(held: Any, values: dict[str, str]) -> Any:
    """Everything with other texts where a key's value stands."""
    if isinstance(held, Literal):
        return Literal(values.get(held.held, held.held)) if isinstance(held.held, str) else held
    if isinstance(held, tuple):
        return tuple(_literals(item, values) for item in held)
    if isinstance(held, (Expression, Step, Port, Parameter)):
        return replace(held, **{f.name: _literals(getattr(held, f.name), values) for f in fields(held)})
    if isinstance(held, dict):
        return {name: _literals(item, values) for name, item in held.items()}
    return held
