"""`done` is said of what is there: nothing that lies about, and no option, makes a run say it of anything else."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import sncompile as sn
from sncompile.runner.engine.options import ADMITTED, Request, judge
from sncompile.runner.files.promises import missing
from sncompile.runner.files.run_files import Written
from sncompile.targets.snakemake.engine.surroundings import surroundings

from ..command_line import finish, sncompile
from ..runs import newest_run, record, start

SPEC = """\
sncompile: 1
pipeline: one
steps:
  a:
    module:
      outputs: {o: {type: file}, d: {type: directory}}
      shell: |
        mkdir -p ${outputs.d}; echo x > ${outputs.d}/x
        cd . && echo whole > ${outputs.o}
outputs: {o: "${a.o}", d: "${a.d}"}
"""
RESULT = Path("results", "a", "o")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the spec."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


# --- Options ---------------------------------------------------------------------------------------------------------

REFUSED = {
    "dryrun": ["-n", "-nq", "--dry-run", "--dryr", "-kn", "-q -n"],
    "touch": ["-t", "--touch", "--tou"],
    "until": ["--until a", "-U a", "--until=a"],
    "omit_from": ["--omit-from a", "-Oa"],
    "forcerun": ["-R a", "--forcerun=a"],
    "force": ["-f"],
    "batch": ["--batch all=1/2"],
    "list_rules": ["--list", "-l"],
    "delete_all_output": ["--delete-all-output"],
    "unlock": ["--unlock"],
    "cleanup_metadata": ["--cleanup-metadata x"],
    "rerun_triggers": ["--rerun-triggers mtime"],
    "directory": ["--directory /", "-d /"],
    "snakefile": ["--snakefile x", "-sx"],
    "config": ["--config a=1", "-C a=1"],
    "targets": ["x", "-- x", "-k -- all x"],
    "allowed_rules": ["--allowed-rules a"],
    "ignore_incomplete": ["--ii"],
    "nolock": ["--nolock"],
    "all_temp": ["--all-temp"],
    "consider_ancient": ["--consider-ancient a=0"],
    "executor": ["-e dryrun", "--executor touch"],
    "lint": ["--lint"],
    "cache": ["--cache a"],
    "immediate_submit": ["--immediate-submit", "--is"],
}
HEEDED = {
    "jobs": ["-j4", "--jobs=4"],
    "cores": ["-c 3"],
    "forceall": ["-F", "--forcea"],
    "keep_incomplete": ["--keep-inc"],
    "quiet": ["-q", "--quiet all"],
    "resources": ["--resources mem_mb=100"],
    "executor": ["-e local"],
}


@pytest.mark.parametrize(("member", "words"), [(m, w) for m, every in REFUSED.items() for w in every])
@pytest.mark.parametrize("place", ["arguments", "profile"])
def test_what_could_make_done_say_less_is_refused(place: str, member: str, words: str, tmp_path: Path) -> None:
    """However it is spelt, and also where a profile says it."""
    if place == "arguments":
        request = Request(("--cores", "2"), None, tuple(words.split()))
    elif member not in ("dryrun", "touch", "batch", "rerun_triggers", "until", "nolock", "executor"):
        pytest.skip("a profile is not asked so, or not by this spelling")
    else:
        profile = tmp_path / "config.yaml"
        value = {"batch": "all=1/2", "rerun_triggers": "mtime", "until": "a", "executor": "dryrun"}.get(member, "true")
        name = {"dryrun": "dry-run"}.get(member, member.replace("_", "-"))
        profile.write_text(f"{name}: {value}\n")
        request = Request(("--cores", "2"), str(profile))
    verdict, _, _ = judge(request)
    assert verdict.error is None
    assert [setting.member for setting in verdict.refused] == [member]
    assert verdict.refused[0].origin == ("--" if place == "arguments" else "profile")


@pytest.mark.parametrize(("member", "words"), [(m, w) for m, every in HEEDED.items() for w in every])
def test_what_leaves_done_alone_is_heeded(member: str, words: str) -> None:
    """And named for the record."""
    verdict, _, asked = judge(Request(("--cores", "2"), None, tuple(words.split())))
    assert (verdict.error, verdict.refused) == (None, ())
    assert member in [setting.member for setting in verdict.settings]
    assert asked.workflow_profile == "none"


def test_every_admitted_member_is_one_of_snakemake() -> None:
    """None is misspelt, and none has gone; nothing is changed by asking for nothing."""
    verdict, _, asked = judge(Request(("--cores", "2")))
    assert verdict[:3] == ((), (), None)
    plugins = {"scheduler_greediness", "scheduler_solver_path"}
    assert set(ADMITTED) - plugins <= set(vars(asked))


@pytest.mark.parametrize(
    "words",
    [
        "--no-such-option", "--jobs x", "--help", "--version", "--profile nowhere", "--cores 0", "-j0", "--cores -1",
        "--local-cores 0", "--max-jobs-per-timespan 0/1s",
    ],
)  # fmt: skip
def test_what_snakemake_cannot_read_is_told_in_its_words(words: str) -> None:
    """And as no traceback."""
    verdict, _, asked = judge(Request((), None, tuple(words.split())))
    assert verdict.error
    assert "usage" not in verdict.error
    assert asked is None


def test_a_refused_option_starts_nothing(folder: Path) -> None:
    """By the command line: code 2, what to do instead, and no trace."""
    done = sncompile(folder, "run", "spec.yaml", "--", "-nq")
    assert done.returncode == 2
    assert "error[SN711]: what stands after `--` asks Snakemake for `--dry-run`" in done.stderr
    assert "`sncompile plan SPEC`" in done.stderr
    assert not list(folder.glob("runs/*"))
    assert not (folder / RESULT).exists()


# --- What lies about -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["runs", "logs", ".snakemake"])
def test_a_file_in_the_place_of_a_folder_is_told(name: str, folder: Path) -> None:
    """As one of the user's own things, which stays as it is."""
    (folder / name).write_text("mine")
    done = sncompile(folder, "run", "spec.yaml")
    assert (done.returncode, (folder / name).read_text()) == (3, "mine")
    assert f"error[SN716]: `{(folder / name).resolve()}` is a file where a folder is needed" in done.stderr


