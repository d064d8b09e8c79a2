"""The command line: exit codes, what goes where, and that every command stands."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sncompile.api import check
from sncompile.cli import check_command
from sncompile.cli.main import COMMANDS
from sncompile.lsp.readings import documents_below
from sncompile.runner.record import RECORD, RunFolder

from .command_line import SNCOMPILE, Run, in_this_process, sncompile
from .made_runs import make_run

SPEC = """\
sncompile: 1
pipeline: letters
title: Letters
data: {workspace: results}
params: {size: {type: integer, default: 3}}
tables:
  letters: {rows: [{letter: a, file: a.txt}, {letter: b, file: b.txt}], key: [letter]}
steps:
  one:
    by: [letter]
    with: {source: "${letters.file}", size: "${params.size}"}
    module:
      inputs: {source: {type: file}}
      outputs: {out: {type: file}}
      params: {size: {type: integer}}
      resources: {cpus: 2, memory: "${params.size}GB"}
      command: [cp, "${inputs.source}", "${outputs.out}", "${params.size}"]
outputs: {all: "${one.out}"}
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process."""
    return in_this_process(capsys)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A correct spec in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "letters.yaml").write_text(SPEC)
    (tmp_path / "wrong.yaml").write_text(SPEC.replace('params.size}"}', 'params.sise}"}'))
    return Path("letters.yaml")


def test_a_person_at_a_terminal_is_told_where_more_is_said(
    run: Run, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the command that is named says it; a file that takes the messages has no such line."""
    assert "explain" not in run("check", "wrong.yaml").err
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    told = run("check", "wrong.yaml", "--color", "never").err
    (command,) = re.findall("^more on this: sncompile (explain SN.*)$", told, re.MULTILINE)
    explained = run(*command.split())
    assert (explained.code, explained.err) == (0, "")


def test_a_lock_that_nothing_needs_is_not_said_to_be_there(run: Run, spec: Path) -> None:
    for options in ((), ("--check",)):
        ended = run("lock", spec, *options)
        assert ended.code == 0
        assert "sncompile.lock: not needed" in ended.err
    assert not Path("sncompile.lock").exists()


def test_a_folder_that_nothing_was_compiled_to_is_told_once(run: Run, spec: Path) -> None:
    """And each file that is gone from one that is there."""
    ended = run(spec, "--check")
    assert (ended.code, ended.err.count("error[SN612]")) == (1, 1)
    assert "`build/letters` is missing" in ended.err
    assert run(spec).code == 0
    Path("build/letters/Snakefile").unlink()
    assert "`build/letters/Snakefile` is missing" in run(spec, "--check").err


def test_a_run_is_tried_out_by_the_letter_that_others_have_for_it(run: Run, spec: Path) -> None:
    ended = run("run", spec, "-n", "-j", "2")
    assert ended.code == 0, ended.err
    assert "2 jobs" in ended.out
    assert not Path("runs").exists()


def test_a_selector_without_its_method_is_told_with_what_to_write(run: Run, spec: Path) -> None:
    assert "write `key:letter=a`" in run("plan", spec, "--select", "letter=a").err


def test_logs_are_those_of_the_last_run_here_unless_one_is_named(run: Run, spec: Path) -> None:
    assert run("logs").err == run("logs", ".").err


def test_logs_of_a_step_are_those_of_the_last_run_here(run: Run, spec: Path) -> None:
    """So are those of a key; what is neither a run nor one of these is told."""
    made = make_run(spec, Path.cwd(), lambda number, job: "done")
    program = check(spec).require()
    (step,) = program.steps
    asked = run("logs", made.name, step, "--files")
    assert asked.out == run("logs", step, "--files").out
    assert len(asked.out.splitlines()) == 2
    assert run("logs", "letter=a", "--files").out == asked.out.splitlines()[0] + "\n"
    assert "no run `nothing`" in run("logs", "nothing").err


def test_check_of_a_correct_spec_ends_with_0(run: Run, spec: Path) -> None:
    ended = run("check", spec)
    assert (ended.code, ended.err) == (0, "")
    assert "1 step, 2 jobs, 2 input files" in ended.out


