"""`sncompile diff`: what it says of every kind of change, of whole graphs, and of a spec's past in git."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sncompile.api import check, check_at, diff, graph_of
from sncompile.cli.main import cli
from sncompile.ir.diff.model import GraphDiff, Kind, State, StepDiff
from sncompile.semantics.git import RevisionError
from sncompile.semantics.program import Options
from sncompile.views.reason_text import reason_text, setting_text

SPEC = """\
sncompile: 1
pipeline: plate
data: {images: images, workspace: results}
params: {sigma: {type: integer, default: 2}}
tables:
  fields: {file: fields.tsv, key: [well, site]}
modules: {mod: ./modules}
steps:
  flat:
    module: mod/flat
    with: {images: "${fields.path}"}
  segment:
    module: mod/segment
    by: [well, site]
    with: {image: "${fields.path}", flat: "${flat.out}", sigma: "${params.sigma}", area: "${fields.area}"}
  measure:
    module: mod/measure
    by: [well]
    with: {labels: "${segment.labels}"}
  report:
    module: mod/measure
    with: {labels: "${measure.out}"}
    outputs: {out: report.csv}
"""
MODULES = {
    "flat": """\
inputs: {images: {type: "file[]"}}
outputs: {out: {type: file, format: npy}}
command: [python, "${file('flat.py')}", --out, "${outputs.out}", "${inputs.images}"]
""",
    "segment": """\
inputs: {image: {type: file}, flat: {type: file}}
params: {sigma: {type: integer}, area: {type: integer}}
outputs: {labels: {type: file, format: tiff}}
container: {image: "example/segment:1", env: {THREADS: "1"}}
resources: {cpus: 2, memory: 1GB}
command: [segment, --sigma, "${params.sigma}", --area, "${params.area}", --cpus, "${resources.cpus}",
          --flat, "${inputs.flat}", "${inputs.image}", "${outputs.labels}"]
""",
    "measure": """\
inputs: {labels: {type: "file[]"}}
outputs: {out: {type: file, format: csv}}
shell: |
  cat ${inputs.labels} |
    sort -u > ${outputs.out}
""",
}
ROWS = [(well, site) for well in ("A1", "A2", "B1") for site in "12"]
TABLE = "well\tsite\tpath\tarea\n" + "".join(f"{w}\t{s}\timages/{w}_{s}.tif\t{s}0\n" for w, s in ROWS)


class Folder:
    """A folder with the spec, as it is before and after an edit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.put("spec.yaml", SPEC)
        self.put("fields.tsv", TABLE)
        for name, text in MODULES.items():
            self.put(f"modules/{name}.yaml", f"sncompile: 1\nmodule: {name}\n{text}")
        self.put("modules/flat.py", "pass\n")
        for well, site in ROWS:
            self.put(f"images/{well}_{site}.tif", "")

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file."""
        text = (self.path / name).read_text("utf-8")
        assert old in text
        self.put(name, text.replace(old, new))

    def git(self, *arguments: str) -> str:
        """Call git here."""
        who = ["-c", "user.name=somebody", "-c", "user.email=somebody"]
        done = subprocess.run(["git", *who, *arguments], cwd=self.path, capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self, *ignored: str) -> None:
        """Commit everything but what is ignored."""
        if not (self.path / ".git").exists():
            self.git("init", "-q", "-b", "main")
        if ignored:
            self.put(".gitignore", "\n".join(ignored) + "\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "one")


@pytest.fixture
def now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The spec that a test edits, in the working folder."""
    folder = Folder(tmp_path / "now")
    monkeypatch.chdir(folder.path)
    return folder


@pytest.fixture
def before(tmp_path: Path) -> Folder:
    """The spec as it was."""
    return Folder(tmp_path / "before")


def compared(before: Folder, now: Folder) -> GraphDiff:
    """How the two specs differ."""
    return diff(*(graph_of(check(folder.path / "spec.yaml").require()) for folder in (before, now)))


def steps(found: GraphDiff) -> dict[str, StepDiff]:
    """The steps that differ."""
    return {step.name: step for step in found.steps}


def states(found: GraphDiff) -> dict[str, str]:
    """The state of every job that differs."""
    return {job.id: job.state.value for job in found.jobs()}


def call(*arguments: str | Path) -> Any:
    """`sncompile diff …`."""
    return CliRunner().invoke(cli, ["diff", *map(str, arguments)], env={"COLUMNS": "80"})


