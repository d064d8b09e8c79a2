"""What is packaged is what is in the tree, and nothing of it belongs to one machine only."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "compiler" / "sncompile"
LEFT_BEHIND = {"__pycache__", "build", "dist", "images", "logs", "results", "runs", "demo", "node_modules"}


def project() -> dict[str, dict]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def sources(folder: Path) -> list[Path]:
    """The files below a folder that somebody wrote."""
    found = (p for p in folder.rglob("*") if p.is_file())
    return sorted(
        p
        for p in found
        if not any(
            part in LEFT_BEHIND or (part.startswith(".") and part != ".ci") for part in p.relative_to(ROOT).parts
        )
        and ".egg-info" not in str(p)
    )


def test_listed_packages_are_those_of_the_tree() -> None:
    """A package left out of the list works where it is installed for editing and is missing from the wheel."""
    inside = {".".join(p.parent.relative_to(SOURCE.parent).parts) for p in SOURCE.parent.rglob("__init__.py")}
    folders = {f"sncompile.{name}" for name in ("schemas", "specs", "templates")}
    assert set(project()["tool"]["setuptools"]["packages"]) == inside | folders


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {p.parent for p in SOURCE.rglob("*.py")}
    assert [f for f in folders if not (f / "__init__.py").exists()] == []


def test_commands_are_all_held_apart() -> None:
    """The import contract names every command."""
    contracts = project()["tool"]["importlinter"]["contracts"]
    named = next(c["modules"] for c in contracts if c["type"] == "independence")
    assert sorted(named) == sorted(f"sncompile.cli.{p.stem}" for p in (SOURCE / "cli").glob("*_command.py"))


def test_every_dependency_has_its_reason() -> None:
    listed = project()["project"]
    wanted = [*listed["dependencies"], *(d for extra in listed["optional-dependencies"].values() for d in extra)]
    told = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    names = [re.split(r"[<>=!~\[; ]", name)[0] for name in wanted]
    assert [name for name in names if name not in told] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy, so that nothing is left in the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in sources(ROOT):
        place = folder / "tree" / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    for name in ("build", "logs", "results", "runs"):
        stray = folder / "tree" / "specs" / "examples" / "variants" / name / "stray.tsv"
        stray.parent.mkdir()
        stray.write_text("x")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder / "out"), "."]
    done = subprocess.run(command, cwd=folder / "tree", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next((folder / "out").glob("*.whl")))


def test_data_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """Every schema, template, shipped module and example is there; what a run left behind is not."""
    names = set(wheel.namelist())
    expected = {
        f"sncompile/{folder}/{p.relative_to(ROOT / folder).as_posix()}"
        for folder in ("schemas", "specs", "templates")
        for p in sources(ROOT / folder)
    }
    assert expected - names == set()
    assert "sncompile/templates/support/call.py" in names
    assert "sncompile/specs/examples/variants/samples.tsv" in names
    assert "sncompile/py.typed" in names
    assert [name for name in names if "stray" in name or "__pycache__" in name] == []


def test_every_module_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    modules = {p.relative_to(SOURCE.parent).as_posix() for p in SOURCE.parent.rglob("*.py")}
    assert modules - names == set()


FOREIGN = re.compile("/home/[a-z]|/Users/[A-Za-z]|/root/|pypi[.]org|pythonhosted[.]")


def test_nothing_names_a_machine_or_a_registry() -> None:
    """No path of somebody's machine and no host of a package registry stands in the repository."""
    found = []
    for path in sources(ROOT):
        if path == Path(__file__):
            continue  # It would find what it looks for.
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in FOREIGN.finditer(text)]
    assert found == []