def test_errors_end_with_1_and_go_to_standard_error(run: Run, spec: Path) -> None:
    ended = run("plan", "wrong.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert "error[SN2" in ended.err
    assert "did you mean `size`" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [["check"], ["plan", "x.yaml", "--nonsense"], ["check", "x.yaml", "--set", "novalue"], ["explain", "SN999"]],
)
def test_a_wrong_command_line_ends_with_2(run: Run, spec: Path, arguments: list[str]) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (2, "")


def test_a_slip_in_a_command_is_told(run: Run, spec: Path) -> None:
    ended = run("chekc", "letters.yaml")
    assert ended.code == 2
    assert "did you mean `check`?" in ended.err


def test_a_spec_alone_is_compiled(run: Run, spec: Path) -> None:
    """`sncompile SPEC` is `sncompile compile SPEC`."""
    assert run(spec, "--emit", "ir") == run("compile", spec, "--emit", "ir")


def test_passes_are_listed_and_left_out(run: Run, spec: Path) -> None:
    """`--no-pass` takes any pass of the list, and nothing else."""
    from sncompile.passes.pipeline import PASSES

    listed = run("compile", spec, "--passes")
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == [each.name for each in PASSES]
    left = [word for each in PASSES for word in ("--no-pass", each.name)]
    assert run("compile", spec, "-O2", *left, "--emit", "ir").out == run("compile", spec, "-O0", "--emit", "ir").out
    wrong = run("compile", spec, "--no-pass", "merges")
    assert (wrong.code, "there is no pass `merges`" in wrong.err) == (2, True)


def test_every_command_has_help(run: Run) -> None:
    for name in COMMANDS:
        ended = run(name, "--help")
        assert ended.code == 0
        assert ended.out.startswith("Usage: sncompile")
        assert name in run("--help").out


def test_json_diagnostics(run: Run, spec: Path) -> None:
    ended = run("check", "wrong.yaml", "--format", "json")
    assert (ended.code, ended.err) == (1, "")
    (found,) = [d for d in json.loads(ended.out) if d["severity"] == "error"]
    assert set(found) == {
        "code", "severity", "message", "file", "line", "column", "end_line", "end_column", "related", "help",
        "fix", "safe",
    }  # fmt: skip
    assert (found["file"], found["line"]) == ("wrong.yaml", 11)


def test_sarif_diagnostics(run: Run, spec: Path) -> None:
    log = json.loads(run("check", "wrong.yaml", "--format", "sarif").out)
    assert log["version"] == "2.1.0"
    (result, *_) = log["runs"][0]["results"]
    rules = {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert result["ruleId"] in rules


def test_github_diagnostics(run: Run, spec: Path) -> None:
    out = run("check", "wrong.yaml", "--format", "github").out
    assert "::error file=wrong.yaml,line=11,col=" in out


def test_a_remark_is_no_error_in_any_form(run: Run, spec: Path) -> None:
    """A table without rows is a remark: a note and a notice for machines, and nothing for `--strict` to fail of."""
    module = "{outputs: {o: {type: file}}, command: [touch, '${outputs.o}']}"
    Path("empty.yaml").write_text(
        f"sncompile: 1\npipeline: p\ntables: {{t: {{key: k, rows: []}}}}\nsteps: {{s: {{by: k, module: {module}}}}}\n"
    )
    ended = run("check", "empty.yaml", "--strict")
    assert (ended.code, "1 remark" in ended.out) == (0, True)
    (found,) = json.loads(run("check", "empty.yaml", "--format", "json").out)
    assert (found["code"], found["severity"]) == ("SN429", "remark")
    log = json.loads(run("check", "empty.yaml", "--format", "sarif").out)
    assert [result["level"] for result in log["runs"][0]["results"]] == ["note"]
    assert run("check", "empty.yaml", "--format", "github").out.startswith("::notice file=empty.yaml,line=3,")


def test_standard_input(spec: Path) -> None:
    """`-` reads the spec; its paths start where the user stands."""
    done = subprocess.run([*SNCOMPILE, "plan", "-", "--json"], input=SPEC, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["jobs"] == 2


def test_a_reader_that_has_enough_is_no_fault(spec: Path) -> None:
    """`sncompile … | head -1` says nothing of a broken pipe."""
    command = f"{shlex.join(SNCOMPILE)} schema pipeline | head -1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False)
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_an_interrupt_while_it_starts_is_no_traceback() -> None:
    """Ctrl-C comes as soon as somebody sees that the command was wrong, when much is still to be imported."""
    interrupted = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'sncompile.diagnostics':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from sncompile.__main__ import main\n"
        "main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, "")


def test_a_fault_of_our_own_ends_with_70(run: Run, spec: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No traceback is shown; it lies in a file that the message names."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fuse blew")

    monkeypatch.setattr(check_command, "check", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = run("check", spec)
    assert (ended.code, ended.out) == (70, "")
    assert "Traceback" not in ended.err
    assert "a fault of sncompile itself" in ended.err
    (kept,) = tmp_path.glob("sncompile-fault-*.txt")
    assert str(kept) in ended.err
    assert "a fuse blew" in kept.read_text()


def test_colour_only_where_it_is_wanted(run: Run, spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run("plan", spec).out
    assert "\x1b[1m" in run("plan", spec, "--color", "always").out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("plan", spec).out


def test_plan_as_text(run: Run, spec: Path) -> None:
    Path("b.txt").unlink()
    ended = run("plan", spec)
    assert ended.code == 0
    assert "2 jobs in 1 step" in ended.out
    assert "one   letter     2  2 cpus, 3 GB" in ended.out
    assert "inputs   2 files, 1 not there" in ended.out
    assert "missing: b.txt" in ended.out
    assert "warning[SN511]" in ended.err


def test_links_that_lead_nowhere_and_pipes(run: Run, spec: Path) -> None:
    """A link is not told as a file of nearly the same name, and nobody waits for who writes into a pipe."""
    Path("b.txt").unlink()
    Path("b.txt").symlink_to("nowhere/b.txt")
    assert "it is a link to `nowhere/b.txt`, and that leads nowhere" in run("check", spec).err
    Path("b.txt").unlink()
    os.mkfifo("b.txt")
    assert "no fault" in run("check", spec).out


def test_plan_as_json(run: Run, spec: Path) -> None:
    """The object of the interface; options change it as they change a compile."""
    Path("b.txt").unlink()
    plan = json.loads(run("plan", spec, "--json", "--set", "size=5", "--data", "workspace=out").out)
    assert (plan["pipeline"], plan["jobs"]) == ("letters", 2)
    (step,) = plan["steps"]
    assert (step["name"], step["by"], step["instances"], step["module"]) == ("one", ["letter"], 2, "one")
    assert step["span"]["line"] == 9
    assert step["resources"] == {"cpus": 2, "memory_mb": 5000}
    assert [(f["path"], f["exists"]) for f in plan["inputs"]] == [("a.txt", True), ("b.txt", False)]
    assert plan["outputs"] == [{"name": "all", "paths": ["out/one/a/out", "out/one/b/out"]}]
    assert [w["code"] for w in plan["warnings"]] == ["SN511"]


@pytest.mark.parametrize(
    ("memory", "text", "amount"),
    [
        ("${inputs.source.size * 2}B", "by size memory", {"low": None, "high": None}),
        ("${2 * attempt}GB", "from 2 GB", {"low": 2000, "high": 2000}),
        ("${'1GB' if letter == 'a' else '500MB'}", "500 MB to 1 GB", {"low": 500, "high": 1000}),
    ],
)
def test_plan_of_amounts_that_are_not_fixed(
    run: Run, spec: Path, memory: str, text: str, amount: dict[str, int | None]
) -> None:
    """What depends on files, attempts or keys is told as far as it is known, with its expression."""
    step = '    resources: {memory: "' + memory + '"}\n    with: {source'
    spec.write_text(SPEC.replace("    with: {source", step))
    assert text in run("plan", spec).out
    told = json.loads(run("plan", spec, "--json").out)["steps"][0]["resources"]["memory_mb"]
    assert {key: told[key] for key in amount} == amount
    assert told["expression"].startswith("${")


def test_plan_loads_neither_networkx_nor_snakemake(spec: Path) -> None:
    code = (
        "import sys\nfrom sncompile.cli.main import main\n"
        "try: main(['plan', 'letters.yaml'])\nexcept SystemExit: pass\n"
        "print([n for n in ('networkx', 'snakemake', 'duckdb', 'jsonschema') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.endswith("[]\n"), done.stdout + done.stderr


def test_plan_fits_a_narrow_terminal(spec: Path) -> None:
    done = sncompile(Path.cwd(), "plan", "letters.yaml", env=os.environ | {"COLUMNS": "40"})
    assert max(map(len, done.stdout.splitlines())) <= 40


def test_a_module_has_no_plan(run: Run, spec: Path) -> None:
    Path("m.yaml").write_text("sncompile: 1\nmodule: m\ncommand: ['true']\n")
    ended = run("plan", "m.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert "sncompile describe" in ended.err


MODULE = """\
sncompile: 1
module: align
title: Align reads
license: MIT
citations: ["Li H (2013). BWA-MEM."]
inputs: {reads: {type: "file[]", format: [fastq, fastq.gz], description: What was sequenced}}
outputs: {bam: {type: file, format: bam}}
params:
  threads: {type: integer, default: 2, minimum: 1, maximum: 8, description: How many at once}
  mode: {enum: [fast, exact]}
container: {image: "ghcr.io/x/bwa:1"}
resources: {memory: 4GB}
command: [bwa, {option: -t, value: "${params.threads * 2}"}, {flag: --exact, when: "${params.mode == 'exact'}"},
          "${inputs.reads}", ">${outputs.bam}"]
"""


def test_describe_shows_all_of_a_module(run: Run, spec: Path) -> None:
    Path("align.yaml").write_text(MODULE)
    out = run("describe", "align.yaml").out
    for told in (
        "align – Align reads", "MIT", "reads  file[] (fastq or fastq.gz)", "What was sequenced",
        "integer, 1 to 8, default 2", 'one of "fast", "exact", required', "-t \"${params.threads * 2}\"",
        "--exact (when ${params.mode == 'exact'})", ">${outputs.bam}", "ghcr.io/x/bwa:1", "memory  4GB", "Li H (2013)",
    ):  # fmt: skip
        assert told in out, told


def test_describe_as_json(run: Run, spec: Path) -> None:
    Path("align.yaml").write_text(MODULE)
    told = json.loads(run("describe", "align.yaml", "--json").out)
    assert (told["kind"], told["name"], told["container"]) == ("module", "align", "ghcr.io/x/bwa:1")
    assert told["params"]["threads"]["maximum"] == 8
    assert told["command"][1] == {"option": "-t", "value": "${params.threads * 2}"}
    pipeline = json.loads(run("describe", spec, "--json").out)
    assert pipeline["steps"]["one"]["by"] == ["letter"]


def test_describe_finds_modules_by_reference(run: Run, spec: Path) -> None:
    ended = run("describe", "examples/variants/modules/align")
    assert ended.code == 0
    assert "bwa mem" in ended.out
    wrong = run("describe", "examples/variants/modules/alig")
    assert (wrong.code, wrong.out) == (1, "")
    assert "did you mean `align`?" in wrong.err


def test_explain(run: Run) -> None:
    assert run("explain", "sn501").out.startswith("SN501: ")
    assert "SN501" in run("explain").out
    ended = run("explain", "SN599")
    assert ended.code == 2
    assert "`SN501`" in ended.err


def test_a_spec_that_is_not_there(run: Run, tmp_path: Path) -> None:
    """The one beside it with nearly the same name is meant, in the words of the command line."""
    (tmp_path / "screen.yaml").touch()
    (tmp_path / "screen.txt").touch()
    assert f"did you mean `{tmp_path}/screen.yaml`?" in run("check", tmp_path / "screen.yml").err
    assert "did you mean" not in run("check", tmp_path / "another").err


def test_check_takes_folders(run: Run, tmp_path: Path) -> None:
    """For all specs in them, and below; what is no spec and what is hidden is left out."""
    run("init", tmp_path)
    (tmp_path / "settings.yaml").write_text("a: [")
    found = run("check", tmp_path)
    assert found.code == 0, found.err
    assert [Path(line.split(":")[0]).name for line in found.out.splitlines()] == [
        "pipeline.yaml", "compare.yaml", "growth.yaml",
    ]  # fmt: skip
    # What ran is in the record of a run as it was, without its files.
    record = tmp_path / "runs" / "plants-1"
    (record / "spec").mkdir(parents=True)
    shutil.copy(tmp_path / "pipeline.yaml", record / "spec")
    for name in (RECORD, RunFolder(record).events.name):
        (record / name).touch()
    assert run("check", tmp_path).out == found.out
    assert record / "spec" / "pipeline.yaml" not in documents_below(tmp_path, {})
    (tmp_path / "data" / "x").mkdir()
    assert "no spec is in" in run("check", tmp_path / "data").err


@pytest.mark.parametrize("kind", ["pipeline", "module"])
def test_schema(run: Run, kind: str) -> None:
    assert json.loads(run("schema", kind).out)["title"].lower() == kind


def test_targets(run: Run) -> None:
    assert "snakemake" in run("targets").out
    assert json.loads(run("targets", "--json").out)["snakemake"]["capabilities"]


def test_init_writes_a_project_without_fault_and_never_over_another(run: Run, tmp_path: Path) -> None:
    ended = run("init", tmp_path / "my plants")
    assert ended.code == 0
    assert f"cd '{tmp_path}/my plants'" in ended.out
    assert "sncompile run pipeline.yaml" in ended.out
    place = tmp_path / "my plants" / "pipeline.yaml"
    assert place.read_text().startswith("# yaml-language-server: $schema=.schemas/pipeline.schema.json\n")
    assert run("check", "--strict", place).code == 0
    place.write_text("mine")
    again = run("init", tmp_path / "my plants")
    assert again.code == 2
    assert "nothing was written" in again.err
    assert place.read_text() == "mine"


def _completed(folder: Path, line: str) -> list[str]:
    """What bash is offered at the end of a line."""
    words = line.split(" ")
    asked = {"_SNCOMPILE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = sncompile(folder, env=os.environ | asked)
    assert done.stderr == ""
    return [offer.partition(",")[2] for offer in done.stdout.splitlines()]


def test_completion_names_commands() -> None:
    assert _completed(Path.cwd(), "sncompile des") == ["describe"]


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("sncompile run spec.yaml --set thr", ["threshold="]),
        ("sncompile spec.yaml --set ", ["threshold=", "genome="]),
        ("sncompile plan spec.yaml --data w", ["workspace="]),
        ("sncompile run spec.yaml --target b", ["book"]),
        ("sncompile run spec.yaml --select tag", ["tag:qc"]),
        ("sncompile plan spec.yaml --until step:", ["step:one"]),
        ("sncompile explain SN20", ["SN201", "SN202", "SN203", "SN204", "SN205", "SN206", "SN207", "SN208", "SN209"]),
        ("sncompile run missing.yaml --set ", [""]),
        ("sncompile run broken.yaml --set ", [""]),
    ],
)
def test_completion_names_what_the_spec_has(tmp_path: Path, line: str, offers: list[str]) -> None:
    """Parameters, roots, outputs and steps; of a spec that cannot be read nothing, and no word of it."""
    (tmp_path / "broken.yaml").write_text("sncompile: 1\npipeline: [")
    (tmp_path / "spec.yaml").write_text(
        "sncompile: 1\npipeline: p\ndata: {workspace: results}\nparams: {threshold: {type: integer}}\n"
        "inputs: {genome: {type: file}}\nsteps:\n  one: {tags: [qc], module: {outputs: {o: {type: file}}, "
        "command: [touch, '${outputs.o}']}}\noutputs: {book: '${one.o}'}\n"
    )
    found = _completed(tmp_path, line)
    assert found == offers or (line.endswith("SN20") and set(found) <= set(offers) and len(found) > 3)


@pytest.mark.parametrize("arguments", [["check", "SPEC"], ["run", "SPEC"], ["status"], ["logs", "."], ["lock", "SPEC"]])
def test_a_folder_that_was_deleted_is_no_place_to_stand(spec: Path, tmp_path: Path, arguments: list[str]) -> None:
    """Which is told, and what to do; not as a fault of our own."""
    words = " ".join(shlex.quote(word.replace("SPEC", str(spec))) for word in [*SNCOMPILE, *arguments])
    script = f"mkdir gone && cd gone && rmdir ../gone && {words}"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "the folder in which you stand cannot be used: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_of_a_site(tmp_path: Path) -> None:
    """They win over what the spec says, the last file over the first; what fits nothing is told and stops nothing."""
    (tmp_path / "s.yaml").write_text(
        "sncompile: 1\npipeline: p\nsteps:\n"
        "  a: {module: {outputs: {o: {type: file}}, resources: {memory: 1GB}, command: [touch, '${outputs.o}']}}\n"
    )
    (tmp_path / "one.yaml").write_text("a: {resources: {memory: 2GB, cpus: 3}, env: {X: '1'}}\nz: {retries: 1}\n")
    (tmp_path / "two.yaml").write_text("'*': {resources: {memory: 5GB}, retries: 2}\n")
    (tmp_path / "bad.yaml").write_text("a: {memory: 2GB}\n")
    done = sncompile(tmp_path, "s.yaml", "--emit", "jobs", "--override", "one.yaml", "--override", "two.yaml")
    job = json.loads(done.stdout)
    assert (job["resources"], job["env"], job["settings"]["retries"]) == ({"cpus": 3, "memory_mb": 5000}, {"X": "1"}, 2)
    told = sncompile(tmp_path, "check", "s.yaml", "--override", "one.yaml")
    assert told.returncode == 0
    assert "remark[SN230]: no step is called `z`\n --> one.yaml:2:1" in told.stderr
    wrong = sncompile(tmp_path, "check", "s.yaml", "--override", "bad.yaml")
    assert wrong.returncode == 1
    assert "error[SN101]: unknown key `memory` in `a`\n --> bad.yaml:1:5" in wrong.stderr
