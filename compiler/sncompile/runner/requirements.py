"""What modules require where their jobs run (`requires`), looked for before the first job (decision 0084)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sncompile.diagnostics import Diagnostic
from sncompile.faults import runs as faults
from sncompile.ir.graph.images import ImageKind, image_name, images_used
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.values.evaluate import Evaluator
from sncompile.runner.software import Tell, all_there
from sncompile.semantics.program import Step
from sncompile.syntax.document import ProgramDoc
from sncompile.targets.snakemake.containers import apptainer_name, docker_name
from sncompile.targets.target import wrapped_for

_PATIENCE = 300
"""Seconds for one look into an image, which may have to be unpacked."""
_LONGEST = 10_000
"""So many characters of what a program says of its version are looked at."""
_LOOK = (
    'for each in "$@"; do command -v "$each" > /dev/null || echo "sncompile-lacks $each"; done; echo sncompile-looked'
)


class Place(NamedTuple):
    """Where jobs run: the words that run a command there, and what that is called."""

    words: tuple[str, ...]
    name: str


def unmet(
    graph: Graph, steps: Mapping[str, Step], working: Path, containers: str, methods: Sequence[str], tell: Tell
) -> Iterator[Diagnostic]:
    """What the modules of `steps` require and is not there; of each program once for each place.

    Steps whose files are all there need none. A place that cannot be looked into is left to the engine.
    """
    evaluator = Evaluator(graph.families)
    wanted: dict[Place, dict[str, tuple[ProgramDoc, str]]] = {}
    for family in graph.families.values():
        # A pass may have made one family of several steps.
        names = {origin.step for origin in family.origins.values()} if family.origins else {family.name}
        needed = [(program, name) for name in sorted(names & steps.keys()) for program in steps[name].module.programs]
        if not needed or all_there(family, evaluator, working):
            continue
        if family.conda is not None or any(variable.name == "PATH" for variable in family.env):
            continue  # What it will find cannot be seen from here.
        for place in places_of(family, evaluator, working, containers, methods):
            for program, name in needed:
                wanted.setdefault(place, {}).setdefault(program.name.name, (program, name))
    for place, programs in wanted.items():
        if place.words:
            tell(f"looking into {place.name}")
        yield from _unmet_at(place, programs)


def places_of(
    family: Family, evaluator: Evaluator, working: Path, containers: str, methods: Sequence[str]
) -> Iterator[Place]:
    """Where a family's jobs run, as far as it can be looked into."""
    engine = wrapped_for(containers)
    if family.container is None or (engine is None and "apptainer" not in methods):
        yield Place((), "the PATH")
        return
    for image in images_used(family, evaluator):
        if engine is not None:
            name = docker_name(image)
            if name is not None:
                words = (engine, "run", "--rm", "--network", "none", "--entrypoint", "")
                yield Place((*words, "--", name), f"the image {name}")
        elif image_name(image)[1] is ImageKind.REGISTRY:
            yield Place(("apptainer", "exec", "--", apptainer_name(image)), f"the image {image}")
        elif (working / image).exists():
            yield Place(("apptainer", "exec", "--", str(working / image)), f"the image {image}")


def _unmet_at(place: Place, programs: Mapping[str, tuple[ProgramDoc, str]]) -> Iterator[Diagnostic]:
    lacking = _lacking(place, list(programs))
    for name, (program, step) in programs.items():
        if name in lacking:
            where = "is not installed" if not place.words else f"is not in {place.name}"
            hint = "install it, or run with an image that has it" if not place.words else "take an image that has it"
            yield faults.LACKS_PROGRAM.at(program.name.span, f"`{name}` {where}, and `{step}` requires it", help=hint)
        elif program.ask and (fault := _version_fault(place, program, step)) is not None:
            yield fault


def _lacking(place: Place, programs: list[str]) -> set[str]:
    if not place.words:
        return {name for name in programs if shutil.which(name) is None}
    told = _ask(place, ("sh", "-c", _LOOK, "sh", *programs)).splitlines()
    if "sncompile-looked" not in told:
        return set()
    return {line.removeprefix("sncompile-lacks ") for line in told if line.startswith("sncompile-lacks ")}


def _version_fault(place: Place, program: ProgramDoc, step: str) -> Diagnostic | None:
    found = re.search(r"\d+(?:\.\d+)+", _ask(place, program.ask)[:_LONGEST])
    if found is None:
        return None  # It does not tell.
    version = _numbers(found[0])
    least = not program.at_least or version >= _numbers(program.at_least)
    if least and (not program.below or version < _numbers(program.below)):
        return None
    limits = (("at least", program.at_least), ("below", program.below))
    wanted = " and ".join(f"{word} {limit}" for word, limit in limits if limit)
    message = f"`{program.name.name}` is {found[0]} in {place.name}, and `{step}` requires {wanted}"
    return faults.WRONG_VERSION.at(program.name.span, message, help="take another version, or another image")


def _numbers(version: str) -> tuple[int, ...]:
    numbers = [int(part) for part in version.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _ask(place: Place, command: Sequence[str]) -> str:
    """What a command writes there; nothing where it cannot be run."""
    try:
        done = subprocess.run(
            [*place.words, *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"{done.stdout}\n{done.stderr}"