# --- Every kind of reason -----------------------------------------------------------------------------------------

EDITS = {
    "a parameter": ("spec.yaml", "default: 2", "default: 3", "segment: parameter `sigma` 2 → 3 (6)"),
    "a cell": ("fields.tsv", "A2_1.tif\t10", "A2_1.tif\t11", "segment: parameter `area` 10 → 11 (1)"),
    "an input": (
        *("fields.tsv", "images/A1_1.tif", "images/B1_2.tif"),
        "flat: input `images` 6, without images/A1_1.tif (1)",
        "segment: input `image` images/A1_1.tif → images/B1_2.tif (1)",
    ),
    "a word": ("modules/segment.yaml", "--area", "--least", "segment: command `--area` → `--least` (6)"),
    "a value": ("modules/flat.yaml", "--out,", "--depth, '8', --out,", "flat: command now with `--depth 8` (1)"),
    "a script": (
        *("modules/measure.yaml", "sort -u", "sort"),
        "measure: script `sort -u >` → `sort >` (3)",
        "report: script `sort -u >` → `sort >` (1)",
    ),
    "a module's file": ("modules/flat.py", "pass", "0", "flat: the module's file `modules/flat.py` (1)"),
    "a container": (
        "modules/segment.yaml",
        "segment:1",
        "segment:2",
        "segment: container example/segment:1 → example/segment:2 (6)",
    ),
    "no container": (
        "modules/segment.yaml",
        'container: {image: "example/segment:1", env: {THREADS: "1"}}\n',
        "",
        "segment: container is gone (6)",
        "segment: variable `THREADS` is gone (6)",
    ),
    "a variable": ("modules/segment.yaml", 'THREADS: "1"', 'THREADS: "2"', "segment: variable `THREADS` 1 → 2 (6)"),
    "a resource that the command takes": (
        *("modules/segment.yaml", "cpus: 2", "cpus: 4"),
        "segment: cpus 2 → 4, which the command takes (6)",
    ),
    "a path": ("spec.yaml", "report.csv", "other.csv", "report: output `out` report.csv → other.csv (1)"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_every_kind_of_reason(before: Folder, now: Folder, edit: tuple[str, ...]) -> None:
    """An edit gives its reason, in so many jobs, and no other; what only reads from those jobs has none of its own."""
    name, old, new, *told = edit
    now.edit(name, old, new)
    found = compared(before, now)
    assert [f"{s.name}: {reason_text(r)} ({r.jobs})" for s in found.steps for r in s.reasons] == told
    assert found.counts.changed > 0


def test_another_module(before: Folder, now: Folder) -> None:
    """That a step uses another module is told before what that changes."""
    now.put("modules/other.yaml", "sncompile: 1\nmodule: other\n" + MODULES["measure"].replace("sort", "uniq"))
    now.edit("spec.yaml", "mod/measure", "mod/other")
    reasons = steps(compared(before, now))["report"].reasons
    assert [reason_text(r) for r in reasons] == ["module measure → other", "script `sort -u` → `uniq -u`"]


def test_an_environment_file(before: Folder, now: Folder) -> None:
    """A conda environment counts by its name and by what stands in it."""
    for folder in (before, now):
        folder.edit("modules/flat.yaml", "command:", "conda: env.yml\ncommand:")
        folder.put("modules/env.yml", "dependencies: [numpy]\n")
    assert not compared(before, now).differs
    now.edit("modules/env.yml", "numpy", "scipy")
    [reason] = steps(compared(before, now))["flat"].reasons
    assert (reason.kind, reason.name) == (Kind.MODULE, "modules/env.yml")


def test_what_a_job_is_given_is_no_change_of_its_command(before: Folder, now: Folder) -> None:
    """Two edits that meet in one command are told apart."""
    now.edit("spec.yaml", "default: 2", "default: 3")
    now.edit("modules/segment.yaml", "--area", "--least")
    reasons = steps(compared(before, now))["segment"].reasons
    assert [reason_text(r) for r in reasons] == ["command `--area` → `--least`", "parameter `sigma` 2 → 3"]


# --- What jobs read -----------------------------------------------------------------------------------------------


def test_jobs_below_are_told_as_such(before: Folder, now: Folder) -> None:
    """Only what changed by itself has reasons; the rest says where it came from."""
    now.edit("fields.tsv", "A2_1.tif\t10", "A2_1.tif\t11")
    found = compared(before, now)
    told = {s.name: (s.counts.changed, s.above, s.because, s.below) for s in found.steps}
    assert told == {"segment": (1, 0, (), 2), "measure": (1, 1, ("segment",), 0), "report": (1, 1, ("segment",), 0)}
    assert states(found) == dict.fromkeys(["segment/A2/1", "measure/A2", "report"], "changed")
    assert (found.counts.now, found.counts.changed, found.counts.same) == (11, 3, 8)


def test_order_does_not_change_what_waits(before: Folder, now: Folder) -> None:
    """What a job only waits for does not reach it."""
    for folder in (before, now):
        folder.edit("spec.yaml", "  report:\n", "  report:\n    after: [flat]\n")
    now.edit("modules/flat.py", "pass", "0")
    assert states(compared(before, now)).keys() == {"flat", *(f"segment/{w}/{s}" for w, s in ROWS)} | {
        *(f"measure/{w}" for w in ("A1", "A2", "B1")),
        "report",
    }
    for folder in (before, now):
        folder.edit("spec.yaml", 'labels: "${measure.out}"', 'labels: ["images/A1_1.tif"]')
    assert "report" not in states(compared(before, now))


def test_rows_that_come_and_go(before: Folder, now: Folder) -> None:
    """New and gone jobs are counted by step; who gathers them has another input."""
    now.edit("fields.tsv", "B1\t2\timages/B1_2.tif\t20\n", "C1\t1\timages/A1_1.tif\t10\n")
    found = compared(before, now)
    counts = found.counts
    assert (counts.before, counts.now, counts.new, counts.gone) == (11, 12, 2, 1)
    segment = steps(found)["segment"]
    assert (segment.added, segment.removed) == (("segment/C1/1",), ("segment/B1/2",))
    assert {id for id, state in states(found).items() if state in ("new", "gone")} == {
        *("segment/C1/1", "segment/B1/2", "measure/C1"),
    }
    [reason] = steps(found)["measure"].reasons
    assert reason_text(reason) == (
        "input `labels` [results/segment/B1/1/labels.tiff, results/segment/B1/2/labels.tiff] → "
        "[results/segment/B1/1/labels.tiff]"
    ) or "without results/segment/B1/2/labels.tiff" in reason_text(reason)


def test_what_a_value_is_counted_from(before: Folder, now: Folder) -> None:
    """A job that takes only how many others there are reads from them, as its digest says."""
    for folder in (before, now):
        folder.put(
            "modules/count.yaml",
            "sncompile: 1\nmodule: count\nparams: {n: {type: integer}}\noutputs: {out: {type: file}}\n"
            'command: [count, "${params.n}", "${outputs.out}"]\n',
        )
        folder.edit(
            "spec.yaml", "  report:\n", '  count: {module: mod/count, with: {n: "${len(segment.labels)}"}}\n  report:\n'
        )
    now.edit("fields.tsv", "B1\t2\t", "B1\t3\t")
    assert [reason_text(r) for r in steps(compared(before, now))["count"].reasons] == ["reads from other jobs (6 → 6)"]


# --- Steps --------------------------------------------------------------------------------------------------------


def test_steps_that_come_and_go(before: Folder, now: Folder) -> None:
    """Whole steps are told as such."""
    now.edit("spec.yaml", "  report:", '  extra: {module: mod/measure, with: {labels: "${fields.path}"}}\n  report:')
    found = compared(before, now)
    assert [(s.name, s.counts.new, s.counts.now) for s in found.steps] == [("extra", 1, 1)]
    found = compared(now, before)
    assert [(s.name, s.counts.gone, s.counts.before, s.counts.now) for s in found.steps] == [("extra", 1, 1, 0)]


def test_a_renamed_step_with_paths_of_its_own_is_the_same(before: Folder, now: Folder) -> None:
    """Its job has the digest that it had, so nothing runs again; and that is said."""
    now.edit("spec.yaml", "  report:", "  summary:")
    found = compared(before, now)
    assert [(job.id, job.was, job.state) for job in found.jobs()] == [("summary", "report", State.RENAMED)]
    assert (found.counts.renamed, found.counts.changed, found.counts.same) == (1, 0, 10)
    assert steps(found)["summary"].was == ("report",)


def test_a_renamed_step_with_derived_paths_writes_elsewhere(before: Folder, now: Folder) -> None:
    """Its files are called otherwise; what reads them has changed because of that alone, and not by an input."""
    now.edit("spec.yaml", "  segment:", "  outline:")
    now.edit("spec.yaml", "segment.labels", "outline.labels")
    found = compared(before, now)
    outline = steps(found)["outline"]
    assert (outline.was, outline.counts.changed, outline.counts.new, outline.below) == (("segment",), 6, 0, 4)
    assert [reason.kind for reason in outline.reasons] == [Kind.OUTPUT]
    assert steps(found)["measure"].reasons == ()
    assert {job.was for job in found.jobs() if job.was} == {f"segment/{w}/{s}" for w, s in ROWS}


def test_steps_renamed_one_after_the_other(before: Folder, now: Folder) -> None:
    """A step is found again although what it reads from is called otherwise too."""
    now.edit("spec.yaml", "  flat:", "  even:")
    now.edit("spec.yaml", "flat.out", "even.out")
    now.edit("spec.yaml", "  segment:", "  outline:")
    now.edit("spec.yaml", "segment.labels", "outline.labels")
    found = steps(compared(before, now))
    assert (found["even"].was, found["outline"].was) == (("flat",), ("segment",))


def test_a_step_that_is_cut_in_two(before: Folder, now: Folder) -> None:
    """Jobs that write the same files as before are the same, whatever step they belong to now."""
    path = '    outputs: {labels: "out/${well}_${site}.tif"}\n'
    for folder in (before, now):
        folder.edit("spec.yaml", "  measure:\n", f"{path}  measure:\n")
        folder.edit("spec.yaml", '    with: {labels: "${segment.labels}"}', '    with: {labels: ["x.tif"]}')
        folder.put("x.tif", "")
    text = (now.path / "spec.yaml").read_text("utf-8")
    step = text[text.index("  segment:\n") : text.index("  measure:\n")]
    halves = [
        step.replace("segment:", f"segment_{name}:", 1) + f"    where: \"${{well {sign} 'A1'}}\"\n"
        for name, sign in (("one", "=="), ("rest", "!="))
    ]
    now.edit("spec.yaml", step, "".join(halves))
    found = compared(before, now)
    assert (found.counts.renamed, found.counts.changed, found.counts.new, found.counts.gone) == (6, 0, 0, 0)
    assert {s.name: (s.was, s.counts.renamed) for s in found.steps} == {
        "segment_one": (("segment",), 2),
        "segment_rest": (("segment",), 4),
    }


def test_keys_that_differ(before: Folder, now: Folder) -> None:
    """A step that ranges over other keys has other jobs."""
    now.edit("spec.yaml", "    by: [well]\n", "    by: [well, site]\n")
    now.edit("modules/measure.yaml", 'type: "file[]"', 'type: "file[]?"')
    now.edit("spec.yaml", '{labels: "${segment.labels}"}', '{labels: ["${segment.labels}"]}')
    measure = steps(compared(before, now))["measure"]
    assert (measure.by_before, measure.by, measure.counts.new, measure.counts.gone) == (
        ("well",),
        ("well", "site"),
        6,
        3,
    )
    assert "by `well` → `well`, `site`" in call(before.path / "spec.yaml", "spec.yaml").output


# --- Settings -----------------------------------------------------------------------------------------------------

SETTINGS = {
    "memory": ("modules/segment.yaml", "1GB", "2GB", "segment memory 1 GB → 2 GB"),
    "memory by size": (
        *("modules/segment.yaml", "1GB", '"${inputs.image.size * attempt}"'),
        "segment memory 1 GB → ${(inputs.image.size * attempt)}",
    ),
    "retries": ("spec.yaml", "  flat:\n", "  flat:\n    retries: 2\n", "flat retries 0 → 2"),
    "order": ("spec.yaml", "  report:\n", "  report:\n    after: [flat]\n", "report after nothing → `flat`"),
    "batch": (
        "spec.yaml",
        "    module: mod/segment\n",
        "    module: mod/segment\n    batch: 3\n",
        "segment batch 1 → 3",
    ),
    "local": ("spec.yaml", "  flat:\n", "  flat:\n    local: true\n", "flat local false → true"),
    "temp": (
        *("spec.yaml", "  flat:\n", "  flat:\n    outputs: {out: {temp: true}}\n"),
        "flat output `out` kept → temporary",
    ),
    "success": (
        *("modules/flat.yaml", "command:", "success: {non_empty: true}\ncommand:"),
        "flat success: non_empty out nothing → true",
    ),
}


@pytest.mark.parametrize("edit", SETTINGS.values(), ids=SETTINGS.keys())
def test_settings_are_told_apart(before: Folder, now: Folder, edit: tuple[str, str, str, str]) -> None:
    """What makes no job another one is a difference, but changes no job."""
    name, old, new, told = edit
    now.edit(name, old, new)
    found = compared(before, now)
    assert found.differs
    assert (found.counts.changed, found.counts.same) == (0, 11)
    assert [f"{s.name} {setting_text(r)}" for s in found.steps for r in s.settings] == [told]


def test_titles_make_no_difference(before: Folder, now: Folder) -> None:
    """Nor do other words, and the names of the pipeline and its folder."""
    now.edit("spec.yaml", "pipeline: plate", "pipeline: other\ntitle: Other")
    now.edit("spec.yaml", "  flat:\n", "  flat:\n    title: Other\n    tags: [some]\n")
    now.edit("modules/flat.yaml", "command:", "description: Other words\ncommand:  # so\n ")
    assert not compared(before, now).differs


def test_outputs_of_the_pipeline(before: Folder, now: Folder) -> None:
    """What a pipeline is for is told, though no job differs."""
    now.put("spec.yaml", SPEC + 'outputs: {all: "${report.out}"}\n')
    found = compared(before, now)
    assert found.differs
    assert "all" in found.outputs
    assert found.counts.same == 11


# --- The command --------------------------------------------------------------------------------------------------


def test_the_command_says_what_the_issue_wants(before: Folder, now: Folder) -> None:
    """Families first, in columns that line up; 1 where something differs."""
    now.edit("spec.yaml", "default: 2", "default: 3")
    ended = call(before.path / "spec.yaml", "spec.yaml")
    assert ended.exit_code == 1
    assert ended.stdout.splitlines()[-5:] == [
        "11 jobs: 10 changed, 1 the same",
        "",
        "~  segment  6 of 6  parameter `sigma` 2 → 3, and 4 below it",
        "~  measure  3 of 3  because of `segment` above",
        "~  report   1 of 1  because of `segment` above",
    ]


def test_no_difference_ends_with_0(before: Folder, now: Folder) -> None:
    """And is said in a line."""
    ended = call(before.path / "spec.yaml", "spec.yaml")
    assert (ended.exit_code, ended.stdout.splitlines()[-1]) == (0, "no difference: 11 jobs")


def test_text_fits_a_narrow_terminal(before: Folder, now: Folder) -> None:
    """No line is longer than the terminal is wide, without colours in a pipe, and with them where wanted."""
    now.edit("spec.yaml", "workspace: results", "workspace: another/place/for/results")
    now.edit("fields.tsv", "B1\t2\t", "C1\t2\t")
    plain = call(before.path / "spec.yaml", "spec.yaml", "--color", "never").stdout
    assert max(map(len, plain.splitlines())) <= 80
    colored = call(before.path / "spec.yaml", "spec.yaml", "--color", "always").stdout
    assert re.sub(r"\x1b\[\d*m", "", colored) == plain
    assert "\x1b[32m+  segment" in colored


def test_names_cannot_steer_the_terminal(before: Folder, now: Folder) -> None:
    """Nor values."""
    now.edit("modules/segment.yaml", 'THREADS: "1"', 'THREADS: "\\e[2J\\u202e"')
    ended = call(before.path / "spec.yaml", "spec.yaml", "--jobs", "--color", "always")
    assert ended.exit_code == 1
    assert "\x1b[2J" not in ended.stdout
    assert "\u202e" not in ended.stdout
    assert "\\u001b[2J\\u202e" in ended.stdout


def test_json(before: Folder, now: Folder) -> None:
    """One object, with everything that the text says; single jobs where wanted."""
    now.edit("spec.yaml", "default: 2", "default: 3")
    now.edit("fields.tsv", "B1\t2\t", "B1\t3\t")
    ended = call(before.path / "spec.yaml", "spec.yaml", "--json", "--jobs")
    told = json.loads(ended.stdout)
    assert (ended.exit_code, told["differs"], told["new"]) == (1, True, "spec.yaml")
    assert told["jobs"] == {"before": 11, "now": 11, "new": 1, "gone": 1, "renamed": 0, "changed": 9, "same": 1}
    segment = next(step for step in told["steps"] if step["name"] == "segment")
    assert segment["below"] == 3
    [reason] = segment["reasons"]
    assert [reason[k] for k in ("kind", "name", "old", "new", "jobs", "uniform")] == [
        "parameter",
        "sigma",
        2,
        3,
        5,
        True,
    ]
    assert SPEC.splitlines()[reason["line"] - 1].strip().startswith("with:")
    jobs = {job["id"]: job for job in told["list"]}
    assert len(jobs) == 11
    assert jobs["segment/A1/1"] == {
        "id": "segment/A1/1", "was": None, "state": "changed", "reasons": ["parameter sigma"], "above": [],
    }  # fmt: skip
    assert jobs["segment/B1/3"]["state"] == "new"
    assert jobs["measure/A1"]["above"] == ["segment"]


def test_long_lists_are_shortened_in_json(before: Folder, now: Folder) -> None:
    """Of a list of many paths stands there what differs, and where."""
    for folder in (before, now):
        folder.put("fields.tsv", "well\tsite\tpath\tarea\n" + "".join(f"A\t{n}\t{n}.tif\t1\n" for n in range(50)))
    now.edit("fields.tsv", "\t30.tif", "\tother.tif")
    told = json.loads(call(before.path / "spec.yaml", "spec.yaml", "--json").stdout)
    [reason] = next(step for step in told["steps"] if step["name"] == "flat")["reasons"]
    assert (reason["old"], reason["new"], reason["at"]) == (["30.tif"], ["other.tif"], 30)


def test_options_count_for_both(before: Folder, now: Folder) -> None:
    """What is set for both cannot differ between them; a folder for the jobs is one for both."""
    now.edit("spec.yaml", "default: 2", "default: 3")
    assert call(before.path / "spec.yaml", "spec.yaml", "--set", "sigma=5").exit_code == 0
    now.put("set.yaml", "sigma: 5\n")
    assert call(before.path / "spec.yaml", "spec.yaml", "--params", "set.yaml").exit_code == 0
    ended = call(before.path / "spec.yaml", "spec.yaml", "--data", "workspace=elsewhere", "--directory", ".")
    assert "segment  6 of 6" in ended.stdout
    assert "elsewhere" not in ended.stdout


def test_errors_of_either_spec_are_told(before: Folder, now: Folder) -> None:
    """With their places; and nothing is compared."""
    now.edit("spec.yaml", "params.sigma", "params.sgima")
    for arguments in ((before.path / "spec.yaml", "spec.yaml"), ("spec.yaml", before.path / "spec.yaml")):
        ended = call(*arguments)
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert "did you mean `sigma`" in ended.stderr
        assert "spec.yaml: 1 error" in ended.stderr


def test_warnings_are_those_of_the_new_spec(before: Folder, now: Folder) -> None:
    """Nobody mends a spec of the past."""
    (before.path / "images" / "A1_1.tif").unlink()
    ended = call(before.path / "spec.yaml", "spec.yaml")
    assert (ended.exit_code, ended.stderr) == (0, "")
    ended = call("spec.yaml", before.path / "spec.yaml")
    assert "SN511" in ended.stderr
    assert call("spec.yaml", before.path / "spec.yaml", "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["spec.yaml"], "give two specs"),
        (["spec.yaml", "spec.yaml", "spec.yaml"], "give two specs"),
        (["-", "-"], "only one spec can be `-`"),
        (["--git", "HEAD", "-"], "standard input stands in no repository"),
        (["spec.yaml", "modules/flat.yaml"], "is a module, not a pipeline"),
        ([], "Missing argument"),
    ],
)
def test_wrong_command_lines_end_with_2(now: Folder, arguments: list[str], told: str) -> None:
    """And say what is wrong."""
    ended = call(*arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert told in ended.stderr


def test_standard_input(before: Folder, now: Folder) -> None:
    """One of the two may come from there."""
    now.edit("spec.yaml", "default: 2", "default: 3")
    ended = CliRunner().invoke(cli, ["diff", "-", "spec.yaml"], input=SPEC)
    assert ended.exit_code == 1
    assert "parameter `sigma` 2 → 3, and 4 below it" in ended.stdout


# --- The past in git ----------------------------------------------------------------------------------------------

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git_diff(*arguments: str) -> Any:
    """`sncompile diff --git HEAD spec.yaml …`."""
    return call("--git", "HEAD", "spec.yaml", *arguments)


def lines(ended: Any) -> list[str]:
    """The lines about steps."""
    return [line for line in ended.stdout.splitlines() if line[:1] in "~+->" and line]


@needs_git
@pytest.mark.parametrize("ignored", [[], ["images/"], ["images/", "fields.tsv"], ["images/", "modules/"]])
def test_nothing_differs_from_what_was_committed(now: Folder, ignored: list[str]) -> None:
    """Whatever of it git keeps track of: the rest is looked up where it stands."""
    now.commit(*ignored)
    ended = git_diff()
    assert (ended.exit_code, ended.stdout) == (0, "HEAD:spec.yaml → spec.yaml\nno difference: 11 jobs\n")


@needs_git
@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("spec.yaml", "default: 2", "default: 3", "~  segment  6 of 6  parameter `sigma` 2 → 3, and 4 below it"),
        (
            "fields.tsv",
            "A2_1.tif\t10",
            "A2_1.tif\t11",
            "~  segment  1 of 6  parameter `area` 10 → 11 for segment/A2/1, and 2 below it",
        ),
        (
            "modules/segment.yaml",
            "--area",
            "--least",
            "~  segment  6 of 6  command `--area` → `--least`, and 4 below it",
        ),
        ("modules/flat.py", "pass", "0", "~  flat     1 of 1  the module's file `modules/flat.py`, and 10 below it"),
    ],
)
def test_what_was_edited_since(now: Folder, name: str, old: str, new: str, told: str) -> None:
    """In documents, tables and modules' files; committed or not."""
    now.commit()
    now.edit(name, old, new)
    assert lines(git_diff())[0] == told
    now.commit()
    assert git_diff().exit_code == 0
    assert lines(call("--git", "HEAD~1", "spec.yaml"))[0] == told


