"""A pipeline with state: what is set of it, and what can be asked of it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sncompile.api import Checked, CompileOptions, check, compile_program, graph_of
from sncompile.diagnostics import CompileError, Report
from sncompile.faults.names import NOT_A_PIPELINE
from sncompile.ir.graph.model import Graph
from sncompile.notebook.settings import Settings
from sncompile.notebook.values import Data, DataRoots, given, roots
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.program import Options
from sncompile.syntax.document import Document, PipelineDoc
from sncompile.syntax.pipelines import OF_JOBS
from sncompile.syntax.source import Source, read_source
from sncompile.targets.target import wrapped_for
from sncompile.views.description import describe

if TYPE_CHECKING:
    from sncompile.notebook.backend import SnakemakeBackend
    from sncompile.notebook.runs import Run
    from sncompile.notebook.shown import Findings, Jobs, PlanTable


class Pipeline(ABC):
    """A pipeline. `params`, `inputs` and `data` hold what is set; everything else is worked out when it is asked for.

    Whatever needs a spec without errors raises `CompileError`; only `check()` does not.
    """

    def __init__(self) -> None:
        self._invoked_from = Path.cwd()
        self.params = Settings("parameter", lambda: self._defaults("params"), {})
        """The parameters."""
        self.inputs = Settings("input", lambda: self._defaults("inputs"), {})
        """The inputs: files that a caller gives."""
        self.data = Settings("data root", lambda: self._defaults("data"), {})
        """The data roots."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in OF_JOBS:
            # What would have no effect is not taken in silence.
            hint = "set it of its steps, or with `override` in a spec that uses the pipeline"
            raise AttributeError(f"a pipeline has no `{name}` of its own: {hint}")
        super().__setattr__(name, value)

    # --- What kinds of pipeline differ in -----------------------------------------------------------------------------

    @abstractmethod
    def _document(self) -> PipelineDoc:
        """The document. Raises `CompileError` where it cannot be read."""

    @abstractmethod
    def _checked(self, options: Options, strict: bool | tuple[str, ...]) -> Checked:
        """The document checked with some options."""

    # --- State --------------------------------------------------------------------------------------------------------

    def _defaults(self, kind: str) -> Mapping[str, Any]:
        told: Mapping[str, Any] = describe(self._document())[kind]
        if kind == "params":
            return {name: param["default"] for name, param in told.items()}
        return dict.fromkeys(told) if kind == "inputs" else told

    def _set_data(self, data: Data) -> None:
        found = roots(data)
        if isinstance(data, DataRoots):
            # A configuration may know of more places than one pipeline needs.
            found = {name: path for name, path in found.items() if name in self.data}
        self.data.update(found)

    def options(self, working_dir: str | os.PathLike[str] | None = None) -> Options:
        """What is set, as a compile takes it."""
        return Options(
            data=roots(self.data.given),
            params={name: given(value) for name, value in (self.params.given | self.inputs.given).items()},
            directory=Path(working_dir) if working_dir is not None else None,
            invoked_from=self._invoked_from,
        )

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self._document().name.name

    # --- What can be asked --------------------------------------------------------------------------------------------

    def checked(
        self, working_dir: str | os.PathLike[str] | None = None, *, strict: bool | tuple[str, ...] = False
    ) -> Checked:
        """The pipeline checked as it is set now, with its program where it has no errors."""
        return self._checked(self.options(working_dir), strict)

    def checked_with(self, options: Options, *, strict: bool | tuple[str, ...] = False) -> Checked:
        """The pipeline checked with options that say more than its settings do."""
        return self._checked(options, strict)

    def check(self, *, strict: bool = False) -> Findings:
        """Every error and warning; never raises for a fault of the spec."""
        from sncompile.notebook.shown import Findings

        return Findings(self.checked(strict=strict))

    def graph(self) -> Graph:
        """The graph of job families."""
        return graph_of(self.checked().require())

    def plan(
        self, working_dir: str | os.PathLike[str] | None = None, *, targets: str | Sequence[str] = (),
        select: str | Sequence[str] = (), only: str | Sequence[str] = (), defer: str | os.PathLike[str] | None = None,
        hash: str = "small", cores: int | str = "all", level: int = 1,
    ) -> PlanTable:  # fmt: skip
        """What would be done: steps, files that must be there, and files that come out; what of it a run would do now
        and why, and how long that would take with so many `cores`.

        `targets`, `select`, `only`, `defer` and `hash` are those of `SnakemakeBackend.run`, `level` is that of the
        optimizer. Raises `CompileError` for a pipeline with errors, and where it has nothing of a name.
        """
        from sncompile.notebook.compiling import Looking, compiled, planned, texts
        from sncompile.notebook.shown import PlanTable
        from sncompile.runner.selection.selection import Asked
        from sncompile.runner.state.plan_file import plan_object

        if cores != "all" and not (str(cores).isdigit() and int(cores) > 0):
            raise ValueError(f"cores: a whole number from 1, or `all`, and not {cores!r}")
        looking = Looking.asked(hash, defer)
        asked = Asked(targets=texts(targets), select=texts(select), only=texts(only))
        found = compiled(self, working_dir, asked, CompileOptions(level=level, staged=True), looking)
        plan, decisions = planned(found, looking, str(cores))
        return PlanTable(plan, lambda: plan_object(decisions, found.made.graph, asked))

    def jobs(self) -> Jobs:
        """Every job, fully written out when it is looked at."""
        from sncompile.notebook.shown import Jobs

        return Jobs(self.graph())

    def compile(
        self, out: str | os.PathLike[str] | None = None, *, target: str = "snakemake",
        working_dir: str | os.PathLike[str] | None = None, level: int = 1, benchmark: bool = False,
        containers: str = "auto",
    ) -> Path:  # fmt: skip
        """Write the files of a target, by default to `build/NAME` in the working folder; gives that folder.

        They are the files of `sncompile compile`, whose options these are: `level` is `-O`.
        """
        options = CompileOptions(
            target=target, level=level, out=Path(out) if out is not None else None, benchmark=benchmark,
            containers=wrapped_for(containers),
        )  # fmt: skip
        return compile_program(self.checked(working_dir).require(), options).write()

    def run(
        self, backend: SnakemakeBackend | None = None, *, working_dir: str | os.PathLike[str] | None = None,
        background: bool = True, **options: Any,
    ) -> Run:  # fmt: skip
        """Start a run, by default in the background; `options` are those of `SnakemakeBackend.run`."""
        from sncompile.notebook.backend import SnakemakeBackend

        backend = backend if backend is not None else SnakemakeBackend()
        return backend.run(self, working_dir=working_dir, background=background, **options)

    def __repr__(self) -> str:
        from sncompile.notebook.shown import pipeline_text

        return pipeline_text(self)

    def _repr_html_(self) -> str:
        from sncompile.notebook.shown import pipeline_html

        return pipeline_html(self)


