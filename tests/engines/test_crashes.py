"""Crashes: the compiler is killed at every write, runs at random moments; nothing half-made is ever taken for whole.

A few moments are tried here; `SNCOMPILE_KILLS=100` has a hundred runs killed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sncompile.runner.lock import FolderLock, Locked
from sncompile.targets.emitted import MANIFEST, Emitted, read_manifest

from ..command_line import finish
from ..runs import events, newest_run, start

KILLS = int(os.environ.get("SNCOMPILE_KILLS", "3"))
CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "os.utime", "shutil.rmtree",
           "shutil.copystat", "shutil.copyfile", "ctypes.dlopen", "ctypes.dlsym", "tempfile.mkdtemp"}  # fmt: skip

OLD = Emitted({"Snakefile": b"old" * 9000, "tables/a.tsv": b"1", "files/gone.py": b"x"}, "")
NEW = Emitted({"Snakefile": b"new" * 9000, "tables/a.tsv": b"1", "tables/b.tsv": b"2"}, "")


def killed_at(number: int, deed: Callable[[], None]) -> bool:
    """Do something in a child that is killed before its change of a number; False if it got through."""
    child = os.fork()
    if child == 0:
        seen = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal seen
            if event in CHANGES:
                seen += 1
                if seen == number:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        with contextlib.suppress(BaseException):
            deed()
            os._exit(0)
        os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
    return os.WIFSIGNALED(status)


def files_of(folder: Path) -> dict[str, bytes]:
    """All files of a folder but the manifest."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*")
            if p.is_file() and p.name != MANIFEST}  # fmt: skip


@pytest.mark.parametrize("before", [None, OLD], ids=["new", "again"])
def test_the_compiler_is_killed_at_every_write(before: Emitted | None, tmp_path: Path) -> None:
    """There is always the old folder or the new one, whole and with its manifest; the next compile clears up."""
    number, states = 0, set()
    while True:
        number += 1
        folder = tmp_path / str(number) / "out"
        if before is not None:
            before.write(folder)
            (folder / "notes.txt").write_text("mine")
        mine = {"notes.txt": b"mine"} if before is not None else {}
        died = killed_at(number, lambda: NEW.write(folder))  # noqa: B023 - it is called at once
        found = files_of(folder) if folder.exists() else {}
        old = {**before.files, **mine} if before is not None else {}
        assert found in (old, {**NEW.files, **mine}), f"killed at change {number}"
        states.add(found == old)
        assert set(read_manifest(folder)) == set(found) - set(mine)
        NEW.write(folder)
        assert files_of(folder) == {**NEW.files, **mine}
        assert os.listdir(folder.parent) == ["out"]
        if not died:
            break
    assert number > 10
    assert states == {True, False}


def test_a_folder_of_a_compile_that_still_works_is_left_alone(tmp_path: Path) -> None:
    """What another process is filling is no leftover."""
    read, write = os.pipe()
    go_on, told = os.pipe()
    child = os.fork()
    if child == 0:
        from sncompile.targets.replacing import folder_beside

        with folder_beside(tmp_path / "out", ".sncompile.json") as fresh:
            os.write(write, os.fsencode(fresh))
            os.read(go_on, 1)
            os._exit(0 if fresh.is_dir() else 1)
    fresh = Path(os.fsdecode(os.read(read, 4096)))
    NEW.write(tmp_path / "out")
    assert fresh.is_dir()
    os.write(told, b"x")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_without_exchange_the_folder_is_swapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems without that call get the same files, in two steps."""
    monkeypatch.setattr("sncompile.targets.replacing._exchange", lambda one, other: False)
    OLD.write(tmp_path / "out")
    NEW.write(tmp_path / "out")
    assert files_of(tmp_path / "out") == dict(NEW.files)
    assert os.listdir(tmp_path) == ["out"]


def test_what_somebody_else_made_stays(tmp_path: Path) -> None:
    """In the folder, whatever it is; and beside it, though its name looks like that of a leftover."""
    OLD.write(tmp_path / "out")
    (tmp_path / "out" / "nowhere").symlink_to("gone")
    (tmp_path / "out" / "folder").symlink_to(tmp_path)
    (tmp_path / "out" / "empty" / "inner").mkdir(parents=True)
    (tmp_path / "out" / "notes" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "notes" / "deep" / "own.txt").write_text("mine")
    (tmp_path / ".out.new-results").mkdir()
    (tmp_path / ".out.new-results" / "result.txt").write_text("of three weeks")
    NEW.write(tmp_path / "out")
    assert (tmp_path / "out" / "nowhere").is_symlink()
    assert (tmp_path / "out" / "folder").is_symlink()
    assert (tmp_path / "out" / "empty" / "inner").is_dir()
    assert (tmp_path / "out" / "notes" / "deep" / "own.txt").read_text() == "mine"
    assert (tmp_path / ".out.new-results" / "result.txt").read_text() == "of three weeks"


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """What a link leads to stays as it is."""
    OLD.write(tmp_path / "elsewhere")
    (tmp_path / "out").symlink_to("elsewhere")
    NEW.write(tmp_path / "out")
    assert not (tmp_path / "out").is_symlink()
    assert files_of(tmp_path / "elsewhere") == dict(OLD.files)
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "out"]


# --- Runs ------------------------------------------------------------------------------------------------------------

SPEC = """\
sncompile: 1
pipeline: crash
tables: {t: {key: [k], rows: [{k: a}, {k: b}, {k: c}, {k: d}]}}
steps:
  make:
    module:
      outputs: {o: {type: file}, d: {type: directory}}
      params: {k: {type: string}}
      shell: |
        echo half > ${outputs.o}; mkdir -p ${outputs.d}; echo half > ${outputs.d}/x
        for n in $(seq 300); do echo $n; done > ${outputs.d}/many
        sleep 0.2
        echo ${params.k} > ${outputs.o}; echo whole > ${outputs.d}/x
    by: [k]
    with: {k: "${k}"}
  copy:
    module:
      inputs: {i: {type: file}, d: {type: directory}}
      outputs: {o: {type: file}}
      shell: |
        cat ${inputs.i} ${inputs.d}/x > ${outputs.o}
        sleep 0.1
        sha256sum < ${inputs.d}/many >> ${outputs.o}
    by: [k]
    with: {i: "${make.o}", d: "${make.d}"}
  all:
    module: {inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}, shell: "cat ${inputs.i} > ${outputs.o}"}
    with: {i: "${copy.o}"}
