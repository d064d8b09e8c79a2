"""Files that several modules hold alike are emitted once, and nothing hangs on which modules do (`shared_files.py`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.api import check, compile_program, diff, graph_of
from sncompile.compilation import CompileOptions

MODULE = """\
sncompile: 1
module: {name}
outputs: {{o: {{type: file}}}}
command: [python3, "${{file('wrap.py')}}", "${{outputs.o}}"{more}]
"""


def project(folder: Path, *names: str, **more: str) -> Path:
    """A pipeline with a step for each module; all have the same wrapper, and some have one more file."""
    (folder / "wrap.py").write_text("print()\n")
    (folder / "data.txt").write_text("x\n")
    for name in names:
        text = f", \"${{file('{more[name]}')}}\"" if name in more else ""
        (folder / f"{name}.yaml").write_text(MODULE.format(name=name, more=text))
    steps = "".join(f"  {name}: {{module: ./{name}.yaml}}\n" for name in names)
    (folder / "main.yaml").write_text(f"sncompile: 1\npipeline: main\nsteps:\n{steps}")
    return folder / "main.yaml"


def emitted(spec: Path, target: str = "snakemake") -> set[str]:
    made = compile_program(check(spec).require(), CompileOptions(target=target))
    assert all(name in made.emitted.files for name in (f"files/{file}" for file in made.graph.files))
    return {name for name in made.emitted.files if name.startswith("files/")}


@pytest.mark.parametrize("target", ["snakemake", "cwl", "bash"])
def test_a_wrapper_of_several_modules_is_emitted_once(tmp_path: Path, target: str) -> None:
    """What was emitted is read back and compared with the graph, as ever."""
    assert emitted(project(tmp_path, "a", "b", "c"), target) == {"files/shared/wrap.py"}


def test_modules_that_hold_more_keep_a_folder_of_their_own(tmp_path: Path) -> None:
    """Beside a module's file lies what it has claimed, and nothing of another module's."""
    spec = project(tmp_path, "a", "b", "c", "d", "e", c="data.txt", d="data.txt", e="main.yaml")
    assert emitted(spec) == {
        "files/shared/wrap.py",
        *("files/shared-2/wrap.py", "files/shared-2/data.txt"),
        *("files/e/wrap.py", "files/e/main.yaml"),
    }


def test_a_module_that_is_called_so_keeps_its_folder(tmp_path: Path) -> None:
    """The folder that modules share has a name that is free."""
    assert emitted(project(tmp_path, "shared", "b", "c", shared="data.txt")) == {
        *("files/shared/wrap.py", "files/shared/data.txt"),
        "files/shared-2/wrap.py",
    }


def test_a_step_that_shares_a_file_changes_no_other(tmp_path: Path) -> None:
    """Jobs are told apart by what is in their files."""
    before = graph_of(check(project(tmp_path, "a")).require())
    after = graph_of(check(project(tmp_path, "a", "b")).require())
    found = diff(before, after)
    assert (found.counts.new, found.counts.changed, found.counts.same) == (1, 0, 1)
