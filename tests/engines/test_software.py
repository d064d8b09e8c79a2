"""What a run needs is looked for before it begins; no engine of containers is needed for this."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .. import command_line

SPEC = """
sncompile: 1
pipeline: lacking
steps:
  first: {module: {outputs: {o: {type: file}}, command: [sh, -c, 'echo > "$0"', "${outputs.o}"]}}
  then:
    with: {i: "${first.o}"}
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      container: org/tool:1
      command: [no-such-tool, "${inputs.i}", "${outputs.o}"]
"""


def sncompile(
    folder: Path, *arguments: str, spec: str = SPEC, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    """`sncompile` with a spec in a folder, and with another `PATH`."""
    (folder / "spec.yaml").write_text(spec)
    return command_line.sncompile(folder, *arguments, env={**os.environ, "PATH": path or os.environ["PATH"]})


def test_a_missing_program_ends_a_run_before_it_begins(tmp_path: Path) -> None:
    done = sncompile(tmp_path, "run", "spec.yaml", "--containers", "none")
    assert done.returncode == 3
    assert "error[SN709]: `no-such-tool` is not installed, and 1 job needs it (`then`)" in done.stderr
    assert "spec.yaml:12:17" in done.stderr
    assert not (tmp_path / "results").exists()
    assert not list((tmp_path / "runs").iterdir())


def test_what_is_done_needs_no_program(tmp_path: Path) -> None:
    (tmp_path / "results" / "then").mkdir(parents=True)
    (tmp_path / "results" / "then" / "o").write_text("")
    done = sncompile(tmp_path, "run", "spec.yaml", "--containers", "none")
    assert "SN709" not in done.stderr


def test_a_missing_engine_is_told(tmp_path: Path) -> None:
    done = sncompile(tmp_path, "run", "spec.yaml", "--containers", "podman", path=str(Path(sys.executable).parent))
    assert done.returncode == 3
    assert "error[SN704]: podman is not installed" in done.stderr


def test_wrapped_commands_are_read_back(tmp_path: Path) -> None:
    """Snakemake has the same jobs where they are wrapped, and each rule says its image."""
    spec = SPEC.replace("no-such-tool", '"it\'s {a} tool"')
    done = sncompile(tmp_path, "spec.yaml", "--containers", "docker", "--verify", spec=spec)
    assert done.returncode == 0, done.stderr
    assert "verified: Snakemake has the same 2 jobs" in done.stderr
    text = (tmp_path / "build" / "lacking" / "Snakefile").read_text()
    assert re.search(r"bash {CONTAINER:q} --inputs .* org/tool:1", text)
    assert "container:" not in text


def test_image_files_are_apptainers(tmp_path: Path) -> None:
    spec = SPEC.replace("org/tool:1", "tools/own.sif")
    done = sncompile(tmp_path, "spec.yaml", "--containers", "podman", spec=spec)
    assert done.returncode == 1
    assert "error[SN608]: podman cannot run the image `tools/own.sif`" in done.stderr


def test_an_image_that_no_registry_has_is_not_locked(tmp_path: Path) -> None:
    """What can be locked is locked, and what cannot is told with its place."""
    digest = f"sha256:{'1' * 64}"
    spec = SPEC.replace("org/tool:1", "127.0.0.1:9/org/tool:1")
    done = sncompile(tmp_path, "lock", "spec.yaml", spec=spec)
    assert done.returncode == 1
    assert "error[SN708]: `127.0.0.1:9/org/tool:1` of `then` cannot be locked" in done.stderr
    assert "spec.yaml:11:18" in done.stderr
    assert not (tmp_path / "sncompile.lock").exists()
    (tmp_path / "sncompile.lock").write_text(f'sncompile: 1\nimages:\n  "127.0.0.1:9/org/tool:1": {digest}\n')
    done = sncompile(tmp_path, "lock", "spec.yaml", spec=spec)
    assert done.returncode == 0, done.stderr
    assert f"127.0.0.1:9/org/tool:1: {digest}, as before" in done.stdout
    done = sncompile(tmp_path, "check", "spec.yaml", "--locked", spec=spec)
    assert done.returncode == 0, done.stdout


def test_a_report_does_not_say_that_an_image_was_used_that_was_not(tmp_path: Path) -> None:
    spec = SPEC.replace("no-such-tool", "cp")
    done = sncompile(tmp_path, "run", "spec.yaml", "--containers", "none", spec=spec)
    assert done.returncode == 0, done.stderr
    assert sncompile(tmp_path, "report", "spec.yaml", "-o", "page.html", spec=spec).returncode == 0
    page = (tmp_path / "page.html").read_text()
    assert "<code>org/tool:1</code>" in page
    assert "not used: the tools ran as they are" in page


NOTEBOOK = """
sncompile: 1
pipeline: book
steps: {page: {module: {outputs: {o: {type: file}}, notebook: page.ipynb}}}
"""


def lay_notebook(folder: Path, kernel: str) -> None:
    """A notebook that names a kernel."""
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "o = None", "id": "a"}
    about = {"kernelspec": {"name": kernel, "display_name": kernel}, "language_info": {"name": "python"}}
    cells = [{**cell, "outputs": [], "execution_count": None}]
    book = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    (folder / "page.ipynb").write_text(json.dumps(book))


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of programs with a papermill, whose Jupyter knows one kernel."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "papermill").write_text("#!/bin/sh\nexit 1\n")
    (tools / "jupyter-kernelspec").write_text('#!/bin/sh\necho \'{"kernelspecs": {"own-kernel": {}}}\'\n')
    for program in tools.iterdir():
        program.chmod(0o755)
    return tools


@pytest.mark.parametrize("level", ["0", "1", "2"])
def test_a_kernel_that_is_not_installed_ends_a_run_before_it_begins(tmp_path: Path, tools: Path, level: str) -> None:
    lay_notebook(tmp_path, "owm-kernel")
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = sncompile(tmp_path, "run", "spec.yaml", f"-O{level}", spec=NOTEBOOK, path=path)
    assert done.returncode == 3
    assert "error[SN229]: the notebook of `page` names the kernel `owm-kernel`" in done.stderr
    assert "did you mean `own-kernel`?" in done.stderr
    assert "spec.yaml:4" in done.stderr
    assert not list((tmp_path / "runs").iterdir())


def test_kernels_that_are_there_or_that_nobody_knows_of_are_no_fault(tmp_path: Path, tools: Path) -> None:
    """Names are the same in any case; and without Jupyter beside papermill nobody can tell."""
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    lay_notebook(tmp_path, "Own-Kernel")
    assert "SN229" not in sncompile(tmp_path, "run", "spec.yaml", spec=NOTEBOOK, path=path).stderr
    (tools / "jupyter-kernelspec").unlink()
    lay_notebook(tmp_path, "other")
    assert "SN229" not in sncompile(tmp_path, "run", "spec.yaml", spec=NOTEBOOK, path=path).stderr


def test_a_kernel_elsewhere_is_not_looked_for(tmp_path: Path, tools: Path) -> None:
    """A job with variables of its own may find others."""
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    lay_notebook(tmp_path, "other")
    spec = NOTEBOOK.replace("page: {", "page: {env: {JUPYTER_PATH: kernels}, ")
    done = sncompile(tmp_path, "run", "spec.yaml", spec=spec, path=path)
    assert "SN229" not in done.stderr
    assert len(list((tmp_path / "runs").iterdir())) == 1
