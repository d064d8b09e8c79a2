"""Pipelines through a real SLURM of one node: arrays, groups, more memory after a failure, cancelling, going on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..command_line import finish
from ..runs import events, newest_run, record, started
from ..starrynight import test_pipelines as starrynight
from ..starrynight.commands import DOUBLE
from ..waiting import until
from .examples import copy, illumination
from .slurm.cluster import HERE_SO, Cluster, Job, lacking, log


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A SLURM that runs."""
    why = lacking()
    if why:
        pytest.skip(why)
    cluster = Cluster(tmp_path_factory.mktemp("slurm"))
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()


def spec(keys: str, shell: str = "", last: bool = True, memory: str = "600MB") -> str:
    """A pipeline of a job for each letter, which notes that it was started, and of one that joins what they wrote."""
    joined = """\
  last:
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file, format: txt}}
      shell: cat ${inputs.i} > ${outputs.o}
    with: {i: "${first.o}"}
"""
    return f"""\
sncompile: 1
pipeline: small
tables: {{t: {{key: [k], rows: [{", ".join(f"{{k: {k}}}" for k in keys)}]}}}}
steps:
  first:
    module:
      outputs: {{o: {{type: file, format: txt}}}}
      params: {{k: {{type: string}}}}
      resources: {{cpus: 1, memory: {memory}, time: 5m}}
      shell: |
        echo ${{params.k}} >> started.txt
        {shell or "true"}
        echo ${{params.k}} > ${{outputs.o}}
    by: [k]
    with: {{k: "${{k}}"}}
{joined if last else ""}"""


def new(slurm: Cluster, before: list[Job]) -> list[Job]:
    """The jobs that were not there before."""
    known = {job.id for job in before}
    return [job for job in slurm.jobs() if job.id not in known]


def result(folder: Path, key: str) -> Path:
    """What the job of a key writes."""
    return folder / "results" / "first" / key / "o.txt"


def test_jobs_go_through_slurm(slurm: Cluster, tmp_path: Path) -> None:
    """Every job is one of SLURM's, with the memory and the time that its step asks for."""
    (tmp_path / "spec.yaml").write_text(spec("abc"))
    before = slurm.jobs()
    done = slurm.run(tmp_path, "spec.yaml")
    assert done.returncode == 0, done.stderr + log(tmp_path)
    assert (tmp_path / "results" / "last" / "o.txt").read_text() == "a\nb\nc\n"
    ran = [job[1:] for job in new(slurm, before)]
    assert ran.count(("COMPLETED", "600M", "5:00", "1")) == 3
    assert ran.count(("COMPLETED", "2000M", "1:00:00", "1")) == 1
    assert "--cores" not in record(newest_run(tmp_path))["arguments"]


def test_a_step_is_an_array(slurm: Cluster, tmp_path: Path) -> None:
    """A dozen jobs of a step are the tasks of one job of SLURM."""
    (tmp_path / "spec.yaml").write_text(spec("abcdefghijkl"))
    before = slurm.jobs()
    done = slurm.run(tmp_path, "spec.yaml", engine=("--slurm-array-jobs", "all"))
    assert done.returncode == 0, done.stderr + log(tmp_path)
    assert (tmp_path / "results" / "last" / "o.txt").read_text().split() == list("abcdefghijkl")
    *tasks, last = new(slurm, before)
    number = tasks[0].id.partition("_")[0]
    assert [job.id for job in tasks] == [f"{number}_{k}" for k in range(1, 13)]
    assert "_" not in last.id
    assert {job.state for job in tasks} == {"COMPLETED"}
    assert sorted(started(tmp_path)) == list("abcdefghijkl")


def test_an_array_for_each_size(slurm: Cluster, tmp_path: Path) -> None:
    """Jobs of a step that ask for different memory get what they ask for."""
    given = "params: {k: {type: string}, size: {type: integer}}"
    text = spec("abcd", last=False, memory='"${params.size}MB"').replace("params: {k: {type: string}}", given)
    text = text.replace('with: {k: "${k}"}', """with: {k: "${k}", size: "${600 if k in ['a', 'b'] else 800}"}""")
    (tmp_path / "spec.yaml").write_text(text)
    before = slurm.jobs()
    done = slurm.run(tmp_path, "spec.yaml", engine=("--slurm-array-jobs", "first", "--slurm-disable-memory-fudge"))
    assert done.returncode == 0, done.stderr + log(tmp_path)
    ran = new(slurm, before)
    assert sorted(job.memory for job in ran) == ["600M", "600M", "800M", "800M"]
    assert len({(job.id.partition("_")[0], job.memory) for job in ran}) == 2


