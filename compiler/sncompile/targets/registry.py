"""The targets there are: ours, and those that installed packages offer by entry point."""

from __future__ import annotations

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults import targets as faults
from sncompile.targets.target import Target

GROUP = "sncompile.targets"


def all_targets() -> dict[str, Target]:
    """Every target by its name. An entry point of the group `sncompile.targets` gives a target object."""
    from importlib.metadata import entry_points

    from sncompile.targets.cwl.target import CwlTarget
    from sncompile.targets.snakemake.target import SnakemakeTarget

    ours: dict[str, Target] = {"snakemake": SnakemakeTarget(), "cwl": CwlTarget()}
    for entry in entry_points(group=GROUP):
        ours.setdefault(entry.name, entry.load())
    return ours


def find_target(name: str) -> Target:
    """A target by its name. Raises `CompileError` for an unknown one."""
    if name == "snakemake":
        from sncompile.targets.snakemake.target import SnakemakeTarget

        return SnakemakeTarget()
    known = all_targets()
    if name not in known:
        hint = did_you_mean(name, known, what="targets")
        raise CompileError([faults.UNKNOWN_TARGET.at(None, f"no target `{name}`", help=hint)])
    return known[name]
