"""Why a job failed, as far as its log does not say it: what is told, and under which code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ..command_line import SNCOMPILE, sncompile
from ..runs import newest_run

MOUNT = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
"""Begins a command for which alone other file systems may be mounted."""


def spec(shell: str, more: str = "", outputs: str = "{o: {type: file}}") -> str:
    """A pipeline of a single job; `more` stands in its module."""
    lines = "".join(f"        {line}\n" for line in shell.splitlines())
    return (
        f"sncompile: 1\npipeline: small\nsteps:\n  s:\n    module:\n      outputs: {outputs}\n{more}"
        f"      shell: |\n{lines}        : > ${{outputs.o}}\n"
    )


def told(folder: Path, text: str, *arguments: str) -> str:
    """What a run that fails says at its end."""
    (folder / "spec.yaml").write_text(text)
    done = sncompile(folder, "run", "spec.yaml", "--cores", "2", *arguments)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_the_end_of_a_log_is_told_and_not_its_beginning(tmp_path: Path) -> None:
    """However long the lines before the reason are."""
    shell = "for i in 1 2 3 4 5 6 7 8; do head -c 3000 /dev/zero | tr '\\0' x; echo; done\necho 'KeyError: why'\nexit 1"
    found = told(tmp_path, spec(shell))
    assert "| KeyError: why\n" in found
    assert "| KeyError: why\n" in sncompile(tmp_path, "status").stdout


def test_a_command_is_told_whole_or_not_at_all(tmp_path: Path) -> None:
    """One that was cut in the middle would be another one."""
    found = told(tmp_path, spec(f"# {'x' * 2000}\nexit 1"))
    assert f"# {'x' * 2000}" in found
    found = told(tmp_path, spec(f"# {'x' * 20000}\nexit 1"))
    assert "it is the last `shellcmd` of the job in `events.jsonl`" in found


def test_a_directory_in_the_place_of_a_file(tmp_path: Path) -> None:
    found = told(tmp_path, spec("mkdir ${outputs.o}; exit 0"))
    assert "error[SN722]: `s` failed: `results/s/o` is a directory where a file was promised" in found
    assert "declare it as `type: directory`" in found


def test_a_file_in_the_place_of_a_directory(tmp_path: Path) -> None:
    found = told(tmp_path, spec("echo > ${outputs.o}", outputs="{o: {type: directory}}"))
    assert "error[SN722]: `s` failed: `results/s/o` is a file where a directory was promised" in found


@pytest.mark.parametrize("command", ["kill -9 $$", "bash -c 'kill -9 $$'"])
def test_what_was_killed_may_have_needed_memory(tmp_path: Path, command: str) -> None:
    """The job itself, or a tool in it."""
    found = told(tmp_path, spec(command, "      resources: {memory: 2GB}\n"))
    assert "error[SN723]: `s` failed: " in found
    assert "most likely because memory ran out" in found
    assert "it had asked for 2.0 GB of memory" in found


def test_a_command_line_that_is_too_long(tmp_path: Path) -> None:
    found = told(tmp_path, spec("env echo $(head -c 200000 /dev/zero | tr '\\0' x)"))
    assert "error[SN724]: `s` failed: exit status 126; a command line is longer than the system takes" in found
    assert "128 KiB" in found


def test_an_engine_that_was_killed_is_told(tmp_path: Path) -> None:
    """By the run that watches it, and later; with what to do."""
    found = told(tmp_path, spec("kill -9 $PPID; sleep 1"))
    assert "error[SN702]: the engine is gone without a word: it was killed, memory ran out" in found
    assert "run again: what is done stays done" in found
    assert "error[SN702]: the engine is gone without a word" in sncompile(tmp_path, "status").stdout


# --- Clusters ---------------------------------------------------------------------------------------------------------

PLUGIN = """\
import os
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.settings import CommonSettings

common_settings = CommonSettings(
    non_local_exec=True, implies_no_shared_fs=False, job_deploy_sources=False,
    pass_default_storage_provider_args=False, pass_default_resources_args=True, pass_envvar_declarations_to_cmd=False,
    auto_deploy_default_storage_provider=False, init_seconds_before_status_checks=0,
)

REFUSED = "the queue says 'error: Requested time limit is invalid'.\\n    queue call:\\n        queue --wrap=x\\n"


class Executor(RemoteExecutor):
    def run_job(self, job):
        if os.path.exists("refuse"):
            self.report_job_error(SubmittedJobInfo(job), msg=REFUSED)
            return
        if os.path.exists("mute"):
            os.system("echo queue: error: Invalid account >&2")
            self.report_job_error(SubmittedJobInfo(job), msg="Error submitting jobscript (exit code 1):\\n")
            return
        self.report_job_submission(SubmittedJobInfo(job, external_jobid="17"))

    async def check_active_jobs(self, active_jobs):
        for job in active_jobs:
            with open("node.log", "w") as log:
                log.write("slurmstepd: error: Detected 1 oom_kill event in StepId=17.0\\n")
            self.report_job_error(job, msg="job '17' ended, its state is OUT_OF_MEMORY. ", aux_logs=["node.log"])
        return
        yield

    def cancel_jobs(self, active_jobs):
        pass
