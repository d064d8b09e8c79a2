"""What tools say of their versions (`version_command`), in the record of a run and on its page."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

import sncompile as sn
from sncompile.runner import tool_versions
from sncompile.runner.requirements import Place
from sncompile.runner.watch import Watch
from tests import command_line

from .test_requirements import DOCKER, program

SPEC = """\
sncompile: 1
pipeline: main
params: {image: {type: "string?"}}
steps:
  first:
    container: "${params.image}"
    module:
      outputs: {o: {type: file}}
      shell: "touch ${outputs.o}"
      version_command: [tool, --version]
  second:
    by: n
    over: numbers
    env: {TOKEN: {secret: true}}
    module:
      outputs: {o: {type: file}}
      shell: "touch ${outputs.o}"
      version_command: [tool, --version]
tables: {numbers: {key: n, rows: [{n: 1}, {n: 2}]}}
"""
TOOL = 'echo asked >> "%s"; echo "tool <b>2.1</b> $TOKEN"; echo "by its makers"; touch here'


def ran(folder: Path, *options: str, spec: str = SPEC, code: int = 0) -> list[dict[str, Any]]:
    """What the record of a run says of its tools, with one on the `PATH` and another in the image."""
    path = program(folder, "docker", DOCKER.format(folder=folder))
    path = program(folder, "tool", TOOL % (folder / "asked"))
    (folder / "image").mkdir(exist_ok=True)
    (folder / "image" / "tool").write_text('#!/bin/sh\necho "tool 3.0" >&2\n')
    (folder / "image" / "tool").chmod(0o755)
    (folder / "main.yaml").write_text(spec)
    variables = {**os.environ, "PATH": path, "TOKEN": "quiet-as-a-mouse"}
    done = command_line.sncompile(folder, *options, env=variables)
    assert done.returncode == code, done.stderr
    records = sorted((folder / "runs").glob("*/run.json")) if (folder / "runs").exists() else []
    return json.loads(records[-1].read_text())["tools"] if records else []


def test_a_tool_is_asked_once_and_without_the_secrets(tmp_path: Path) -> None:
    """Both steps use it in one place; what it writes to the folder where it stands is nowhere to be seen."""
    ran(tmp_path, "plan", "main.yaml")
    assert not (tmp_path / "asked").exists()  # Only a run asks.
    (told,) = ran(tmp_path, "run", "main.yaml", "--cores", "1")
    assert (told["steps"], told["place"], told["fault"]) == (["first", "second"], "the PATH", "")
    assert told["said"] == "tool <b>2.1</b> \nby its makers"
    assert (tmp_path / "asked").read_text() == "asked\n"
    assert not (tmp_path / "here").exists()

    run = sn.attach(tmp_path)
    assert [tool.version for tool in run.tools] == ["tool <b>2.1</b>"]
    page = run.report().read_text()
    assert "tool &lt;b&gt;2.1&lt;/b&gt;" in page
    assert "by its makers" in page

    # No digest has it: with another question there is nothing to do, so nobody is asked.
    ran(tmp_path, "run", "main.yaml", "--cores", "1", spec=SPEC.replace("--version", "-v"))
    assert (tmp_path / "asked").read_text() == "asked\n"


def test_an_image_has_its_own_version(tmp_path: Path) -> None:
    """What the machine has is another tool; the second step has no image."""
    docker = ("--containers", "docker", "--set", "image=example/tool:1")
    # The jobs fail, as the engine is a double that can only be asked.
    told = ran(tmp_path, "run", "main.yaml", "--cores", "1", *docker, code=3)
    assert [(each["steps"], each["place"], each["said"].splitlines()[0].strip()) for each in told] == [
        (["first"], "the image example/tool:1", "tool 3.0"),
        (["second"], "the PATH", "tool <b>2.1</b>"),
    ]


@pytest.mark.parametrize(
    ("command", "said", "fault"),
    [
        (["sh", "-c", "echo 1.0; exit 3"], "1.0", "it ended with exit status 3"),
        (["yes"], "y\n" * 999 + "y", "it wrote more than 65,536 bytes"),
        (["sh", "-c", "echo 1.0; sleep 600"], "1.0", "it did not end within 0 seconds"),
        (["sh", "-c", "sleep 600 & echo 1.0"], "1.0", "it did not end within 0 seconds"),
        (["no-such-tool"], "", "`no-such-tool` cannot be run: No such file or directory"),
        (["printf", "\\377\\033[31m1.0"], "\ufffd\x1b[31m1.0", ""),
    ],
)
def test_whatever_a_tool_does_it_ends(
    command: list[str], said: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says too much, or goes on, or leaves something behind that does."""
    monkeypatch.setattr(tool_versions, "_PATIENCE", 0.4 if "sleep" in command[-1] else 60)
    found = tool_versions._ask(Place((), "the PATH"), command, os.environ)
    assert (found[0][:1999], found[1]) == (said, fault)


def test_a_record_of_before_has_no_tools(tmp_path: Path) -> None:
    """And one that somebody has changed breaks nothing."""
    assert tool_versions.versions_in({}) == []
    assert tool_versions.versions_in({"tools": ["x", {"steps": None, "said": 1}]})[0].version == "1"
    assert Watch(tmp_path).record == {}
