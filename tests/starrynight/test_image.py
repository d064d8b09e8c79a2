"""The pipelines in an image that holds what the how-to says of one: here the double in the place of the tool.

The image has nothing of the project: the double is copied into it, with a Python and the two packages that it takes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests import command_line
from tests.engines import engines
from tests.engines.engines import NoEngine
from tests.starrynight.library import HERE
from tests.starrynight.test_pipelines import GIVEN, prepared

Image = tuple[dict[str, str], str]
"""The environment in which there is Apptainer, and the image's file."""
PROGRAMS = ("bash", "env", "ls", "cat", "mkdir", "rm", "find", "wc", "realpath", "dirname", "touch", "sh", "readlink")
PACKAGES = ("click", "duckdb", "_duckdb")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The environment in which there is Apptainer, and the image."""
    folder = tmp_path_factory.mktemp("image")
    try:
        environment = engines.apptainer(folder)
        files(folder / "root")
        done = engines.run(environment, "apptainer", "build", folder / "starrynight.sif", folder / "root")
        if done.returncode:
            raise NoEngine(f"Apptainer makes no image: {done.stderr[-300:]}")
    except NoEngine as why:
        pytest.skip(str(why))
    return environment, str(folder / "starrynight.sif")


def files(root: Path) -> None:
    """The files of the image: `starrynight`, `python3`, DuckDB, and a shell with the usual programs."""
    for name in ("etc", "proc", "sys", "dev", "tmp", "var/tmp", "root", "usr/bin", "usr/lib", "opt/tests/starrynight"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "lib"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    for name in ("resolv.conf", "hosts", "localtime", "group"):
        (root / "etc" / name).touch()
    python = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib"))
    (root / "usr" / "lib" / library.name).mkdir()
    left_out = shutil.ignore_patterns(
        "site-packages", "test", "tests", "__pycache__", "idlelib", "ensurepip", "config-*"
    )
    shutil.copytree(library, root / "usr" / "lib" / library.name, ignore=left_out, dirs_exist_ok=True)
    packages = root / "usr" / "lib" / library.name / "site-packages"
    packages.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if re.split("[.-]", path.name)[0] in PACKAGES:
            (shutil.copytree if path.is_dir() else shutil.copy)(path, packages / path.name)
    programs = [Path(found) for name in PROGRAMS if (found := shutil.which(name))]
    for program in programs:
        shutil.copy(program.resolve(), root / "usr" / "bin" / program.name)
    shutil.copy(python, root / "usr" / "bin" / "python3")
    for binary in (python, *programs, *packages.rglob("*.so"), *(root / "usr" / "lib" / library.name).rglob("*.so")):
        for needed in re.findall(
            r"(/\S+) \(0x", subprocess.run(["ldd", binary], capture_output=True, text=True).stdout
        ):
            place = root / needed.removeprefix("/")
            if needed.startswith(sys.base_prefix):
                place = root / "usr" / "lib" / Path(needed).name
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(needed).resolve(), place)
    double = root / "opt" / "tests"
    (double / "__init__.py").touch()
    for path in (HERE / "__init__.py", *HERE.glob("*.json")):
        shutil.copy(path, double / "starrynight")
    shutil.copytree(HERE / "double", double / "starrynight" / "double", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("starrynight", "fiji"):
        (root / "usr" / "bin" / name).symlink_to(f"/opt/tests/starrynight/double/{name}")


def run(
    folder: Path, spec: str, found: tuple[dict[str, str], str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a pipeline in the image; on the `PATH` there is no `starrynight`."""
    environment, image = found
    variables = {**os.environ, **environment}
    assert shutil.which("starrynight", path=variables["PATH"]) is None
    more = ("--cores", "2", "--containers", "apptainer", "--set", f"image={image}")
    return command_line.sncompile(folder, "run", spec, *more, *arguments, env=variables)


def test_the_pipelines_run_in_an_image(image: Image, tmp_path: Path) -> None:
    """All of them in it: the index, and then what it says; images, barcodes and plugins are seen inside."""
    folder = prepared(tmp_path, wells=("A1",))
    for place in ("workspace", "runs", "calls"):
        (shutil.rmtree if (folder / place).is_dir() else Path.unlink)(folder / place)
    for spec, given in (("index.yaml", ()), ("pcp_generic.yaml", GIVEN)):
        done = run(folder, spec, image, *given)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert sorted(p.name for p in (folder / "workspace" / "analysis").iterdir() if p.is_dir()) == [
        f"Batch1-Plate1-A1-{site:04d}" for site in range(2)
    ]


def test_an_image_without_the_tool_is_refused(image: Image, tmp_path: Path) -> None:
    """Before the first job."""
    environment, whole = image
    root = Path(whole).parent / "root"
    (root / "usr" / "bin" / "starrynight").rename(root / "usr" / "bin" / "another")
    engines.run(environment, "apptainer", "build", tmp_path / "lacking.sif", root)
    (root / "usr" / "bin" / "another").rename(root / "usr" / "bin" / "starrynight")
    folder = prepared(tmp_path, wells=("A1",))
    done = run(folder, "pcp_generic.yaml", (environment, str(tmp_path / "lacking.sif")), *GIVEN)
    assert done.returncode == 3
    assert "error[SN751]: `starrynight` is not in the image" in done.stderr
    assert not (folder / "workspace" / "experiment").exists()
