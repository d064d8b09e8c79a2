"""A compile: the one way from a checked program to the files of a target, whoever asks for it.

The command line, the Python interface, runs and tests all come through here, so that the same program with the same
options gives the same bytes everywhere. Each stage is worked out when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.uncollected import uncollected

if TYPE_CHECKING:
    from sncompile.ir.graph.model import Graph
    from sncompile.lowering.model import Lowered
    from sncompile.passes.result import Remark, Result
    from sncompile.semantics.program import Program
    from sncompile.targets.emitted import Emitted
    from sncompile.targets.target import Engine, Target


class CompileOptions(NamedTuple):
    """How a program is compiled.

    `level` is that of the optimizer: 0 (nothing), 1 (what keeps every job) or 2 (everything). `out` is the folder of
    the files, `build/NAME` in the working folder unless given. `keep` names steps that are wanted although no output
    of the pipeline needs them. `times` names an earlier run, by whose times batches are balanced. `benchmark` has each
    job measured. `containers` wraps commands that have an image for Docker or podman. `verify` looks at the graph
    after each pass. `staged` leaves out of the files what is known later only: who runs them compiles again then.
    `off` names passes that are left out, whatever the level. `target` is the name of a target, or one
    itself; `own` are its options.
    """

    target: str | Target[Any] = "snakemake"
    level: int = 1
    out: Path | None = None
    keep: tuple[str, ...] = ()
    times: str | Path | None = None
    benchmark: bool = False
    containers: Engine | None = None
    verify: bool = False
    off: tuple[str, ...] = ()
    own: Mapping[str, str] = MappingProxyType({})
    staged: bool = False

    def for_target(self) -> dict[str, object]:
        """What is asked of the target, by its options."""
        asked = {"benchmark": self.benchmark or None, "containers": self.containers}
        return {name: value for name, value in asked.items() if value is not None} | dict(self.own)


class DifferentJobs(Exception):
    """What an engine makes of the emitted files is not what the graph says: a fault of sncompile itself."""


@dataclass(frozen=True)
class Compilation:
    """A program with the options that it is compiled with, and what comes of it."""

    program: Program
    options: CompileOptions
    seconds: Mapping[str, float] | None = None
    """The times of jobs in the run that `options.times` names, by id."""

    @cached_property
    def unoptimized(self) -> Graph:
        """The IR graph as the program says it."""
        from sncompile.semantics.building import build

        with uncollected():
            return build(self.program)

    @cached_property
    def _optimized(self) -> Result:
        from sncompile.passes.pipeline import optimize

        options, seconds = self.options, self.seconds
        graph = self.unoptimized
        with uncollected():
            return optimize(
                graph, options.level, keep=options.keep, off=options.off, seconds=seconds, check=options.verify
            )

    @cached_property
    def graph(self) -> Graph:
        """The graph after the passes, as it is emitted."""
        from sncompile.ir.graph.shared_files import with_shared_files

        return with_shared_files(self._optimized.graph)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What the passes did, and what they could not do and why."""
        return self._optimized.remarks

    @cached_property
    def out(self) -> Path:
        """The folder of the files."""
        from sncompile.targets.emitted import without_ups

        graph = self.unoptimized
        if self.options.out is not None:
            return without_ups(self.options.out)
        return Path(graph.folder) / "build" / graph.name

    @cached_property
    def lowered(self) -> Lowered:
        """What the target prints from."""
        from sncompile.targets.registry import find_target

        graph = self.graph
        with uncollected():
            target = find_target(self.options.target)
            return lowered_for(target, graph, self.out)

    @cached_property
    def jobs(self) -> Lowered:
        """The lowered model of the jobs as the graph has them, whatever the target's engine takes for one."""
        from sncompile.lowering.lower import lower
        from sncompile.targets.registry import find_target

        target, graph = find_target(self.options.target), self.graph
        if target.prepare(graph, self.out) is graph:
            return self.lowered
        with uncollected():
            return lower(graph, target.place(graph, self.out), target.stage)

    @cached_property
    def formers(self) -> tuple[Former, ...]:
        """The same before steps were renamed, once for each time that they were (`moved`)."""
        from sncompile.semantics.former import formers

        compiled = [
            (names, Compilation(program, self.options, self.seconds)) for names, program in formers(self.program)
        ]
        return tuple([Former(names, each.graph, each.jobs) for names, each in compiled])

    @cached_property
    def emitted(self) -> Emitted:
        """The files, in memory. Raises as `emit` does."""
        if self.program.whole is not None and not self.options.staged:
            return emit_over_stand_ins(self.program.whole, self.out, self.options)
        return emit(self.graph, self.out, self.options, self.lowered)

    def write(self) -> Path:
        """Write the files, all or nothing; gives their folder. Raises `CompileError` where that cannot be done."""
        self.emitted.write(self.out)
        return self.out


