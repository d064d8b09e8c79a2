"""Makes the lock file of a project: what its specs refer to, as it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sncompile.diagnostics import CompileError, Diagnostic, Report
from sncompile.exchange.registries import RegistryError, digest_of
from sncompile.exchange.yaml_text import scalar
from sncompile.faults import runs as faults
from sncompile.faults.names import BAD_LOCK
from sncompile.faults.reading import UNREADABLE
from sncompile.ir.graph.images import images_of, is_pinned, registry_name
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.modules.lock import changed, content_of
from sncompile.semantics.modules.lock_file import LOCK, VERSION, Lock
from sncompile.semantics.program import Program

_HEAD = "What the specs of this project refer to. Written by `sncompile lock`; keep it with the specs."


@dataclass(frozen=True, slots=True)
class Locked:
    """A lock file's new state: where it lies, all that it has, and what happened to what was asked for."""

    path: Path
    lock: Lock
    told: tuple[str, ...]
    faults: tuple[Diagnostic, ...]

    @property
    def text(self) -> str:
        """The file's text: an entry a line, so that a change is seen as one."""
        lines = [f"# {_HEAD}", f"sncompile: {VERSION}"]
        for part, held in self.lock._asdict().items():
            entries = (f"  {scalar(name)}: {scalar(value)}" for name, value in sorted(held.items()))
            lines += ["", f"{part}:", *entries] if held else []
        return "".join(f"{line}\n" for line in lines)


def lock_specs(programs: Mapping[str, Program], *, update: bool) -> Locked:
    """The lock file of the project that some specs belong to; their programs by their paths.

    Raises `CompileError` where the file that is there cannot be used, or where the specs belong to several projects.
    """
    roots = {project_root(Path(spec).parent) for spec in programs}
    if len(roots) > 1:
        message = f"the specs belong to several projects: {', '.join(map(str, sorted(roots)))}"
        raise CompileError([BAD_LOCK.at(None, message, help="lock those of each project by themselves")])
    report = Report()
    library = Library(roots.pop(), Path.cwd(), report)
    before = library.lock
    if report.failed:
        raise CompileError(report.diagnostics(), library.sources)
    repositories, of_repositories = _repositories(programs.values(), before)
    modules, of_modules = _modules(programs.values(), before, repositories, library.root)
    images, of_images, found = lock_images(programs.values(), before.images, update=update)
    lock = Lock(images, repositories, modules)
    return Locked(library.root / LOCK, lock, (*of_repositories, *of_modules, *of_images), tuple(found))


def _repositories(programs: Iterable[Program], before: Lock) -> tuple[dict[str, str], list[str]]:
    """The commits of all repositories, those of other specs as they were."""
    asked = {name: commit for program in programs for name, commit in program.repositories.items()}
    told = [f"{name}: {commit}, {_since(before.repositories.get(name), commit)}" for name, commit in asked.items()]
    return {**before.repositories, **asked}, told


def _modules(
    programs: Iterable[Program], before: Lock, repositories: Mapping[str, str], root: Path
) -> tuple[dict[str, str], list[str]]:
    """The contents of all modules' files, those of other specs as they were. Only what is new or changed is told.

    Raises `CompileError` for a file that cannot be read, or was altered in the cache.
    """
    moved = {name for name, commit in before.repositories.items() if repositories[name] != commit}
    asked = {}
    for program in programs:
        for name, file in program.modules.items():
            try:
                asked[name] = content_of(file)
            except OSError as error:
                message = f"cannot read `{file.shown}`: {error.strerror}"
                raise CompileError([UNREADABLE.at(file.span, message)], dict(program.documents)) from None
            same = before.modules.get(name, asked[name]) == asked[name]
            if not same and file.checkout is not None and _repository(name) not in moved:
                raise CompileError([changed(name, file)], dict(program.documents))
    # A file of the project that is gone is no spec's any more; of a commit that was left nothing holds.
    kept = {
        name: sum
        for name, sum in before.modules.items()
        if (_repository(name) not in moved if ":" in name else (root / name).is_file())
    }
    states = {name: _since(before.modules.get(name), sum) for name, sum in asked.items()}
    told = [f"{name}: {'new' if state == 'new' else 'changed'}" for name, state in states.items() if state != _SAME]
    return {**kept, **asked}, told


def _repository(name: str) -> str:
    """The repository, without a path in it, that a file was fetched from."""
    return name.rpartition("//")[0]


_SAME = "as before"


def _since(before: str | None, now: str) -> str:
    return "new" if before is None else _SAME if before == now else f"was {before}"


def lock_images(
    programs: Iterable[Program], before: Mapping[str, str], *, update: bool, ask: Callable[[str], str] = digest_of
) -> tuple[dict[str, str], list[str], list[Diagnostic]]:
    """The digests of all images, those of other specs as they were; what happened to each; and what cannot be had.

    Images that are known `before` are looked up anew only to `update` them. `ask` gives an image's digest.
    """
    images = dict(before)
    told: list[str] = []
    found: list[Diagnostic] = []
    for image, (step, value) in {i: u for program in programs for i, u in images_of(program.steps).items()}.items():
        name = registry_name(image)
        if is_pinned(image) or name is None:
            told.append(f"{image}: {'as the spec has it' if is_pinned(image) else 'of no registry, cannot be locked'}")
            continue
        if name in before and not update:
            told.append(f"{name}: {before[name]}, {_SAME}")
            continue
        try:
            images[name] = ask(name)
        except RegistryError as error:
            help = "see that the name is right, and that you are logged in if the registry wants it"
            message = f"`{name}` of `{step.name}` cannot be locked: {error}"
            found.append(faults.NO_IMAGE.at(value.span, message, help=help))
            continue
        told.append(f"{name}: {images[name]}, {_since(before.get(name), images[name])}")
    return images, told, found