def test_no_job_is_forgotten_where_few_may_run_at_once(slurm: Cluster, tmp_path: Path) -> None:
    """With arrays, the plugin by itself waits for ever for jobs that it is not given yet."""
    (tmp_path / "spec.yaml").write_text(spec("abc", last=False))
    done = slurm.run(tmp_path, "spec.yaml", engine=("--slurm-array-jobs", "all", "--jobs", "1"))
    assert done.returncode == 0, done.stderr + log(tmp_path)
    assert sorted(started(tmp_path)) == list("abc")


def test_small_jobs_in_groups(slurm: Cluster, tmp_path: Path) -> None:
    """Two jobs of a step in one of SLURM's, which asks for what both need: our rules can be grouped as any other."""
    (tmp_path / "spec.yaml").write_text(spec("abcd", last=False))
    before = slurm.jobs()
    done = slurm.run(tmp_path, "spec.yaml", engine=("--groups", "first=some", "--group-components", "some=2"))
    assert done.returncode == 0, done.stderr + log(tmp_path)
    assert [(job.memory, job.processors) for job in new(slurm, before)] == [("1200M", "2")] * 2
    assert sorted(started(tmp_path)) == list("abcd")
    assert "done: 4 jobs" in done.stderr


def test_a_failure_on_a_node_is_told_as_ever(slurm: Cluster, tmp_path: Path) -> None:
    """In the spec's terms, and the other jobs are done."""
    (tmp_path / "spec.yaml").write_text(spec("abc", "[ ${params.k} != b ]"))
    done = slurm.run(tmp_path, "spec.yaml", "--keep-going", "--target", "first", engine=("--retries", "0"))
    assert done.returncode == 3
    assert "error[SN701]: `first` for k=b failed" in done.stderr
    assert result(tmp_path, "c").exists()


HUNGRY = """\
sncompile: 1
pipeline: big
steps:
  hungry:
    retries: 2
    module:
      outputs: {o: {type: file, format: txt}}
      resources: {cpus: 1, memory: "${300 * attempt}MB", time: 5m}
      shell: |
        echo $SLURM_JOB_ID >> started.txt
        python3 hold.py > ${outputs.o}
"""

HOLD = """\
import os, time
held = bytearray(250_000_000)
while os.environ["SLURM_JOB_ID"] == open("started.txt").readline().strip():
    time.sleep(0.1)  # Until SLURM has seen it.
print(len(held))
"""


def test_more_memory_after_a_job_ran_out_of_it(slurm: Cluster, tmp_path: Path) -> None:
    """SLURM kills the first try. The second asks for more, the tool is run once in each, and everybody knows."""
    (tmp_path / "spec.yaml").write_text(HUNGRY)
    (tmp_path / "hold.py").write_text(HOLD)
    before = slurm.jobs()
    done = slurm.run(tmp_path, "spec.yaml")
    assert done.returncode == 0, done.stderr + log(tmp_path)
    ran = new(slurm, before)
    assert [job.memory for job in ran] == ["300M", "600M"]
    assert ran[0].state in ("FAILED", "OUT_OF_MEMORY")
    assert ran[1].state == "COMPLETED"
    assert started(tmp_path) == [job.id for job in ran]
    told = json.loads(slurm.call(tmp_path, "status", "--json").stdout)
    assert told["retried"] == [{"step": "hungry", "key": {}, "attempts": 2}]
    assert told["jobs"] == {"total": 1, "done": 1, "running": 0, "failed": 0, "stopped": 0}
    assert "1 of 1 job done, 1 tried again" in slurm.call(tmp_path, "status").stdout
    asked = [e["resources"]["mem_mb"] for e in events(newest_run(tmp_path), "job_info") if e["rule_name"] == "hungry"]
    assert asked == [300, 600]
    assert slurm.call(tmp_path, "report", "-o", "report.html").returncode == 0
    assert '<td class="num">2</td>' in (tmp_path / "report.html").read_text()


