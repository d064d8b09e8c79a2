"""Random specs: every step is tried out against the oracle, and stays if what it says can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from .expressions import Binary, Choice, Column, Expression, Input, Key, Literal, Output, Param, Plain, Template, parts
from .model import Made, Parameter, Pipeline, Spec, Step, Table
from .oracle import Context, Missing, World, Wrong
from .steps import Expressions, Source, Surroundings, outputs, settings
from .tables import domains, table

MOST_JOBS = 40
ENOUGH = 12
"""So often a step is made up anew where the one before does not fit."""

HARMLESS = frozenset("ABCDPabcd123")
_STEPS = tuple(f"s{n}" for n in range(1, 30))
_NAMED = ("count", "norm", "align", "call", "lanes", "merge", "atlas")


def make(seed: int, without: frozenset[str] = frozenset()) -> Spec:
    """The spec of a seed: the same each time.

    `without` leaves out what is known to be wrong, so that a search goes on behind it: `periods` in keys, `attempts`
    that are looked up or turned into text, `long` keys, `create`, `said` paths, `nested` pipelines, `branches`.
    """
    return _Maker(Random(seed), without).spec()


class _Maker:
    """Makes one spec up."""

    def __init__(self, random: Random, without: frozenset[str]) -> None:
        self.random = random
        self.without = without
        self.values = domains(random, without)
        self.number = 0
        self.names = iter(())  # type: Iterator[str]
        self.nested: dict[str, Pipeline] = {}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def spec(self) -> Spec:
        names = [*_STEPS]
        if self.chance(0.3):
            names = [*_NAMED, *_STEPS]
        self.names = iter(names)
        tables = self.tables(self.random.choices((0, 1, 2, 3, 4), (1, 8, 8, 4, 1))[0], "t", ())
        params = {}
        if self.chance(0.3):
            params["flag"] = {"type": "boolean", "default": self.chance(0.5)}
        if self.chance(0.2):
            params["names"] = {"type": "string[]", "default": self.random.choice((["a", "b"], [], ["", "x y"]))}
        spec = Spec(Pipeline("main", tables, (), {}, params), {})
        steps = self.random.randint(2, 7)
        while len(spec.root.steps) < steps:
            kind = self.random.random()
            before = len(spec.root.steps)
            if kind < 0.22 and len(self.nested) < 3 and "nested" not in self.without:
                spec = self.with_nested(spec)
            elif kind < 0.40 and "branches" not in self.without:
                spec = self.with_branches(spec)
            else:
                spec = self.with_step(spec)
            if len(spec.root.steps) == before:
                steps -= 1
        if not spec.root.steps:
            spec = replace(spec, root=replace(spec.root, steps=(Step("s1", outputs=(Made("o"),)),)))
        return kept(self.left_out(self.with_order(spec)))

    def left_out(self, spec: Spec) -> Spec:
        """The spec without settings that are known to be wrong."""
        found = spec
        for pipeline in spec.pipelines():
            steps = []
            for step in pipeline.steps:
                made = step.outputs
                if "create" in self.without:
                    made = tuple(replace(one, create=False) for one in made)
                if "said" in self.without:
                    made = tuple(replace(one, path=None) for one in made)
                steps.append(replace(step, outputs=made))
            found = _pipeline(found, pipeline.name, replace(pipeline, steps=tuple(steps)))
        return found

    def tables(self, count: int, prefix: str, before: Sequence[Table]) -> tuple[Table, ...]:
        found: list[Table] = []
        for _ in range(count):
            self.number += 1
            found.append(table(self.random, f"{prefix}{self.number}", self.values, [*before, *found], self.number))
        return tuple(found)

    # Steps

    def with_step(self, spec: Spec) -> Spec:
        name = next(self.names)
        for _ in range(ENOUGH):
            step = self.step(spec, World(spec).root, name)
            found = _with(spec, step)
            if fits(found):
                return self.with_settings(found, step)
        return spec

    def with_settings(self, spec: Spec, step: Step) -> Spec:
        """The settings of a step change nothing of what the oracle says, so they need not be tried out."""
        changed = settings(self.random, step, self.without)
        return replace(spec, root=_replaced(spec.root, changed))

    def ranged(self, context: Context, name: str, tables: Sequence[Table]) -> Step:
        """A step that ranges over something and does nothing yet."""
        if not tables or self.chance(0.18):
            return Step(name)
        found = self.random.choice(tables)
        count = self.random.randint(1, len(found.key))
        by = tuple(self.random.sample(found.key, count))
        say = [placed.table for placed in context.candidates(by)] != [found]
        step = Step(name, by, found.name, say or self.chance(0.1))
        if self.chance(0.22):
            step = replace(step, where=self.where(found))
        return step

    def where(self, found: Table) -> Expression:
        """Some rows of a table."""
        if "label" in found.columns and self.chance(0.5):
            label = str(self.random.choice(found.rows)["label"])
            return Binary(Column(found.name, "label"), self.random.choice(("==", "!=")), Literal(label))
        if "note" in found.columns and self.chance(0.4):
            return Binary(Column(found.name, "note"), "!=", Literal(None))
        key = self.random.choice(found.key)
        values = [str(row[key]) for row in found.rows]
        harmless = [value for value in values if set(value) <= HARMLESS] or ["A"]
        return Binary(Key(key), self.random.choice(("==", "!=", "!=")), Literal(self.random.choice(harmless)))

    def step(self, spec: Spec, context: Context, name: str) -> Step:
        """A step of a pipeline, somewhere inside the spec."""
        tables = visible(context)
        step = self.ranged(context, name, tables)
        keys = frozenset((*context.range.names, *step.by))
        around = surroundings(context)
        maker = Expressions(self.random, around, keys, step.by)
        inputs = [maker.port(f"in{n}") for n in range(1, self.random.choices((0, 1, 2, 3), (2, 6, 5, 1))[0] + 1)]
        params = [maker.parameter(f"q{n}") for n in range(1, self.random.choices((0, 1, 2, 3), (4, 5, 3, 1))[0] + 1)]
        made = outputs(self.random, none=context.parent is None)
        step = replace(
            step, inputs=tuple(port for port in inputs if port is not None), params=tuple(params), outputs=made
        )
        if context.parent is None:
            step = self.with_paths(step)
            if self.chance(0.07):
                step = replace(step, when=self.when(spec))
        if self.chance(0.15):
            step = replace(step, shell=can_be_shell(step))
        return step

    def when(self, spec: Spec) -> Expression:
        """True or false for all of a step."""
        if "flag" in spec.root.params:
            return Param("flag")
        return Literal(self.chance(0.5))

    def with_paths(self, step: Step) -> Step:
        """The step with paths said by hand, where its keys cannot break one."""
        if not self.chance(0.2) or not all(set("".join(self.values[key])) <= HARMLESS for key in step.by):
            return step
        made = []
        for one in step.outputs:
            if one.kind == "file" and self.chance(0.7):
                pieces: list[str | Expression] = [
                    self.random.choice(("results/", "said/", "results/own/")),
                    f"{step.name}_{one.name}",
                ]
                for key in step.by:
                    pieces += ["/", Key(key)]
                one = replace(
                    one,
                    path=Template((*pieces, self.random.choice(("", ".txt"))))
                    if step.by
                    else Plain("".join(map(str, pieces))),
                )
            made.append(one)
        return replace(step, outputs=tuple(made))

    # Branches that are written out

    def with_branches(self, spec: Spec) -> Spec:
        """A chain of one to three steps, two to four times, with small differences."""
        chain: list[Step] = []
        found = spec
        base = next(self.names)
        for place in range(self.random.choices((1, 2, 3), (4, 4, 2))[0]):
            name = f"{base}{'abc'[place]}"
            for _ in range(ENOUGH):
                step = replace(self.step(found, World(found).root, name), when=None, shell=self.chance(0.1))
                step = replace(step, outputs=tuple(replace(made, path=None) for made in step.outputs))
                if step.shell and not can_be_shell(step):
                    step = replace(step, shell=False)
                if place and chain[-1].outputs and self.chance(0.8):
                    step = self.taking(step, chain[-1])
                if fits(_with(found, step)):
                    chain.append(step)
                    found = _with(found, step)
                    break
            else:
                break
        if not chain:
            return spec
        if self.chance(0.5):
            chain = [settings(self.random, step, self.without) for step in chain]
        result = spec
        constants = self.random.choice((("1", "2", "3", "4"), ("x", "y", "x", "z"), ("a b", "$HOME", "it's", "")))
        for copy in range(self.random.choices((2, 3, 4), (5, 4, 1))[0]):
            own = {step.name for step in chain}
            for step in chain:
                changed = renamed(step, own, f"_{copy + 1}")
                changed = replace(changed, params=(*changed.params, Parameter("c", "string", Plain(constants[copy]))))
                if self.chance(0.2):
                    changed = self.differing(changed)
                tried = _with(result, changed)
                if not fits(tried):
                    return result
                result = tried
        return result

    def taking(self, step: Step, before: Step) -> Step:
        """The step with an input from the one before it."""
        from .model import Port

        made = before.outputs[0]
        many = not set(before.by) <= set(step.by)
        port = Port("prev", many, Output(before.name, made.name), False, made.kind)
        return replace(step, inputs=(port, *step.inputs[:1]))

    def differing(self, step: Step) -> Step:
        """A step with one small difference."""
        form = self.random.randint(0, 8)
        if form <= 2 and step.outputs:
            made = step.outputs[0]
            if made.kind == "directory":
                made = replace(made, create=not made.create)
            elif form == 0:
                made = replace(made, temp=not made.temp)
            elif not step.by:
                made = replace(
                    made, path=Plain(self.random.choice((f"results/{step.name}/{made.name}", f"said/{step.name}")))
                )
            return replace(step, outputs=(made, *step.outputs[1:]))
        if form == 3:
            return replace(step, retries=self.random.randint(1, 2), fails=0)
        if form == 4:
            return replace(step, env={"SN_ENV": self.random.choice(("1", "other"))})
        if form == 5:
            return replace(step, resources={**step.resources, "memory": _BIG})
        if form == 6 and step.by and step.where is None:
            return replace(step, batch=self.random.choice((None, 2)))
        if form == 7:
            return replace(step, params=(*step.params, Parameter("extra", "string", Plain("e"))))
        return replace(step, shell=False)

    # Nested pipelines

    def with_nested(self, spec: Spec) -> Spec:
        """A nested pipeline, used once or more."""
        document = f"inner{len(self.nested) + 1}"
        if self.nested and self.chance(0.3):
            document = self.random.choice(list(self.nested))
            return self.used(spec, document)
        found = self.inside(spec, (), document, 1)
        if found is None:
            return spec
        while self.chance(0.35):
            found = self.used(found, document)
        return found

    def used(self, spec: Spec, document: str) -> Spec:
        """One more use of a nested pipeline."""
        name = next(self.names)
        for _ in range(ENOUGH):
            context = World(spec).root
            step = self.giving(context, self.ranged(context, name, visible(context)), spec.nested[document], document)
            found = _with(spec, step)
            if fits(found):
                return found
        return spec

    def giving(self, context: Context, step: Step, inner: Pipeline, document: str) -> Step:
        """A step that uses a nested pipeline, with what it gives it."""
        keys = frozenset((*context.range.names, *step.by))
        maker = Expressions(self.random, surroundings(context), keys, step.by)
        gives: dict[str, Expression] = {}
        for name, type in inner.inputs.items():
            known = [found for found, many in maker.files() if many == type.startswith("file[]")]
            if known and not (type.endswith("?") and self.chance(0.4)):
                gives[name] = self.random.choice(known)
                form = self.random.random()
                if form < 0.15:
                    gives[name] = Choice(gives[name], maker.condition(), self.random.choice(known))
        for name, declared in inner.params.items():
            type = declared["type"]
            if "default" in declared and self.chance(0.5):
                continue
            if type == "string[]":
                gives[name] = maker.list_of_texts()
            elif type == "integer":
                gives[name] = self.random.choice(maker.numbers())
            elif type == "boolean":
                gives[name] = Literal(self.chance(0.5)) if declared.get("static") else maker.condition()
            else:
                gives[name] = maker.text()
        gives = {name: Plain(v.held) if isinstance(v, Literal) else v for name, v in gives.items()}
        return replace(step, nested=document, gives=gives)

    def inside(self, spec: Spec, path: tuple[str, ...], document: str, depth: int) -> Spec | None:
        """The spec with a nested pipeline of some steps, used in a pipeline that lies at `path` (names of steps)."""
        for _ in range(ENOUGH):
            context = reached(spec, path)
            inputs = {
                name: self.random.choice(("file", "file[]", "file[]", "file[]?", "file?"))
                for name in ("all", "one")[: self.random.randint(0, 2)]
            }
            params = {
                name: {"type": type}
                for name, type in (("names", "string[]"), ("n", "integer"), ("word", "string"), ("flag", "boolean"))
                if self.chance(0.35)
            }
            for name, default in (("word", "w"), ("n", 3), ("flag", True)):
                if name in params and self.chance(0.3):
                    params[name] = {**params[name], "default": default}
            prefix = "t" if self.chance(0.3) else f"u{len(self.nested)}"
            own = self.tables(self.random.choices((0, 1, 2), (5, 5, 1))[0], prefix, visible(context))
            if own and self.chance(0.15) and context.pipeline.tables:
                own = (replace(own[0], name=self.random.choice(context.pipeline.tables).name), *own[1:])
            inner = Pipeline(document, own, (), inputs, params)
            step = self.giving(context, self.ranged(context, next(self.names), visible(context)), inner, document)
            found = _in(replace(spec, nested={**spec.nested, document: inner}), path, step)
            if not fits(found, empty=True):
                continue
            self.nested[document] = inner
            here = (*path, step.name)
            for number in range(self.random.randint(1, 3)):
                if depth < 2 and self.chance(0.2):
                    deeper = self.inside(found, here, f"{document}x{number}", depth + 1)
                    if deeper is not None:
                        found = deeper
                    continue
                name = self.random.choice(("scale", "align", "call", "count")) + str(number)
                for _ in range(ENOUGH):
                    one = self.step(found, reached(found, here), name)
                    tried = _in(found, here, one)
                    if fits(_published(tried, here)):
                        changed = settings(self.random, one, self.without)
                        found = _in(found, here, changed)
                        break
            found = self.published(found, here)
            if reached(found, here).pipeline.steps and fits(found):
                self.nested |= found.nested
                return found
            self.nested.pop(document, None)
        return None

    def published(self, spec: Spec, path: tuple[str, ...]) -> Spec:
        """The outputs of a nested pipeline: what its steps do not take, and some more."""
        found = _published(spec, path)
        context = reached(found, path)
        outs = dict(context.pipeline.outputs)
        for source in surroundings(context).sources:
            name = f"{source.step}_{source.port}"
            if name not in outs and self.chance(0.4):
                outs[name] = Output(source.step, source.port)
        return _pipeline(found, context.pipeline.name, replace(context.pipeline, outputs=outs))

    # Order

    def with_order(self, spec: Spec) -> Spec:
        """Steps that wait for others beyond what the data says."""
        found = spec
        names = [step.name for step in spec.root.steps]
        for place, name in enumerate(names):
            if place and self.chance(0.12):
                other = self.random.choice(names[:place])
                if found.root.step(other).when is not None:
                    continue
                changed = replace(found.root.step(name), after=(other,))
                tried = replace(found, root=_replaced(found.root, changed))
                if fits(tried):
                    found = tried
        if len(names) > 2 and self.chance(0.08):
            flow = [name for name in names if found.root.step(name).when is None][-self.random.randint(2, 3) :]
            tried = replace(found, root=replace(found.root, flow=tuple(flow)))
            if len(flow) > 1 and fits(tried):
                found = tried
        return found


_BIG = settings.__globals__["Need"]("8GB", (8000, 8000, 8000))


def can_be_shell(step: Step) -> bool:
    """Whether a step's words can stand in a script: none is absent, or comes with another one."""
    forms = {item.form for item in (*step.inputs, *step.params)}
    types = {param.type for param in step.params}
    absent = any(port.optional for port in step.inputs)
    return not absent and forms <= {"word", "text"} and types <= {"string", "integer"}


