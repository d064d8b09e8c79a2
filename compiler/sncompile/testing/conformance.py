"""What every target has to do, tried on small pipelines: the pages of `specs/conformance/`.

A page is a spec with a comment at its top, or a folder with `spec.yaml` and more. Further comments say what comes of
it:

    # result PATH: TEXT    what a file holds after a run, where the jobs do not do the same when they are run by hand
    # status failed        the run has to fail
    # mentions TEXT        what is emitted has to name this somewhere

All other results are those of the jobs that the pipeline's outputs need, run one after the other.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, NamedTuple

from sncompile.api import Compilation, CompileOptions, check, compile_program
from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.ir.graph.model import Graph
from sncompile.ir.jobs.expansion import Job, job_id, jobs
from sncompile.lowering.features import Feature
from sncompile.lowering.lower import wanted_jobs
from sncompile.lowering.model import above
from sncompile.passes.pipeline import LEVELS
from sncompile.semantics.program import Options, Program
from sncompile.targets.emitted import leads_out, module_files
from sncompile.targets.target import Target

SECRET = {"SECRET": "s3cr3t-of-the-caller"}
"""What is in the environment of a run, for the page about secrets; it may be in no file."""

Run = Callable[[Path, Path, Mapping[str, str]], int]
"""Runs what was emitted: the working folder, that of the emitted files, and the environment → the exit status."""


class Page(NamedTuple):
    """A pipeline that is compiled, and run: its files, what some results hold then, and whether the run has to fail."""

    name: str
    files: Mapping[str, str]
    results: Mapping[str, str]
    fails: bool
    mentions: tuple[str, ...]


class Conformance(NamedTuple):
    """What a target did with a page: refused it, for these features and resources, or compiled and perhaps `ran` it."""

    refused: tuple[Feature | str, ...]
    ran: bool


def conformance_pages() -> dict[str, Page]:
    """The pages by their names."""
    folder = package_files("sncompile.specs").joinpath("conformance")
    found = {}
    for place in sorted(folder.iterdir(), key=lambda each: each.name):
        name = place.name.removesuffix(".yaml")
        if place.is_dir():
            found[name] = _page(
                name, {each.name: each.read_text("utf-8") for each in place.iterdir() if each.is_file()}
            )
        elif name != place.name:
            found[name] = _page(name, {"spec.yaml": place.read_text("utf-8")})
    return found


def _page(name: str, files: dict[str, str]) -> Page:
    def said(what: str) -> list[str]:
        return re.findall(rf"^# {what} (.*)$", files["spec.yaml"], re.MULTILINE)

    results = dict(line.split(": ", 1) for line in said("result"))
    return Page(name, files, results, "failed" in said("status"), tuple(said("mentions")))


def target_conformance(
    target: Target[Any],
    page: Page,
    folder: Path,
    run: Run | None = None,
    *,
    levels: Sequence[int] = LEVELS,
    keeps: bool = True,
    resumes: bool = False,
) -> Conformance:
    """Hold a target to what a page asks: raises `AssertionError` for anything that it does otherwise.

    At each of the `levels` of the optimizer the page is compiled, or refused for a feature that the target says it
    lacks; the same bytes come out in another folder, and they name none; what reads them back finds the jobs of the
    page. Options that the target does not have are refused. With `run` the emitted files are run, and what they write
    has to be what the jobs write when they are run one by one: no more and no less, whatever was there before. An
    engine that hands over nothing of a run that fails does not `keeps` what was done before. One that `resumes` goes on
    where it was: asked for once more, the same run ends alike and makes nothing anew that is there.
    """
    refused: tuple[Feature | str, ...] = ()
    for level in levels:
        found = _compiled(target, page, folder / f"level {level}", level)
        if isinstance(found, tuple):
            refused = found
        elif run is not None:
            _run(target, page, found, folder / f"level {level}", run, keeps=keeps)
            if resumes:
                _run_again(page, found, folder / f"level {level}" / "here", run)
    return Conformance(refused, run is not None and not refused)


def _compiled(target: Target[Any], page: Page, folder: Path, level: int) -> Compilation | tuple[Feature | str, ...]:
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
    everything = b"\n".join(files.values())
    for text in page.mentions:
        assert text.encode() in everything, f"nothing that is emitted names {text}"
    assert SECRET["SECRET"].encode() not in everything, "a secret is in an emitted file"
    told = target.verify(first.graph, first.out)
    assert not told, "\n".join(told or ())
    return first


def _emitted(target: Target[Any], page: Page, folder: Path, level: int) -> Compilation | tuple[Feature | str, ...]:
    """The page compiled in a folder, its files in `out`; or the features for which it was refused."""
    folder.mkdir(parents=True)
    for name, text in page.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    program = check(folder / "spec.yaml", Options(invoked_from=folder)).require()
    options = CompileOptions(target=target, level=level, out=folder / "out")
    made = compile_program(program, options)
    _options_are_judged(target, made.options, program)
    lacking: tuple[Feature | str, ...] = (
        *(feature for feature in made.lowered.features if feature not in target.features),
        *(name for name in made.lowered.resources if name not in target.resources),
    )
    told = _told(made)
    if not told:
        assert not lacking, f"not refused, although it lacks {', '.join(map(str, lacking))}"
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


def _run(target: Target[Any], page: Page, made: Compilation, folder: Path, run: Run, *, keeps: bool) -> None:
    """Run what was emitted to `folder/here/out`, and compare what is there then with what the jobs write by hand."""
    wanted = {
        job_id(made.unoptimized.families[name], n)
        for name, found in wanted_jobs(made.unoptimized).items()
        for n in found
    }
    everything = [job for job in jobs(made.unoptimized, files="out/files") if job.id in wanted]
    by_hand = _by_hand(page, made.unoptimized, everything, folder / "by hand")
    place = folder / "here"
    _put_data(everything, place)
    before = _files(place)
    status = run(place, made.out, {**os.environ, **SECRET})
    assert (status != 0) == page.fails, f"the run ended with {status}"
    after = _files(place)
    assert {path: after.get(path) for path in before} == before, "a file that was there before has changed"
    found = {path: content for path, content in after.items() if path not in before}
    temporary = _temporary(made.graph) - _asked(made)
    expected = {path: content for path, content in by_hand.items() if path not in temporary}
    kept = temporary & by_hand.keys() if page.fails or Feature.TEMPORARY not in target.features else set()
    more = sorted(found.keys() - expected.keys() - kept)
    assert not more, f"these are there, and should not be: {more}"
    # The highest level may leave out what nobody asked for.
    asked = _asked(made)
    least = {
        path
        for path in expected
        if made.options.level < 2 or path in page.results or path in asked or any(p in asked for p in above(path))
    }
    if page.fails and not keeps:
        least = set()
    for path in sorted(least | (found.keys() & expected.keys())):
        assert found.get(path) == expected[path], f"{path}: {found.get(path)!r} instead of {expected[path]!r}"
    _modes(made, place)
    for file in place.rglob("*"):
        if file.is_file() and not file.is_symlink():
            assert SECRET["SECRET"].encode() not in file.read_bytes(), f"{file} holds a secret"


def _run_again(page: Page, made: Compilation, place: Path, run: Run) -> None:
    """The same run asked for once more ends alike, and makes nothing anew that is there."""
    # A job that fails is tried again: what it does beside its outputs is its own business.
    kept = [path for path in _files(place) if not (page.fails and path in page.results)]
    before = {path: (place / path).stat().st_mtime_ns for path in kept}
    status = run(place, made.out, {**os.environ, **SECRET})
    assert (status != 0) == page.fails, f"the same run ended with {status} when it was asked for once more"
    gone = [path for path in kept if not (place / path).is_file()]
    assert not gone, f"when it was asked for once more, the same run took {gone} away"
    anew = [path for path in kept if (place / path).stat().st_mtime_ns != before[path]]
    assert not anew, f"when it was asked for once more, the same run made {anew} anew"


def _modes(made: Compilation, place: Path) -> None:
    """What is protected may not be written by its owner, and nothing else is."""
    protected = _said(made.graph, "protected")
    for job in jobs(made.graph):
        for path in _paths(job.outputs):
            for file in _files_in(place / path):
                writable = bool(file.stat().st_mode & stat.S_IWUSR)
                assert writable == (path not in protected), f"{path} is{'' if writable else ' not'} writable"


def _by_hand(page: Page, graph: Graph, everything: list[Job], folder: Path) -> dict[str, bytes]:
    """What is there when the jobs were run one after the other: nothing of those that fail, and of who needs them."""
    _put_data(everything, folder)
    before = _files(folder)
    out = folder / "out" / "files"
    for name, content in module_files(graph).items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
        (out / name).chmod(0o755 if graph.files[name].executable else 0o644)
    left = {job.id: job for job in everything}
    failed: set[str] = set()
    while left:
        for job in [job for job in left.values() if not set(job.after) & left.keys()]:
            del left[job.id]
            if failed & set(job.after):
                failed.add(job.id)
            elif not _done(job, folder):
                failed.add(job.id)
                for path in _paths(job.outputs):
                    shutil.rmtree(folder / path, ignore_errors=True)
                    (folder / path).unlink(missing_ok=True)
    assert bool(failed) == page.fails or page.results, f"by hand {sorted(failed)} fail"
    found = {path: content for path, content in _files(folder).items() if path not in before}
    return found | {path: f"{text}\n".encode() for path, text in page.results.items()}


def _done(job: Job, folder: Path) -> bool:
    """Whether a job ends well, and writes what it is to write."""
    for path in _paths(job.outputs):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    for port, said in (job.settings.get("outputs") or {}).items():
        for path in _paths({"": job.outputs[port]}) if said.get("create") else ():
            (folder / path).mkdir(parents=True)
    for path, text in job.lists.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode("utf-8", "surrogateescape"))
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
    """Whether what a job has written is as it has to be."""
    success = job.settings.get("success") or {}

    def files(port: str) -> list[Path]:
        return [folder / path for path in _paths({"": job.outputs[port]})]

    return (
        all(_files_in(path) and any(f.stat().st_size or path.is_dir() for f in _files_in(path))
            for port in success.get("non_empty", ()) for path in files(port))
        and all(len(_files_in(path)) >= least
                for port, least in success.get("min_files", {}).items() for path in files(port))
        and all(hashlib.sha256(path.read_bytes()).hexdigest() == total
                for port, total in success.get("sha256", {}).items() for path in files(port))
    )  # fmt: skip


def _put_data(everything: list[Job], folder: Path) -> None:
    """Every file that is read and that no job writes holds its own path."""
    written = {path for job in everything for path in _paths(job.outputs)}
    for job in everything:
        for path in _paths(job.inputs):
            if path not in written:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(f"{path}\n", encoding="utf-8")


_NOT_COMPARED = ("out", "logs", "benchmarks", "spec.yaml", "runs")
"""What lies beside data and results."""


def _files(folder: Path) -> dict[str, bytes]:
    """All files of a working folder, without those that engines keep there for themselves."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] not in _NOT_COMPARED and not any(part.startswith(".") for part in parts):
            found["/".join(parts)] = path.read_bytes()
    return found


def _files_in(path: Path) -> list[Path]:
    """A file, or the files in a directory, without those that engines leave there."""
    if path.is_dir():
        return [each for each in sorted(path.rglob("*")) if each.is_file() and not each.name.startswith(".")]
    return [path] if path.exists() else []


def _asked(made: Compilation) -> set[str]:
    """The paths that the pipeline is for."""
    return {path for each in made.lowered.outputs.values() for path in each.paths or ()}


def _temporary(graph: Graph) -> set[str]:
    """The outputs that are to go when nobody needs them any more."""
    return _said(graph, "temp")


def _said(graph: Graph, flag: str) -> set[str]:
    """The outputs of which something is said."""
    return {
        path
        for job in jobs(graph)
        for port, said in (job.settings.get("outputs") or {}).items()
        if said.get(flag)
        for path in _paths({"": job.outputs[port]})
    }


def _paths(ports: Mapping[str, Any]) -> list[str]:
    return [path for value in ports.values() if value is not None
            for path in (value if isinstance(value, list) else [value]) if path is not None]  # fmt: skip
