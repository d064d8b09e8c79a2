"""sncompile from one end to the other: this page is the story of a compile.

    text → located YAML → checked document → linked, typed program → IR graph → passes → target's files

`check` goes as far as the program, `graph_of` makes the graph, `optimize` runs the passes over it, `compile_graph`
makes the files. Everything that the command line does is a few lines over these functions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sncompile.diagnostics import CompileError, Diagnostic, Report, Severity
from sncompile.faults import catalogue
from sncompile.faults.names import NOT_A_PIPELINE
from sncompile.semantics.library import Library, project_root
from sncompile.semantics.link import link
from sncompile.semantics.module_link import link_module
from sncompile.semantics.program import Options, Program
from sncompile.syntax.document import Document, PipelineDoc
from sncompile.syntax.source import Source, read_source

if TYPE_CHECKING:
    from sncompile.ir.graph import Graph
    from sncompile.passes.result import Result
    from sncompile.targets.emitted import Emitted

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a spec found: its document, the program of a pipeline without errors, and every diagnostic.

    `sources` are the texts that were read, by the names that diagnostics use.
    """

    name: str
    document: Document | None
    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str] = field(repr=False)

    @property
    def failed(self) -> bool:
        """Whether there are errors."""
        return any(d.severity is Severity.ERROR for d in self.diagnostics)

    def require(self) -> Program:
        """The program. Raises `CompileError` where there are errors, and for a module."""
        if self.program is not None:
            return self.program
        if not self.failed and self.document is not None:
            message = f"`{self.name}` is a module, not a pipeline"
            told = NOT_A_PIPELINE.at(self.document.span, message, help="use it in a pipeline's step")
            raise CompileError([*self.diagnostics, told], self.sources)
        raise CompileError(self.diagnostics, self.sources)


def check(spec: str | Path, options: Options | None = None, *, strict: Sequence[str] | bool = False) -> Checked:
    """Read, check, link and type a spec (`-`: standard input) and whatever it refers to.

    `strict` makes warnings errors: all of them, or those whose codes it names. Never raises for a fault of the spec.
    """
    options = options or Options()
    name = "<stdin>" if str(spec) == STDIN else str(spec)
    path = None if str(spec) == STDIN else Path(spec)
    report = Report()
    folder = path.parent if path is not None else options.invoked_from
    library = Library(project_root(folder), options.invoked_from, report)
    source = read_source(name, path)
    document: Document | None = None
    program: Program | None = None
    if isinstance(source, Source):
        document = library.parse(source)
        if isinstance(document, PipelineDoc):
            program = link(document, options, library, report)
        elif document is not None:
            link_module(document, library, report)
    else:
        report.add(source)
    found = tuple(d.as_error() if strict is True or (strict and d.code in strict) else d for d in report.diagnostics())
    failed = any(d.severity is Severity.ERROR for d in found)
    return Checked(name, document, None if failed else program, found, library.sources)


def graph_of(program: Program) -> Graph:
    """The IR graph of a program."""
    from sncompile.ir.build import build

    return build(program)


def optimize(graph: Graph, level: int = 1, *, keep: Collection[str] = (), check: bool = False) -> Result:
    """The graph after the passes of a level (0: none, 1: those that keep every job, 2: all), with their remarks.

    `keep` names steps that are wanted although no output needs them. `check` verifies the graph after each pass.
    """
    from sncompile.passes.pipeline import optimize

    return optimize(graph, level, keep=keep, check=check)


def compile_graph(
    graph: Graph, target: str = "snakemake", *, out: Path | None = None, benchmark: bool = False
) -> Emitted:
    """The files of a graph for a target, in memory. Raises `CompileError` for what the target cannot express.

    `out` is where they will stand; without it `build/NAME` in the working folder. `benchmark` has the engine measure
    every job, where it can.
    """
    from sncompile.targets.registry import find_target

    return find_target(target).lower(graph, out if out is not None else default_out(graph), benchmark=benchmark)


def refused(checked: Checked) -> tuple[Diagnostic, ...]:
    """What the usual target cannot express of a spec without errors, without writing or laying out any file."""
    if checked.program is None:
        return ()
    from sncompile.targets.snakemake.workflow import lower_graph

    report = Report()
    lower_graph(optimize(graph_of(checked.program)).graph, "files", report)
    return report.diagnostics()


def default_out(graph: Graph) -> Path:
    """Where a pipeline's files go unless somebody says otherwise."""
    return Path(graph.folder) / "build" / graph.name


def faults() -> dict[str, object]:
    """Every kind of diagnostic, by code."""
    return dict(catalogue())