GLOB = 'fields: {glob: "${data.images}/{well}_{site}.tif", key: [well, site]}'


@needs_git
def test_files_that_a_pattern_finds(now: Folder) -> None:
    """Those that git keeps track of are those of the revision; others are where they stand, and did not come or go."""
    now.edit("spec.yaml", "fields: {file: fields.tsv, key: [well, site]}", GLOB)
    now.edit("spec.yaml", 'area: "${fields.area}"', "area: 1")
    now.put("images/.gitignore", "B*\n")
    now.commit()
    assert git_diff().exit_code == 0
    now.put("images/A3_1.tif", "")
    now.put("images/B3_1.tif", "")
    assert git_diff().exit_code == 0
    now.git("add", "images/A3_1.tif")
    assert _signed("+", git_diff()) == ["+ segment 1 of 8 segment/A3/1", "+ measure 1 of 5 measure/A3"]
    (now.path / "images" / "A1_1.tif").unlink()
    now.git("rm", "-q", "--cached", "images/A2_1.tif")
    assert _signed("-", git_diff()) == ["- segment 1 of 7 segment/A1/1"]


def _signed(sign: str, ended: Any) -> list[str]:
    """The lines of a sign, however wide the columns are."""
    return [" ".join(line.split()) for line in lines(ended) if line.startswith(sign)]


