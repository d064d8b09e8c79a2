"""`sncompile doctor`: what is here is told with its version, and what is not with how to get it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from sncompile.runner import doctor
from tests.command_line import sncompile


def _tool(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH on which nothing is but what the test puts there."""
    folder = tmp_path / "bin"
    _tool(folder, "bash", "echo 'GNU bash, version 5.2.15(1)-release'")
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _found(folder: Path) -> dict[str, doctor.Finding]:
    return {finding.name: finding for finding in doctor.examine(folder)}


def test_what_is_missing_comes_with_how_to_get_it(bare: Path, tmp_path: Path) -> None:
    """Nothing that is missing is a fault by itself."""
    found = _found(tmp_path)
    assert found["bash"] == ("engines", "bash", "here", "5.2.15", "")
    assert found["docker"].state == "missing"
    assert found["SLURM"] == (
        "schedulers", "SLURM", "missing", "neither the plugin nor `sbatch`",
        "pip install snakemake-executor-plugin-slurm",
    )  # fmt: skip
    assert {f.name for f in found.values() if f.state == "missing" and not f.help} == set()


def test_what_does_not_answer_is_wrong(bare: Path, tmp_path: Path) -> None:
    """A client of Docker without its daemon is no Docker."""
    _tool(bare, "docker", "echo 'cannot connect' >&2; exit 1")
    _tool(bare, "podman", "echo 'podman version 4.3.1'")
    found = _found(tmp_path)
    assert found["docker"].state == "wrong"
    assert found["podman"] == ("containers", "podman", "here", "4.3.1", "")


def test_a_program_that_hangs_does_not_hang_us(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as one that does not answer."""
    monkeypatch.setattr(doctor, "PATIENCE", 0.2)
    _tool(bare, "docker", f"exec {sys.executable} -c 'import signal; signal.pause()'")
    assert _found(tmp_path)["docker"].state == "wrong"


def test_the_extras_are_those_of_the_package(tmp_path: Path) -> None:
    """Each one that users may want, with what of it is there: this environment has all of them."""
    extras = [f for f in doctor.examine(tmp_path) if f.about == "extras"]
    assert {"http", "notebook", "s3", "telemetry", "testing"} <= {f.name for f in extras}
    assert [f for f in extras if f.state != "here"] == []


def test_an_engine_of_another_version_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The requirement is that of the package."""
    real = doctor.version
    monkeypatch.setattr(doctor, "version", lambda name: "7.32.4" if name == "snakemake" else real(name))
    found = _found(tmp_path)["Snakemake"]
    assert found.state == "wrong"
    assert "pip install 'snakemake" in found.help


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_disk_that_may_not_be_written_to_is_wrong(tmp_path: Path) -> None:
    """`/proc` is one that nobody may."""
    found = _found(Path("/proc"))
    assert found["working folder"].state == "wrong"


def test_the_command_tells_it(tmp_path: Path) -> None:
    """As a table with signs, and for machines."""
    told = sncompile(tmp_path, "doctor")
    assert "Snakemake" in told.stdout
    found = json.loads(sncompile(tmp_path, "doctor", "--json").stdout)["findings"]
    wrong = [f["name"] for f in found if f["state"] == "wrong"]
    assert told.returncode == bool(wrong)
    assert all(name in told.stdout.splitlines()[-1] for name in wrong)
    assert ("needs mending" in told.stdout) == (len(wrong) == 1)