WAIT = "while [ -e wait-${params.k} ]; do sleep 0.1; done"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose jobs wait no more once the test is over."""
    yield tmp_path
    stop_waiting(tmp_path)


def stop_waiting(folder: Path) -> None:
    """Let the jobs go on that wait."""
    for wait in folder.glob("wait-*"):
        wait.unlink()


def begin(slurm: Cluster, folder: Path, keys: str) -> subprocess.Popen[str]:
    """A run whose jobs wait for a file; as many run as the node has processors, and the rest is in the queue."""
    (folder / "spec.yaml").write_text(spec(keys, WAIT, last=False))
    for key in keys:
        (folder / f"wait-{key}").touch()
    process = slurm.start(folder, "run", "spec.yaml", "--profile", "slurm", "--", *HERE_SO)
    until(
        lambda: len(slurm.left()) == len(keys) and len(started(folder)) == min(2, len(os.sched_getaffinity(0))), process
    )
    # What the engine has done is in the record a moment later.
    until(lambda: len(events(newest_run(folder), "job_info")) == len(keys), process)
    return process


@pytest.mark.parametrize("now", [False, True], ids=["asked", "killed"])
def test_cancelling_empties_the_queue(slurm: Cluster, folder: Path, now: bool) -> None:
    """From another process: when the call returns, no job of the run waits or runs."""
    process = begin(slurm, folder, "abcd")
    done = slurm.call(folder, "cancel", *(["--now"] if now else []))
    assert (done.returncode, slurm.left()) == (0, []), done.stderr
    assert finish(process)[0] == 3
    told = json.loads(slurm.call(folder, "status", "--json").stdout)
    assert told["state"] == "cancelled"
    assert (told["jobs"]["done"], told["jobs"]["stopped"]) == (0, 4)
    assert not any(result(folder, key).exists() for key in "abcd")
    stop_waiting(folder)
    done = slurm.call(folder, "run", "--resume", ".")
    assert done.returncode == 0, done.stderr + log(folder)
    assert all(result(folder, key).read_text() == f"{key}\n" for key in "abcd")


def test_going_on_where_the_engine_was_killed(slurm: Cluster, folder: Path) -> None:
    """One job ends on its node after the crash, which nobody sees; the others are ended before they are run anew."""
    process = begin(slurm, folder, "abcde")
    process.kill()
    process.communicate()
    os.killpg(record(newest_run(folder))["pid"], signal.SIGKILL)
    ends = started(folder)[0]
    (folder / f"wait-{ends}").unlink()
    until(lambda: len(slurm.left()) == 4 and result(folder, ends).exists())
    assert json.loads(slurm.call(folder, "status", "--json").stdout)["state"] == "crashed"
    left = {job.id for job in slurm.left()}
    refused = slurm.call(folder, "run", "--resume", ".", SLURM_CONF="/there/is/none")
    assert (refused.returncode, "error[SN706]: the run is not over" in refused.stderr) == (3, True), refused.stderr
    # What bears the run's mark on this machine was ended; what was not started is still in the queue.
    waits = {job.id for job in slurm.left()}
    assert waits
    assert waits <= left
    again = slurm.start(folder, "run", "--resume", ".")
    until(lambda: len(slurm.left()) == 4 and left.isdisjoint(job.id for job in slurm.left()), again)
    assert {job.state for job in slurm.jobs() if job.id in left} <= {"CANCELLED", "FAILED"}
    stop_waiting(folder)
    code, _, err = finish(again)
    assert code == 0, err + log(folder)
    assert started(folder).count(ends) == 2
    assert all(result(folder, key).read_text() == f"{key}\n" for key in "abcde")


LACKING = """\
sncompile: 1
pipeline: lacking
params: {away: {type: boolean, default: false}}
steps:
  first:
    with: {away: "${params.away}"}
    module:
      params: {away: {type: boolean}}
      outputs: {o: {type: file}}
      shell: "echo ${params.away} > ${outputs.o}; if ${params.away}; then rm x.txt; fi"
  second:
    with: {x: x.txt, i: "${first.o}"}
    module:
      inputs: {x: {type: file}, i: {type: file}}
      outputs: {o: {type: file}}
      shell: "cat ${inputs.x} ${inputs.i} > ${outputs.o}"
