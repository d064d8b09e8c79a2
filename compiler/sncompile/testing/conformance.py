"""What every target has to do, tried on small pipelines: the pages of `specs/conformance/`.

A page is a spec with a comment at its top. Further comments say what comes of a run: `# result PATH: TEXT` what a file
holds, `# status failed` that the run has to fail. All other results are those of the jobs, run one after the other.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.api import Compilation, CompileOptions, check, compile_program
from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.lowering.features import Feature
from sncompile.passes.pipeline import LEVELS
from sncompile.semantics.program import Options, Program
from sncompile.targets.emitted import leads_out, module_files
from sncompile.targets.target import Target

SECRET = {"SECRET": "not told"}
"""What is in the environment of a run, for the page about secrets."""

Run = Callable[[Path, Path, Mapping[str, str]], int]
"""Runs what was emitted: the working folder, that of the emitted files, and the environment → the exit status."""


class Page(NamedTuple):
    """A pipeline that is compiled, and run: what some files hold then, and whether the run has to fail."""

    name: str
    text: str
    results: Mapping[str, str]
    fails: bool


class Conformance(NamedTuple):
    """What a target did with a page: refused it, for these features; or compiled it, and `ran`, if it was asked to."""

    refused: tuple[Feature, ...]
    ran: bool


def conformance_pages() -> dict[str, Page]:
    """The pages by their names."""
    folder = package_files("sncompile.specs").joinpath("conformance")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".yaml"):
            found[file.name.removesuffix(".yaml")] = _page(file.name.removesuffix(".yaml"), file.read_text("utf-8"))
    return found


def _page(name: str, text: str) -> Page:
    results = dict(re.findall(r"^# result (.+?): (.*)$", text, re.MULTILINE))
    return Page(name, text, results, bool(re.search(r"^# status failed$", text, re.MULTILINE)))


def target_conformance(target: Target[Any], page: Page, folder: Path, run: Run | None = None) -> Conformance:
    """Hold a target to what a page asks: raises `AssertionError` for anything that it does otherwise.

    At each level of the optimizer the page is compiled, or refused for a feature that the target says it lacks; the
    same bytes come out in another folder, and they name none; what reads them back finds the jobs of the page. Options
    that the target does not have are refused. With `run` the emitted files are run, and what they write has to be what
    the jobs write when they are run one by one.
    """
    refused: tuple[Feature, ...] = ()
    for level in LEVELS:
        found = _compiled(target, page, folder / f"level {level}", level)
        if isinstance(found, tuple):
            refused = found
        elif run is not None:
            _run(target, page, found, folder / f"level {level}", run)
    return Conformance(refused, run is not None and not refused)


def _compiled(target: Target[Any], page: Page, folder: Path, level: int) -> Compilation | tuple[Feature, ...]:
    """What was compiled, and written to `here/out`; or the features for which the page was refused."""
    first = _emitted(target, page, folder / "here", level)
    if isinstance(first, tuple):
        return first
    other = _emitted(target, page, folder / "some where" / "else", level)
    files = first.emitted.files
    assert not isinstance(other, tuple)
    assert other.emitted.files == files, "the emitted files depend on the folder"
    for name, content in files.items():
        assert not leads_out(name), f"{name!r} leads out of the folder"
        assert str(folder).encode() not in content, f"{name!r} names a folder of this machine"
    told = target.verify(first.graph, first.out)
    assert not told, "\n".join(told or ())
    return first


def _emitted(target: Target[Any], page: Page, folder: Path, level: int) -> Compilation | tuple[Feature, ...]:
    """The page compiled in a folder, its files in `out`; or the features for which it was refused."""
    folder.mkdir(parents=True)
    (folder / "spec.yaml").write_text(page.text, encoding="utf-8")
    program = check(folder / "spec.yaml", Options(invoked_from=folder)).require()
    options = CompileOptions(target=target, level=level, out=folder / "out")
    made = compile_program(program, options)
    _options_are_judged(target, made.options, program)
    lacking = tuple(feature for feature in made.lowered.features if feature not in target.features)
    told = _told(made)
    if not told:
        assert not lacking, f"not refused, although it lacks {', '.join(feature.value for feature in lacking)}"
        made.write()
        return made
    for each in told:
        assert each.span, f"{each.code} says no place: {each.message}"
        assert each.help, f"{each.code} says no help: {each.message}"
    assert lacking, f"refused, although it has all features: {told[0].message}"
    return lacking


def _told(made: Compilation) -> tuple[Diagnostic, ...]:
    """Why something cannot be compiled; nothing where it can."""
    try:
        assert made.emitted.files, "nothing is emitted"
    except CompileError as error:
        return error.diagnostics
    return ()


def _options_are_judged(target: Target[Any], options: CompileOptions, program: Program) -> None:
    """An option is taken, or refused with a diagnostic."""
    for asked in (options._replace(benchmark=True), options._replace(containers="docker")):
        assert all(each.help for each in _told(compile_program(program, asked)))
    assert _told(compile_program(program, options._replace(own={"no such": "1"}))), (
        "an option that nobody knows is taken"
    )


# --- Runs -----------------------------------------------------------------------------------------------------------


def _run(target: Target[Any], page: Page, made: Compilation, folder: Path, run: Run) -> None:
    """Run what was emitted to `folder/here/out`, and compare what is there then with what the jobs write by hand."""
    everything = list(jobs(made.unoptimized, files="out/files"))
    expected = _by_hand(page, made.unoptimized, everything, folder / "by hand")
    place = folder / "here"
    _put_data(everything, place)
    status = run(place, made.out, {**os.environ, **SECRET})
    assert (status != 0) == page.fails, f"the run ended with {status}"
    found = _written(everything, place)
    if page.fails:
        assert found.keys() <= expected.keys(), f"left by jobs that failed: {sorted(found.keys() - expected.keys())}"
        return
    for path in sorted(found.keys() | _asked(made)):
        assert found.get(path) == expected.get(path), f"{path}: {found.get(path)!r} instead of {expected.get(path)!r}"
    if Feature.TEMPORARY in target.features:
        left = found.keys() & _temporary(made.graph)
        assert not left, f"temporary files are left: {sorted(left)}"


def _by_hand(page: Page, graph: Graph, everything: list[Job], folder: Path) -> dict[str, bytes]:
    """What the jobs write when they are run one after the other; nothing of a job that fails, and of who needs it."""
    _put_data(everything, folder)
    out = folder / "out" / "files"
    for name, content in module_files(graph).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    left = {job.id: job for job in everything}
    failed: set[str] = set()
    found: dict[str, bytes] = {}
    while left:
        for job in [job for job in left.values() if not set(job.after) & left.keys()]:
            del left[job.id]
            if failed & set(job.after) or not _done(job, folder):
                failed.add(job.id)
            else:
                found |= _written([job], folder)
    return found | {path: f"{text}\n".encode() for path, text in page.results.items()}


def _done(job: Job, folder: Path) -> bool:
    """Whether a job ends well, and writes what it is to write."""
    for path in _paths(job.outputs):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    for port, said in (job.settings.get("outputs") or {}).items():
        for path in _paths({"": job.outputs[port]}) if said.get("create") else ():
            (folder / path).mkdir(parents=True)
    argv = ["-c", job.shell] if job.shell is not None else ["-c", '"$@"', "bash", *(job.command or ())]
    secrets = {name for name, value in job.env.items() if value == "***"}
    variables = {name: value for name, value in job.env.items() if name not in secrets}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", *argv],
        cwd=folder, env={**os.environ, **SECRET, **variables}, check=False, capture_output=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return (
        done.returncode == 0
        and all(map(os.path.exists, (folder / path for path in _paths(job.outputs))))
        and _holds(job, folder)
    )


def _holds(job: Job, folder: Path) -> bool:
    """Whether directories hold so many files as they have to."""
    least = (job.settings.get("success") or {}).get("min_files") or {}
    return all(
        len(_files_in(folder / path)) >= n for port, n in least.items() for path in _paths({"": job.outputs[port]})
    )


def _put_data(everything: list[Job], folder: Path) -> None:
    """Every file that is read and that no job writes holds its own path."""
    written = {path for job in everything for path in _paths(job.outputs)}
    for job in everything:
        for path in _paths(job.inputs):
            if path not in written:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(f"{path}\n", encoding="utf-8")


def _written(everything: list[Job], folder: Path) -> dict[str, bytes]:
    """The files that are there of those that some jobs write, also those in directories."""
    found = {}
    for job in everything:
        for path in _paths(job.outputs):
            for file in _files_in(folder / path):
                found[file.relative_to(folder).as_posix()] = file.read_bytes()
    return found


def _files_in(path: Path) -> list[Path]:
    """A file, or the files in a directory, without those that engines leave there."""
    if path.is_dir():
        return [each for each in sorted(path.rglob("*")) if each.is_file() and not each.name.startswith(".")]
    return [path] if path.exists() else []


def _asked(made: Compilation) -> set[str]:
    """The files that the pipeline is for."""
    return {
        path
        for each in made.lowered.outputs.values()
        for path in each.paths or ()
        if (made.out.parent / path).is_file()
    }


def _temporary(graph: Graph) -> set[str]:
    """The outputs that are to go when nobody needs them any more."""
    return {
        path
        for job in jobs(graph)
        for port, said in (job.settings.get("outputs") or {}).items()
        if said.get("temp")
        for path in _paths({"": job.outputs[port]})
    }


def _paths(ports: Mapping[str, Any]) -> list[str]:
    return [path for value in ports.values() if value is not None
            for path in (value if isinstance(value, list) else [value]) if path is not None]  # fmt: skip