def fits(spec: Spec, *, empty: bool = False) -> bool:
    """Whether the oracle knows what the spec stands for, and that is not too much."""
    world = World(spec)
    try:
        jobs = world.jobs
        _ = world.above
    except (Missing, AssertionError, ValueError, TypeError):
        return False
    except Wrong as wrong:
        return empty and str(wrong) == "no job"
    return len(jobs) <= MOST_JOBS and all(
        context.range_of(step).instances() for context in world.contexts() for step in context.pipeline.steps
    )


def visible(context: Context) -> list[Table]:
    """The tables that a pipeline sees, its own first; one that is hidden is not among them."""
    found: dict[str, Table] = {}
    here: Context | None = context
    while here is not None:
        for one in here.pipeline.tables:
            found.setdefault(one.name, one)
        here = here.parent
    return list(found.values())


def surroundings(context: Context) -> Surroundings:
    """What a new step of a pipeline can name."""
    sources: list[Source] = []
    for step in context.pipeline.steps:
        if context.gone(step):
            sources += []
            continue
        if step.nested is None:
            keys = frozenset(context.range_of(step).names)
            sources += [Source(step.name, made.name, keys, made.kind) for made in step.outputs]
            continue
        inner = context.inner(step)
        for name, value in inner.pipeline.outputs.items():
            source = origin(inner, value)
            if source is not None:
                sources.append(replace(source, step=step.name, port=name))
    pipeline = context.pipeline
    return Surroundings(
        visible(context), sources, dict(pipeline.inputs), {n: p["type"] for n, p in pipeline.params.items()}
    )


