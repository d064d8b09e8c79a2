"""Random scripts mean what they were made to mean, whatever their values are; no value is ever run.

`SNCOMPILE_SCRIPTS=5000` has so many of them made instead of a few, and `SNCOMPILE_SEED` others.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from sncompile.api import compile_graph, optimize, verify_emitted

from . import running
from .scripts import Generated, Generator

COUNT = int(os.environ.get("SNCOMPILE_SCRIPTS", "120"))
SEED = int(os.environ.get("SNCOMPILE_SEED", "1"))
AT_ONCE = 120


def generated(seed: int, count: int) -> list[Generated]:
    """Scripts that are the same for a seed on every machine."""
    generator = Generator(Random(seed))
    return [generator.script() for _ in range(count)]


@pytest.mark.parametrize("part", range(-(-COUNT // AT_ONCE)))
def test_a_script_means_what_it_says(part: int, tmp_path: Path) -> None:
    """Every call of `argv` has the arguments that the script was built to give it, and no other file is there."""
    scripts = generated(SEED * 100_000 + part, min(AT_ONCE, COUNT))
    graph = running.graph(running.compiled(scripts, tmp_path))
    (tmp_path / "run").mkdir()
    ran = running.run(running.texts(graph), tmp_path / "run")
    for number, script in enumerate(scripts):
        found = ran[f"s{number}"]
        assert found.calls == script.calls, f"{script.script}\n{found.said}"
        assert found.status == 0, f"{script.script}\n{found.said}"
        assert {f"f{n}" for n in range(100)} >= found.files, script.script


@pytest.mark.parametrize("level", [0, 1])
def test_targets_have_the_same_scripts(level: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snakemake's own formatting gives the job's script, byte for byte; so does what reads CWL back."""
    monkeypatch.chdir(tmp_path)
    graph = running.graph(running.compiled(generated(SEED, 40), tmp_path))
    after = optimize(graph, level).graph if level else graph
    for target in ("snakemake", "cwl"):
        out = tmp_path / f"build-{target}"
        compile_graph(after, target, out=out).write(out)
        assert verify_emitted(after, out, target) == 40
    formatted = [sys.executable, "-m", "snakefmt", "--check", "build-snakemake/Snakefile"]
    assert subprocess.run(formatted, capture_output=True, check=False).returncode == 0
