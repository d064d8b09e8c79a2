"""Paths of outputs: each must hold its step's keys, and no two may meet, nor what no job may write over.

Paths are compared by what they are (`paths/`). Derived paths are unique by their form, each step having a folder of its
own, so they are only looked at where something else leads into that folder. What is said by hand is written out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.diagnostics import Related as Place
from sncompile.faults import graph as faults
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.locations import is_url
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Key
from sncompile.semantics.checking.outputs import Guard, told
from sncompile.semantics.checking.path_keys import check_keys, parts_of
from sncompile.semantics.path_text import bad_path, normal, room_for_output
from sncompile.semantics.paths.folding import ANY, fold
from sncompile.semantics.paths.identity import Identity
from sncompile.semantics.paths.identity import Place as Where
from sncompile.semantics.paths.writers import Paths, Writer, Written, output_span
from sncompile.semantics.program import OutputPath, Program, Step

_DERIVE = "leave the path out: it is derived then"


def check_paths(
    program: Program,
    evaluator: Evaluator,
    identity: Identity,
    guard: Guard,
    feeds: Mapping[str, Collection[str]],
    report: Report,
) -> Paths:
    """Tell every path that lacks a key, is none, or meets another, or what no job may write over.

    `feeds` has the steps that each one takes from.
    """
    paths = Paths(program, evaluator, identity)
    hand_made = [
        Written(step, port, output)
        for step in program.steps.values()
        for port, output in step.outputs.items()
        if not output.derived
        and output.port.inside is None
        and not any(v.type.base == "unknown" for v in parts_of(step, output.path))
    ]
    before = _Before(feeds)
    checker = _Checker(program, paths, guard, before, report)
    checker.check_derived()
    # Whose link may lead to what another step writes comes after it.
    for written in sorted(hand_made, key=lambda found: len(before.steps(found.step.name))):
        if check_keys(program, *written, report):
            checker.write_out(written)
    checker.check_nesting()
    return paths


class _Before:
    """The steps that come before each, directly or not."""

    def __init__(self, feeds: Mapping[str, Collection[str]]) -> None:
        self._feeds = feeds
        self._found: dict[str, frozenset[str]] = {}

    def steps(self, name: str) -> frozenset[str]:
        """Those before a step."""
        if name not in self._found:
            seen: set[str] = set()
            pending = [name]
            while pending:
                new = set(self._feeds.get(pending.pop(), ())) - seen
                seen |= new
                pending += new
            self._found[name] = frozenset(seen - {name})
        return self._found[name]


class _Checker:
    """Looks at the paths of one program, one after the other."""

    def __init__(self, program: Program, paths: Paths, guard: Guard, before: _Before, report: Report) -> None:
        self._program, self._paths, self._guard, self._report = program, paths, guard, report
        working = paths.identity.working.actual
        self._rooms = {absolute: room_for_output(working, "/" if absolute else "") for absolute in (False, True)}
        self._folded: dict[str, Writer] = {}
        self._before = before

    # --- Derived paths ------------------------------------------------------------------------------------------

    def check_derived(self) -> None:
        """Look at the derived paths of a step one by one where something else may stand in their folder."""
        for step in self._paths.linked:
            self._check_each(step, known=False)
        names: dict[str, str] = {}
        for step in self._paths.plain_steps:
            other = names.setdefault(fold(step, ANY), step)
            self._warn_of_keys(self._program.steps[step], self._program.steps[other])
            if self._guard.touches(self._paths.folder_of(step)) or self._has_no_place(step):
                self._check_each(step, known=True)

    def _has_no_place(self, step: str) -> bool:
        """Whether nobody may write where a step has its derived paths."""
        path = f"{self._program.workspace}/{step}"
        return self._guard.no_place(self._paths.identity.place(path)) is not None

    def _warn_of_keys(self, step: Step, other: Step) -> None:
        """Warn where derived paths differ by case only: by the name of a step, its ports, or its keys."""
        derived = [name for name, output in step.outputs.items() if output.derived]
        names: tuple[str, str] | None = None
        if other is not step and {fold(n, ANY) for n in derived} & {fold(n, ANY) for n in other.outputs}:
            names = (f"{other.name}/…", f"{step.name}/…")
        elif len(derived) > 1 and (ports := _alike(derived)) is not None:
            names = (f"{step.name}/…{ports[0]}", f"{step.name}/…{ports[1]}")
        elif step.keys.by and any(_alike(set(step.keys.column(key))) is not None for key in step.keys.by):
            keys = _alike("/".join(map(encode_key, instance)) for instance in step.keys.instances)
            names = (f"{step.name}/{keys[0]}/…", f"{step.name}/{keys[1]}/…") if keys is not None else None
        if names is not None:
            one, two = (f"{self._program.workspace}/{name}" for name in names)
            related = (Place("the other step is here", other.span),) if other is not step else ()
            self._report.add(differ_by_case(one, two, step.span, related))

    def _check_each(self, step: str, *, known: bool) -> None:
        """Look at each derived path; `known` ones are found by their folder, and meet no other."""
        told_ports: set[str] = set()
        for written, number, path in self._paths.derived(step):
            if written.port in told_ports:
                continue
            writer = Writer(step, written.port, number, path)
            places = self._places(self._paths.place(path, written.output), writer)
            fault = self._place_fault(places, writer)
            if fault is None and not known:
                fault = self._meets(places, writer)
                self._keep(places, writer)
            if fault is not None:
                told_ports.add(written.port)
                self._report.add(fault)

    # --- Paths said by hand -------------------------------------------------------------------------------------

    def write_out(self, written: Written) -> None:
        """Look at the paths of an output, up to the first that is at fault."""
        step, port, output = written
        try:
            expanded = self._paths.expand(step, output)
        except AtRunTime:
            return  # It takes what a step writes, which is told (`value_outputs.py`).
        except ValueFault as error:
            message = f"the path of `{step.name}.{port}`: {error}"
            self._report.add(faults.BAD_PATH.at(output.path.span, message, help=error.help))
            return
        raw = _raw_keys(step, output)
        for number, found in enumerate(expanded):
            for path in found:
                fault = self._look_at(written, Writer(step.name, port, number, path), raw)
                if fault is not None:
                    self._report.add(fault)
                    return

    def _look_at(self, written: Written, writer: Writer, raw: Sequence[int]) -> Diagnostic | None:
        """What is wrong with a path; kept as a writer's where nothing is. `raw` are the keys that stand in it as is."""
        step, output, path = written.step, written.output, writer.path
        wrong = bad_path(path, self._rooms[path.startswith("/")]) or _strays(step, writer, raw)
        if wrong is not None:
            return self._bad(writer, wrong)
        where = self._paths.place(path, output)
        places = self._places(where, writer)
        fault = self._place_fault(places, writer) or self._meets(places, writer)
        if fault is None:
            self._keep(places, writer)
            self._warn_of_case(where, writer)
        return fault

    def _bad(self, writer: Writer, wrong: str) -> Diagnostic:
        step = self._program.steps[writer.step]
        path = step.outputs[writer.port].path
        message = f"the path of `{writer.step}.{writer.port}`{_for(step, writer.instance)} {wrong}"
        return faults.BAD_PATH.at(path.span, message, help=_DERIVE)

    def _place_fault(self, places: Sequence[Where], writer: Writer) -> Diagnostic | None:
        """Why nobody may write to some places."""
        for here in places:
            wrong = self._guard.no_place(here)
            if wrong is not None:
                return self._bad(writer, wrong)
            met = self._guard.met(here)
            if met is not None:
                step = self._program.steps[writer.step]
                return told(met, writer.path, writer.step, writer.port, output_span(step, writer.port))
        return None

    def _meets(self, places: Sequence[Where], writer: Writer) -> Diagnostic | None:
        """Who else writes to some places."""
        others = (self._paths.writer(here) for here in places)
        other = next((found for found in others if found is not None), None)
        return None if other is None else self._two_writers(writer, other)

    def _places(self, where: Where, writer: Writer) -> Sequence[Where]:
        """Where somebody writes to: the place itself and, if a link stands there, the one that it leads to.

        A link that leads to what its own job reads or writes, or to what a step before it writes, is what an earlier
        run of that job made: with other parameters it may have taken something else.
        """
        target = self._paths.identity.leads(where)
        if target is None or self._is_product(target, writer):
            return (where,)
        return (where, target)

    def _is_product(self, target: Where, writer: Writer) -> bool:
        step, identity = self._program.steps[writer.step], self._paths.identity
        other = self._paths.writer(target)
        if other is not None and other.step in self._before.steps(writer.step):
            return True
        named = {where.key for path in self._named_by(step, writer) for where in identity.keys(path)}
        return target.key in named or any(folder.key in named for folder in target.folder.around())

    def _named_by(self, step: Step, writer: Writer) -> Iterator[str]:
        """The paths that a job is given, but for the one in question."""
        values = [*step.inputs.values(), *step.params.values(), *(o.path for o in step.outputs.values())]
        for value in values:
            try:
                found = self._paths.value_at(value, step, writer.instance)
            except (ValueFault, AtRunTime):
                continue
            for path in found if isinstance(found, tuple) else (found,):
                if isinstance(path, str) and path and path != writer.path and bad_path(path.rstrip("/")) is None:
                    yield path

    def _keep(self, places: Sequence[Where], writer: Writer) -> None:
        self._paths.written.append((places, writer))
        for here in places:
            self._paths.writers.setdefault(here.key, writer)

    def _two_writers(self, one: Writer, other: Writer) -> Diagnostic:
        here, there = self._program.steps[one.step], self._program.steps[other.step]
        if one[:2] == other[:2]:
            what = f"`{one.path}` twice" if one.path == other.path else f"one file as `{other.path}` and `{one.path}`"
            message = f"`{one.step}` writes {what}:{_for(here, other.instance)} and{_for(here, one.instance)}"
        elif one.path == other.path:
            message = f"`{one.step}.{one.port}` and `{other.step}.{other.port}` both write `{one.path}`"
        else:
            message = (
                f"`{one.path}` of `{one.step}.{one.port}` and `{other.path}` of `{other.step}.{other.port}` "
                "are the same file"
            )
        return faults.TWO_WRITERS.at(
            output_span(here, one.port),
            message,
            help="put what tells them apart into the path, or leave the path out: it is derived then",
            related=_also(there, other) if one[:2] != other[:2] else (),
        )

    def _warn_of_case(self, where: Where, writer: Writer) -> None:
        other = self._folded.setdefault(fold(where.key, ANY), writer)
        if other is writer:
            return
        here, there = self._program.steps[writer.step], self._program.steps[other.step]
        self._report.add(differ_by_case(writer.path, other.path, output_span(here, writer.port), _also(there, other)))

    # --- Outputs inside outputs ---------------------------------------------------------------------------------

    def check_nesting(self) -> None:
        """Tell of outputs that lie inside others."""
        for places, writer in self._paths.written:
            for here in places:
                outer = self._paths.writer_around(here)
                if outer is not None and outer[:2] != writer[:2] and not self._is_part(writer, outer):
                    self._tell_nested(writer.path, writer, outer)
                for name in self._paths.regions_below(here.key):
                    inner = next(p for p, o in self._program.steps[name].outputs.items() if o.derived)
                    region = f"{posixpath.join(self._program.workspace, name)}/…"
                    self._tell_nested(region, Writer(name, inner, 0, region), writer)

    def _is_part(self, inner: Writer, outer: Writer) -> bool:
        """Whether an output is said to lie in another one."""
        port = self._program.steps[inner.step].outputs[inner.port].port
        return inner.step == outer.step and port.inside is not None and port.inside.name == outer.port

    def _tell_nested(self, path: str, inner: Writer, outer: Writer) -> None:
        inside, around = self._program.steps[inner.step], self._program.steps[outer.step]
        self._report.add(
            faults.NESTED_PATHS.at(
                output_span(inside, inner.port),
                f"`{path}` of `{inner.step}.{inner.port}` lies inside `{outer.path}`, an output of `{outer.step}`",
                help="give them separate places",
                related=(Place("the outer one is here", output_span(around, outer.port)),),
            )
        )


