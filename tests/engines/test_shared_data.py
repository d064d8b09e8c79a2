"""Data that several working folders share: what is half-written, and who writes it, is known to all of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from sncompile.diagnostics import CompileError
from sncompile.ir.graph.own_names import OWN_FOLDER
from sncompile.runner.files import claims as claiming
from sncompile.runner.files.claims import PATIENCE, Claim, Claimed, Owner, claim_files
from sncompile.runner.files.run_files import RealPaths, RunFiles, Written
from sncompile.runner.files.unfinished import Marks, unfinished
from sncompile.runner.processes import Process, identify

from ..command_line import Ended, begin, finish
from ..runs import SPEC, alive, newest_run, record, started, until_two_wait
from ..waiting import until
from .test_crashes import kill_all, killed_at

DATA = SPEC.replace("tables:", "data: {workspace: results}\ntables:")
OTHER = """\
sncompile: 1
pipeline: other
data: {workspace: results, made: elsewhere}
steps:
  join:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      shell: cat ${inputs.i} > ${outputs.o}
    with: {i: "${data.made}/first/KEY/o.txt"}
"""
INDEPENDENT = """\
sncompile: 1
pipeline: independent
data: {workspace: results}
steps:
  alone: {module: {outputs: {o: {type: file}}, shell: "echo x > ${outputs.o}"}}
"""


def run(folder: Path, *arguments: str, spec: str = DATA) -> subprocess.Popen[str]:
    """A run in a folder, with the results in `shared` beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "spec.yaml").write_text(spec)
    shared = folder.parent / "shared"
    return begin(folder, "run", "spec.yaml", "--cores", "2", "--data", f"workspace={shared}", *arguments)


def reader_of(key: str) -> str:
    """A pipeline that reads one of the first step's files elsewhere; Snakemake chooses which is there first."""
    return OTHER.replace("KEY", key)


def ended(process: subprocess.Popen[str]) -> Ended:
    """How it ended."""
    return finish(process)


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """A folder with a run that was killed, with all its jobs, while two of them had written half of their files."""
    here = tmp_path / "a"
    here.mkdir()
    (here / "wait").touch()
    process = run(here)
    until_two_wait(here, process)
    kill_all(here, process)
    assert [p.read_text() for p in (tmp_path / "shared").rglob("o.txt")] == ["half\n", "half\n"]
    (here / "wait").unlink()
    return here


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find all processes of a run")
@pytest.mark.parametrize("level", ["0", "2"])
@pytest.mark.parametrize("where", ["a", "b"])
def test_what_a_dead_run_left_half_written_is_made_again(where: str, level: str, half: Path) -> None:
    """By the next run of the folder or of another one, whatever it makes of the rules; then all marks are gone."""
    code, _, err = ended(run(half.parent / where, "-O", level))
    assert code == 0, err
    assert "2 half-written files of an earlier run: made again" in err
    for key in "abc":
        assert (half.parent / "shared" / "second" / key / "o.txt").read_text() == "whole\n"
    assert not (half.parent / "shared" / OWN_FOLDER / "runs").exists()
    assert "nothing to do" in ended(run(half.parent / where, "-O", level)).err


def test_another_folder_is_refused_while_a_run_writes(tmp_path: Path) -> None:
    """It names the run, its process and its folder; another pipeline, or another root, has nothing to do with it."""
    here = tmp_path / "a"
    here.mkdir()
    (here / "wait").touch()
    process = run(here)
    until_two_wait(here, process)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "shared")
    for spelling in ("shared", "a/../shared", "link"):
        refused = ended(run(tmp_path / "b", "--data", f"workspace={tmp_path / spelling}"))
        assert refused.code == 3
        assert "error[SN713]: another run works on" in refused.err
        assert f"(process {record(newest_run(here))['pid']} on {os.uname().nodename}" in refused.err
        assert str(newest_run(here)) in refused.err
        assert not list((tmp_path / "b" / "runs").iterdir())
    assert ended(run(tmp_path / "c", spec=INDEPENDENT)).code == 0
    reads = ended(run(tmp_path / "d", "--data", f"made={tmp_path / 'shared'}", spec=reader_of(started(here)[0])))
    assert (reads.code, "SN713" in reads.err) == (3, True)
    (here / "wait").unlink()
    assert ended(process).code == 0
    assert ended(run(tmp_path / "b")).code == 0


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find all processes of a run")
def test_jobs_of_a_dead_engine_are_ended_by_a_run_of_another_folder(tmp_path: Path) -> None:
    """They must not write on into what it makes."""
    here = tmp_path / "a"
    here.mkdir()
    (here / "wait").touch()
    process = run(here)
    until_two_wait(here, process)
    process.kill()
    process.communicate()
    engine = record(newest_run(here))["pid"]
    os.kill(engine, signal.SIGKILL)
    until(lambda: not alive(engine))
    assert ended(run(tmp_path / "b")).code == 0
    assert record(newest_run(here))["state"] == "crashed"
    (here / "wait").unlink()
    for path in (tmp_path / "shared").rglob("o.txt"):
        assert path.read_text() == "whole\n"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find all processes of a run")
