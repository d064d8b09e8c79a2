"""The targets there are: ours, and those that installed packages offer by entry point."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults import targets as faults
from sncompile.targets.target import Target

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

GROUP = "sncompile.targets"

OURS = {"snakemake": "SnakemakeTarget", "cwl": "CwlTarget", "bash": "BashTarget"}
"""Our own by their names, each the class in the file `target.py` of a folder of that name."""


def all_targets() -> dict[str, Target[Any]]:
    """Every target by its name. An entry point of the group `sncompile.targets` gives a target object, or its class.

    Raises `CompileError` for one that cannot be used.
    """
    found = {name: _ours(name) for name in OURS}
    for entry in _offered():
        if entry.name not in found:
            found[entry.name] = _loaded(entry)
    return found


def find_target(name: str | Target[Any]) -> Target[Any]:
    """A target by its name, or itself. Raises `CompileError` for an unknown one, and for one that cannot be used."""
    if isinstance(name, Target):
        return name
    if name in OURS:
        return _ours(name)
    for entry in _offered():
        if entry.name == name:
            return _loaded(entry)
    known = [*OURS, *(entry.name for entry in _offered())]
    raise CompileError(
        [faults.UNKNOWN_TARGET.at(None, f"no target `{name}`", help=did_you_mean(name, known, what="targets"))]
    )


@contextmanager
def blamed(target: Target[Any]) -> Iterator[None]:
    """What goes wrong in a target of a package is told as its fault, and not as ours. Raises `CompileError`."""
    try:
        yield
    except CompileError:
        raise
    except Exception as error:
        if target.name in OURS and type(target).__module__.startswith("sncompile.targets."):
            raise
        import traceback

        at = traceback.extract_tb(error.__traceback__)[-1]
        message = f"the target `{target.name}` failed: {type(error).__name__}: {error} ({at.filename}:{at.lineno})"
        help = f"tell it to those who make it (`{type(target).__module__}`), or compile to another target"
        raise CompileError([faults.BAD_TARGET.at(None, message, help=help)]) from error


def _offered() -> EntryPoints:
    """The targets of packages, which are looked for where none of ours is meant."""
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def _ours(name: str) -> Target[Any]:
    found: Target[Any] = getattr(import_module(f"sncompile.targets.{name}.target"), OURS[name])()
    return found


def _loaded(entry: EntryPoint) -> Target[Any]:
    try:
        found: object = entry.load()
        found = found() if isinstance(found, type) else found
    except Exception as error:  # Whatever a package does when it is imported is its own.
        raise CompileError([_bad(entry, f"it cannot be loaded: {type(error).__name__}: {error}")]) from error
    if not isinstance(found, Target):
        raise CompileError([_bad(entry, f"`{entry.value}` is no `sncompile.targets.target.Target`")])
    return found


def _bad(entry: EntryPoint, message: str) -> Any:
    package = entry.dist.name if entry.dist is not None else "a package"
    help = f"mend or uninstall `{package}`, which offers it"
    return faults.BAD_TARGET.at(None, f"the target `{entry.name}` cannot be used: {message}", help=help)
