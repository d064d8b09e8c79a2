"""What runs again, where it is easy to miss: what jobs read beside their ports, files that belong together, places."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sncompile.state.log import line_of

from ..command_line import sncompile

SPEC = """\
sncompile: 1
pipeline: read
params: {n: {type: integer, default: 1}}
data: {raw: raw, workspace: results}
steps:
  make:
    with: {n: "${params.n}"}
    module:
      params: {n: {type: integer}}
      outputs: {file: {type: file}, folder: {type: directory}}
      shell: "mkdir -p ${outputs.folder}/sub; echo ${params.n} | tee ${outputs.file} > ${outputs.folder}/sub/f"
  by_file: {with: {p: "${make.file}"}, module: ./reads.yaml}
  by_folder: {with: {p: "${make.folder}/sub"}, module: ./reads.yaml}
  by_name: {with: {p: "${data.raw}/there", q: "${data.raw}/gone"}, module: ./reads.yaml}
  lists_a: {with: {l: ["${data.raw}/a1", "${data.raw}/a2"]}, module: ./reads_lists.yaml}
  lists_b: {with: {l: ["${data.raw}/b1", "${data.raw}/b2"]}, module: ./reads_lists.yaml}
  lists_c: {with: {l: ["${data.raw}/c1", "${data.raw}/c2"]}, module: ./reads_lists.yaml}
  settings: {module: {outputs: {o: {type: file}}, command: [cp, "${file('settings.yml')}", "${outputs.o}"]}}
  function: {module: {outputs: {o: {type: file}}, python: "tools.main:work"}}
  of_file: {module: {outputs: {o: {type: file}}, python: "beside.py:work"}}
