"""`sncompile diff`: what it prints, and how it ends."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from sncompile.cli.main import cli

from .folder import SPEC, Folder, call


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
