"""The profile that a run is to use: an emitted one by its name, a folder, or one of Snakemake's usual places."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults import runs as faults
from sncompile.lazy_regex import regex

HERE = ("local", "dryrun", "touch")
"""Executors that run jobs on this machine, or none."""

_FILE = regex(r"(?:profile|config)(?:\.v(\d+)\+)?\.yaml")


def find_profile(name: str, emitted: Path) -> Path:
    """The file of the emitted profile of that name, of a folder, or of one in Snakemake's usual places, in full.

    Nothing is left to Snakemake, which would look for a name from the working folder. Raises `CompileError` where there
    is none, or where the plugin that it needs is not installed.
    """
    own = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser()
    folders = (emitted / "profiles", Path(), own / "snakemake", Path("/etc/xdg/snakemake"))
    found = next((file for folder in folders if (file := _file(folder / name)) is not None), None)
    if found is None:
        known = sorted(p.name for p in (emitted / "profiles").glob("*"))
        hint = did_you_mean(name, known, what="emitted ones") or "name an emitted one, or a folder with `config.yaml`"
        raise CompileError([faults.NO_ENGINE.at(None, f"there is no profile `{name}`", help=hint)])
    executor = executor_of(found)
    plugin = f"snakemake-executor-plugin-{executor}"
    if executor is not None and executor not in HERE and find_spec(plugin.replace("-", "_")) is None:
        message = f"the profile `{name}` needs the package {plugin}, which is not installed"
        raise CompileError([faults.NO_ENGINE.at(None, message, help=f"pip install {plugin}")])
    return Path(os.path.abspath(found))


def works_elsewhere(profile: Path) -> bool:
    """Whether a profile has a scheduler or a cloud run the jobs."""
    return executor_of(profile) not in (None, *HERE)


def executor_of(profile: Path) -> str | None:
    """The executor that a profile names; None where it leaves that open, or cannot be read."""
    said = _read(profile).get("executor")
    return None if said is None else str(said)


def plugins_of(profile: Path) -> list[str]:
    """The plugins that a profile names, as their settings and variables are called."""
    said = _read(profile)
    executor, storage = said.get("executor"), said.get("default-storage-provider")
    return [*([str(executor)] if executor else []), *([f"storage-{storage}"] if storage else [])]


def _read(profile: Path) -> dict[str, Any]:
    from ruamel.yaml import YAML, YAMLError

    file = _file(profile)
    try:
        said = YAML(typ="safe").load(file) if file is not None else None
    except (OSError, ValueError, YAMLError):
        return {}  # Snakemake will tell.
    return said if isinstance(said, dict) else {}


def _file(profile: Path) -> Path | None:
    """The file of a profile: itself, or of those in its folder the one for the newest Snakemake up to ours."""
    if profile.is_file():
        return profile
    return max(_files(profile), default=(0, None))[1]


def _files(folder: Path) -> Iterator[tuple[int, Path]]:
    ours = int(version("snakemake").partition(".")[0])
    for path in folder.glob("*.yaml"):
        named = _FILE.fullmatch(path.name)
        if named is not None and int(named[1] or 0) <= ours:
            yield int(named[1] or 0), path
