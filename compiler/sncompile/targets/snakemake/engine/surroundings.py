"""What a run takes from the environment that it is started in, and how Python is started for it.

Three kinds of variables could make a run other than what its spec and its options say. Those that set options of
Snakemake are left out, but for the settings of the plugins that the run's own profile names. Those that change what
bash makes of a script are left out: with `SHELLOPTS=noexec` every job ends well and does nothing. Those of Python
belong to the jobs' tools; the engine heeds none of them, but for folders of `PYTHONPATH` that are told in full.
Everything else (`PATH`, `LD_LIBRARY_PATH`, the locale) is the tools' own, and reaches them as it is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sncompile.targets.bash_settings import BASH_SETTINGS, START_FILE

ENGINE_PREFIX = "SNAKEMAKE_"

PLACES = ("SNAKEMAKE_CONDA_PREFIX", "SNAKEMAKE_APPTAINER_PREFIX")
"""Where a site keeps environments and images: they say where something is stored, not what is run."""

MODULE_HOMES = ("MODULESHOME", "LMOD_PKG", "LMOD_DIR")
"""Where a site's module system lies; a start file in it is what gives jobs the command `module`."""

MODULE_FUNCTIONS = frozenset({"module", "ml", "_module_raw", "_moduleraw", "scl", "switchml", "clearMT", "clearLmod"})
"""The functions that module systems hand down."""

_FUNCTION = "BASH_FUNC_"

_TOLD = ("SNAKEMAKE_", "APPTAINER", "SINGULARITY", "SBATCH_", "SLURM_", "PYTHONPATH", "LD_PRELOAD", "LD_LIBRARY_PATH")
"""Beginnings of the variables that a record names, as they change what is run or where."""


class Surroundings(NamedTuple):
    """The variables of the engine and its jobs, and the names of those that steer it and of those that were left out.

    Values stand in no record: some are logins.
    """

    variables: dict[str, str]
    heeded: list[str]
    removed: list[str]


def surroundings(environment: Mapping[str, str], plugins: Iterable[str] = ()) -> Surroundings:
    """What of an environment a run takes; `plugins` are those of Snakemake that its profile names."""
    prefixes = tuple(f"{ENGINE_PREFIX}{name.upper().replace('-', '_')}_" for name in plugins)
    kept = {name: value for name, value in environment.items() if _belongs(name, value, environment, prefixes)}
    heeded = sorted(name for name in kept if name.startswith(_TOLD) or name == START_FILE)
    return Surroundings(kept, heeded, sorted(set(environment) - set(kept)))


def _belongs(name: str, value: str, environment: Mapping[str, str], prefixes: tuple[str, ...]) -> bool:
    """Whether a variable reaches the run."""
    if name.startswith(ENGINE_PREFIX):
        return name in PLACES or name.startswith(prefixes)
    if name.startswith(_FUNCTION):
        return name.removeprefix(_FUNCTION).removesuffix("%%").removesuffix("()") in MODULE_FUNCTIONS
    if name == START_FILE:
        homes = [environment[home] for home in MODULE_HOMES if environment.get(home)]
        return any(value.startswith(f"{home.rstrip('/')}/") for home in homes)
    return name not in BASH_SETTINGS


_ENTER = (
    "import sys, json; sys.path[:0] = json.loads(sys.argv.pop(1)); "
    "from runpy import run_module; run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours in an interpreter of its own.

    `-P` and `-E`: neither a file `json.py` in the working folder nor a variable takes the place of what was installed.
    Folders that `PYTHONPATH` names in full are where sites install packages, so that they are looked at all the same.
    """
    folders = [folder for folder in os.environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(folder)]
    # What this process was told of the form of texts holds for its child, too.
    mode = ["-X", "utf8"] if sys.flags.utf8_mode else []
    return [sys.executable, "-E", "-P", *mode, "-c", _ENTER, json.dumps(folders), module, *arguments]
