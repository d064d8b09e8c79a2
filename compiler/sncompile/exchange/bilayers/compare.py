"""What a module has that one imported from its export would not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sncompile.diagnostics import Report, Span
from sncompile.exchange.bilayers.about import same_image
from sncompile.exchange.bilayers.arguments import Passed, Piece, flat, split_preparation
from sncompile.exchange.bilayers.carried import plain
from sncompile.exchange.bilayers.module_command import read_command
from sncompile.exchange.bilayers.spec import same
from sncompile.syntax.document import ModuleDoc


class Difference(NamedTuple):
    """A difference: `part` is `command`, `top`, or the section of the item called `name`."""

    part: str
    name: str
    what: str
    span: Span


_PORT = {
    "base": "the type of", "many": "the type of", "optional": "whether there may be no",
    "formats": "the formats of",
}  # fmt: skip
_PARAM = {
    "base": "the type of", "many": "the type of", "optional": "whether there may be no",
    "enum": "the allowed values of", "minimum": "the minimum of", "maximum": "the maximum of",
}  # fmt: skip


def differences(doc: ModuleDoc, other: ModuleDoc) -> list[Difference]:
    """How `other` falls behind `doc`; what it has beyond that does not count."""
    return [*_about(doc, other), *_ports(doc, other), *_params(doc, other), *_settings(doc, other)]


def _about(doc: ModuleDoc, other: ModuleDoc) -> Iterator[Difference]:
    for name in ("title", "description", "version", "license", "citations"):
        value = getattr(doc.about, name)
        if value and value != getattr(other.about, name):
            part = "top" if name == "version" else "citations"
            yield Difference("top", part, f"the module's {name}", doc.name.span)


def _changed(name: str, old: Any, new: Any, fields: Mapping[str, str]) -> Iterator[str]:
    for field, what in fields.items():
        if not same(_listed(getattr(old, field)), _listed(getattr(new, field))):
            yield f"{what} `{name}`"
    if old.description and old.description != new.description:
        yield f"the description of `{name}`"


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _ports(doc: ModuleDoc, other: ModuleDoc) -> Iterator[Difference]:
    for section in ("inputs", "outputs"):
        there: Mapping[str, Any] = getattr(other, section)
        for name, port in getattr(doc, section).items():
            span = port.name.span
            if name not in there:
                yield Difference(section, name, f"the port `{name}`", span)
                continue
            told = list(_changed(name, port, there[name], _PORT))
            if port.path is not None and (plain(port.path) or "") != plain(there[name].path):
                told.append(f"the path of `{name}`")
            if port.default is not None:
                told.append(f"the default of `{name}`")
            yield from (Difference(section, name, what, span) for what in dict.fromkeys(told))


def _params(doc: ModuleDoc, other: ModuleDoc) -> Iterator[Difference]:
    for name, param in doc.params.items():
        span = param.name.span
        new = other.params.get(name)
        if new is None:
            yield Difference("parameters", name, f"the parameter `{name}`", span)
            continue
        told = list(_changed(name, param, new, _PARAM))
        if param.pattern is not None:
            told.append(f"the pattern of `{name}`")
        if param.default is not None and not _equal(plain(param.default, param.base), plain(new.default, new.base)):
            told.append(f"the default of `{name}`")
        if param.default is None and new.default is not None:
            told.append(f"that `{name}` must be given")
        yield from (Difference("parameters", name, what, span) for what in dict.fromkeys(told))


def _equal(left: Any, right: Any) -> bool:
    return left is not None and isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _settings(doc: ModuleDoc, other: ModuleDoc) -> Iterator[Difference]:
    old = doc.container
    if old is not None and old.image is not None:
        images = [plain(c.image) if c is not None else None for c in (old, other.container)]
        if not all(isinstance(i, str) for i in images) or not same_image(*map(str, images)):
            yield Difference("top", "docker_image", "the container's image", old.span)
    for variable in old.env if old is not None else ():
        yield Difference("top", "env", f"the variable `{variable.name.name}`", variable.name.span)
    if doc.conda is not None:
        yield Difference("top", "conda", "the conda environment", doc.conda.span)
    for name, value in doc.resources.items():
        yield Difference("top", "resources", f"the resource `{name}`", value.span)
    yield from _success(doc, other)


def _success(doc: ModuleDoc, other: ModuleDoc) -> Iterator[Difference]:
    there = other.success
    for named, _ in doc.success.sha256:
        yield Difference("top", "success", f"the checksum of `{named.name}`", named.span)
    counts = {named.name: count for named, count in there.min_files}
    for named, count in doc.success.min_files:
        if counts.get(named.name) != count:
            part = "outputs" if count == 1 else "top"
            yield Difference(part, named.name, f"how many files `{named.name}` must hold", named.span)
    wanted = doc.success.non_empty
    spans = {n.name: n.span for n in wanted or ()}
    if wanted is None:
        spans = {name: port.name.span for name, port in doc.outputs.items() if port.base == "file"}
    kept = {n.name for n in there.non_empty or ()}
    for name, span in spans.items():
        if name not in kept:
            yield Difference("outputs", name, f"that `{name}` must not be empty", span)


def command_difference(doc: ModuleDoc, other: ModuleDoc) -> str | None:
    """Where the commands of two modules part; None where they are the same."""
    (first, words), (second, others) = (_arguments(d) for d in (doc, other))
    if first != second:
        return "which input is copied into an output first"
    for old, new in zip(words, others, strict=False):
        if old != new:
            return f"{_shown(old)} would be {_shown(new)}"
    if len(words) != len(others):
        longer = words if len(words) > len(others) else others
        return f"{_shown(longer[min(len(words), len(others))])} would be {'missing' if longer is words else 'added'}"
    return None


def _arguments(doc: ModuleDoc) -> tuple[object, list[Piece]]:
    preparation, pieces = split_preparation(read_command(doc, Report()))
    return preparation.copies, flat(pieces)


def _shown(piece: Piece) -> str:
    if isinstance(piece, Passed):
        return f"`{' '.join([*piece.words, f'{piece.before}${{{piece.ref}}}{piece.after}'])}`"
    return f"`{piece.text}`"