class LoadedPipeline(Pipeline):
    """A pipeline that stands in a file. The file is read anew whenever something is asked for."""

    def __init__(self, path: Path) -> None:
        # The kernel may go to another folder later.
        self.path = Path(os.path.abspath(path))
        self._kept: tuple[tuple[int, int], PipelineDoc] | None = None
        super().__init__()
        self._document()

    @property
    def spec(self) -> str:
        """How diagnostics call the file: from the current folder, if it lies below."""
        return str(self.path).removeprefix(f"{Path.cwd()}{os.sep}")

    def _document(self) -> PipelineDoc:
        try:
            stat = self.path.stat()
            state = (stat.st_mtime_ns, stat.st_size)
        except OSError:
            state = (0, 0)
        if self._kept is None or self._kept[0] != state:
            self._kept = state, pipeline_document(read_document(self.path, self.spec))
        return self._kept[1]

    def _checked(self, options: Options, strict: bool | tuple[str, ...]) -> Checked:
        return check(self.spec, options, strict=strict)


def read_document(path: Path, name: str) -> Document:
    """The document in a file, without what it refers to. Raises `CompileError` where it cannot be read."""
    report = Report()
    library = Library(project_root(path.parent), Path.cwd(), report)
    source = read_source(name, path)
    if not isinstance(source, Source):
        raise CompileError([source])
    document = library.parse(source)
    if document is None:
        raise CompileError(report.diagnostics(), library.sources)
    return document


def pipeline_document(document: Document) -> PipelineDoc:
    """The document, if it is a pipeline's. Raises `CompileError` for a module's."""
    if isinstance(document, PipelineDoc):
        return document
    message = f"`{document.source.name}` is a module, not a pipeline"
    told = NOT_A_PIPELINE.at(document.span, message, help="`sncompile.module(…)` makes one of it")
    raise CompileError([told], {document.source.name: document.source.text})


def load(
    spec: str | os.PathLike[str], *, data: Data = None, params: Mapping[str, Any] | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> LoadedPipeline:  # fmt: skip
    """The pipeline in a file, with some data roots, parameters and inputs set.

    `data` is a mapping, or an object with a method `data_roots()`. Raises `CompileError` where the file cannot be read
    or has no such names.
    """
    pipeline = LoadedPipeline(Path(spec))
    pipeline._set_data(data)
    pipeline.params.update(params or {})
    pipeline.inputs.update(inputs or {})
    return pipeline