@pytest.mark.parametrize("where", [".sncompile", "results/.sncompile"])
def test_a_link_that_leads_nowhere_is_told(where: str, folder: Path) -> None:
    """In the place of the folder for what is not whole yet; a run that waited for it would wait for ever."""
    (folder / "spec.yaml").write_text(SPEC.replace("steps:", "data: {workspace: results}\nsteps:"))
    (folder / "results").mkdir()
    (folder / where).symlink_to("/nowhere/at/all")
    done = sncompile(folder, "run", "spec.yaml")
    assert (done.returncode == 3) == (where != ".sncompile"), done.stderr
    assert ("leads nowhere" in done.stderr) == (where != ".sncompile")


@pytest.mark.parametrize("level", ["0", "2"])
def test_a_directory_that_no_run_made_is_not_deleted(level: str, folder: Path) -> None:
    """A job deletes what stands in the place of its directory; only what a job made may go."""
    spec = SPEC.replace("steps:", "tables: {t: {key: k, rows: [{k: 1}, {k: 2}]}}\nsteps:").replace(
        "    module:", "    by: k\n    batch: 2\n    module:", 1
    )
    (folder / "spec.yaml").write_text(spec)
    own = folder / "results" / "a" / "1" / "d"
    own.mkdir(parents=True)
    (own / "precious").write_text("of three weeks")
    done = sncompile(folder, "run", "spec.yaml", "-O", level)
    assert done.returncode == 3
    assert "`results/a/1/d` holds files that no run made" in done.stderr
    assert (own / "precious").read_text() == "of three weeks"
    (own / "precious").unlink()
    (own / ".DS_Store").touch()  # Somebody has looked at the folder.
    assert sncompile(folder, "run", "spec.yaml", "-O", level).returncode == 0
    # What a run made is made again, at whatever level.
    for other in "20":
        (own / "x").write_text("of old")
        assert sncompile(folder, "run", "spec.yaml", "-O", other, "--", "--forceall").returncode == 0
        assert (own / "x").read_text() == "x\n"