def origin(context: Context, value: Expression) -> Source | None:
    """Which step's output a reference leads to at last."""
    assert isinstance(value, Output)
    step = context.named(value.step)
    if step.nested is not None:
        inner = context.inner(step)
        return origin(inner, inner.pipeline.outputs[value.port]) if value.port in inner.pipeline.outputs else None
    kinds = {made.name: made.kind for made in step.outputs}
    return Source(value.step, value.port, frozenset(context.range_of(step).names), kinds[value.port])


def kept(spec: Spec) -> Spec:
    """The spec without what never runs: steps that no output needs, and `temp` where nobody takes an output."""
    found = spec
    root = spec.root
    while True:
        waited = {name for step in root.steps for name in step.after} | set(root.flow[:-1])
        idle = [step for step in root.steps if step.nested is None and not step.outputs and step.name not in waited]
        if not idle:
            break
        named = {step.name for step in idle}
        root = replace(
            root,
            steps=tuple(s for s in root.steps if s.name not in named),
            flow=tuple(f for f in root.flow if f not in named),
        )
    if not root.steps:
        root = replace(root, steps=(Step("s1", outputs=(Made("o"),)),))
    found = replace(spec, root=root)
    for pipeline in found.pipelines():
        done = {
            (port.value.step, port.value.port)
            for step in pipeline.steps
            for port in step.inputs
            if isinstance(port.value, Output)
        }
        steps = tuple(
            replace(
                step,
                outputs=tuple(
                    replace(made, temp=made.temp and (step.name, made.name) in done) for made in step.outputs
                ),
            )
            for step in pipeline.steps
        )
        found = _pipeline(found, pipeline.name, replace(pipeline, steps=steps))
    return found


