"""What the images of containers are called, what that says of where they are, and which of them steps use."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple, Protocol, TypeVar

from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import Bound, Value
from sncompile.lazy_regex import regex

_PINNED = regex(r"@sha256:[0-9a-f]{64}$")


class ImageKind(Enum):
    """Where an image is, as its name has it."""

    REGISTRY = "registry"
    FILE = "file"
    """A file of Apptainer's, or a folder, by its path."""
    ELSEWHERE = "elsewhere"
    """What another scheme than `docker://` leads to: `oras://`, `library://`, `shub://`, `https://`."""


class ImageName(NamedTuple):
    """An image's name without `docker://`, and what it is the name of."""

    name: str
    kind: ImageKind


def image_name(image: str) -> ImageName:
    """What an image is called, and where it is. This is the one place that reads it off the name.

    >>> image_name("docker://org/tool:1")
    ImageName(name='org/tool:1', kind=<ImageKind.REGISTRY: 'registry'>)
    >>> [image_name(image).kind.value for image in ("tools/x.sif", "./x", "oras://org/tool:1")]
    ['file', 'file', 'elsewhere']
    """
    name = image.removeprefix("docker://")
    if "://" in name:
        return ImageName(name, ImageKind.ELSEWHERE)
    by_path = name.startswith((".", "/")) or name.endswith((".sif", ".simg"))
    return ImageName(name, ImageKind.FILE if by_path else ImageKind.REGISTRY)


def registry_name(image: str) -> str | None:
    """An image of a registry, without `docker://`; None for any other."""
    name, kind = image_name(image)
    return name if kind is ImageKind.REGISTRY else None


def is_pinned(image: str) -> bool:
    """Whether an image cannot change behind its name: it has a digest, or is a file of the user's own."""
    name, kind = image_name(image)
    return bool(_PINNED.search(name)) or kind is ImageKind.FILE


def with_digest(image: str, digest: str) -> str:
    """An image by its digest. The tag goes: Apptainer takes one or the other.

    >>> with_digest("localhost:5000/org/tool:1.4", "sha256:ab")
    'localhost:5000/org/tool@sha256:ab'
    """
    head, slash, last = image.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}@{digest}"


class Boxed(Bound, Protocol):
    """A step, or a family of a graph, as far as its image goes."""

    @property
    def container(self) -> Value | None:
        """What names the image of its jobs; None where they run without."""


_Boxed = TypeVar("_Boxed", bound=Boxed)


def images_used(user: Boxed, evaluator: Evaluator) -> list[str]:
    """The images of a step's or a family's jobs, as the spec names them: each once, in order."""
    if user.container is None:
        return []
    return sorted({str(image) for image in evaluator.column(user.container, user.keys, user)})


def images_of(users: Mapping[str, _Boxed]) -> dict[str, tuple[_Boxed, Value]]:
    """Every image of a program's steps or a graph's families, with the first that uses it and what names it there."""
    evaluator = Evaluator(users)
    found: dict[str, tuple[_Boxed, Value]] = {}
    for user in users.values():
        for image in images_used(user, evaluator):
            assert user.container is not None
            found.setdefault(image, (user, user.container))
    return found
