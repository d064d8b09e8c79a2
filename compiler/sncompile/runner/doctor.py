"""What of engines, plugins, containers and disks is on this machine, and how to get the rest: `sncompile doctor`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from sncompile import __version__
from sncompile.lazy_regex import regex
from sncompile.runner.disks import disk_of, temporary_folder
from sncompile.runner.machine import this_machine
from sncompile.views.rounded import size_text

PATIENCE = 20
"""Seconds that a program has to answer; a daemon that hangs must not hang us."""

LOW = 5 << 30
"""With less free bytes than that a disk is remarked on."""

SCHEDULERS = {
    "slurm": ("SLURM", "sbatch"),
    "lsf": ("LSF", "bsub"),
    "htcondor": ("HTCondor", "condor_submit"),
    "kubernetes": ("Kubernetes", "kubectl"),
}
"""Snakemake's executor plugin → the scheduler's name, and the command that shows that it is here."""

NETWORK = regex(r"nfs|cifs|smb|lustre|gpfs|beegfs|ceph|fuse\.sshfs|afs")
"""Kinds of file systems that several machines share."""


class Finding(NamedTuple):
    """One thing that was looked at.

    `state` is `here`, `missing` (nothing needs it unless you want it) or `wrong` (it will not work as it is); `told`
    says which version, where, or what is wrong; `help` how to get or mend it.
    """

    about: str
    name: str
    state: str
    told: str
    help: str = ""


def examine(folder: Path) -> Iterator[Finding]:
    """Looks at everything, for runs whose working folder is `folder`; starts programs only to ask for their version."""
    yield from _engine()
    yield from _containers()
    yield from _schedulers()
    yield from _extras()
    yield from _machine()
    yield from _disks(folder)


# --- Engines ------------------------------------------------------------------------------------------------------


def _engine() -> Iterator[Finding]:
    about = "engines"
    yield Finding(about, "sncompile", "here", f"{__version__}, Python {sys.version.split()[0]}")
    try:
        snakemake = version("snakemake")
    except PackageNotFoundError:
        snakemake = ""
    get = f"pip install '{_wanted('snakemake')}'"
    if not snakemake:
        yield Finding(about, "Snakemake", "wrong", "nothing runs without it", get)
    elif not _fits("snakemake", snakemake):
        yield Finding(about, "Snakemake", "wrong", f"{snakemake} is not a version that sncompile works with", get)
    else:
        yield Finding(about, "Snakemake", "here", snakemake)
    bash = _answer(["bash", "--version"])
    yield (
        Finding(about, "bash", "here", bash.split("version ")[-1].split("(")[0])
        if bash
        else Finding(about, "bash", "wrong", "every `shell:` runs in it", "install bash")
    )
    yield _program(about, "cwltool", "running what `-t cwl` emits", "pip install cwltool")
    yield _program(about, "git", "modules of repositories, `diff --git`", "install git")
    yield _program(about, "conda", "steps with `conda:`", "install Miniforge")


def _program(about: str, name: str, use: str, help: str) -> Finding:
    if shutil.which(name) is None:
        return Finding(about, name, "missing", f"for {use}", help)
    return Finding(about, name, "here", _number(_answer([name, "--version"])))


def _containers() -> Iterator[Finding]:
    about = "containers"
    apptainer = next((name for name in ("apptainer", "singularity") if shutil.which(name)), None)
    if apptainer is None:
        yield Finding(about, "Apptainer", "missing", "for `--containers apptainer`", "ask whoever runs the machine")
    else:
        yield Finding(about, "Apptainer", "here", _number(_answer([apptainer, "--version"])))
    for name, asked in (("docker", "version"), ("podman", "info")):
        if shutil.which(name) is None:
            yield Finding(about, name, "missing", f"for `--containers {name}`", f"install {name}")
        elif _answer([name, asked]) is None:
            help = (
                "start its daemon, and see that you may use it" if name == "docker" else f"see what `{name} info` says"
            )
            yield Finding(about, name, "wrong", "it is installed and does not answer", help)
        else:
            yield Finding(about, name, "here", _number(_answer([name, "--version"])))


def _schedulers() -> Iterator[Finding]:
    about = "schedulers"
    plugins = set(_plugins("snakemake-executor-plugin-"))
    for plugin, (title, command) in SCHEDULERS.items():
        there, submits = plugin in plugins, shutil.which(command) is not None
        get = f"pip install snakemake-executor-plugin-{plugin}"
        if there and submits:
            yield Finding(about, title, "here", f"plugin and `{command}`")
        elif submits:
            yield Finding(about, title, "missing", f"`{command}` is here, the plugin of Snakemake is not", get)
        elif there:
            yield Finding(
                about, title, "missing", f"the plugin is here, `{command}` is not on PATH", "log in to the cluster"
            )
        else:
            yield Finding(about, title, "missing", f"neither the plugin nor `{command}`", get)
    for other in sorted(plugins - SCHEDULERS.keys()):
        yield Finding(about, other, "here", "plugin")


def _plugins(prefix: str) -> Iterator[str]:
    for found in distributions():
        name = (found.name or "").lower().replace("_", "-")
        if name.startswith(prefix):
            yield name.removeprefix(prefix)


# --- Python packages ----------------------------------------------------------------------------------------------


def _extras() -> Iterator[Finding]:
    """What else `pip install 'sncompile[NAME]'` brings: the names are those that the package declares."""
    wanted: dict[str, list[Requirement]] = {}
    for line in requires("sncompile") or []:
        need = Requirement(line)
        extra = re.search(r"extra == [\"']([^\"']+)[\"']", str(need.marker or ""))
        if extra is not None and need.marker is not None and need.marker.evaluate({"extra": extra[1]}):
            wanted.setdefault(extra[1], []).append(need)
    for name in sorted(wanted.keys() - {"dev", "bench", "docs"}):
        lacking = [need.name for need in wanted[name] if not _installed(need)]
        if lacking:
            told = f"without {', '.join(lacking)}"
            yield Finding("extras", name, "missing", told, f"pip install 'sncompile[{name}]'")
        else:
            yield Finding("extras", name, "here", ", ".join(need.name for need in wanted[name]))


def _installed(need: Requirement) -> bool:
    try:
        return need.specifier.contains(version(need.name), prereleases=True)
    except PackageNotFoundError:
        return False


def _wanted(name: str) -> str:
    """The requirement that the package declares, such as `snakemake<10,>=9.12`."""
    needs = (Requirement(line) for line in requires("sncompile") or [])
    return next((f"{n.name}{n.specifier}" for n in needs if n.name == name and n.marker is None), name)


def _fits(name: str, found: str) -> bool:
    return Requirement(_wanted(name)).specifier.contains(found, prereleases=True)


# --- The machine --------------------------------------------------------------------------------------------------


def _machine() -> Iterator[Finding]:
    found = this_machine()
    yield Finding("machine", "cores", "here", str(found.cores))
    memory = "unknown" if found.memory is None else size_text(found.memory * 1_000_000)
    held = ", held by a container or a scheduler's job" if found.held else ""
    yield Finding("machine", "memory", "here", memory + held)


def _disks(folder: Path) -> Iterator[Finding]:
    kinds = _file_systems()
    for name, path in (("working folder", str(folder)), ("temporary files", temporary_folder())):
        disk = disk_of(path, folder)
        if disk is None:
            yield Finding("disks", name, "wrong", f"`{path}` cannot be looked at", "name a folder that is there")
            continue
        told = f"{size_text(disk.free)} of {size_text(disk.size)} free"
        kind = _kind(Path(path), kinds)
        told += f", {kind}" if kind else ""
        if disk.trouble is not None or not os.access(_nearest(Path(path)), os.W_OK):
            yield Finding(
                "disks", name, "wrong", disk.trouble or f"`{path}` may not be written to", "free space, or use another"
            )
        elif disk.free < LOW:
            yield Finding("disks", name, "wrong", f"only {told}", "`sncompile plan` tells what a pipeline will need")
        elif kind and NETWORK.search(kind):
            help = "for clusters it has to be; set Snakemake's `latency-wait` in the profile if files come late"
            yield Finding("disks", name, "here", told, help)
        else:
            yield Finding("disks", name, "here", told)


def _nearest(path: Path) -> Path:
    return path if path.exists() or path == path.parent else _nearest(path.parent)


def _file_systems() -> list[tuple[str, str]]:
    """Where file systems are mounted, the longest path first, and their kinds; empty where nobody tells."""
    try:
        lines = Path("/proc/mounts").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = [(words[1].replace("\\040", " "), words[2]) for words in map(str.split, lines) if len(words) > 2]
    return sorted(found, key=lambda mount: len(mount[0]), reverse=True)


def _kind(path: Path, mounts: Iterable[tuple[str, str]]) -> str | None:
    real = _nearest(path).resolve()
    return next((kind for at, kind in mounts if real.is_relative_to(at)), None)


def _answer(command: list[str]) -> str | None:
    """The first line that a program prints; None where it cannot be started, fails, or takes too long."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[0].strip() if lines else ""


def _number(answer: str | None) -> str:
    """The version in what a program says of itself."""
    found = re.search(r"\d+(\.\d+)+[\w.-]*", answer or "")
    return found[0] if found else "here"
