"""A real SLURM of one node runs an example pipeline through `run --profile slurm`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.engines.test_runs import newest_run

HERE = Path(__file__).parent
VARIANTS = HERE.parents[1] / "specs" / "examples" / "variants"


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


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The configuration of a SLURM that runs."""
    why = lacking()
    if why:
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("slurm")
    try:
        subprocess.run([HERE / "slurm" / "up.sh", folder], check=True, timeout=120)
        yield folder
    finally:
        subprocess.run([HERE / "slurm" / "down.sh", folder], check=False, timeout=60)


def run(folder: Path, slurm: Path, spec: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`sncompile run --profile slurm`; there are no accounts, and no accounting to ask."""
    command = [sys.executable, "-m", "sncompile.cli.main", "run", spec, "--profile", "slurm", *arguments]
    # Snakemake is started by its name on the node.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [*command, "--", "--slurm-no-account", "--slurm-status-command", "squeue",
         "--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "5"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=550,
        env={**os.environ, "SLURM_CONF": str(slurm / "etc" / "slurm.conf"), "PATH": path},
    )  # fmt: skip


def jobs_of(slurm: Path) -> list[list[str]]:
    """The jobs that SLURM still knows: number, state, memory, time and processors that each asked for."""
    done = subprocess.run(
        ["squeue", "--noheader", "--states", "all", "--format", "%i %T %m %l %C"], capture_output=True, text=True,
        check=True, env={**os.environ, "SLURM_CONF": str(slurm / "etc" / "slurm.conf")},
    )  # fmt: skip
    return sorted(line.split() for line in done.stdout.splitlines())


SPEC = """\
sncompile: 1
pipeline: small
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}]}}
steps:
  first:
    module:
      outputs: {o: {type: file, format: txt}}
      params: {k: {type: string}}
      resources: {cpus: 1, memory: 200MB, time: 5m}
      shell: |
        echo ${params.k} > ${outputs.o}
    by: [k]
    with: {k: "${k}"}
  last:
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file, format: txt}}
      shell: cat ${inputs.i} > ${outputs.o}
    with: {i: "${first.o}"}
"""


def test_jobs_go_through_slurm(slurm: Path, tmp_path: Path) -> None:
    """Every job is one of SLURM's, with the memory and the time that its step asks for."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    before = jobs_of(slurm)
    done = run(tmp_path, slurm, "spec.yaml")
    assert done.returncode == 0, done.stderr + (newest_run(tmp_path) / "engine.log").read_text()
    assert (tmp_path / "results" / "last" / "o.txt").read_text() == "a\nb\nc\n"
    ran = [job[1:] for job in jobs_of(slurm) if job not in before]
    assert ran.count(["COMPLETED", "200M", "5:00", "1"]) == 3
    assert ran.count(["COMPLETED", "2000M", "1:00:00", "1"]) == 1
    arguments = json.loads((newest_run(tmp_path) / "run.json").read_text())["arguments"]
    assert "--cores" not in arguments


def test_a_failure_on_a_node_is_told_as_ever(slurm: Path, tmp_path: Path) -> None:
    """In the spec's terms, and the other jobs are done."""
    (tmp_path / "spec.yaml").write_text(
        SPEC.replace("echo ${params.k} >", "[ ${params.k} != b ] && echo ${params.k} >")
    )
    done = run(tmp_path, slurm, "spec.yaml", "--keep-going", "--target", "first")
    assert done.returncode == 3
    assert "error[SN701]: `first` for k=b failed" in done.stderr
    assert (tmp_path / "results" / "first" / "c" / "o.txt").exists()


def test_the_example_runs_through_slurm(slurm: Path, tmp_path: Path) -> None:
    """The variants of made-up genomes, as on one machine."""
    folder = tmp_path / "variants"
    shutil.copytree(VARIANTS, folder, ignore=shutil.ignore_patterns("results", "runs", "build", "logs", ".snakemake"))
    done = run(folder, slurm, "variants.yaml", "--containers", "none")
    assert done.returncode == 0, done.stderr + (newest_run(folder) / "engine.log").read_text()[-3000:]
    assert json.loads((newest_run(folder) / "run.json").read_text())["state"] == "done"
