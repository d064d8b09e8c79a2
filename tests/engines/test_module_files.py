"""Files of modules as jobs meet them: what may be run may be run, whatever is compiled to."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ..command_line import sncompile

SPEC = """\
sncompile: 1
pipeline: small
steps:
  s:
    module:
      outputs: {o: {type: file, format: txt}}
      command: ["${file('bin/tool')}", "${outputs.o}"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A module whose command is a program that lies beside it."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text('#!/bin/sh\necho made > "$1"\n')
    (tmp_path / "bin" / "tool").chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("snakemake", ["-m", "snakemake", "-s", "build/small/Snakefile", "--cores", "1", "-q"]),
        ("bash", None),
        ("cwl", ["-m", "cwltool", "--quiet", "build/small/workflow.cwl", "build/small/job.json"]),
    ],
)
def test_a_program_of_a_module_can_be_run(folder: Path, target: str, command: list[str] | None) -> None:
    assert sncompile(folder, "compile", "spec.yaml", "-t", target).returncode == 0
    if command is None:
        words = ["bash", str(next((folder / "build" / "small").glob("*.sh")))]
    else:
        words = [sys.executable, *command]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [path.read_text() for path in (folder / "results").rglob("o.txt")] == ["made\n"]


def test_a_program_that_became_one_is_emitted_anew(folder: Path) -> None:
    """Also where the bytes are the same as before; and `--check` sees the difference."""
    tool = folder / "bin" / "tool"
    tool.chmod(0o644)
    assert sncompile(folder, "compile", "spec.yaml").returncode == 0
    tool.chmod(0o755)
    done = sncompile(folder, "compile", "spec.yaml", "--check")
    assert done.returncode == 1
    assert "may not be run as a program" in done.stderr
    assert sncompile(folder, "compile", "spec.yaml").returncode == 0
    [emitted] = (folder / "build").rglob("tool")
    assert emitted.stat().st_mode & 0o111 == 0o111
    assert sncompile(folder, "compile", "spec.yaml", "--check").returncode == 0


WINDOWS = """\
sncompile: 1
pipeline: small
steps:
  s:
    module:
      outputs: {o: {type: file, format: txt}}
      script: s.sh
"""


def test_line_ends_of_windows_are_told_before_they_become_part_of_a_name(tmp_path: Path) -> None:
    """With the place, and a command that mends them."""
    (tmp_path / "spec.yaml").write_text(WINDOWS)
    (tmp_path / "s.sh").write_bytes(b'#!/bin/bash\necho a > "$2"\r\n')
    done = sncompile(tmp_path, "check", "spec.yaml")
    assert done.returncode == 0
    assert "warning[SN332]: the lines of `s.sh` end as on Windows" in done.stderr
    assert "--> spec.yaml:7:15" in done.stderr
    assert "--> s.sh:2:1" in done.stderr
    command = done.stderr.partition("help: ")[2].splitlines()[0]
    subprocess.run(shlex.split(command), cwd=tmp_path, check=True)
    assert "SN332" not in sncompile(tmp_path, "check", "spec.yaml").stderr


@pytest.mark.parametrize(
    ("name", "head", "mode", "warned"),
    [
        ("a.py", b"import sys\r\n", 0o644, False),
        ("a.py", b"#!/usr/bin/env python3\r\n", 0o644, False),
        ("a.py", b"#!/usr/bin/env python3\r\n", 0o755, True),
        ("tool", b"#!/bin/sh\necho\r\n", 0o644, True),
        ("table.csv", b"a,b\r\n", 0o644, False),
    ],
)
def test_only_files_that_stumble_over_them_are_told_of(
    folder: Path, name: str, head: bytes, mode: int, *, warned: bool
) -> None:
    (folder / "spec.yaml").write_text(SPEC.replace("bin/tool", name))
    (folder / name).write_bytes(head)
    (folder / name).chmod(mode)
    assert ("SN332" in sncompile(folder, "check", "spec.yaml").stderr) == warned
