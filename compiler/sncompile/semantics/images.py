"""Images by their digests: the lock file of a project, and the steps' images as it has them.

`sncompile.lock` lies in the project's root and says for each image the digest that its name stood for when
`sncompile lock` looked. A name alone may stand for something else tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sncompile.diagnostics import Report
from sncompile.faults import names as faults
from sncompile.semantics.evaluate import Evaluator
from sncompile.semantics.library import Library
from sncompile.semantics.program import Program, Step
from sncompile.semantics.types import STRING
from sncompile.semantics.values import Const, Value
from sncompile.syntax.nodes import Mapping as MappingNode
from sncompile.syntax.nodes import Node, Scalar
from sncompile.syntax.source import Source, read_source
from sncompile.syntax.yaml import YamlError, parse_yaml

LOCK = "sncompile.lock"
VERSION = 1

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")


def registry_name(image: str) -> str | None:
    """An image of a registry, without `docker://`; None for files and what other worlds hold.

    >>> registry_name("docker://org/tool:1"), registry_name("tools/x.sif"), registry_name("oras://org/tool:1")
    ('org/tool:1', None, None)
    """
    name = image.removeprefix("docker://")
    if "://" in name or name.startswith((".", "/")) or name.endswith((".sif", ".simg")):
        return None
    return name


def is_pinned(image: str) -> bool:
    """Whether an image cannot change behind its name: it has a digest, or is a file of the user's own."""
    name = image.removeprefix("docker://")
    return bool(_PINNED.search(name)) or (registry_name(image) is None and "://" not in name)


def with_digest(image: str, digest: str) -> str:
    """An image by its digest. The tag goes: Apptainer takes one or the other.

    >>> with_digest("localhost:5000/org/tool:1.4", "sha256:ab")
    'localhost:5000/org/tool@sha256:ab'
    """
    head, slash, last = image.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}@{digest}"


def read_lock(library: Library, report: Report) -> Mapping[str, str]:
    """Image → digest, as the project's lock file has it; empty where there is none. Its faults are told."""
    path = library.root / LOCK
    if not path.is_file():
        return {}
    source = read_source(library.name_of(path), path)
    if not isinstance(source, Source):
        report.add(source)
        return {}
    library.sources[source.name] = source.text
    try:
        node, found = parse_yaml(source)
    except YamlError as error:
        report.add(error.diagnostic)
        return {}
    report.extend(found)
    return dict(_entries(node, report))


def _entries(node: Node, report: Report) -> Iterator[tuple[str, str]]:
    version, images = (node.get("sncompile"), node.get("images")) if isinstance(node, MappingNode) else (None, None)
    hint = "take the entry out, or the file, and write it anew: sncompile lock SPEC"
    if not isinstance(version, Scalar) or version.value != VERSION:
        report.add(faults.BAD_LOCK.at(node.span, f"a lock file has `sncompile: {VERSION}`", help=hint))
        return
    for key, value in images.entries if isinstance(images, MappingNode) else ():
        if isinstance(value, Scalar) and _DIGEST.fullmatch(str(value.value)):
            yield key.text, str(value.value)
        else:
            report.add(faults.BAD_LOCK.at(value.span, "an entry is `IMAGE: sha256:…`, with 64 digits", help=hint))


def images_of(program: Program) -> dict[str, tuple[Step, Value]]:
    """Every image of a program, each with the first step that uses it and the value that names it."""
    evaluator = Evaluator(program.steps)
    found: dict[str, tuple[Step, Value]] = {}
    for step in program.steps.values():
        for image in _images(step, evaluator):
            assert step.container is not None
            found.setdefault(image, (step, step.container))
    return found


def _images(step: Step, evaluator: Evaluator) -> list[str]:
    if step.container is None:
        return []
    return sorted({str(image) for image in evaluator.column(step.container, step.keys, step)})


def with_locked_images(program: Program, lock: Mapping[str, str], must: bool, report: Report) -> Program:
    """The program with the images that the lock file knows by their digests. With `must` all have to have one."""
    if must:
        for image, (step, value) in images_of(program).items():
            if not is_pinned(image) and registry_name(image) not in lock:
                message = f"the image `{image}` of `{step.name}` has no digest, and `{LOCK}` has none for it"
                report.add(faults.NOT_LOCKED.at(value.span, message, help="record it: sncompile lock SPEC"))
    if not lock:
        return program
    evaluator = Evaluator(program.steps)
    steps = {name: _locked(step, evaluator, lock) for name, step in program.steps.items()}
    return replace(program, steps=steps)


def _locked(step: Step, evaluator: Evaluator, lock: Mapping[str, str]) -> Step:
    images = _images(step, evaluator)
    name = registry_name(images[0]) if len(images) == 1 else None
    if step.container is None or name is None or name not in lock:
        return step
    return step._replace(container=Const(with_digest(name, lock[name]), STRING, step.container.span))