"""


def results(folder: Path) -> dict[str, bytes]:
    """What a run has made."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted((folder / "results").rglob("*"))
            if p.is_file() and p.name != ".snakemake_timestamp" and "state" not in p.parts}  # fmt: skip


def finished(run: Path) -> set[str]:
    """The jobs of a run that ended well, by what they wrote."""
    told = events(run)
    outputs = {e["jobid"]: str(e["output"]) for e in told if e["event"] == "job_info"}
    return {outputs[e["job_id"]] for e in told if e["event"] == "job_finished"}


def begun(run: Path) -> set[str]:
    """The jobs that a run started."""
    return {str(e["output"]) for e in events(run) if e["event"] == "job_info"}


def kill_all(folder: Path, process: subprocess.Popen[str]) -> None:
    """Kill the run, its engine and every job at one moment, as a machine does that loses its power."""
    process.kill()
    process.communicate()
    # Whoever was killed may just have started another.
    while left := marked(folder):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def marked(folder: Path) -> list[int]:
    """The living processes of the runs in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and f"SNCOMPILE_RUN={folder}/".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """The files of a run that nothing happens to, and its seconds."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "spec.yaml").write_text(SPEC)
    started = time.monotonic()
    code, _, err = finish(start(folder))
    assert code == 0, err
    return results(folder), time.monotonic() - started


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find all processes of a run")
@pytest.mark.parametrize("number", range(KILLS))
def test_a_run_is_killed_and_goes_on(number: int, undisturbed: tuple[dict[str, bytes], float], tmp_path: Path) -> None:
    """At any moment: the same files in the end, no job done twice, none taken for done that was cut off."""
    wanted, seconds = undisturbed
    (tmp_path / "spec.yaml").write_text(SPEC)
    done: set[str] = set()
    # The moment is a part of the time that a run takes; the first is early, the others lie where they fall.
    moment = seconds * random.Random(number).uniform(0.1, 1.0)
    process = start(tmp_path)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    kill_all(tmp_path, process)
    runs = list((tmp_path / "runs").iterdir()) if (tmp_path / "runs").exists() else []
    for run in runs:
        if (run / "events.jsonl").exists():
            done |= finished(run)
    code, _, err = finish(start(tmp_path))
    assert code == 0, err
    assert results(tmp_path) == wanted
    again = newest_run(tmp_path)
    if again not in runs:
        assert begun(again) & done == set(), "a finished job was done again"
    code, _, err = finish(start(tmp_path))
    assert (code, "nothing to do" in err) == (0, True), err


def test_two_compiles_at_once_leave_one_whole_folder(tmp_path: Path) -> None:
    """Whichever is last: its files, all of them, and no other."""
    children = []
    for emitted in (OLD, NEW) * 3:
        child = os.fork()
        if child == 0:
            for _ in range(20):
                with contextlib.suppress(Exception):
                    emitted.write(tmp_path / "out")
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    NEW.write(tmp_path / "out")
    assert set(read_manifest(tmp_path / "out")) == set(NEW.files)
    assert (tmp_path / "out" / "Snakefile").read_bytes() == NEW.files["Snakefile"]
    assert os.listdir(tmp_path) == ["out"]


def test_two_runs_started_at_one_moment(tmp_path: Path) -> None:
    """One works, the other is refused or comes after it; the files are whole."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    ends = [finish(process) for process in (start(tmp_path), start(tmp_path))]
    assert 0 in [code for code, _, _ in ends]
    for code, _, err in ends:
        assert code == 0 or (code == 3 and "error[SN703]" in err), err
    assert finish(start(tmp_path))[0] == 0
    assert b"whole" in results(tmp_path)["results/copy/a/o"]


def test_the_clock_is_set_back(undisturbed: tuple[dict[str, bytes], float], tmp_path: Path) -> None:
    """Results from the future are results, and not done again; what is made of them is made whatever the time."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    assert finish(start(tmp_path))[0] == 0
    later = time.time() + 86_400
    for path in (tmp_path / "results").rglob("*"):
        os.utime(path, (later, later))
    code, _, err = finish(start(tmp_path))
    assert (code, "nothing to do" in err) == (0, True), err
    (tmp_path / "results" / "copy" / "b" / "o").unlink()
    assert finish(start(tmp_path))[0] == 0
    assert results(tmp_path) == undisturbed[0]


def test_a_lock_file_that_was_cut_off_is_no_hindrance(tmp_path: Path) -> None:
    """The owner died while it wrote the lock: half of it, or bytes that are no text."""
    for content in (b"", b'{"state": "runn', b"\xff\xfe\x00", b"[]", b'{"state": "running", "run": 5}'):
        place = tmp_path / ".snakemake" / "sncompile.lock"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
        lock = FolderLock(tmp_path)
        lock.acquire("r")
        with pytest.raises(Locked):
            FolderLock(tmp_path).acquire("s")
        lock.release()