"""


def through_a_queue(folder: Path, mark: str) -> str:
    """What is told of a job that a cluster does not take, or lets die."""
    package = folder / "site" / "snakemake_executor_plugin_queue"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(PLUGIN)
    (folder / "cluster").mkdir()
    (folder / "cluster" / "config.yaml").write_text("executor: queue\njobs: 2\nseconds-between-status-checks: 1\n")
    (folder / "spec.yaml").write_text(spec("true", "      resources: {memory: 3GB, time: 2h}\n"))
    (folder / mark).touch()
    done = sncompile(
        folder, "run", "spec.yaml", "--profile", "cluster", env={**os.environ, "PYTHONPATH": str(folder / "site")}
    )
    assert done.returncode == 3, done.stderr
    return done.stderr


def test_what_a_cluster_says_when_it_does_not_take_a_job(tmp_path: Path) -> None:
    """Its own words, without the command by which it was asked, and what was asked for."""
    found = through_a_queue(tmp_path, "refuse")
    assert (
        "error[SN721]: `s` could not be submitted: the queue says 'error: Requested time limit is invalid'.\n" in found
    )
    assert "it asked for 1 CPU, 3.0 GB of memory, 120 minutes\n" in found
    assert "--wrap=x" not in found
    assert "the end of logs" not in found


def test_what_only_the_command_that_submits_has_said(tmp_path: Path) -> None:
    """Of that an executor may hand on the status alone; the words stand in the engine's log."""
    assert "(exit code 1): queue: error: Invalid account\n" in through_a_queue(tmp_path, "mute")


def test_what_a_cluster_says_of_a_job_that_died(tmp_path: Path) -> None:
    """And what it wrote down itself, as the job's log is empty."""
    found = through_a_queue(tmp_path, "take")
    assert "error[SN723]: `s` failed: job '17' ended, its state is OUT_OF_MEMORY.; it needed more memory" in found
    assert "it had asked for 3.0 GB of memory" in found
    assert "| slurmstepd: error: Detected 1 oom_kill event" in found


# --- Tries, and many jobs ---------------------------------------------------------------------------------------------

TRIED = """\
sncompile: 1
pipeline: small
tables: {t: {key: k, rows: [{k: a}, {k: b}]}}
steps:
  s:
    by: k
    retries: 2
    with: {k: "${k}"}
    module:
      params: {k: {type: string}}
      outputs: {o: {type: file}}
      shell: |
        echo x >> count_${params.k}
        n=$(wc -l < count_${params.k})
        echo "this is try $n of "${params.k}
        if [ $n = 1 ]; then exit 3; fi
        if [ ${params.k} = b ]; then exit 4; fi
        echo whole > ${outputs.o}
"""


def test_every_try_keeps_its_log(tmp_path: Path) -> None:
    """Also where a later one did well, and whichever command asks."""
    found = told(tmp_path, TRIED, "--keep-going")
    assert "`s` for k=b failed after 3 tries: exit status 4" in found
    run = newest_run(tmp_path)
    assert f"try 1: exit status 3; {run}/tries/1/s/b.log" in found
    assert f"try 2: exit status 4; {run}/tries/2/s/b.log" in found
    assert (run / "tries" / "2" / "s" / "b.log").read_text() == "this is try 2 of b\n"
    assert sncompile(tmp_path, "logs", ".", "s", "k=a").stdout == (
        f"==> s k=a (failed, try 1 of 2): {run}/tries/1/s/a.log\nthis is try 1 of a\n"
        "==> s k=a (done, try 2 of 2): logs/s/a.log\nthis is try 2 of a\n"
    )
    assert sncompile(tmp_path, "logs", ".", "--follow").stdout.count("this is try") == 5
    assert sncompile(tmp_path, "report", "-o", "page.html").returncode == 0
    page = (tmp_path / "page.html").read_text()
    assert all(f"this is try {number} of b" in page for number in (1, 2, 3))
    status = json.loads(sncompile(tmp_path, "status", "--json").stdout)
    assert [each["status"] for each in status["failures"][0]["tries"]] == ["exit status 3", "exit status 4"]


MANY = """\
sncompile: 1
pipeline: small
tables: {t: {key: k, sql: "select cast(range as varchar) as k from range(30)"}}
steps:
  s:
    by: k
    with: {k: "${k}"}
    module:
      params: {k: {type: string}}
      outputs: {o: {type: file}}
      shell: |
        if [ ${params.k} = 11 ]; then echo "damaged" >&2; exit 7; fi
        if [ ${params.k} = 12 ]; then exit 8; fi
        echo "no such plate: "${params.k} >&2
        exit 7
        : > ${outputs.o}
"""