def test_a_dead_run_that_left_nothing_half_written_is_no_hindrance(half: Path) -> None:
    """Somebody has deleted the files; only the claim is left."""
    for path in (half.parent / "shared").rglob("o.txt"):
        path.unlink()
    code, _, err = ended(run(half.parent / "b"))
    assert (code, "half-written" in err) == (0, False), err
    assert not (half.parent / "shared" / OWN_FOLDER / "runs").exists()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find all processes of a run")
def test_nobody_reads_what_is_half_written(half: Path) -> None:
    """Another pipeline that takes it for an input is told; once it is made, all is well."""
    found = sorted(path.parent.name for path in (half.parent / "shared" / "first").rglob("o.txt"))
    spec = reader_of(found[0])
    refused = ended(run(half.parent / "d", "--data", f"made={half.parent / 'shared'}", spec=spec))
    assert (refused.code, "error[SN715]" in refused.err) == (3, True), refused.err
    assert ended(run(half)).code == 0
    assert ended(run(half.parent / "d", "--data", f"made={half.parent / 'shared'}", spec=spec)).code == 0


def test_what_a_failed_job_wrote_may_be_kept_and_is_made_again(tmp_path: Path) -> None:
    """`--keep-incomplete` leaves it, with its mark."""
    spec = DATA.replace("        while [ -e wait ]", "        test ! -e broken\n        while [ -e wait ]")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "broken").touch()
    assert ended(run(tmp_path / "a", "--target", "first", "-k", "--", "--keep-incomplete", spec=spec)).code == 3
    kept = [p.read_text() for p in (tmp_path / "shared").rglob("o.txt")]
    assert kept == ["half\n"] * 3
    told = ended(run(tmp_path / "b", spec=spec))
    assert (told.code, "3 half-written files" in told.err) == (0, True), told.err


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands where the folder for claims should be: a message with the path, and no traceback."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / OWN_FOLDER).write_text("mine")
    told = ended(run(tmp_path / "a"))
    assert told.code == 3
    assert f"error[SN714]: `{tmp_path / 'shared' / OWN_FOLDER}" in told.err
    assert (tmp_path / "shared" / OWN_FOLDER).read_text() == "mine"
    assert ended(begin(tmp_path / "a", "run", "spec.yaml")).code == 0


# --- Claims and marks by themselves -----------------------------------------------------------------------------------


def claim(folder: Path, *writes: str, reads: tuple[str, ...] = (), alive: bool = True) -> Claimed:
    """Claim files below a folder, for a run of this process, or of one that is none."""
    me = identify(os.getpid())
    assert me is not None
    process = me if alive else me._replace(started="1")
    real = RealPaths(folder)
    files = RunFiles(
        {real(w): Written(w, False, False) for w in writes}, frozenset(map(real, reads)), (str(folder),), {}
    )
    owner = {"run": str(folder / "r"), "pipeline": "p", "working_folder": str(folder), "process": process.as_object()}
    return claim_files(files, owner, folder, lambda owner: True)


@pytest.mark.parametrize(
    ("first", "second", "meets"),
    [
        (("a/x",), ("a/y",), False),
        (("a/x",), ("a/x",), True),
        (("a",), ("a/x",), True),
        (("a/x",), ("a",), True),
        (("a/x",), ("./b/../a/x",), True),
        (("a/x",), ("a/xy",), False),
    ],
)
def test_runs_meet_on_files(first: tuple[str, ...], second: tuple[str, ...], meets: bool, tmp_path: Path) -> None:
    """The same file, or one in a directory that the other writes; files beside each other do not."""
    one = claim(tmp_path, *first)
    if meets:
        with pytest.raises(CompileError, match="SN713"):
            claim(tmp_path, *second)
    else:
        claim(tmp_path, *second).release()
    with pytest.raises(CompileError, match="SN713"):
        claim(tmp_path, "z", reads=first)
    one.release()
    claim(tmp_path, *second).release()
    assert not (tmp_path / OWN_FOLDER).exists()


def test_what_one_reads_another_does_not_write(tmp_path: Path) -> None:
    """Where both claim the same root."""
    one = claim(tmp_path, "a", reads=("raw",))
    with pytest.raises(CompileError, match="SN713"):
        claim(tmp_path, "raw")
    one.release()