def test_a_link_that_a_job_makes_leads_no_other_job_to_data(folder: Path) -> None:
    """Paths are compared before the run; what has become of them since is looked at before each job."""
    (folder / "spec.yaml").write_text(
        """\
sncompile: 1
pipeline: one
steps:
  a: {module: {outputs: {o: {type: file}}, shell: "ln -s ../raw results/b; echo x > ${outputs.o}"}}
  b:
    with: {i: "${a.o}"}
    module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}
"""
    )
    (folder / "raw").mkdir()
    (folder / "raw" / "o").write_text("of three weeks")
    done = sncompile(folder, "run", "spec.yaml")
    assert done.returncode == 3
    assert "error[SN718]: `results/b/o` would be written to `raw/o`" in done.stderr
    assert (folder / "raw" / "o").read_text() == "of three weeks"
    (folder / "results" / "b").unlink()
    assert sncompile(folder, "run", "spec.yaml").returncode == 0


@pytest.mark.parametrize("level", ["-O1", "-O2"])
def test_a_try_of_the_same_run_is_no_strangers(level: str, folder: Path) -> None:
    """What it left half-way is deleted before the next try, though no job has ended that made it."""
    (folder / "spec.yaml").write_text(
        """\
sncompile: 1
pipeline: one
tables: {t: {key: k, rows: [{k: 1}, {k: 2}]}}
steps:
  a:
    by: k
    batch: 2
    retries: 1
    outputs: {d: "out/${k}"}
    module:
      outputs: {d: {type: directory}}
      shell: |
        mkdir -p ${outputs.d}; touch ${outputs.d}/half
        if [ ! -e tried ]; then touch tried; kill -9 KILLED $$; fi
        touch ${outputs.d}/whole
""".replace("KILLED", "$PPID" if level == "-O2" else "")
    )
    done = sncompile(folder, "run", "spec.yaml", level, "--", "--keep-incomplete", "--cores", "1")
    assert done.returncode == 0, done.stderr
    assert (folder / "out" / "1" / "whole").exists()


def test_batches_look_at_what_they_promise(folder: Path) -> None:
    """As jobs of their own do: sums, numbers of files, and directories that are there beforehand."""
    spec = """\
sncompile: 1
pipeline: one
tables: {t: {key: k, rows: [{k: 1}, {k: 2}]}}
steps:
  a:
    by: k
    batch: 2
    module:
      outputs: {o: {type: file}, d: {type: directory, create: true}}
      success: SUCCESS
      shell: touch ${outputs.o} ${outputs.d}/x
"""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for success, code in (
        (f"{{sha256: {{o: {empty}}}, min_files: {{d: 1}}}}", 0),
        ("{min_files: {d: 2}}", 3),
        (f"{{sha256: {{o: {empty[:-1]}6}}}}", 3),
    ):
        (folder / "spec.yaml").write_text(spec.replace("SUCCESS", success))
        done = sncompile(folder, "run", "spec.yaml", "-O2", "--", "--forceall")
        assert done.returncode == code, (success, done.stderr)


