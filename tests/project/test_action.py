"""The action for hosted repositories and the hooks of pre-commit, as far as they can be tried without a host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sncompile.cli.main import COMMANDS

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ACTION = REPOSITORY / ".github" / "action"


def _yaml(name: str) -> object:
    return YAML(typ="safe").load((REPOSITORY / name).read_text("utf-8"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a step, with a `gh` that keeps what it was called with."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/gh"\n')
    (tools / "gh").chmod(0o755)
    path = os.pathsep.join([str(tools), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {
        **os.environ, "PATH": path, "RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_BASE_REF": "main", "NUMBER": "7",
    }  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project of `sncompile init`."""
    folder = tmp_path / "a project"
    shutil.copytree(REPOSITORY / "templates" / "init" / "plants", folder)
    return folder


def _step(script: str, folder: Path, environment: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", ACTION / script], cwd=folder, env=environment | more, capture_output=True, text=True, check=False
    )


def test_check_annotates(project: Path, environment: dict[str, str]) -> None:
    """Patterns are filled in, options are words of their own, and a fault fails the step with its place."""
    (project / "modules" / "with space.yaml").write_text((project / "modules" / "growth.yaml").read_text())
    good = _step("check.sh", project, environment, SPECS="pipeline.yaml\nmodules/*.yaml\n", OPTIONS="--set\n")
    assert good.returncode == 2, "an option without its value is told by sncompile itself"
    (example,) = re.findall(r"`(--[^`]*=sample)`", (REPOSITORY / "action.yml").read_text("utf-8"))
    shown = _step("check.sh", project, environment, SPECS="pipeline.yaml\n", OPTIONS=f"{example}\n")
    assert "No such option" not in shown.stderr, "what is shown as an option is one word"
    good = _step("check.sh", project, environment, SPECS="pipeline.yaml\nmodules/*.yaml\n", OPTIONS="")
    assert (good.returncode, good.stdout) == (0, ""), good.stderr
    spec = project / "pipeline.yaml"
    spec.write_text(spec.read_text().replace("tools/growth", "tools/growht"))
    bad = _step("check.sh", project, environment, SPECS="**/pipeline.yaml", OPTIONS="")
    assert bad.returncode == 1
    assert "::error file=pipeline.yaml,line=" in bad.stdout


def test_strict_is_an_input(project: Path, environment: dict[str, str]) -> None:
    """A warning fails the step only then."""
    shutil.rmtree(project / "data")
    for strict, code in (("false", 0), ("true", 1)):
        done = _step("check.sh", project, environment, SPECS="pipeline.yaml", OPTIONS="", STRICT=strict)
        assert done.returncode == code, done.stdout + done.stderr


def test_plan_comments(project: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """What a pull request changes stands in the summary and in the comment."""

    def git(*words: str) -> None:
        settings = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *settings, *words], cwd=project, check=True, capture_output=True)

    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "before")
    git("remote", "add", "origin", str(project))
    spec = project / "pipeline.yaml"
    spec.write_text(spec.read_text().replace("with: {heights:", "with: {digits: 3, heights:"))
    done = _step("plan.sh", project, environment, PLAN="pipeline.yaml", OPTIONS="")
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "summary.md").read_text()
    assert "changed" in told
    assert (tmp_path / "gh").read_text().splitlines()[:3] == ["pr", "comment", "7"]
    spec.write_text(spec.read_text().replace("tools/growth", "tools/growht"))
    assert _step("plan.sh", project, environment, PLAN="pipeline.yaml", OPTIONS="").returncode == 1


def test_hooks_name_commands_that_are_there() -> None:
    """And take the files that projects of `init` have."""
    hooks = _yaml(".pre-commit-hooks.yaml")
    assert isinstance(hooks, list)
    for hook in hooks:
        program, command, *_ = hook["entry"].split()
        assert program == "sncompile"
        assert command in COMMANDS
        assert re.search(hook["files"], "pipeline.yaml")


def test_workflows_call_what_is_there() -> None:
    """Every `make` target and script that a workflow or the action names."""
    makefile = (REPOSITORY / "Makefile").read_text()
    for workflow in [*REPOSITORY.glob(".github/workflows/*.yml"), REPOSITORY / "action.yml"]:
        text = workflow.read_text("utf-8")
        for target in re.findall(r"run: make ([\w-]+)(?!\S)", text):
            assert re.search(rf"(?m)^{target}:", makefile), target
        for script in re.findall(r"(?:GITHUB_ACTION_PATH/|python )([\w./-]+\.(?:sh|py))", text):
            assert (REPOSITORY / script).exists(), script
    jobs = _yaml(".github/workflows/ci.yml")
    assert isinstance(jobs, dict)
    pythons = jobs["jobs"]["pythons"]["strategy"]["matrix"]["python"]
    assert re.search(rf"(?m)^PYTHONS := {' '.join(pythons)}$", makefile)


def test_the_front_page_of_the_site_lists_versions(tmp_path: Path) -> None:
    """The newest release first; folders that hold no site are left out."""
    for name in ("latest", "v0.9.0", "v0.10.0"):
        (tmp_path / name / "docs").mkdir(parents=True)
        (tmp_path / name / "docs" / "index.html").touch()
    (tmp_path / "other").mkdir()
    subprocess.run([sys.executable, REPOSITORY / "docs" / "site" / "versions.py", tmp_path], check=True)
    listed = re.findall(r'href="([^/]+)/docs/index.html"', (tmp_path / "index.html").read_text())
    assert listed == ["v0.10.0", "v0.9.0", "latest"]
