"""URLs as Snakemake's storage plugins have them: files that it fetches before a job, and sends after one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from sncompile.diagnostics import Span
from sncompile.ir.language.locations import is_url, location
from sncompile.lowering.model import Input, Lowered, Output
from sncompile.targets.snakemake.python_code import Atom, Call, Code

PROVIDERS: Mapping[str, str] = {"https": "http", "http": "http", "s3": "s3"}
"""The plugin for each scheme, as Snakemake calls it."""

FETCHED = "fetched"
"""The function of the header that has Snakemake fetch what a path names, where that is a URL."""

PLACE = ".snakemake/storage"
"""Where Snakemake keeps the copies, as seen from the working folder."""


def providers_of(ports: Iterable[Input | Output]) -> set[str]:
    """The plugins that some ports need."""
    every = {path for port in ports if port.remote for paths in port.paths for path in paths or () if is_url(path)}
    return {PROVIDERS[location(path).scheme] for path in every}


def copy_of(path: str) -> str:
    """The path of Snakemake's copy of what a URL names; any other path as it is.

    >>> copy_of("https://example.org/raw/a.tif"), copy_of("raw/a.tif")
    ('.snakemake/storage/http/example.org/raw/a.tif', 'raw/a.tif')
    """
    if not is_url(path):
        return path
    found = location(path)
    return str(PurePosixPath(PLACE, PROVIDERS[found.scheme], f"{found.host}{found.path}"))


def one_copy(lowered: Lowered) -> tuple[Span, str, str] | None:
    """Two URLs whose copies cannot both be there, and where the second is named; None where all can."""
    known: dict[str, str] = {}
    for task in lowered.tasks.values():
        ports: tuple[Input | Output, ...] = (*task.inputs.values(), *task.outputs.values())
        for port in ports:
            for path in (path for paths in port.paths for path in paths or ()) if port.remote else ():
                other = known.setdefault(copy_of(path), path) if is_url(path) else path
                if other != path:
                    return port.span, other, path
    for copy, path in known.items():
        for folder in PurePosixPath(copy).parents:
            if str(folder) in known:
                return lowered.span, known[str(folder)], path
    return None


def fetched(code: Code) -> tuple[Code, bool]:
    """The code of paths so that Snakemake fetches those that are URLs, and whether it takes the header's function."""
    if isinstance(code, Atom):
        return _stored(code), False
    if isinstance(code, Call) and code.head == "[" and all(isinstance(item, Atom) for item in code.arguments):
        return Call("[", tuple(_stored(item) for item in code.arguments if isinstance(item, Atom))), False
    if isinstance(code, Call) and code.head.startswith("lambda "):
        head, _, inner = code.head.partition(": ")
        return Call(f"{head}: {FETCHED}", (Call(inner, code.arguments),)), True
    return Call(FETCHED, (code,)), True


def _stored(path: Atom) -> Code:
    text = ast.literal_eval(path.text)
    return Call(f"storage.{PROVIDERS[location(text).scheme]}", (path,)) if is_url(text) else path
