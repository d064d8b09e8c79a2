"""What modules require where their jobs run, looked for before the first job."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import command_line

SPEC = """\
sncompile: 1
pipeline: main
params: {image: {type: "string?"}}
steps:
  first: {module: {outputs: {o: {type: file}}, shell: "touch ${outputs.o}"}}
  second:
    container: "${params.image}"
    module:
      outputs: {o: {type: file}}
      shell: "touch ${outputs.o}"
      requires:
        programs:
          - sh
          - %s
"""


def program(folder: Path, name: str, text: str) -> str:
    """A `PATH` with one program more."""
    import os

    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / "bin" / name).chmod(0o755)
    return os.pathsep.join((str(folder / "bin"), os.environ["PATH"]))


def ran(folder: Path, wanted: str, path: str | None, *options: str) -> tuple[int, str]:
    """The status and the words of a run."""
    import os

    (folder / "main.yaml").write_text(SPEC % wanted)
    variables = {**os.environ, **({"PATH": path} if path else {})}
    done = command_line.sncompile(folder, "run", "main.yaml", "--cores", "1", *options, env=variables)
    return done.returncode, done.stdout + done.stderr


def test_a_program_that_is_missing_is_told_before_anything_runs(tmp_path: Path) -> None:
    """On the PATH, where there is no image."""
    code, told = ran(tmp_path, "no_such_tool", None)
    assert code == 3
    assert "error[SN751]: `no_such_tool` is not installed, and `second` requires it" in told
    assert "main.yaml:14:13" in told
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("limit", "fault"), [("at_least: '1.10'", True), ("at_least: '1.9'", False), ("below: '1.9.1'", True)]
)
def test_versions_are_compared_by_their_numbers(limit: str, fault: bool, tmp_path: Path) -> None:
    """A program tells its own; 1.9 comes before 1.10."""
    path = program(tmp_path, "tool", 'test "$1" = version && echo "tool v1.9.1 (build 7)"')
    code, told = ran(tmp_path, "{name: tool, ask: [tool, version], %s}" % limit, path)
    assert ("error[SN752]: `tool` is 1.9.1 in the PATH, and `second` requires" in told) == fault
    assert (code == 0) == (not fault), told


DOCKER = """\
case "$1" in
  version|image|info) exit 0;;
  run) shift; while test "$1" != --; do shift; done; shift 2; PATH={folder}/image:/usr/bin:/bin exec "$@";;
esac
"""


def test_the_image_is_looked_into(tmp_path: Path) -> None:
    """What the machine has does not count there."""
    (tmp_path / "image").mkdir()
    path = program(tmp_path, "docker", DOCKER.format(folder=tmp_path))
    program(tmp_path, "tool", "exit 0")
    code, told = ran(tmp_path, "tool", path, "--containers", "docker", "--set", "image=example/tool:1")
    assert code == 3
    assert "error[SN751]: `tool` is not in the image example/tool:1, and `second` requires it" in told
    assert "looking into the image example/tool:1" in told


def test_what_is_done_already_requires_nothing(tmp_path: Path) -> None:
    """As for other software: its jobs will not run."""
    path = program(tmp_path, "tool", "exit 0")
    assert ran(tmp_path, "tool", path)[0] == 0
    (tmp_path / "bin" / "tool").unlink()
    code, told = ran(tmp_path, "tool", path)
    assert code == 0, told


def test_requirements_change_no_digest(tmp_path: Path) -> None:
    """They are about the machine, and not about what a job does."""
    path = program(tmp_path, "tool", "exit 0")
    assert ran(tmp_path, "tool", path)[0] == 0
    code, told = ran(tmp_path, "{name: tool, at_least: '0.1'}", path)
    assert code == 0
    assert "nothing to do" in told or "current" in told, told
