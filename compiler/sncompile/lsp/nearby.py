"""What a value may be that stands near it: files beside a document, and what a declaration itself says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sncompile.lsp import names as scope
from sncompile.lsp.names import Offered
from sncompile.lsp.readings import Snapshot
from sncompile.lsp.symbols import Kind
from sncompile.syntax.document import ModuleDoc

MAX_FILES = 200
"""So many files of a folder are offered."""

_TABLES = (".csv", ".tsv", ".tab", ".txt", ".csv.gz", ".tsv.gz", ".tab.gz", ".txt.gz", ".parquet", ".pq")
_SCRIPTS = (".py", ".R", ".jl", ".sh")


def files(snapshot: Snapshot, path: tuple[str | int, ...]) -> Iterator[Offered]:
    """The files that a value can name, in the folder of the document and in those below it."""
    folder = snapshot.path.parent
    match _in_its_document(path):
        case ("tables", str(), "file"):
            yield from _files(folder, _TABLES)
        case ("script",) | ("script", "file"):
            yield from _files(folder, _SCRIPTS)
        case ("notebook",):
            yield from _files(folder, (".ipynb",))
        case ("conda",):
            yield from _files(folder, (".yaml", ".yml"), but=snapshot.path)
        case ("python",):
            # The function's name follows.
            yield from (each._replace(name=f"{each.name}:") for each in _files(folder, (".py",)))


def beside(snapshot: Snapshot) -> Iterator[Offered]:
    """The files that `file('…')` can name: those beside the document and in the folders there."""
    yield from _files(snapshot.path.parent, ("",), but=snapshot.path)


def _in_its_document(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """A path from the top of its document, of which a module in a step is one."""
    return path[3:] if path[:1] == ("steps",) and path[2:3] == ("module",) else path


def _files(folder: Path, suffixes: tuple[str, ...], but: Path | None = None) -> Iterator[Offered]:
    for near in (folder, *_folders(folder)):
        for each in _listed(near):
            if each.name.endswith(suffixes) and each != but and each.is_file():
                yield Offered(os.path.relpath(each, folder), Kind.VALUE, "file")


def _folders(folder: Path) -> list[Path]:
    return [each for each in _listed(folder) if each.is_dir() and not each.name.startswith("_")]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if not each.name.startswith("."))[:MAX_FILES]
    except OSError:
        return []


def of_the_declaration(snapshot: Snapshot, path: tuple[str | int, ...]) -> Iterator[Offered]:
    """The values that a default may have, by its parameter, and the directories that an output may be a part of."""
    document, _ = scope.document_at(snapshot, path)
    if document is None:
        return
    match _in_its_document(path):
        case ("params", *names, "default"):
            # Groups stand around the parameter: `params.a.params.b.default`.
            param = document.params.get(".".join(map(str, names[::2])))
            if param is not None and not param.many:
                known = ("true", "false") if param.base == "boolean" else map(str, param.enum)
                yield from (Offered(value, Kind.VALUE, "value") for value in known)
        case ("outputs", str(name), "in") if isinstance(document, ModuleDoc):
            for output in scope.outputs_of(document):
                if output.name != name and document.outputs[output.name].base == "directory":
                    yield output