def differ_by_case(one: str, other: str, span: Span, related: tuple[Place, ...]) -> Diagnostic:
    """The warning of two outputs that some volumes take for one."""
    message = f"`{one}` and `{other}` differ by case or accents only: on macOS and Windows they are one file"
    hint = "give them names that differ otherwise, if the results are ever to be copied there"
    return faults.DIFFER_BY_CASE.at(span, message, help=hint, related=tuple(r for r in related if r.span != span))


def _raw_keys(step: Step, output: OutputPath) -> list[int]:
    """The keys that stand in a path as they are, by their numbers among those of the step."""
    used = {leaf.name for leaf in parts_of(step, output.path) if isinstance(leaf, Key) and not leaf.encoded}
    return [number for number, name in enumerate(step.keys.by) if name in used]


def _alike(names: Iterable[str]) -> tuple[str, str] | None:
    """The first two names that differ by case or form only."""
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(fold(name, ANY), name)
        if first != name:
            return first, name
    return None


def _strays(step: Step, writer: Writer, raw: Sequence[int]) -> str | None:
    """Why a path said by hand leads elsewhere than it says; None if it does not."""
    path = writer.path
    if is_url(path):
        return None  # Told of already.
    for number in raw:
        value = step.keys.instances[writer.instance][number]
        if ".." in value and ".." in value.split("/"):
            return f"goes up a folder by its key `{value}`"
    if normal(path) != path.removeprefix("./"):
        return f"has another form for an engine: `{posixpath.normpath(path)}`, not `{path}`"
    return None


def _for(step: Step, number: int) -> str:
    where = step.keys.describe(number)
    return f" for {where}" if where else ""


def _also(step: Step, writer: Writer) -> tuple[Place, ...]:
    return (Place("also written here", output_span(step, writer.port)),)