def test_a_run_takes_nothing_that_lies_about(folder: Path) -> None:
    """Profiles in the usual places, Snakemake's variables, bash's, and Python's: all was made all the same."""
    home = folder / "home"
    for place in ("profiles/default", "profile", "build/profiles/default", "home/.config/snakemake/default"):
        (folder / place).mkdir(parents=True)
        (folder / place / "config.yaml").write_text("dry-run: true\n")
    (folder / "json.py").write_text("raise SystemExit(0)\n")
    (folder / "snakemake.py").write_text("raise SystemExit(0)\n")
    (folder / "sitecustomize.py").write_text("import os; os._exit(0)\n")
    (folder / "startup.sh").write_text("exit 0\n")
    environment = {
        **os.environ, "HOME": str(home), "SNAKEMAKE_PROFILE": "profile", "SNAKEMAKE_OUTPUT_CACHE": "/nowhere",
        "SHELLOPTS": "noexec", "BASHOPTS": "extdebug", "CDPATH": "/", "BASH_ENV": str(folder / "startup.sh"),
        "BASH_FUNC_mkdir%%": "() { true; }", "BASH_FUNC_module%%": "() { true; }", "IFS": "a", "POSIXLY_CORRECT": "1",
    }  # fmt: skip
    # An empty part is the folder where one stands: to the command another one, to the engine its working folder.
    environment["PYTHONPATH"] = os.pathsep.join(["", str(home / "python")])
    done = sncompile(home, "run", folder / "spec.yaml", "--cores", "2", env=environment)
    assert done.returncode == 0, done.stderr
    assert "done: 1 job " in done.stderr
    assert (folder / RESULT).read_text() == "whole\n"
    taken = record(newest_run(folder))["taken"]
    left_out = {"SNAKEMAKE_PROFILE", "SNAKEMAKE_OUTPUT_CACHE", "SHELLOPTS", "BASH_ENV", "CDPATH", "BASH_FUNC_mkdir%%"}
    assert left_out <= set(taken["variables_left_out"])
    assert taken["profile"] is None
    assert "PYTHONPATH" in taken["variables"]


def test_what_belongs_to_the_tools_reaches_them() -> None:
    """Paths, the locale, Python's variables, a module system; and the settings of the plugins that a profile names."""
    given = {
        "PATH": "/bin", "LC_ALL": "C", "PYTHONPATH": "lib", "LD_LIBRARY_PATH": "/x", "BASH_FUNC_module%%": "() { :; }",
        "SNAKEMAKE_SLURM_ACCOUNT": "a", "SNAKEMAKE_CONDA_PREFIX": "/envs", "MODULESHOME": "/opt/modules",
        "BASH_ENV": "/opt/modules/init/bash",
    }  # fmt: skip
    taken = surroundings(given, ["slurm"])
    assert (taken.variables, taken.removed) == (given, [])
    assert surroundings(given).removed == ["SNAKEMAKE_SLURM_ACCOUNT"]
    assert surroundings({**given, "BASH_ENV": "/opt/modules-of-mine"}, ["slurm"]).removed == ["BASH_ENV"]
    steering = {"LD_PRELOAD": "/x.so", "APPTAINER_BIND": "/data", "SINGULARITY_BIND": "/d", "SBATCH_PARTITION": "long"}
    told = ["BASH_ENV", "LD_LIBRARY_PATH", "PYTHONPATH", "SNAKEMAKE_CONDA_PREFIX", "SNAKEMAKE_SLURM_ACCOUNT"]
    assert surroundings({**given, **steering}, ["slurm"]).heeded == sorted([*steering, *told])


def test_what_a_profile_and_options_changed_stands_in_the_record(folder: Path) -> None:
    """With where it came from, and in `status` and its JSON."""
    (folder / "site").mkdir()
    (folder / "site" / "config.yaml").write_text("retries: 2\nmax-jobs-per-timespan: 7/1s\n")
    assert finish(start(folder, "--profile", "site", "--", "--printshellcmds"))[0] == 0
    taken = record(newest_run(folder))["taken"]
    assert taken["profile"] == str(folder / "site" / "config.yaml")
    assert {(s["option"], s["from"]) for s in taken["settings"]} == {
        ("--retries", "profile"), ("--max-jobs-per-timespan", "profile"), ("--printshellcmds", "--"),
    }  # fmt: skip
    told = sncompile(folder, "status").stdout
    assert str(folder / "site" / "config.yaml") in "".join(told.split())
    assert json.loads(sncompile(folder, "status", "--json").stdout)["taken"] == taken


