"""Every kind of change has its reason, in the jobs that it touches, and no other."""

from __future__ import annotations

import pytest

from sncompile.ir.diff.model import Kind
from sncompile.views.reason_text import reason_text, setting_text

from .folder import MODULES, SPEC, Folder, compared, steps

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


def test_numbers_that_are_equal_and_not_the_same(before: Folder, now: Folder) -> None:
    """`2` and `2.0` are different words of a command."""
    for folder in (before, now):
        folder.edit("modules/segment.yaml", "sigma: {type: integer}", "sigma: {type: number}")
        folder.edit("spec.yaml", "{type: integer, default: 2}", "{type: number, default: 2}")
    now.edit("spec.yaml", "default: 2", "default: 2.0")
    [reason] = steps(compared(before, now))["segment"].reasons
    assert (reason_text(reason), reason.jobs) == ("parameter `sigma` 2 → 2.0", 6)


def test_another_module(before: Folder, now: Folder) -> None:
    """That a step uses another module is told before what that changes."""
    now.put("modules/other.yaml", "sncompile: 1\nmodule: other\n" + MODULES["measure"].replace("sort", "uniq"))
    now.edit("spec.yaml", "mod/measure", "mod/other")
    reasons = steps(compared(before, now))["report"].reasons
    assert [reason_text(r) for r in reasons] == ["module measure → other", "script `sort -u` → `uniq -u`"]


def test_a_word_that_some_jobs_have(before: Folder, now: Folder) -> None:
    """A condition in a command: only where it holds is the command another one, and the module."""
    for folder, module, flag in ((before, "mod/a", "--old"), (now, "mod/b", "--new")):
        name = module[-1]
        folder.put(
            f"modules/{name}.yaml",
            f"sncompile: 1\nmodule: {name}\nparams: {{n: {{type: integer}}}}\noutputs: {{o: {{type: file}}}}\n"
            f'command: [do, {{flag: {flag}, when: "${{params.n > 10}}"}}, "${{outputs.o}}"]\n',
        )
        step = f'some: {{module: {module}, by: [well, site], with: {{n: "${{fields.area}}"}}}}'
        folder.edit("spec.yaml", "  report:\n", f"  {step}\n  report:\n")
    some = steps(compared(before, now))["some"]
    assert (some.counts.changed, some.counts.same) == (3, 3)
    assert [(reason_text(r), r.jobs) for r in some.reasons] == [("module a → b", 3), ("command `--old` → `--new`", 3)]


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


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("command:", "success: {non_empty: true}\ncommand:", "success: non_empty out nothing → true"),
        ("command:", "success: {min_files: {out: 2}}\ncommand:", "success: min_files out nothing → 2"),
        ("{type: directory", "{type: directory, create: true", "output `out` created before: nothing → true"),
    ],
)
def test_what_counts_as_done_is_a_part_of_a_job(old: str, new: str, told: str, before: Folder, now: Folder) -> None:
    """What was made before may not hold it."""
    for folder in (before, now):
        if "non_empty" not in new:
            folder.edit("modules/flat.yaml", "out: {type: file", "out: {type: directory")
            folder.edit("modules/segment.yaml", "flat: {type: file", "flat: {type: directory")
    now.edit("modules/flat.yaml", old, new)
    assert [reason_text(r) for r in steps(compared(before, now))["flat"].reasons] == [told]


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
