"""Attacks by what is around a spec: folders, disks, links, files that vanish, secrets, terminals and pages."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sncompile.api import check, compile_graph, graph_of, optimize
from sncompile.diagnostics import CompileError
from sncompile.targets.emitted import Emitted

from ..command_line import SNCOMPILE, sncompile
from .corpus import as_yaml, texts
from .test_pages import limited

SPEC = """\
sncompile: 1
pipeline: main
steps: {s: {module: {outputs: {o: {type: file}}, command: [tool, "${outputs.o}"]}}}
"""
FILES = Emitted({"Snakefile": b"x" * 200_000, "tables/t.tsv": b"y" * 200_000}, "")


def refused(done: subprocess.CompletedProcess[str], code: str) -> None:
    """A command ended with a diagnostic of a code, and without a traceback."""
    assert done.returncode == 1, done.stderr
    assert f"error[{code}]" in done.stderr
    assert "Traceback" not in done.stderr


# --- Folders and disks ------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only the superuser may mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    """Nothing is left behind, and what stood there still does."""
    before = Emitted({"Snakefile": b"old"}, "")
    before.write(small_disk / "out")
    with pytest.raises(CompileError) as told:
        FILES.write(small_disk / "out")
    assert "No space left" in told.value.diagnostics[0].message
    assert (small_disk / "out" / "Snakefile").read_bytes() == b"old"
    assert os.listdir(small_disk) == ["out"]


def test_standard_output_that_is_full(tmp_path: Path) -> None:
    """A full disk behind `>` is told, and is no success."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    script = f"{shlex.join(SNCOMPILE)} compile spec.yaml --emit ir > /dev/full"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """A read-only folder; the superuser, whom no mode stops, has a folder that takes no files by its nature."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    place = tmp_path / "locked"
    place.mkdir(mode=0o555)
    out = "/proc/self/out" if os.geteuid() == 0 else str(place / "out")
    refused(sncompile(tmp_path, "spec.yaml", "-o", out), "SN611")


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    """`-o` names a file, or a folder below one."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "file").write_text("mine")
    assert sncompile(tmp_path, "spec.yaml", "-o", "file").returncode in (1, 2)
    refused(sncompile(tmp_path, "spec.yaml", "-o", "file/out"), "SN611")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """A folder that sncompile did not write is not written to, whatever the spec is called."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    refused(sncompile(tmp_path, "spec.yaml", "-o", "home"), "SN611")
    # What stands before `..` is not there yet, and would be once the files were written.
    refused(sncompile(tmp_path, "spec.yaml", "-o", "nothing/../home"), "SN611")
    assert not (tmp_path / "nothing").exists()
    assert os.listdir(tmp_path / "home") == ["thesis.txt"]


# --- Files that change under the hand ---------------------------------------------------------------------------