@needs_git
def test_a_table_by_a_data_root(now: Folder) -> None:
    """A table that is named from a data root is that of the revision too."""
    now.edit("spec.yaml", "file: fields.tsv", 'file: "${data.tables}/fields.tsv"')
    now.edit("spec.yaml", "data: {", "data: {tables: lists, ")
    now.put("lists/fields.tsv", TABLE)
    now.commit()
    now.edit("lists/fields.tsv", "A2_1.tif\t10", "A2_1.tif\t11")
    assert "parameter `area` 10 → 11" in git_diff().stdout


@needs_git
def test_a_spec_in_a_folder_of_a_repository(now: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen from anywhere, with options that are relative to where one stands."""
    inner = Folder(now.path / "some" / "project")
    inner.edit("spec.yaml", "mod: ./modules", "mod: ../../modules")
    shutil.rmtree(inner.path / "modules")
    now.commit()
    now.edit("modules/flat.py", "pass", "0")
    ended = call("--git", "HEAD", "some/project/spec.yaml", "--data", "images=images")
    assert lines(ended)[0].startswith("~  flat")
    monkeypatch.chdir(inner.path)
    ended = call("--git", "main", "spec.yaml")
    assert ended.stdout.startswith("main:some/project/spec.yaml → spec.yaml\n")
    monkeypatch.chdir(now.path.parent)
    assert call("--git", "main", "now/some/project/spec.yaml").exit_code == 1


@needs_git
def test_a_spec_that_was_called_otherwise(now: Folder) -> None:
    """Both names may be given."""
    now.commit()
    now.git("mv", "spec.yaml", "other.yaml")
    ended = call("--git", "HEAD", "other.yaml")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "error[SN001]: `other.yaml` is not there at `HEAD`" in ended.stderr
    assert "diff --git REVISION OLD NEW" in ended.stderr
    assert call("--git", "HEAD", "spec.yaml", "other.yaml").exit_code == 0


@needs_git
def test_a_module_that_was_not_there(now: Folder) -> None:
    """Errors of the past are told with the names that git has for its files."""
    now.commit()
    now.edit("spec.yaml", "params.sigma", "params.sgima")
    now.git("rm", "-q", "--cached", "modules/flat.yaml")
    now.git("commit", "-q", "-m", "two", "-a")
    now.git("add", "modules/flat.yaml")
    now.edit("spec.yaml", "params.sgima", "params.sigma")
    ended = git_diff()
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "--> HEAD:spec.yaml:" in ended.stderr
    assert "no file for `mod/flat` at `HEAD:modules/flat`" in ended.stderr
    assert "HEAD:spec.yaml: 2 errors" in ended.stderr
    assert str(Path(os.environ.get("TMPDIR", "/tmp")) / "sncompile-") not in ended.stderr


@needs_git
@pytest.mark.parametrize("revision", ["nonsense", "", "-x", "--all", "HEAD~7", "HEAD:spec.yaml", "a b", "\u00e9"])
def test_what_is_no_revision(now: Folder, revision: str) -> None:
    """Is a wrong command line, and never an option of git's."""
    now.commit()
    ended = call(f"--git={revision}", "spec.yaml")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"`{revision}` is no revision of the repository" in ended.stderr


@needs_git
def test_where_there_is_no_repository(now: Folder) -> None:
    """Is told too."""
    ended = git_diff()
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "is in no git repository" in " ".join(ended.stderr.split())
    ended = call("--git", "HEAD", "nowhere/spec.yaml")
    assert (ended.exit_code, ended.stdout) == (2, "")


@needs_git
def test_a_repository_without_commits(now: Folder) -> None:
    """Has no revision."""
    now.git("init", "-q")
    assert git_diff().exit_code == 2


def test_without_git(now: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says so."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    ended = git_diff()
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "git is not installed" in ended.stderr


@needs_git
def test_the_repository_is_left_alone(now: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its index nor its files are touched, and nothing is left behind."""
    now.commit()
    now.edit("spec.yaml", "default: 2", "default: 3")
    now.put("new.txt", "")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def state() -> tuple[str, bytes, set[str]]:
        files = {str(p) for p in now.path.rglob("*") if ".git" not in p.parts}
        return now.git("status", "--porcelain"), (now.path / ".git" / "index").read_bytes(), files

    was = state()
    assert git_diff().exit_code == 1
    assert state() == was
    assert list(scratch.iterdir()) == []


@needs_git
def test_links_do_not_lead_out(now: Folder, tmp_path: Path) -> None:
    """A file beside the repository is not taken into the past by a link that git does not keep track of."""
    (tmp_path / "secret.py").write_text("0\n", "utf-8")
    now.commit("*.lnk.py")
    (now.path / "modules" / "x.lnk.py").symlink_to(tmp_path / "secret.py")
    now.edit("modules/flat.yaml", "flat.py", "x.lnk.py")
    now.git("commit", "-q", "-a", "-m", "two")
    ended = git_diff()
    assert ended.exit_code == 1
    assert "HEAD:modules/flat.yaml" in ended.stderr


@needs_git
def test_a_path_through_a_link(now: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository may be reached by another name."""
    now.commit()
    (tmp_path / "link").symlink_to(now.path)
    monkeypatch.chdir(tmp_path / "link")
    now.edit("modules/flat.py", "pass", "0")
    assert lines(git_diff())[0].startswith("~  flat")


@needs_git
def test_the_python_interface(now: Folder) -> None:
    """`check_at` gives what was, while its context lasts."""
    now.commit()
    now.edit("spec.yaml", "default: 2", "default: 3")
    with check_at("HEAD", "spec.yaml", Options(sets={"sigma": "3"})) as then:
        assert then.name == "HEAD:spec.yaml"
        found = diff(graph_of(then.require()), graph_of(check("spec.yaml").require()))
    assert not found.differs
    with pytest.raises(RevisionError), check_at("nonsense", "spec.yaml"):
        pass