def test_jobs_that_failed_for_one_reason_are_told_together(tmp_path: Path) -> None:
    """By their step, how they ended, and the last line of the log, whatever key or number stands in that."""
    found = told(tmp_path, MANY, "--keep-going")
    assert "28 jobs of `s` failed: exit status 7" in found
    assert "; and 23 more (`sncompile status --all` tells of each)" in found
    assert "`s` for k=11 failed: exit status 7" in found
    assert "`s` for k=12 failed: exit status 8" in found
    assert found.count("error[SN701]") == 3
    assert len(found.splitlines()) < 80
    assert sncompile(tmp_path, "status").stdout.count("error[SN701]") == 3
    assert sncompile(tmp_path, "status", "--all").stdout.count("error[SN701]") == 30
    sncompile(tmp_path, "report", "-o", "page.html")
    assert (tmp_path / "page.html").read_text().count('class="card failure"') == 3
    status = json.loads(sncompile(tmp_path, "status", "--json").stdout)
    assert sorted(each["jobs"] for each in status["reasons"]) == [1, 1, 28]
    assert len(status["failures"]) == 30


# --- Disks ------------------------------------------------------------------------------------------------------------


def on_a_small_disk(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in `disk`, a file system of 2 MB that nobody else sees; `sncompile` is a function in it."""
    (folder / "disk").mkdir()
    words = " ".join(SNCOMPILE)
    begin = f'sncompile() {{ {words} "$@"; }}\nmount -t tmpfs -o size=2m none disk && cd disk || exit 99\n'
    if shutil.which("unshare") is None:
        pytest.skip("there is no `unshare`")
    done = subprocess.run(
        [*MOUNT, "bash", "-c", begin + script], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode == 99 or "unshare failed" in done.stderr:
        pytest.skip("no file system can be mounted here")
    assert "Traceback" not in done.stderr
    assert "a fault of sncompile itself" not in done.stderr
    return done


def test_a_job_that_fills_the_disk(tmp_path: Path) -> None:
    """The log cannot say it, for it lies there as well."""
    (tmp_path / "spec.yaml").write_text(spec("head -c 3000000 /dev/zero > ${outputs.o}"))
    done = on_a_small_disk(tmp_path, "cp ../spec.yaml . && sncompile run spec.yaml; echo $?; sncompile status")
    assert "error[SN725]: `s` failed: exit status 1; the disk of `results/s` is full: " in done.stderr
    assert "make room there" in done.stderr
    assert "error[SN725]: `s` failed: exit status 1; the disk of `results/s` is full: " in done.stdout


def test_a_tool_that_says_that_a_disk_is_full(tmp_path: Path) -> None:
    """Where it tidied up before it ended, or has a quota, the disk has room again when it is looked at."""
    found = told(tmp_path, spec("echo x > /dev/full || { echo \"cp: 'a': Disk quota exceeded\"; exit 5; }"))
    assert "error[SN725]: `s` failed: exit status 5; a disk could not be written to (Disk quota exceeded)" in found


def test_a_disk_that_is_full_before_the_run_is_named(tmp_path: Path) -> None:
    """And so is one that is read-only: what could not be written, why, and what to do about it."""
    (tmp_path / "spec.yaml").write_text(spec("true"))
    script = """\
cp ../spec.yaml .
head -c 2M /dev/zero > filler
sncompile run spec.yaml
sncompile compile spec.yaml
rm filler
sncompile run spec.yaml || exit 1
until mount -o remount,ro "$PWD" 2> ../busy; do cat ../busy > /dev/null; done
sncompile run spec.yaml
sncompile report
"""
    done = on_a_small_disk(tmp_path, script)
    disk = tmp_path / "disk"
    assert "error[SN611]: `build/small`: the files cannot be written: No space left on device" in done.stderr
    assert "cannot be written: No space left on device\n  = help: make room on its disk" in done.stderr
    assert f"error[SN716]: `{disk}/runs/small-" in done.stderr
    assert "cannot be written: Read-only file system\n  = help: its disk is read-only: choose another" in done.stderr
    assert "report.html` cannot be written: Read-only file system" in done.stderr


def test_a_full_disk_of_temporary_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(spec("head -c 3M /dev/zero > $(mktemp)"))
    script = "cd .. && TMPDIR=$PWD/disk sncompile run spec.yaml"
    done = on_a_small_disk(tmp_path, script)
    assert f"the disk of `{tmp_path}/disk` is full: 0 B of 2.1 MB are free" in done.stderr
    assert "error[SN725]" in done.stderr


@pytest.mark.parametrize(
    ("name", "told_of_it"),
    [
        ("runs", "error[SN716]: `{0}/runs` is a file where a folder is needed"),
        ("logs", "error[SN716]: `{0}/logs` is a file where a folder is needed"),
        ("results", "error[SN714]: `{0}/results/.sncompile` cannot be written: `{0}/results` is a file where a folder"),
        (
            "build",
            "error[SN611]: `build/small`: the files cannot be written: `build` is a file where a folder is needed",
        ),
    ],
)
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path, name: str, told_of_it: str) -> None:
    (tmp_path / name).touch()
    found = told(tmp_path, spec("true"))
    assert told_of_it.format(tmp_path) in found
    assert "= help: move it away" in found
