"""Imported modules in a pipeline that really runs, with the programs that their specs describe."""

from __future__ import annotations

import gzip
import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from ..command_line import SNCOMPILE, sncompile
from . import bilayers

PIPELINE = """\
sncompile: 1
pipeline: texts
data: {workspace: results}
tables:
  archives: {rows: [{name: a, path: a.zip}, {name: b c, path: b.zip}], key: [name]}
  numbers: {rows: [{list: x, file: numbers.txt}], key: [list]}
modules: {tools: ./modules}
steps:
  unpack: {module: tools/unpack, by: [name], with: {archive: "${archives.path}"}}
  pack: {module: tools/beside, by: [name], with: {folder: "${unpack.files}", effort: "-9"}}
  sort:
    module: tools/sort_lines
    by: [list]
    with: {text: "${numbers.file}", compare: numeric, reverse: true, key: "2,2"}
  texts: {module: tools/sort_lines, by: [list], with: {text: "${numbers.file}"}}
outputs: {packed: "${pack.packed}", sorted: "${sort.sorted}", plain: "${texts.sorted}"}
"""


def files_of(folder: Path) -> list[str]:
    """What is in a folder, the engine's own marks aside."""
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A pipeline with three imported modules, and its data."""
    (tmp_path / "modules").mkdir()
    for name in ("unpack", "sort_lines", "beside"):
        spec = bilayers.SPECS / f"{name}.yaml"
        done = sncompile(tmp_path, "import", "bilayers", str(spec), "-o", f"modules/{name}.yaml")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for archive, files in {"a": ["one.txt", "two.csv"], "b": ["three.txt"]}.items():
        with zipfile.ZipFile(tmp_path / f"{archive}.zip", "w") as file:
            for name in files:
                file.writestr(name, f"this is {name}\n")
    (tmp_path / "numbers.txt").write_text("a 9\nb 10\nc 1\n")
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    return tmp_path


def test_imported_modules_run(project: Path) -> None:
    """Folders, a file, a tool that writes beside its inputs; keys with a space, glued tags, choices, flags."""
    checked = sncompile(project, "check", "--strict", "pipeline.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    done = sncompile(project, "run", "pipeline.yaml", "--cores", "2", "--containers", "none")
    assert done.returncode == 0, done.stdout + done.stderr
    results = project / "results"
    assert (results / "sort/x/sorted.txt").read_text() == "b 10\na 9\nc 1\n"
    assert (results / "texts/x/sorted.txt").read_text() == "a 9\nb 10\nc 1\n"
    assert files_of(results / "unpack/a/files") == ["one.txt", "two.csv"]
    packed = results / "pack/b c/packed"
    assert files_of(packed) == ["three.txt", "three.txt.gz"]
    assert gzip.decompress((packed / "three.txt.gz").read_bytes()) == b"this is three.txt\n"
    # The tool's own folder is as it was: it worked on a copy.
    assert files_of(results / "unpack/b c/files") == ["three.txt"]


def test_an_empty_folder_is_not_done(project: Path) -> None:
    """What Bilayers calls not optional must be there, though the folder itself is made beforehand."""
    with zipfile.ZipFile(project / "a.zip", "w"):
        pass
    done = sncompile(project, "run", "pipeline.yaml", "--cores", "2", "--containers", "none")
    assert done.returncode != 0
    assert "holds fewer than 1 files" in done.stdout + done.stderr


def test_the_command_line(tmp_path: Path) -> None:
    """To standard output and to a file, from a file and from standard input; exit codes."""
    spec = bilayers.SPECS / "sort_lines.yaml"
    module = sncompile(tmp_path, "import", "bilayers", str(spec))
    assert (module.returncode, module.stderr) == (0, "")
    (tmp_path / "sort.yaml").write_text(module.stdout)
    back = sncompile(tmp_path, "export", "bilayers", "sort.yaml")
    assert (back.returncode, back.stderr) == (0, "")
    assert bilayers.yaml.safe_load(back.stdout) == bilayers.load("sort_lines")
    piped = subprocess.run(
        [*SNCOMPILE, "export", "bilayers", "-"], input=module.stdout, capture_output=True, text=True, check=False
    )
    assert piped.stdout == back.stdout


def test_faults_on_the_command_line(tmp_path: Path) -> None:
    text = (bilayers.SPECS / "sort_lines.yaml").read_text()
    (tmp_path / "spec.yaml").write_text(text.replace("mode: advanced", "mode: advanced\n    range: 1"))
    warned = sncompile(tmp_path, "import", "bilayers", "spec.yaml")
    assert warned.returncode == 0
    assert "warning[SN803]" in warned.stderr
    strict = sncompile(tmp_path, "import", "bilayers", "spec.yaml", "--strict", "--format", "json")
    assert (strict.returncode, strict.stdout) == (1, "")
    (found,) = json.loads(strict.stderr)
    assert (found["code"], found["severity"], found["file"]) == ("SN803", "error", "spec.yaml")
    assert sncompile(tmp_path, "import", "bilayers", "nowhere.yaml").returncode == 1
    assert sncompile(tmp_path, "export", "bilayers", "spec.yaml").returncode == 1
    assert sncompile(tmp_path, "import", "cwl", "spec.yaml").returncode == 2
    refused = sncompile(tmp_path, "import", "bilayers", "spec.yaml", "-o", "no/such/folder.yaml")
    assert refused.returncode == 1
    assert "SN611" in refused.stderr