def test_links_that_turn_while_a_spec_is_read(tmp_path: Path) -> None:
    """A module that is now a file, now a link out of the project, now gone: it is read or refused, and nothing breaks.

    What lies outside is never read, whenever the link comes.
    """
    (tmp_path / "secret.yaml").write_text(MODULE.replace("module: m", "module: stolen"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "spec.yaml").write_text("sncompile: 1\npipeline: p\nsteps: {s: {module: ./m.yaml}}\n")
    place, stop = project / "m.yaml", threading.Event()

    def turn() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            fresh = project / f"fresh{number}"
            if number % 3 == 0:
                place.unlink(missing_ok=True)
                continue
            fresh.symlink_to(tmp_path / "secret.yaml") if number % 3 == 1 else fresh.write_text(MODULE)
            fresh.rename(place)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        ends: set[str] = set()
        for _ in range(60):
            checked = check(project / "spec.yaml")
            ends |= {d.code for d in checked.diagnostics}
            assert not sys.platform.startswith("linux") or "stolen" not in "".join(checked.sources.values())
    finally:
        stop.set()
        thread.join()
    assert ends <= set(CODES), ends  # Which of them, and how many, is a matter of the moment.


CODES = ("SN001", "SN211", "SN212", "SN213")

MODULE = 'sncompile: 1\nmodule: m\noutputs: {o: {type: file}}\ncommand: [tool, "${outputs.o}"]\n'


def test_a_file_that_vanishes_between_check_and_writing(tmp_path: Path) -> None:
    """A module's script is there when it is checked and gone when it is to be copied."""
    (tmp_path / "calc.py").write_text("pass\n")
    (tmp_path / "spec.yaml").write_text(SPEC.replace('"${outputs.o}"', '"${outputs.o}", "${file(\'calc.py\')}"'))
    for target in ("snakemake", "cwl"):
        (tmp_path / "calc.py").write_text("pass\n")
        graph = optimize(graph_of(check(tmp_path / "spec.yaml").require())).graph
        (tmp_path / "calc.py").unlink()
        with pytest.raises(CompileError, match="SN613"):
            compile_graph(graph, target, out=tmp_path / "out")
        assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """A module without the right to read it."""
    (tmp_path / "m.yaml").write_text(MODULE)
    (tmp_path / "m.yaml").chmod(0)
    (tmp_path / "spec.yaml").write_text("sncompile: 1\npipeline: p\nsteps: {s: {module: ./m.yaml}}\n")
    refused(sncompile(tmp_path, "check", "spec.yaml"), "SN001")


def test_a_large_table(tmp_path: Path) -> None:
    """A hundred megabytes, of which no step takes a column but the key: refused or compiled, in a gigabyte."""
    with (tmp_path / "t.csv").open("w") as stream:
        stream.write("k,text\n")
        for number in range(100_000):
            stream.write(f"{number},{'x' * 1000}\n")
    (tmp_path / "spec.yaml").write_text(
        "sncompile: 1\npipeline: main\n"
        'tables:\n  t: {key: k, file: t.csv}\n  few: {key: n, sql: "select count(*)::text as n from t"}\n'
        'steps: {s: {module: {outputs: {o: {type: file}}, command: [tool, "${outputs.o}"]}, by: [n]}}\n'
    )
    wanted = {"spec": str(tmp_path / "spec.yaml"), "target": "snakemake", "level": 1, "out": str(tmp_path / "out")}
    assert limited(wanted) == "compiled"


def test_a_pipe_in_the_place_of_a_spec(tmp_path: Path) -> None:
    """Nobody writes to it, so nobody waits for it; one that somebody writes to is read to its end."""
    os.mkfifo(tmp_path / "pipe")
    refused(sncompile(tmp_path, "check", "pipe"), "SN012")
    (tmp_path / "spec.yaml").write_text(SPEC)
    refused(sncompile(tmp_path, "check", "spec.yaml", "--params", "pipe"), "SN012")
    script = f"{shlex.join(SNCOMPILE)} check <(read -t 0.3 <> pipe; cat spec.yaml)"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- Secrets and values -----------------------------------------------------------------------------------------------


SECRET = """\
sncompile: 1
pipeline: secret
steps:
  s:
    env: {TOKEN: {secret: true}}
    module:
      outputs: {o: {type: file}}
      shell: |
        test "$TOKEN" = "hunter2"-pwned && echo yes > ${outputs.o}
        echo "no plate" >&2
        if [ -e fail ]; then exit 4; fi
"""


@pytest.mark.parametrize("fails", [False, True])
def test_a_secret_stands_in_no_file(fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reaches the tool, and no emitted file, record, event, log or page, whether the run ends well or not."""
    monkeypatch.setenv("TOKEN", "hunter2-pwned")
    (tmp_path / "spec.yaml").write_text(SECRET)
    if fails:
        (tmp_path / "fail").touch()
    done = sncompile(tmp_path, "run", "spec.yaml", "--cores", "1")
    assert done.returncode == (3 if fails else 0), done.stderr
    assert fails or (tmp_path / "results" / "s" / "o").read_text() == "yes\n"
    sncompile(tmp_path, "report")
    told = [p for p in tmp_path.rglob("*") if p.is_file() and b"hunter2-pwned" in p.read_bytes()]
    assert told == []
    assert "hunter2-pwned" not in done.stdout + done.stderr


ONE_JOB = """\
import json, os, sys
from pathlib import Path
Path(sys.argv[1]).write_text(json.dumps([sys.argv[2:], os.environ["V"]]))
"""


def test_every_text_arrives_through_snakemake(tmp_path: Path) -> None:
    """A real run: each text as an argument, as a variable and in a script; nothing else happens."""
    every = [t for n, t in texts().items() if n not in ("paths.long", "terminal.nul")]
    escaped = [t.replace("${", "$${") for t in every]
    steps = {
        f"s{n}": {"module": "./dump.yaml", "env": {"V": t}, "with": {"x": [t, "-", t]}}
        for n, t in enumerate(escaped[::6])
    }
    steps["all"] = {"module": "./dump.yaml", "env": {"V": ""}, "with": {"x": escaped}}
    script = 'printf "%s\\0" ' + " ".join('${params.x} "${params.x}"' for _ in "1") + " > ${outputs.o}\n"
    shell = {
        "params": {"x": {"type": "string[]"}},
        "outputs": {"o": {"type": "file"}},
        "shell": script.replace('"${params.x}"', ""),
    }
    steps["script"] = {"module": shell, "with": {"x": escaped}}
    (tmp_path / "spec.yaml").write_text(as_yaml({"sncompile": 1, "pipeline": "texts", "steps": steps}), "utf-8")
    (tmp_path / "dump.py").write_text(ONE_JOB)
    (tmp_path / "dump.yaml").write_text(
        "sncompile: 1\nmodule: dump\noutputs: {o: {type: file}}\nparams: {x: {type: 'string[]'}}\n"
        'command: [python, "${file(\'dump.py\')}", "${outputs.o}", "${params.x}"]\n'
    )
    done = sncompile(tmp_path, "run", "spec.yaml", "--cores", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    for number, text in enumerate(every[::6]):
        found = json.loads((tmp_path / "results" / f"s{number}" / "o").read_text())
        assert found == [[text, "-", text], text]
    assert json.loads((tmp_path / "results" / "all" / "o").read_text()) == [every, ""]
    words = (tmp_path / "results" / "script" / "o").read_bytes().split(b"\0")[:-1]
    assert [word.decode() for word in words] == every
    assert not [p for p in tmp_path.rglob("*") if p.name in ("pwned", "outside")]
