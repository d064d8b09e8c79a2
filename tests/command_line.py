"""The command line, as a user calls it: in a process of its own, or in this one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from sncompile.cli.main import main

from .waiting import PATIENCE

# `-P`, as the shell command has it: the folder where one stands is no place to import from.
SNCOMPILE = (sys.executable, "-P", "-m", "sncompile.cli.main")

_WITHOUT_US = "import sys; sys.modules['sncompile'] = None; from snakemake.cli import main; main(sys.argv[1:])"


class Ended(NamedTuple):
    """How a call ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


def sncompile(
    folder: Path, *arguments: str | Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Call `sncompile` in a folder, and wait for its end; `env` is its whole environment, where it is not this one."""
    return subprocess.run(
        [*SNCOMPILE, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=6 * PATIENCE
    )


def begin(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """The same in the background."""
    return subprocess.Popen(
        [*SNCOMPILE, *arguments], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of what was begun."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out, err)


def in_this_process(capsys: pytest.CaptureFixture[str], *before: str) -> Run:
    """A function that calls `sncompile`, with these words before its own, in this process and folder."""

    def call(*arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main([*before, *map(str, arguments)])
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return call


def plain_snakemake(folder: Path, snakefile: str) -> None:
    """Run Snakemake on a file in a folder, where sncompile cannot be imported; it must do well."""
    done = snakemake_without_us(folder, snakefile, "-q")
    assert done.returncode == 0, done.stderr[-2000:]


def snakemake_without_us(folder: Path, snakefile: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call Snakemake on a file in a folder, where sncompile cannot be imported."""
    command = [sys.executable, "-c", _WITHOUT_US, "-s", snakefile, "--cores", "2", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=6 * PATIENCE)