"""
READS = """\
sncompile: 1
module: reads
params: {p: {type: path}, q: {type: path, default: none}}
outputs: {o: {type: file}}
shell: "cat ${params.p}/* ${params.p} ${params.q} > ${outputs.o} 2> /dev/null || true"
"""
LISTS = """\
sncompile: 1
module: reads_lists
params: {l: {type: "path[]"}}
outputs: {o: {type: file}}
shell: "cat ${params.l} > ${outputs.o}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A pipeline that has run."""
    folder = tmp_path / "place"
    (folder / "raw").mkdir(parents=True)
    (folder / "tools").mkdir()
    for name, text in {
        "read.yaml": SPEC, "reads.yaml": READS, "reads_lists.yaml": LISTS, "settings.yml": "mode: off # or on\n",
        "raw/there": "x", **{f"raw/{letter}{n}": letter for letter in "abc" for n in "12"},
        "beside.py": "import own\ndef work(o):\n    open(o, 'w').write(own.WORDS)\n", "own.py": "WORDS = 'one'\n",
        "tools/__init__.py": "", "tools/helper.py": "def f():\n    'One.'\n",
        "tools/main.py": "from tools import helper\ndef work(o):\n    open(o, 'w').write(helper.f.__doc__)\n",
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    run(folder)
    return folder


def run(folder: Path, *more: str, code: int = 0, spec: str = "read.yaml") -> str:
    done = sncompile(folder, "run", spec, "-c", "2", *more)
    assert done.returncode == code, done.stderr
    return done.stderr


def plan(folder: Path, *more: str) -> dict[str, str]:
    """What runs, or may, and why."""
    told: list[dict[str, Any]] = json.loads(sncompile(folder, "plan", "read.yaml", "--jobs", "--json", *more).stdout)
    return {job["id"]: job["why"] for job in told}


def test_what_jobs_read_beside_their_ports(folder: Path) -> None:
    """Outputs of others, folders in them, and files that come and go, by parameters that are paths."""
    assert plan(folder) == {}
    assert plan(folder, "-O0") == {}
    assert plan(folder, "--set", "n=7") == {"make": "changed", "by_file": "after", "by_folder": "after"}
    run(folder, "--set", "n=7")
    assert {(folder / "results" / step / "o").read_text()[:1] for step in ("by_file", "by_folder")} == {"7"}
    run(folder)
    os.rename(folder / "raw" / "there", folder / "raw" / "gone")
    assert plan(folder) == {"by_name": "input"}
    run(folder)
    (folder / "raw" / "b2").write_text("other")
    assert plan(folder) == {"lists_b": "input"}


def test_files_that_belong_together(folder: Path) -> None:
    """What a plain word means differs between versions of YAML; a function may print another one's docstring."""
    (folder / "settings.yml").write_text("# how\nmode:   off\n")
    (folder / "tools" / "main.py").write_text("# all\n" + (folder / "tools" / "main.py").read_text())
    assert plan(folder) == {"function": "changed"}, "it reads texts, and so all of its text counts"
    (folder / "settings.yml").write_text('mode: "off"\n')
    (folder / "tools" / "helper.py").write_text("def f():\n    'Two.'\n")
    assert plan(folder) == {"settings": "changed", "function": "changed"}
    run(folder)
    (folder / "own.py").write_text("WORDS = 'two'  # more\n")
    assert plan(folder) == {"of_file": "changed"}, "what a function of a file imports from the working folder counts"


def test_a_folder_by_another_name_is_the_same(folder: Path) -> None:
    """By a link, with roots in full, or once it has moved."""
    (folder.parent / "link").symlink_to(folder)
    assert "nothing to do" in run(folder.parent, spec="link/read.yaml")
    assert plan(folder, "--data", f"workspace={folder}/results", "--data", f"raw={folder}/raw") == {}
    folder.rename(folder.parent / "moved")
    assert plan(folder.parent / "moved") == {}


def test_what_else_lies_with_the_state_is_left_alone(folder: Path) -> None:
    """Notes of people, a folder, files of a later version: the next run works, and they are there."""
    state = folder / "results" / ".sncompile" / "state"
    later = "0000000099-later.log"
    (state / "notes.log").write_text("mine")
    (state / "0000000001-odd.log").mkdir()
    (state / later).write_bytes(line_of(["h", 2, 99]))
    for number in range(6):
        (folder / "raw" / "a1").write_text(str(number))
        run(folder)
    assert (state / "notes.log").read_text() == "mine"
    assert (state / later).exists()
    assert plan(folder) == {}


def test_a_run_holds_to_its_plan_whatever_else_it_is_told(folder: Path) -> None:
    """Nothing is planned; to make everything again is something else, and so is to take what a plan would have made."""
    sncompile(folder, "plan", "read.yaml", "-o", "nothing.json")
    assert "SN730" in run(folder, "--plan", "nothing.json", "--", "--forceall", code=3)
    state = folder / "results" / ".sncompile" / "state"
    for file in state.iterdir():
        file.unlink()
    sncompile(folder, "plan", "read.yaml", "-o", "all.json")
    assert "SN730" in run(folder, "--plan", "all.json", "--adopt", code=3)
    (folder / "all.json").write_text("[" * 100_000)
    assert "SN730" in run(folder, "--plan", "all.json", code=3)


def test_what_is_promised_of_outputs_is_told_as_such(tmp_path: Path) -> None:
    """Neither a file nor a path is another one then."""
    module = '{outputs: {o: {type: file}}, command: [touch, "${outputs.o}"]}'
    spec = f"sncompile: 1\npipeline: s\nsteps: {{a: {{module: {module}}}}}"
    (tmp_path / "read.yaml").write_text(spec)
    (tmp_path / "results" / "a").mkdir(parents=True)
    (tmp_path / "results" / "a" / "o").touch()
    run(tmp_path, "--adopt")
    (tmp_path / "read.yaml").write_text(spec.replace("command:", "success: {non_empty: true}, command:"))
    told = sncompile(tmp_path, "plan", "read.yaml", "--jobs").stdout
    assert told == "a  run  changed: its files, their paths or what they must be like\n"