# --- What was promised ------------------------------------------------------------------------------------------------

VANDAL = """\
sncompile: 1
pipeline: one
steps:
  a: {module: {outputs: {o: {type: file}, d: {type: directory}}, shell: "mkdir ${outputs.d}; touch ${outputs.o}"}}
  b:
    module:
      inputs: {i: {type: file}}
      outputs: {o: {type: file}}
      shell: |
        DEED
        touch ${outputs.o}
    with: {i: "${a.o}"}
outputs: {o: "${a.o}", d: "${a.d}", b: "${b.o}"}
"""


@pytest.mark.parametrize("level", ["0", "2"])
@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("rm results/a/o", "results/a/o: not there"),
        ("rm results/a/o; mkdir results/a/o", "results/a/o: a directory, and no file"),
        ("rm -r results/a/d; touch results/a/d", "results/a/d: no directory"),
        ("rm results/a/o; ln -s nowhere results/a/o", "results/a/o: a link to nothing"),
    ],
)
def test_a_run_looks_before_it_says_done(deed: str, told: str, level: str, tmp_path: Path) -> None:
    """What one job makes and another takes away is missing, whoever asks for it; the next run makes it again."""
    (tmp_path / "spec.yaml").write_text(VANDAL.replace("DEED", deed))
    code, out, err = finish(start(tmp_path, "-O", level))
    assert (code, out) == (3, "")
    assert "error[SN712]: all jobs have ended well, but 1 file is not there as promised" in err
    assert told in err
    assert record(newest_run(tmp_path))["state"] == "failed"
    asked = sncompile(tmp_path, "status")
    assert (asked.returncode, told in asked.stdout) == (3, True)
    assert json.loads(sncompile(tmp_path, "status", "--json").stdout)["errors"][0]["code"] == "SN712"
    assert sncompile(tmp_path, "report").returncode == 0
    assert told.partition(":")[0] in (newest_run(tmp_path) / "report.html").read_text()


def test_python_looks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in a notebook raises, and so does one that is attached."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.yaml").write_text(VANDAL.replace("DEED", "rm results/a/o"))
    with pytest.raises(sn.RunError, match="SN712"):
        sn.load("spec.yaml").run(cores=2).wait()
    run = sn.attach("spec.yaml")
    assert run.status == "failed"
    # The file was deleted while the next job read it, which tells whose deed it may have been.
    assert [d.code for d in run.diagnostics] == ["SN712", "SN753"]
    with pytest.raises(sn.CompileError, match="SN711"):
        sn.load("spec.yaml").run(cores=2, arguments=["--touch"])


def test_what_is_up_to_date_is_looked_at(folder: Path) -> None:
    """A directory in the place of a file satisfies Snakemake; to us it is no result, and the file is made again."""
    assert finish(start(folder))[0] == 0
    (folder / RESULT).unlink()
    (folder / RESULT).mkdir()
    code, _, err = finish(start(folder))
    assert (code, "done: 1 job " in err) == (0, True), err
    assert (folder / RESULT).is_file()


def test_temporary_files_are_meant_to_be_gone(tmp_path: Path) -> None:
    """What a level of optimization makes temporary is no promise."""
    spec = (
        VANDAL.replace("DEED", "true").replace('o: "${a.o}", d: "${a.d}", ', "").replace(", d: {type: directory}", "")
    )
    (tmp_path / "spec.yaml").write_text(spec.replace("mkdir ${outputs.d}; ", ""))
    code, _, err = finish(start(tmp_path, "-O", "2"))
    assert code == 0, err
    assert not (tmp_path / "results" / "a" / "o").exists()


def test_files_that_come_late_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the file system is said to need, and no longer."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            (tmp_path / "late").touch()

    monkeypatch.setattr("sncompile.runner.files.promises.time.sleep", sleep)
    files = [Written("late", False, False), Written("gone", False, True), Written("s3://b/x", False, False)]
    assert missing(files, tmp_path, 60) == []
    assert len(waits) == 3
    assert missing([Written("never", False, False)], tmp_path, 0) == [("never", "not there")]


