"""sncompile from one end to the other: this page is the story of a compile.

    text → located YAML → checked document → linked, typed program → IR graph → passes → target's files

`compile` is the one way, whoever asks: `check` goes as far as the program, `compile_program` from there to the files.
What comes of it is a `Compilation`, which has every stage: program, graph, remarks, lowered model, files. The stages
that it is made of stand below, for who has no spec but one of them: `graph_of` makes the graph, `optimize` runs the
passes over it, `compile_graph` makes the files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sncompile.compilation import Compilation as Compilation
from sncompile.compilation import CompileOptions as CompileOptions
from sncompile.compilation import DifferentJobs as DifferentJobs
from sncompile.compilation import emit, few, target_remarks
from sncompile.diagnostics import CompileError, Diagnostic, Report, Severity
from sncompile.diagnostics.fixes import located
from sncompile.diagnostics.model import sort_key
from sncompile.faults import catalogue
from sncompile.faults.targets import NOT_READ
from sncompile.ir.graph.model import BUILT
from sncompile.semantics.checked import Checked as Checked
from sncompile.semantics.linking.link import link
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.link import link_module
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.modules.lock import check_modules
from sncompile.semantics.places import Places
from sncompile.semantics.program import Options, Program
from sncompile.semantics.repositories.references import Fetch
from sncompile.semantics.tables.sheet_places import shown_lines
from sncompile.syntax.document import Document, PipelineDoc
from sncompile.syntax.source import Source, decode, read_source
from sncompile.uncollected import uncollected

if TYPE_CHECKING:
    from sncompile.exchange.forms import Exchanged
    from sncompile.exchange.lockfile import Locked
    from sncompile.ir.diff.model import GraphDiff
    from sncompile.ir.graph.model import Graph
    from sncompile.passes.result import Result
    from sncompile.targets.emitted import Emitted
    from sncompile.targets.target import Engine

STDIN = "-"


def check(
    spec: str | Path,
    options: Options | None = None,
    *,
    strict: Sequence[str] | bool = False,
    fetch: Fetch | None = None,
) -> Checked:
    """Read, check, link and type a spec (`-`: standard input) and whatever it refers to.

    `strict` makes warnings errors: all of them, or those whose codes it names. `fetch` brings repositories that are
    referred to; no connection is opened without. Never raises for a fault of the spec.
    """
    options = options or Options()
    name, path = _called(spec)
    folder = path.parent if path is not None else options.invoked_from
    report = Report()
    library = Library(project_root(folder), options.invoked_from, report, fetch=fetch)
    return _checked(name, read_source(name, path), options, library, report, strict)


def _called(spec: str | Path) -> tuple[str, Path | None]:
    """What diagnostics call a spec, and its path; standard input has none."""
    return ("<stdin>", None) if str(spec) == STDIN else (str(spec), Path(spec))


def check_text(
    name: str,
    text: str,
    folder: Path,
    options: Options | None = None,
    *,
    root: Path | None = None,
    strict: Sequence[str] | bool = False,
) -> Checked:
    """Check a spec that is no file, as if it stood in `folder`; diagnostics call it `name`.

    Its references stay in `root`, which is the folder's project unless given. Never raises for a fault of the spec.
    """
    options = options or Options()
    report = Report()
    library = Library(root if root is not None else project_root(folder), options.invoked_from, report)
    return _checked(name, decode(name, place_of(name, folder), text.encode()), options, library, report, strict)


def check_opened(path: Path, text: str, places: Places, options: Options, *, name: str | None = None) -> Checked:
    """Check the text that an editor has of the spec at `path`, and what else it has open (`places`).

    Diagnostics call it `name`. Never raises for a fault of the spec.
    """
    report = Report()
    library = Library(project_root(path.parent), options.invoked_from, report, places=places)
    source = decode(name or library.name_of(path), path, text.encode("utf-8", "surrogatepass"))
    return _checked(source.name if isinstance(source, Source) else str(path), source, options, library, report, False)


def place_of(name: str, folder: Path) -> Path:
    """Where a spec that is no file is taken to stand; no file is called so."""
    return folder / f"{name.strip('<>')}{BUILT}"


@contextmanager
def check_at(
    revision: str, spec: str | Path, options: Options | None = None, *, strict: Sequence[str] | bool = False
) -> Iterator[Checked]:
    """Check a spec as it stood at a revision of its git repository, and as if it stood where it stands now.

    Its modules' files are there only while the context lasts. Raises `RevisionError` where there is no repository, or
    no such revision in it.
    """
    from sncompile.semantics.repositories.revision import open_revision

    options, path, report = options or Options(), Path(spec), Report()
    with open_revision(revision, path) as past:
        library = Library(past.place(project_root(path.parent)), options.invoked_from, report, places=past)
        options = replace(options, directory=options.directory if options.directory is not None else path.parent)
        yield _checked(library.name_of(past.place(path)), past.read(path), options, library, report, strict)


@uncollected()
def _checked(
    name: str,
    source: Source | Diagnostic,
    options: Options,
    library: Library,
    report: Report,
    strict: Sequence[str] | bool,
) -> Checked:
    """What checking a source finds, told by the codes that are errors."""
    document: Document | None = None
    program: Program | None = None
    if isinstance(source, Source):
        document = library.parse(source)
        if isinstance(document, PipelineDoc):
            try:
                program = link(document, options, library, report)
            except CompileError as error:  # A table that is read late, and cannot be.
                report.extend(error.diagnostics)
        elif document is not None:
            link_module(document, library, report)
        if options.locked is not None:
            check_modules(library, options.locked, report)
    else:
        report.add(source)
    told = _unsuppressed(report.diagnostics(), library.sources, whole=document is not None and not report.failed)
    found = tuple(told_as(d, strict) for d in told)
    failed = any(d.severity is Severity.ERROR for d in found)
    inferred = program.inferred if program is not None else {}
    sources = library.sources | shown_lines(found, library.sheets)
    if options.params_file is not None:
        sources.setdefault(options.params_file.source.name, options.params_file.source.text)
    diagnostics = located(found, library.sources)
    return Checked(name, document, None if failed else program, diagnostics, sources, inferred, program)


def _unsuppressed(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, whole: bool
) -> tuple[Diagnostic, ...]:
    """The diagnostics without those that comments suppress, in order."""
    if not any("sncompile: ignore" in text for text in sources.values()):
        return tuple(diagnostics)
    from sncompile.syntax.suppressions import suppressed

    known = {code: fault.severity for code, fault in catalogue().items()}
    return tuple(sorted(suppressed(diagnostics, sources, known, whole=whole), key=sort_key))


def told_as(diagnostic: Diagnostic, strict: Sequence[str] | bool) -> Diagnostic:
    """A diagnostic, as an error where `strict` makes one of it."""
    if isinstance(strict, bool):
        return diagnostic.strictly() if strict else diagnostic
    return diagnostic.as_error() if diagnostic.code in strict else diagnostic


def compile(
    spec: str | Path,
    options: CompileOptions | None = None,
    *,
    reading: Options | None = None,
    strict: Sequence[str] | bool = False,
    fetch: Fetch | None = None,
) -> Compilation:
    """A spec on its way to the files of a target; each stage is worked out when it is asked for.

    `reading` says how the spec is read: data roots, parameters, folders. `strict` and `fetch` are those of `check`.
    Raises `CompileError` for a spec with errors.
    """
    return compile_program(check(spec, reading, strict=strict, fetch=fetch).require(), options)


def compile_program(program: Program, options: CompileOptions | None = None) -> Compilation:
    """A program on its way to the files of a target; each stage is worked out when it is asked for.

    Raises `CompileError` where there is no run such as `options.times` names.
    """
    options = options or CompileOptions()
    seconds = None
    if options.times is not None:
        from sncompile.runner.measures import seconds_of_run

        seconds = seconds_of_run(options.times)
    return Compilation(program, options, seconds)


@uncollected()
def graph_of(program: Program) -> Graph:
    """The IR graph of a program."""
    from sncompile.semantics.building import build

    return build(program)


@uncollected()
def diff(old: Graph, new: Graph) -> GraphDiff:
    """Which jobs of two graphs are new, gone or changed, and why. The graphs are those of programs, without passes."""
    from sncompile.ir.diff.compare import compare

    return compare(old, new)


@uncollected()
def optimize(
    graph: Graph,
    level: int = 1,
    *,
    keep: Collection[str] = (),
    times: str | Path | None = None,
    check: bool = False,
) -> Result:
    """The graph after the passes of a level (0: none, 1: those that keep every job, 2: all), with their remarks.

    `keep` names steps that are wanted although no output needs them. `times` names an earlier run, by whose times
    batches are balanced. `check` verifies the graph after each pass. Raises `CompileError` where there is no such run.
    """
    from sncompile.passes.pipeline import optimize

    seconds = None
    if times is not None:
        from sncompile.runner.measures import seconds_of_run

        seconds = seconds_of_run(times)
    return optimize(graph, level, keep=keep, seconds=seconds, check=check)


@uncollected()
def compile_graph(
    graph: Graph,
    target: str = "snakemake",
    *,
    out: Path | None = None,
    benchmark: bool = False,
    containers: Engine | None = None,
) -> Emitted:
    """The files of a graph for a target, in memory.

    Raises as `emit` does (`compilation.py`). `out` is where they will stand; without it `build/NAME` in the working
    folder. `benchmark` has the engine measure every job, where it can. `containers` wraps commands that have an image
    for Docker or podman.
    """
    place = out if out is not None else default_out(graph)
    return emit(graph, place, CompileOptions(target=target, benchmark=benchmark, containers=containers))


def verify_emitted(graph: Graph, out: Path, target: str = "snakemake") -> int:
    """Read the files of a graph back from `out`, and compare them job by job; gives the number of jobs.

    The engine itself reads its files where it can: Snakemake does, in a folder of its own and with no job. Raises
    `DifferentJobs`, which names each job that differs, and `CompileError` where nothing can read them.
    """
    from sncompile.targets.registry import blamed, find_target

    found = find_target(target)
    with blamed(found):
        told = found.verify(graph, out)
    if told is None:
        raise CompileError([NOT_READ.at(None, f"nothing can read back what `{target}` emits", help="drop `--verify`")])
    if told:
        raise DifferentJobs(few(told))
    return graph.job_count()


def refused(checked: Checked) -> tuple[Diagnostic, ...]:
    """What the usual target cannot express of a spec without errors, without writing or laying out any file."""
    if checked.program is None:
        return ()
    made = compile_program(checked.program)
    try:
        found = target_remarks(made.graph, made.out, made.options)
    except CompileError as error:
        found = error.diagnostics
    return located(_unsuppressed(found, checked.sources, whole=False), checked.sources)


def default_out(graph: Graph) -> Path:
    """Where a pipeline's files go unless somebody says otherwise."""
    return Path(graph.folder) / "build" / graph.name


def import_spec(form: str, spec: str | Path, *, strict: bool = False) -> Exchanged:
    """The module document for a spec of another form (`bilayers`; `-`: standard input). Never raises for its faults."""
    from sncompile.exchange import forms

    found = forms.imported(form, read_source(*_called(spec)))
    return forms.strict(found) if strict else found


def export_spec(form: str, spec: str | Path, *, strict: bool = False) -> Exchanged:
    """The spec of another form for a module document. Never raises for a fault of the module."""
    from sncompile.exchange import forms

    found = forms.exported(form, check(spec))
    return forms.strict(found) if strict else found


def lock_specs(programs: Mapping[str, Program], *, update: bool = False) -> Locked:
    """The lock file for some specs, by the specs' paths, in memory. Asks registries for the images' digests.

    The programs are made with `Options(locked=None)`, so that images have their names, and with a `fetch` for
    repositories. Raises `CompileError` where the file that is there cannot be used, or where the specs belong to
    several projects.
    """
    from sncompile.exchange import lockfile

    return lockfile.lock_specs(programs, update=update)


def faults() -> dict[str, object]:
    """Every kind of diagnostic, by code."""
    return dict(catalogue())
