"""The software of a run's jobs: how it comes to them, and what of it is missing, before anything has begun."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from sncompile.diagnostics import CompileError, Diagnostic
from sncompile.faults import runs as faults
from sncompile.ir.graph.commands import Flag, Option
from sncompile.ir.graph.images import ImageKind, image_name, images_of, images_used
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.language.locations import absolute, is_url
from sncompile.ir.values.evaluate import Evaluator
from sncompile.lowering.lower import lower
from sncompile.lowering.model import Lowered
from sncompile.runner.kernels import Kernels
from sncompile.runner.links import Lost, Mount, followed
from sncompile.semantics.scratch import tool_of
from sncompile.targets.snakemake.containers import docker_name, folders
from sncompile.targets.target import wrapped_for

Tell = Callable[[str], None]
"""Takes a line on what takes long."""


def deployment(graph: Graph, containers: str) -> list[str]:
    """Snakemake's own ways for software to come to the jobs. Raises `CompileError` for one that is not installed."""
    has = _apptainer()
    if containers == "apptainer" and not has:
        help = "install it, or run with `--containers none`"
        raise CompileError([faults.NO_ENGINE.at(None, "apptainer is not installed", help=help)])
    methods = ["apptainer"] if _boxed(graph) and has and containers in ("auto", "apptainer") else []
    if any(f.conda is not None for f in graph.families.values()) and shutil.which("conda"):
        methods.append("conda")
    return methods


NO_IMAGES = "none"
"""What a record says of containers where the tools ran as they were."""


def engine_of(containers: str, methods: list[str], profile: str | None) -> str | None:
    """What runs the images of a run, for its record: an engine or `NO_IMAGES`; None where only a profile knows."""
    engine = wrapped_for(containers) or ("apptainer" if "apptainer" in methods else None)
    return engine or (NO_IMAGES if profile is None or containers == "none" else None)


def unused_images(graph: Graph, containers: str) -> str | None:
    """What to tell of images that nobody chose an engine for; None where there is nothing to tell."""
    if containers != "auto" or not _boxed(graph) or _apptainer():
        return None
    others = [engine for engine in ("docker", "podman") if shutil.which(engine)]
    hint = f"; `--containers {others[0]}` has {others[0]} run them" if others else ""
    return f"note: the tools run without their images, as Apptainer is not installed{hint}"


def binds(graph: Graph, working: Path) -> list[str]:
    """Options of Snakemake that let Apptainer see the folders which lie outside of the working folder, and what links
    lead to.

    Those that jobs write to are made where they are missing, as Apptainer wants all of them to be there.
    """
    lowered = lower(graph, "files")
    write, read = folders(lowered)
    found = []
    for path in (*write, *read):
        place = Path(os.path.normpath(working / path))
        if place == working or working in place.parents:
            continue
        if path in write:
            place.mkdir(parents=True, exist_ok=True)
        if place.exists():
            found.append(_bind(str(place), str(place)))
    found += [_bind(mount.source, mount.target, "ro") for mount in linked(lowered, working)[0]]
    return [f"--apptainer-args={' '.join(found)}"] if found else []


def linked(lowered: Lowered, working: Path) -> tuple[list[Mount], list[Lost]]:
    """What containers have to see for the links among their inputs, and the links that they cannot follow."""
    shown = [os.path.normpath(working / path) for found in folders(lowered) for path in found]
    paths: dict[str, None] = {}
    for task in lowered.tasks.values():
        if task.image is None:
            continue
        outside = [each.paths for port in task.inputs.values() for each in port.outside]
        for found in (*outside, *(paths for each in task.parameters.values() for paths in each.paths)):
            paths |= dict.fromkeys(absolute(str(working), path) for path in found if not is_url(path))
    return followed(paths, (str(working), *shown))


def _bind(source: str, target: str, options: str = "") -> str:
    if not set(source + target) & set(',:"\\'):
        word = source if source == target and not options else f"{source}:{target}"
        return f"--bind {shlex.quote(f'{word}:{options}' if options else word)}"
    # The value of `--mount` is a line of CSV, in which such a name can be written.
    quoted = [path.replace('"', '""') for path in (source, target)]
    fields = [f'"source={quoted[0]}"', f'"destination={quoted[1]}"']
    mount = ",".join(["type=bind", *fields, *([options] if options else [])])
    return f"--mount {shlex.quote(mount)}"


