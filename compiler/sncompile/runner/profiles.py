"""The profile that a run is to use: an emitted one by its name, a folder, or one of Snakemake's usual places."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults import runs as faults

HERE = ("local", "dryrun", "touch")
"""Executors that run jobs on this machine, or none."""


def find_profile(name: str, emitted: Path) -> Path:
    """The emitted profile of that name, or what Snakemake makes of it. Raises `CompileError` where there is none, or
    where the plugin that it needs is not installed."""
    ours = emitted / "profiles" / name
    profile = ours if ours.is_dir() else Path(name)
    if not profile.exists() and not any(profile_files(profile)):
        known = sorted(p.name for p in (emitted / "profiles").glob("*"))
        hint = did_you_mean(name, known, what="emitted ones") or "name an emitted one, or a folder with `config.yaml`"
        raise CompileError([faults.NO_ENGINE.at(None, f"there is no profile `{name}`", help=hint)])
    executor = executor_of(profile)
    plugin = f"snakemake-executor-plugin-{executor}"
    if executor is not None and executor not in HERE and find_spec(plugin.replace("-", "_")) is None:
        message = f"the profile `{name}` needs the package {plugin}, which is not installed"
        raise CompileError([faults.NO_ENGINE.at(None, message, help=f"pip install {plugin}")])
    return profile


def works_elsewhere(profile: Path) -> bool:
    """Whether a profile has a scheduler or a cloud run the jobs."""
    return executor_of(profile) not in (None, *HERE)


def executor_of(profile: Path) -> str | None:
    """The executor that a profile names; None where it leaves that open, or cannot be read."""
    from ruamel.yaml import YAML, YAMLError

    for path in profile_files(profile):
        try:
            said = YAML(typ="safe").load(path)
        except (OSError, ValueError, YAMLError):
            continue  # Snakemake will tell.
        if isinstance(said, dict) and said.get("executor") is not None:
            return str(said["executor"])
    return None


def profile_files(profile: Path) -> list[Path]:
    """The files of a profile that is a file, a folder, or in one of Snakemake's usual places."""
    if profile.is_file():
        return [profile]
    own = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    folders = (profile, own / "snakemake" / profile, Path("/etc/xdg/snakemake") / profile)
    return [path for folder in folders for path in sorted(folder.glob("config*.yaml"))]