def taken(pipeline: Pipeline) -> set[tuple[str, str]]:
    """The outputs that steps of a pipeline take."""
    values: list[object] = []
    for step in pipeline.steps:
        values += (
            [port.value for port in step.inputs] + [param.value for param in step.params] + list(step.gives.values())
        )
    return {(part.step, part.port) for value in values for part in parts(value) if isinstance(part, Output)}


def reached(spec: Spec, path: tuple[str, ...]) -> Context:
    """The pipeline that lies at a path of steps."""
    context = World(spec).root
    for name in path:
        context = context.inner(context.named(name))
    return context


def _published(spec: Spec, path: tuple[str, ...]) -> Spec:
    context = reached(spec, path)
    done = taken(context.pipeline)
    outs: dict[str, Expression] = {}
    for source in surroundings(context).sources:
        if (source.step, source.port) not in done:
            outs[f"{source.step}_{source.port}"] = Output(source.step, source.port)
    return _pipeline(spec, context.pipeline.name, replace(context.pipeline, outputs=outs))


def _with(spec: Spec, step: Step) -> Spec:
    return replace(spec, root=_replaced(spec.root, step))


def _replaced(pipeline: Pipeline, step: Step) -> Pipeline:
    """The pipeline with a step, in place of that of its name if there is one."""
    if step.name not in {other.name for other in pipeline.steps}:
        return replace(pipeline, steps=(*pipeline.steps, step))
    return replace(pipeline, steps=tuple(step if other.name == step.name else other for other in pipeline.steps))


