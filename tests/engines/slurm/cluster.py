"""What tests ask of a real SLURM of one node, and how they run pipelines through it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from tests import command_line
from tests.runs import newest_run
from tests.waiting import PATIENCE

HERE = Path(__file__).parent

# There are no accounts, and no accounting to ask.
HERE_SO = (
    "--slurm-no-account", "--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "2",
    "--latency-wait", "5",
)  # fmt: skip


def lacking() -> str:
    """What is not there; empty where all is."""
    programs = [p for p in ("slurmctld", "slurmd", "sbatch", "munged") if shutil.which(p) is None]
    if programs:
        return f"{', '.join(programs)} not installed; `make test-engines` does so where it may"
    if find_spec("snakemake_executor_plugin_slurm") is None:
        return "snakemake-executor-plugin-slurm is not installed; `make test-engines` does so"
    if os.geteuid() != 0:
        return "only root can start a SLURM"
    if (Path("/etc/slurm/slurm.conf")).exists():
        return "this machine belongs to a SLURM already"
    return ""


class Job(NamedTuple):
    """A job as `squeue` tells it: `N`, or `N_K` for a task of an array; what it asked for is in SLURM's words."""

    id: str
    state: str
    memory: str
    time: str
    processors: str


@dataclass(frozen=True)
class Cluster:
    """A SLURM whose state and configuration lie in a folder."""

    folder: Path

    def up(self) -> None:
        """Start it."""
        subprocess.run([HERE / "up.sh", self.folder], check=True, timeout=PATIENCE)

    def down(self) -> None:
        """Stop it."""
        subprocess.run([HERE / "down.sh", self.folder], check=False, timeout=PATIENCE)

    @property
    def environment(self) -> Mapping[str, str]:
        """What programs need to find it. Snakemake is started by its name on the node."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return {**os.environ, "SLURM_CONF": str(self.folder / "etc" / "slurm.conf"), "PATH": path}

    def jobs(self, states: str = "all") -> list[Job]:
        """The jobs that it still knows, each task of an array by itself, in the order of their numbers."""
        done = subprocess.run(
            ["squeue", "--noheader", "--array", "--states", states, "--format", "%i %T %m %l %C"],
            capture_output=True, text=True, check=True, env=self.environment,
        )  # fmt: skip
        found = [Job(*line.split()) for line in done.stdout.splitlines()]
        return sorted(found, key=lambda job: [int(part) for part in job.id.split("_")])

    def left(self) -> list[Job]:
        """The jobs that wait, run, or are about to end."""
        return self.jobs("PENDING,RUNNING,SUSPENDED,CONFIGURING,COMPLETING")

    def call(self, folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command line in a folder, where SLURM can be found; `environment` changes that."""
        return command_line.sncompile(folder, *words, env={**self.environment, **environment})

    def start(self, folder: Path, *words: str) -> subprocess.Popen[str]:
        """The same in the background."""
        return command_line.begin(folder, *words, env=self.environment)

    def run(
        self, folder: Path, spec: str, *words: str, engine: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """`sncompile run --profile slurm`; `engine` goes to Snakemake."""
        return self.call(folder, "run", spec, "--profile", "slurm", *words, "--", *HERE_SO, *engine)


def log(folder: Path) -> str:
    """The end of the engine's log of the latest run; empty where none came so far."""
    return (newest_run(folder) / "engine.log").read_text()[-4000:] if any(folder.glob("runs/*/run.json")) else ""