"""


def test_a_node_that_does_not_see_an_input_has_made_nothing(slurm: Cluster, tmp_path: Path) -> None:
    """It ends well all the same, and the result of an earlier run counted as made."""
    (tmp_path / "spec.yaml").write_text(LACKING)
    (tmp_path / "x.txt").write_text("x\n")
    done = slurm.call(tmp_path, "run", "spec.yaml")
    assert done.returncode == 0, done.stderr
    done = slurm.run(tmp_path, "spec.yaml", "--set", "away=true")
    assert done.returncode == 3, done.stderr
    assert "`second` failed" in done.stderr
    assert not (tmp_path / "results" / "second" / "o").exists()


BATCHED = """\
sncompile: 1
pipeline: batched
tables: {t: {key: [k], rows: [{k: a}, {k: b}]}}
steps:
  first:
    by: k
    with: {i: "${k}.txt"}
    module: &copy
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      command: [cp, "${inputs.i}", "${outputs.o}"]
  second: {by: k, batch: 2, with: {i: "${first.o}"}, module: *copy}
"""


def test_a_part_of_a_batch_is_refused_where_the_rest_lacks_its_input(slurm: Cluster, tmp_path: Path) -> None:
    """The node waited for that, did nothing and ended well: the old result counted as made."""
    (tmp_path / "spec.yaml").write_text(BATCHED)
    for key in "ab":
        (tmp_path / f"{key}.txt").write_text("old")
    done = slurm.call(tmp_path, "run", "spec.yaml", "-O2")
    assert done.returncode == 0, done.stderr
    (tmp_path / "a.txt").write_text("new")
    done = slurm.run(tmp_path, "spec.yaml", "-O2")
    assert done.returncode == 3
    assert "error[SN755]" in done.stderr
    done = slurm.run(tmp_path, "spec.yaml", "-O2", "--no-pass", "batch")
    assert done.returncode == 0, done.stderr + log(tmp_path)
    assert (tmp_path / "results" / "second" / "a" / "o").read_text() == "new"


def test_the_variants_run_through_slurm(slurm: Cluster, tmp_path: Path) -> None:
    """The example of made-up genomes, as on one machine."""
    folder = copy("variants", tmp_path)
    done = slurm.run(folder, "variants.yaml", "--containers", "none")
    assert done.returncode == 0, done.stderr + log(folder)
    assert record(newest_run(folder))["state"] == "done"


def test_illumination_runs_through_slurm(slurm: Cluster, tmp_path: Path) -> None:
    """The example of pictures, with arrays: from two wells to the report."""
    folder = illumination(tmp_path)
    before = slurm.jobs()
    done = slurm.run(folder, "illumination.yaml", "--containers", "none", engine=("--slurm-array-jobs", "all"))
    assert done.returncode == 0, done.stderr + log(folder)
    assert "report: results/illumination.html" in done.stdout
    ran = new(slurm, before)
    assert len(ran) == 12
    assert sum("_" in job.id for job in ran) >= 4


def test_starrynight_runs_through_slurm(slurm: Cluster, tmp_path: Path) -> None:
    """Both arms of the main pipeline, with the tool's double, from the index on; and then there is nothing to do."""
    folder = starrynight.prepared(tmp_path, wells=("A1",))
    path = {"PATH": os.pathsep.join((str(DOUBLE.parent), slurm.environment["PATH"]))}
    words = ("run", "pcp_generic.yaml", *starrynight.GIVEN, "--profile", "slurm", "--containers", "none")
    before = slurm.jobs()
    done = slurm.call(folder, *words, "--", *HERE_SO, "--slurm-array-jobs", "all", **path)
    assert done.returncode == 0, done.stderr + log(folder)
    assert len(list((folder / "workspace" / "analysis").iterdir())) == 2
    assert len(new(slurm, before)) == 31
    again = slurm.call(folder, "plan", "pcp_generic.yaml", *starrynight.GIVEN, **path)
    assert "nothing: 31 jobs are current" in again.stdout, again.stdout