def _in(spec: Spec, path: tuple[str, ...], step: Step) -> Spec:
    if not path:
        return _with(spec, step)
    pipeline = reached(spec, path).pipeline
    return _pipeline(spec, pipeline.name, _replaced(pipeline, step))


def _pipeline(spec: Spec, name: str, pipeline: Pipeline) -> Spec:
    if name == spec.root.name:
        return replace(spec, root=pipeline)
    return replace(spec, nested={**spec.nested, name: pipeline})


def renamed(step: Step, names: set[str], suffix: str) -> Step:
    """A copy of a step of a branch: it and the steps of its branch have a suffix."""

    def moved(value: Expression | None) -> Expression | None:
        return None if value is None else _moved(value, names, suffix)

    return replace(
        step,
        name=step.name + suffix,
        inputs=tuple(replace(port, value=moved(port.value)) for port in step.inputs),
        params=tuple(replace(param, value=moved(param.value)) for param in step.params),
        after=tuple(name + suffix if name in names else name for name in step.after),
    )


def _moved(value: Expression, names: set[str], suffix: str) -> Expression:
    from dataclasses import fields

    if isinstance(value, Output):
        return Output(value.step + suffix, value.port) if value.step in names else value
    changed = {}
    for found in fields(value):  # type: ignore[arg-type]
        held = getattr(value, found.name)
        if isinstance(held, Expression):
            changed[found.name] = _moved(held, names, suffix)
        elif isinstance(held, tuple):
            changed[found.name] = tuple(_moved(h, names, suffix) if isinstance(h, Expression) else h for h in held)
    return replace(value, **changed)  # type: ignore[type-var]


__all__ = ["Input", "make"]