def test_a_run_elsewhere_lives_as_long_as_it_gives_signs_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process cannot be looked at; the time is that of the file system."""
    one = claim(tmp_path, "a").claims[0]
    there = Process(1, "1", "boot", "node7")
    one.hand_over(there)
    with pytest.raises(CompileError, match="process 1 on node7"):
        claim(tmp_path, "a")
    before = (one.place / "owner.json").stat().st_mtime - PATIENCE - 1
    os.utime(one.place / "owner.json", (before, before))
    seen: list[Owner] = []

    def settle(owner: Owner) -> bool:
        seen.append(owner)
        return True

    monkeypatch.setattr(claiming, "claim_files", claim_files)
    assert one.live()
    with pytest.raises(CompileError, match="SN713"):
        claim(tmp_path, "a")
    os.utime(one.place / "owner.json", (before, before))
    claim(tmp_path, "a").release()
    assert not one.live(), "it learns that somebody took it for dead"


def test_the_marks_of_a_dead_run_are_handed_down_until_their_files_are_whole(tmp_path: Path) -> None:
    """Also by runs that do not make them; what is not there any more is not half-written."""
    dead = claim(tmp_path, "a", "b", "gone", alive=False)
    marks = dead.claims[0].marks()
    marks.begin(["a", "b", "gone"])
    for name in "ab":
        (tmp_path / name).write_text("half")
    claim(tmp_path, "c").release()
    second = claim(tmp_path, "a", "c")
    assert second.half_written == {str(tmp_path / "a")}
    assert second.claims[0].unfinished() == {str(tmp_path / "a"), str(tmp_path / "b")}
    second.claims[0].marks().end(["a"])
    second.release()
    third = claim(tmp_path, "a", "b")
    assert third.half_written == {str(tmp_path / "b")}
    third.claims[0].marks().end(["b"])
    third.release()
    assert not (tmp_path / OWN_FOLDER).exists()


def test_a_claim_is_killed_at_every_write(tmp_path: Path) -> None:
    """Whatever is left of it, nothing half-written is forgotten, and nobody is kept away."""
    number, died = 0, True
    while died:
        number += 1
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "a").write_text("half")
        dead = claim(folder, "a", "b", alive=False)
        dead.claims[0].marks().begin(["a"])
        died = killed_at(number, lambda: claim(folder, "a", alive=False))  # noqa: B023 - it is called at once
        assert died or number > 8
        for place in (folder / OWN_FOLDER / "runs").iterdir():
            assert (place / "owner.json").exists() or not (place / "files.jsonl").exists()
        assert claim(folder, "a").half_written == {str(folder / "a")}


def test_marks_that_were_cut_short(tmp_path: Path) -> None:
    """At any byte: a job counts as begun once its whole line is there, and as ended no sooner."""
    path = tmp_path / "marks"
    marks = Marks(path)
    marks.begin(["a", "b\n", "\udcff"])
    begun = path.read_bytes()
    marks.end(["a"])
    whole = path.read_bytes()
    for count in range(len(whole) - 1):
        path.write_bytes(whole[:count])
        assert unfinished(path) == ({"a", "b\n", "\udcff"} if count >= len(begun) - 1 else set())
    path.write_bytes(whole)
    assert unfinished(path) == {"b\n", "\udcff"}
    assert unfinished(tmp_path / "none") == set()
    assert [json.loads(line) for line in whole.splitlines()][1] == {"ended": ["a"]}


def test_a_claim_is_found_from_any_root(tmp_path: Path) -> None:
    """One run's root lies in another's."""
    (tmp_path / "in").mkdir()
    one = claim(tmp_path / "in", "x/y")
    with pytest.raises(CompileError, match="SN713"):
        claim(tmp_path, "in/x/y")
    one.release()
    two = claim(tmp_path, "in/x/y")
    with pytest.raises(CompileError, match="SN713"):
        claim(tmp_path / "in", "x/y")
    two.release()
    assert isinstance(two.claims[0], Claim)


INSIDE = """\
sncompile: 1
pipeline: inside
data: {all: elsewhere}
steps:
  list:
    with: {i: "${data.all}"}
    module: {inputs: {i: {type: directory}}, outputs: {o: {type: file}}, shell: "ls -R ${inputs.i} > ${outputs.o}"}
"""
OVER = """\
sncompile: 1
pipeline: over
data: {all: elsewhere}
steps:
  make:
    outputs: {o: "${data.all}"}
    module: {outputs: {o: {type: directory}}, shell: "mkdir -p ${outputs.o}; touch ${outputs.o}/x"}
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find all processes of a run")
@pytest.mark.parametrize("spec", [INSIDE, OVER], ids=["reads", "writes"])
def test_a_directory_holds_what_another_run_writes(spec: str, tmp_path: Path) -> None:
    """Who reads it would miss files, also where that run has died; who writes it would delete them. By a link, too."""
    here = tmp_path / "a"
    here.mkdir()
    (here / "wait").touch()
    process = run(here)
    until_two_wait(here, process)
    (tmp_path / "link").symlink_to("shared")
    for place in ("shared", "link"):
        other = ended(run(tmp_path / "b", "--data", f"all={tmp_path / place}", spec=spec))
        assert (other.code, "error[SN713]" in other.err) == (3, True), other.err
    kill_all(here, process)
    if spec == INSIDE:
        other = ended(run(tmp_path / "b", "--data", f"all={tmp_path / 'shared'}", spec=spec))
        assert (other.code, "error[SN715]" in other.err) == (3, True), other.err
