"""A target in a package of its own: the one of the documentation, built, installed and used as a stranger would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "targets.md"

SPEC = """\
sncompile: 1
pipeline: main
tables: {t: {key: [k], rows: [{k: a b}, {k: "it's"}]}}
steps:
  one: {by: [k], module: {outputs: {o: {type: file}}, shell: 'echo ${outputs.o} > ${outputs.o}'}}
  all:
    with: {i: "${one.o}"}
    module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, shell: 'cat ${inputs.i} > ${outputs.o}'}
outputs: {o: "${all.o}"}
"""


def test_the_target_of_the_page_as_a_package(tmp_path: Path) -> None:
    """Its entry point is found, its option taken, its script run; what it does not know is refused with its place."""
    package, site = tmp_path / "package", tmp_path / "site"
    package.mkdir()
    for name in ("pyproject.toml", "sncompile_sh.py"):
        block = re.search(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        assert block is not None
        (package / name).write_text(block[1], encoding="utf-8")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*install, "--target", str(site), str(package)], check=True, capture_output=True)
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def sncompile(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sncompile.cli.main", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert json.loads(sncompile("targets", "--json").stdout)["sh"]["options"] == ["trace"]
    (tmp_path / "main.yaml").write_text(SPEC)
    told = sncompile("main.yaml", "-t", "sh", "-o", "out", "--target-option", "trace=true")
    assert told.returncode == 0, told.stderr
    script = str(tmp_path / "out" / "all.sh")
    done = subprocess.run(["sh", script], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "+ echo all" in done.stderr
    assert (tmp_path / "results" / "all" / "o").read_text() == "results/one/a b/o\nresults/one/it's/o\n"
    (tmp_path / "main.yaml").write_text(SPEC.replace("  all:\n", "  all:\n    retries: 2\n"))
    told = sncompile("main.yaml", "-t", "sh", "-o", "out")
    assert told.returncode == 1
    assert "error[SN614]: `all` needs retries, which sh with bash cannot express\n --> main.yaml:6:3" in told.stderr
    assert sncompile("main.yaml", "-t", "sh", "--verify", "-O0", "-o", "else").returncode == 1