def test_looking_is_cheap(tmp_path: Path) -> None:
    """A hundred thousand files are a call of the system each, and nothing is read."""
    (tmp_path / "f").touch()
    files = [Written(f"./{'./' * (n % 5)}f", False, False) for n in range(100_000)]
    calls = 0

    def count(frame: object, event: str, function: object) -> None:
        nonlocal calls
        calls += event == "c_call" and getattr(function, "__name__", "") in ("stat", "lstat", "open", "readlink")

    sys.setprofile(count)
    try:
        assert missing(files[:1000], tmp_path, 0) == []
    finally:
        sys.setprofile(None)
    assert calls <= 1000
    assert missing(files, tmp_path, 0) == []


PROMISED = """\
sncompile: 1
pipeline: promised
steps:
  f: {module: {outputs: {o: {type: file}}, success: {non_empty: true}, shell: "echo x > ${outputs.o}"}}
  d: {module: {outputs: {o: {type: directory}}, success: {min_files: {o: 2}}, shell: "mkdir -p ${outputs.o}; touch ${outputs.o}/{a,b}"}}
  e: {module: {outputs: {o: {type: directory}}, success: {non_empty: [o]}, shell: "mkdir -p ${outputs.o}; touch ${outputs.o}/a"}}
"""  # noqa: E501


def test_what_is_taken_as_it_is_keeps_its_promises(folder: Path) -> None:
    """Whoever made it: a file that must not be empty, a directory that must hold so much, a plain file."""
    (folder / "spec.yaml").write_text(PROMISED)
    results = folder / "results"
    for step in "de":
        (results / step / "o").mkdir(parents=True)
    (results / "d" / "o" / "mine").touch()
    (results / "f").mkdir()
    (results / "f" / "o").touch()
    done = sncompile(folder, "run", "spec.yaml", "--adopt")
    assert (done.returncode, "error[SN712]" in done.stderr) == (3, True)
    for told in ("f/o: empty", "d/o: a directory with 1 file, and not 2", "e/o: a directory with 0 files, and not 1"):
        assert f"results/{told}" in done.stderr
    assert (results / "d" / "o" / "mine").exists()
    shutil.rmtree(results)  # As the help says.
    assert sncompile(folder, "run", "spec.yaml").returncode == 0
    (results / "f" / "o").unlink()
    os.mkfifo(results / "f" / "o")
    assert sncompile(folder, "run", "spec.yaml").returncode == 0
    assert (results / "f" / "o").is_file()


def test_a_directory_that_must_not_be_empty(folder: Path) -> None:
    """Its job fails, as that of a file does."""
    (folder / "spec.yaml").write_text(PROMISED.replace("; touch ${outputs.o}/a", ""))
    done = sncompile(folder, "run", "spec.yaml", "-k")
    assert done.returncode == 3
    assert "error[SN701]: `e` failed" in done.stderr


def test_the_working_folder_may_be_the_workspace(folder: Path) -> None:
    """Its paths have no `./` before them, which an engine takes for another path than the one that is asked for."""
    (folder / "spec.yaml").write_text(SPEC.replace("steps:", "data: {workspace: .}\nsteps:"))
    done = sncompile(folder, "run", "spec.yaml", "--target", "a")
    assert done.returncode == 0, done.stderr
    assert (folder / "a" / "o").read_text() == "whole\n"


def test_only_what_was_asked_for_is_told_as_made(folder: Path) -> None:
    """Not the pipeline's other outputs, which nobody made."""
    other = "  b: {module: {outputs: {o: {type: file}}, shell: 'echo x > ${outputs.o}'}}\noutputs: {b: '${b.o}', "
    (folder / "spec.yaml").write_text(SPEC.replace('outputs: {o: "', other + 'o: "'))
    done = sncompile(folder, "run", "spec.yaml", "--target", "b")
    assert (done.returncode, done.stdout) == (0, "b: results/b/o\n")
