"""Inputs taken by convention: where a step of the pipeline writes the path, the input becomes that step's output.

A module that reads a place by convention depends on whoever writes that place. The edge is made where it is certain:
each instance's path is an output of one step, and the keys say the same. Where it is not, that is told, as the order
would be left to chance.

Decision 0020.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report
from sncompile.faults import graph as faults
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import UNKNOWN, Type
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Const, Items, Output, Value
from sncompile.ir.values.relating import see
from sncompile.semantics.linking.binding import bind_port
from sncompile.semantics.path_text import bad_path, normal
from sncompile.semantics.paths.identity import Identity
from sncompile.semantics.paths.identity import Place as Where
from sncompile.semantics.paths.writers import Paths, Writer
from sncompile.semantics.program import OutputPath, Program, Step


def take_from_writers(
    program: Program, by_default: Mapping[str, frozenset[str]], identity: Identity, report: Report
) -> Program:
    """The program with every input of `by_default` (step → ports) that a step writes taken from that step.

    The program itself where there is none. Needs a program without cycles.
    """
    wanted = {
        (name, port): step.inputs[port]
        for name, step in program.steps.items()
        for port in step.inputs
        if port in by_default.get(name, ()) and step.inputs[port].type.base not in ("null", "unknown")
    }
    if not wanted:
        return program
    taker = _Taker(program, identity, report)
    steps = dict(program.steps)
    for (name, port), value in wanted.items():
        taken = taker.take(steps[name], port, value)
        if taken is not value:
            steps[name] = steps[name]._replace(inputs={**steps[name].inputs, port: taken})
    changed = any(steps[name] is not step for name, step in program.steps.items())
    return replace(program, steps=steps) if changed else program


class _Taker:
    """Finds who writes what is taken by convention."""

    def __init__(self, program: Program, identity: Identity, report: Report) -> None:
        self._program, self._report = program, report
        self._evaluator = Evaluator(program.steps)
        self._paths = Paths(program, self._evaluator, identity)
        self._below: dict[str, list[Writer]] = {}
        for step in program.steps.values():
            self._write_out(step)

    def _write_out(self, step: Step) -> None:
        for port, output in step.outputs.items():
            if output.derived and step.name in self._paths.plain_steps:
                continue  # They are found by their folder.
            try:
                expanded = self._paths.expand(step, output)
            except (ValueFault, AtRunTime):
                continue  # Told when the paths are looked at.
            for number, found in enumerate(expanded):
                for path in found:
                    if bad_path(path) is None:
                        self._keep(path, output, Writer(step.name, port, number, path))

    def _keep(self, path: str, output: OutputPath, writer: Writer) -> None:
        where = self._paths.place(path, output)
        self._paths.writers.setdefault(where.key, writer)
        for folder in where.folder.around():
            known = self._below.setdefault(folder.key, [])
            if not known or known[-1][:2] != writer[:2]:
                known.append(writer)

    def take(self, step: Step, port: str, value: Value) -> Value:
        """The value, or what it is taken from."""
        if isinstance(value, Const) and isinstance(value.value, tuple):
            value = Items(tuple(Const(v, value.type.one, value.span) for v in value.value), value.type, value.span)
        if not isinstance(value, Items):
            return self._single(step, port, value)
        items = [self._single(step, port, item) for item in value.items]
        if all(new is old for new, old in zip(items, value.items, strict=True)):
            return step.inputs[port]
        if any(item.type.base == "unknown" for item in items):
            return Const(None, UNKNOWN._replace(many=True), value.span)
        return bind_port(
            step.module.inputs[port], value._replace(items=tuple(items)), self._what(step, port), self._report
        )

    def _what(self, step: Step, port: str) -> str:
        return f"the input `{port}` of `{step.name}`"

    def _single(self, step: Step, port: str, value: Value) -> Value:
        if value.type.many:
            return value
        try:
            column = self._evaluator.column(value, step.keys, step)
            found = [next(column)] if isinstance(value, Const) else list(column)
        except (ValueFault, AtRunTime):
            return value  # Told when the values are looked at.
        paths = [normal(path) for path in found if isinstance(path, str)]
        writers = [self._paths.writer_at(self._places(path)) for path in paths]
        first = next((w for w in writers if w is not None), None)
        if first is None:
            return self._look_around(step, port, value, paths)
        if any(w is None or w[:2] != first[:2] for w in writers) or len(paths) < len(found):
            return self._tell(step, port, value, paths[writers.index(first)], "is written by", first)
        return self._taken(step, port, value, paths[0], [w.instance for w in writers if w is not None], first)

    def _taken(self, step: Step, port: str, value: Value, path: str, instances: list[int], writer: Writer) -> Value:
        """The value as the output of `writer`'s step, where the keys say of each instance what its path says."""
        source = self._program.steps[writer.step]
        kind = source.outputs[writer.port].port
        taken = Output(source.name, writer.port, Type(kind.base, kind.many, kind.optional, kind.formats), value.span)
        seen = see(taken, source.keys, step.keys, value.span)
        related = step.keys.related(source.keys)
        if isinstance(value, Const):
            instances = instances * len(step.keys)
        if seen.type.many or any(tuple(related[i]) != (number,) for i, number in enumerate(instances)):
            return self._tell(step, port, value, path, "is written by", writer)
        if step.module.inputs[port].many:
            return seen  # The list is looked at as a whole.
        return bind_port(step.module.inputs[port], seen, self._what(step, port), self._report)

    def _places(self, path: str) -> Sequence[Where]:
        """Where a path leads; nowhere if no file can have it."""
        return () if bad_path(path) is not None or is_url(path) else self._paths.identity.keys(path)

    def _look_around(self, step: Step, port: str, value: Value, paths: list[str]) -> Value:
        """Tell of a path inside of what a step writes, or around it: there is an order, and no edge for it."""
        for path in dict.fromkeys(paths):
            places = self._places(path)
            writer = self._paths.writer_around_any(places)
            if writer is not None:
                return self._tell(step, port, value, path, f"lies in `{writer.path}`, which is written by", writer)
            inside = [found for where in places for found in self._inside(where)]
            # What the step writes into itself is no finished product of others: a data root, say.
            if inside and not any(w.step == step.name for w in inside):
                return self._tell(step, port, value, path, "holds what is written by", inside[0])
        return value

    def _inside(self, where: Where) -> list[Writer]:
        """Who writes below a place."""
        key = self._paths.identity.settled(where).key
        found = list(self._below.get(key, ()))
        for name in self._paths.regions_below(key):
            port = next(p for p, o in self._program.steps[name].outputs.items() if o.derived)
            found.append(Writer(name, port, 0, ""))
        return found

    def _tell(self, step: Step, port: str, value: Value, path: str, how: str, writer: Writer) -> Value:
        """Tell that the order is open; what is given instead of the value is not complained about again."""
        reference = f"${{{writer.step}.{writer.port}}}" if "." not in writer.step else "…"
        listed = f'["{reference}"]' if step.module.inputs[port].many else f'"{reference}"'
        hint = f"the keys do not say who takes what: give it, such as `with: {{{port}: {listed}}}`"
        if how.startswith("lies"):
            hint = f"make it an output of the module of `{writer.step}`, and take it; or take the whole: `{reference}`"
        self._report.add(
            faults.UNDECLARED_EDGE.at(
                value.span,
                f"`{path}`, which `{step.name}` takes by convention as `{port}`, {how} `{writer.step}`",
                help=hint,
                related=(Place("the step is here", self._program.steps[writer.step].span),),
            )
        )
        return Const(None, UNKNOWN._replace(many=value.type.many), value.span)