def missing(graph: Graph, working: Path, containers: str, methods: list[str], tell: Tell) -> Iterator[Diagnostic]:
    """What the jobs need and this machine does not have: engines, images, environments, programs, kernels.

    A family whose files are all there needs none.

    An image that an engine does not hold is fetched; `tell` hears of it, as it takes long.
    """
    engine = wrapped_for(containers)
    if engine is not None and _boxed(graph):
        lacking = _engine_fault(engine)
        yield from [lacking] if lacking is not None else _images(graph, engine, tell)
    if (engine is not None or "apptainer" in methods) and _boxed(graph):
        for link, why in linked(lower(graph, "files"), working)[1]:
            hint = "copy what it leads to, or make a link to another place"
            message = f"no container can follow the link `{link}`, which {why}"
            yield faults.LOST_LINK.at(None, message, help=hint)
    evaluator, kernels = Evaluator(graph.families), Kernels()
    for family in graph.families.values():
        boxed = family.container is not None and (engine is not None or "apptainer" in methods)
        if boxed and "apptainer" in methods:
            yield from _image_files(family, evaluator, working)
        if family.conda is not None and not boxed and "conda" not in methods:
            help = "install conda, or the programs themselves"
            if _program_fault(family, evaluator) is not None and not all_there(family, evaluator, working):
                message = f"`{family.name}` wants conda, which is not installed"
                yield faults.NO_ENGINE.at(family.span, message, help=help)
        elif not boxed and family.conda is None:
            fault = _program_fault(family, evaluator) or kernels.fault(family, graph.files)
            if fault is not None and not all_there(family, evaluator, working):
                yield fault


def _boxed(graph: Graph) -> bool:
    return any(family.container is not None for family in graph.families.values())


def _apptainer() -> bool:
    return any(shutil.which(name) for name in ("apptainer", "singularity"))


# --- Engines and images ---------------------------------------------------------------------------------------------


def _engine_fault(engine: str) -> Diagnostic | None:
    if shutil.which(engine) is None:
        help = "install it, or run with another `--containers`"
        return faults.NO_ENGINE.at(None, f"{engine} is not installed", help=help)
    # Docker tells of a daemon that does not answer in a line of its own only here.
    done = _run(engine, "version" if engine == "docker" else "info")
    if done.returncode == 0:
        return None
    help = "see that it runs, and that you may use it"
    return faults.NO_ENGINE.at(None, f"{engine} does not answer: {_last(done)}", help=help)


def _images(graph: Graph, engine: str, tell: Tell) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for image, (_, value) in images_of(graph.families).items():
        name = docker_name(image)
        if name is None or name in seen:
            continue
        seen.add(name)
        if _run(engine, "image", "inspect", "--", name).returncode == 0:
            continue
        tell(f"{engine} fetches the image {name}")
        done = _run(engine, "pull", "--quiet", "--", name)
        if done.returncode:
            help = f"see that the name is right, and that `{engine} pull {shlex.quote(name)}` works"
            message = f"{engine} has no image `{name}` and cannot fetch it: {_last(done)}"
            yield faults.NO_IMAGE.at(value.span, message, help=help)


def _image_files(family: Family, evaluator: Evaluator, working: Path) -> Iterator[Diagnostic]:
    """Apptainer's images that are files; those of registries Snakemake fetches before its first job."""
    for image in images_used(family, evaluator):
        name, kind = image_name(image)
        # With `docker://` before it even such a name is one of a registry to Apptainer.
        if kind is ImageKind.FILE and name == image and not (working / image).exists():
            assert family.container is not None
            help = "relative names start at the working folder"
            yield faults.NO_IMAGE.at(family.container.span, f"there is no image file `{image}`", help=help)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1] if lines else f"exit status {done.returncode}"


# --- Programs -------------------------------------------------------------------------------------------------------


def _program_fault(family: Family, evaluator: Evaluator) -> Diagnostic | None:
    """A fault where a command's own program is not there."""
    if not family.command or any(variable.name == "PATH" for variable in family.env):
        return None
    words, sign = tool_of(family.command)
    first = words[0]
    if isinstance(first, (Option, Flag)):
        return None
    lacking = [
        program
        for program in sorted({str(p).removeprefix(sign) for p in evaluator.column(first, family.keys, family)})
        if "/" not in program and shutil.which(program) is None
    ]
    if not lacking:
        return None
    boxed = family.container is not None
    help = "run it in its image: `--containers docker`, `podman` or `apptainer`" if boxed else "install it"
    count = f"{len(family.keys)} job{'s need' if len(family.keys) != 1 else ' needs'} it"
    return faults.NO_PROGRAM.at(
        first.span, f"`{lacking[0]}` is not installed, and {count} (`{family.name}`)", help=help
    )


def all_there(family: Family, evaluator: Evaluator, working: Path) -> bool:
    """Whether all files are there that a family makes."""
    for output in family.outputs.values():
        for value in evaluator.column(output.path, family.keys, family):
            if not all((working / path).exists() for path in (value if isinstance(value, tuple) else (value,))):
                return False
    return bool(family.outputs)
