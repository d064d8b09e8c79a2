"""Makes the lock file of a project: the images of its specs by their digests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sncompile.diagnostics import Diagnostic, Report
from sncompile.exchange.registries import RegistryError, digest_of
from sncompile.exchange.yaml_text import yaml_text
from sncompile.faults import runs as faults
from sncompile.semantics.images import LOCK, VERSION, images_of, is_pinned, read_lock, registry_name
from sncompile.semantics.library import Library
from sncompile.semantics.program import Program

_HEAD = "The images of this project by their digests. Written by `sncompile lock`; keep it with the specs."


@dataclass(frozen=True, slots=True)
class Locked:
    """A lock file's new state: where it lies, all of its images, and what happened to those that were asked for."""

    path: Path
    images: Mapping[str, str]
    told: tuple[str, ...]
    faults: tuple[Diagnostic, ...]

    @property
    def text(self) -> str:
        """The file's text."""
        data = {"sncompile": VERSION, "images": dict(sorted(self.images.items()))}
        return yaml_text(data, {("sncompile",): _HEAD})


def lock(
    programs: Iterable[Program],
    library: Library,
    report: Report,
    *,
    update: bool,
    ask: Callable[[str], str] = digest_of,
) -> Locked:
    """The lock file of a project with the images of some of its programs; those of others stay as they are.

    Images that are in it already are looked up anew only to `update` them. `ask` gives an image's digest.
    """
    images = dict(read_lock(library, report))
    told: list[str] = []
    found: list[Diagnostic] = []
    for image, (step, value) in {i: u for program in programs for i, u in images_of(program).items()}.items():
        name = registry_name(image)
        if is_pinned(image) or name is None:
            told.append(f"{image}: {'as the spec has it' if is_pinned(image) else 'of no registry, cannot be locked'}")
            continue
        before = images.get(name)
        if before is not None and not update:
            told.append(f"{name}: {before}, as before")
            continue
        try:
            images[name] = ask(name)
        except RegistryError as error:
            help = "see that the name is right, and that you are logged in if the registry wants it"
            message = f"`{name}` of `{step.name}` cannot be locked: {error}"
            found.append(faults.NO_IMAGE.at(value.span, message, help=help))
            continue
        state = "new" if before is None else "as before" if before == images[name] else f"was {before}"
        told.append(f"{name}: {images[name]}, {state}")
    return Locked(library.root / LOCK, images, tuple(told), tuple(found))
