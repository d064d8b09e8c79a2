"""Modules that installed Python packages offer, as `pkg:NAME/…` names them."""

from __future__ import annotations

from pathlib import Path

from sncompile.diagnostics import Report, Span, did_you_mean
from sncompile.faults.names import MODULE_NOT_FOUND

GROUP = "sncompile.modules"
"""The group of the entry points that say where a package has its modules: `NAME = "package.folder"`."""


def package_folder(name: str, span: Span, report: Report) -> Path | None:
    """The folder of the modules that a package offers as `name`; None after telling why there is none.

    The package is found, not imported: a compile runs nobody's code.
    """
    from importlib.metadata import entry_points

    offered = {entry.name: entry for entry in entry_points(group=GROUP)}
    entry = offered.get(name)
    if entry is None:
        hint = did_you_mean(name, offered, what="installed packages with modules")
        hint = hint or f"install it; it must have an entry point in the group `{GROUP}`"
        report.add(MODULE_NOT_FOUND.at(span, f"no installed package offers modules as `{name}`", help=hint))
        return None
    top, *inner = entry.value.split(":")[0].split(".")
    places = _places(top)
    if not places:
        message = f"the package `{top}` of `{name}` has no folder"
        report.add(MODULE_NOT_FOUND.at(span, message, help="install it as a folder, not zipped"))
        return None
    return Path(places[0], *inner)


def _places(package: str) -> list[str]:
    """Where a package lies that is installed."""
    from importlib.util import find_spec

    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    return list(spec.submodule_search_locations or []) if spec is not None else []