class Former(NamedTuple):
    """A pipeline before steps were renamed: their former names by the present ones, and its graph and jobs.

    Its families are called as they are now, and their paths are those of then.
    """

    names: Mapping[str, str]
    graph: Graph
    jobs: Lowered


def emit(graph: Graph, out: Path, options: CompileOptions, lowered: Lowered | None = None) -> Emitted:
    """The files of a graph that are to stand in `out`, in memory, read back and compared with the graph.

    Raises `CompileError` for what the target cannot express and where jobs would write into the folder of the files,
    and `DifferentJobs` where the files do not say what the graph says.
    """
    from sncompile.faults.targets import NO_LATE_KEYS
    from sncompile.semantics.checking.out_folder import check_out
    from sncompile.targets.emitted import without_ups
    from sncompile.targets.registry import blamed, find_target

    if graph.later and not options.staged:
        names = ", ".join(f"`{name}`" for name in graph.later)
        message = f"which jobs {names} have is known after others have run, and the graph has none of them"
        raise CompileError([NO_LATE_KEYS.at(graph.span, message, help="compile the program, or run the spec")])
    out = without_ups(out)
    with uncollected():
        check_out(graph, out, benchmark=options.benchmark)
        found = printed(graph, out, options, lowered)
        target = find_target(options.target)
        with blamed(target):
            told = target.read_back(graph, found, out)
    if told:
        raise DifferentJobs(few(told))
    return found


def emit_over_stand_ins(programs: tuple[Program, Program], out: Path, options: CompileOptions) -> Emitted:
    """The files of a pipeline some of whose rows are known later, in memory.

    They are made twice, over two kinds of rows that stand in for these, and must be the same: then nothing in them
    follows from rows. No pass runs. Raises as `emit` does, and `CompileError` for what does follow from them.
    """
    from sncompile.ir.graph.shared_files import with_shared_files
    from sncompile.semantics.building import build
    from sncompile.targets.late import joined_later, rows_needed

    graphs = [with_shared_files(build(program)) for program in programs]
    told = joined_later(graphs[0])
    if told is not None:
        raise CompileError([told])
    first, second = (emit(graph, out, options) for graph in graphs)
    told = rows_needed(graphs[0], first, second)
    if told is not None:
        raise CompileError([told])
    return first


def printed(graph: Graph, out: Path, options: CompileOptions, lowered: Lowered | None = None) -> Emitted:
    """What a target makes of a graph. Raises `CompileError` for what it cannot express."""
    from sncompile.targets.registry import blamed

    target, chosen, lowered, unheeded = _accepted(graph, out, options, lowered)
    with blamed(target):
        found = target.lower(lowered, out, chosen)
    return replace(found, warnings=(*unheeded, *found.warnings))


def target_remarks(graph: Graph, out: Path, options: CompileOptions) -> tuple[Diagnostic, ...]:
    """What a target says of a graph, the warnings of `printed`, without its files. Raises as that does."""
    from sncompile.targets.registry import blamed

    target, chosen, lowered, unheeded = _accepted(graph, out, options)
    with blamed(target):
        return (*unheeded, *target.remarks(lowered, out, chosen))


def _accepted(
    graph: Graph, out: Path, options: CompileOptions, lowered: Lowered | None = None
) -> tuple[Target[Any], tuple[Any, ...], Lowered, list[Diagnostic]]:
    """The target, its options and what it is to print, once nothing in it is refused; with what it does not heed."""
    from sncompile.targets.refusing import refuse
    from sncompile.targets.registry import blamed, find_target
    from sncompile.targets.target import options_for

    target = find_target(options.target)
    chosen = options_for(target, options.for_target())
    with blamed(target):
        lowered = lowered or lowered_for(target, graph, out)
    return target, chosen, lowered, refuse(target, lowered)


def lowered_for(target: Target[Any], graph: Graph, out: Path) -> Lowered:
    """The lowered model that a target prints, of a graph whose files will stand in `out`."""
    from sncompile.lowering.lower import lower

    return lower(target.prepare(graph, out), target.place(graph, out), target.stage)


def few(told: Sequence[str]) -> str:
    """The first of many differences, on a line."""
    return "; ".join(told[:5]) + (f" (and {len(told) - 5} more)" if len(told) > 5 else "")
