"""Calls that have to end well, in a folder with `spec.yaml`, and the ways in which a pipeline is run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from ..command_line import plain_snakemake, sncompile

SPEC = "spec.yaml"


def well(folder: Path, *arguments: str) -> str:
    """Call `sncompile`, which has to do well; what it printed."""
    done = sncompile(folder, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_snakemake(folder: Path, level: str) -> None:
    """Compile, and run what comes of it with Snakemake alone."""
    well(folder, "compile", SPEC, level, "-o", "out", "--verify")
    plain_snakemake(folder, "out/Snakefile")


def by_bash(folder: Path, level: str) -> None:
    """Compile to a script, and run that."""
    well(folder, "compile", SPEC, level, "--target", "bash", "-o", "out", "--verify")
    done = subprocess.run(["bash", "out/run.sh", "-j", "2"], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def by_run(folder: Path, level: str) -> None:
    """Have `sncompile` run it."""
    well(folder, "run", SPEC, level, "--cores", "2")


WAYS = (by_snakemake, by_bash, by_run)


def run(folder: Path, *more: str, code: int = 0) -> str:
    """Have `sncompile` run it, which has to end with a code; what it said."""
    done = sncompile(folder, "run", SPEC, "-c", "2", *more)
    assert done.returncode == code, done.stderr
    return done.stderr


def planned(folder: Path, *more: str) -> set[str]:
    """The jobs that run, or may."""
    return {job["id"] for job in json.loads(well(folder, "plan", SPEC, "--jobs", "--json", *more))}
