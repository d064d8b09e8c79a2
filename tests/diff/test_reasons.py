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


@pytest.mark.parametrize(
    "command",
    [
        'command: [python, "${file(\'tool.py\')}", "${outputs.o}"]',
        'command: [python, {option: --script, value: "${file(\'tool.py\')}"}, "${outputs.o}"]',
        "command: [{flag: -x, when: \"${file('tool.py') != ''}\"}, \"${outputs.o}\"]",
        "command: [{option: -x, value: y, when: \"${file('tool.py') != ''}\"}, \"${outputs.o}\"]",
        "shell: python ${file('tool.py')} > ${outputs.o}",
    ],
)
def test_a_file_of_the_module(command: str, before: Folder, now: Folder) -> None:
    """It counts by what stands in it, wherever the module names it."""
    for folder in (before, now):
        folder.put("modules/tool.yaml", f"sncompile: 1\nmodule: tool\noutputs: {{o: {{type: file}}}}\n{command}\n")
        folder.put("modules/tool.py", "pass\n")
        folder.edit("spec.yaml", "  report:\n", "  tool: {module: mod/tool}\n  report:\n")
    assert not compared(before, now).differs
    now.put("modules/tool.py", "0\n")
    [reason] = steps(compared(before, now))["tool"].reasons
    assert (reason.kind, reason.name) == (Kind.MODULE, "modules/tool.py")


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


# --- What only some jobs have -------------------------------------------------------------------------------------

COUNT = """\
sncompile: 1
module: count
inputs: {i: {type: file}}
params: {n: {type: "integer?"}, names: {type: "string[]", default: []}}
outputs: {o: {type: file}}
resources: {cpus: 1}
command: [count, "${inputs.i}", WORD, "${outputs.o}"]
"""
STEP = """\
  count:
    module: mod/count
    by: [well, site]
    with: {i: "${fields.path}"}
"""


def counting(folder: Folder, word: str, step: str = "", module: tuple[str, str] = ("", "")) -> None:
    """A step whose command takes a word, with more said of it."""
    folder.put("modules/count.yaml", COUNT.replace("WORD", word).replace(*module))
    folder.edit("spec.yaml", "  report:\n", f"{STEP}{step}  report:\n")


def told(before: Folder, now: Folder, step: str = "count") -> list[tuple[str, int]]:
    """The reasons of a step, each with how many jobs it touches."""
    return [(reason_text(r), r.jobs) for r in steps(compared(before, now))[step].reasons]


def test_a_command_that_takes_something_new(before: Folder, now: Folder) -> None:
    """What it takes differs from job to job, and was not there before: the words are what is told."""
    counting(before, "--fixed")
    counting(now, '"${params.more}"', module=("params: {", "params: {more: {type: string}, "))
    now.edit("spec.yaml", '    with: {i: "${fields.path}"}\n', '    with: {i: "${fields.path}", more: "${site}"}\n')
    assert told(before, now) == [("command `--fixed` → `1`", 6), ("parameter `more` is new: 1", 6)]


def test_a_command_that_cannot_take_what_it_was_given(before: Folder, now: Folder) -> None:
    """A list is no part of a word: the new command with the old values is none."""
    counting(before, '"${params.n}"', module=("integer?", "integer[]"))
    counting(now, '"-n${params.n}"', module=("integer?", "integer"))
    before.edit("spec.yaml", '    with: {i: "${fields.path}"}\n', '    with: {i: "${fields.path}", n: [1, 2]}\n')
    now.edit("spec.yaml", '    with: {i: "${fields.path}"}\n', '    with: {i: "${fields.path}", n: 3}\n')
    assert told(before, now) == [("another command", 6), ("parameter `n` [1, 2] → 3", 6)]


def test_a_command_that_takes_what_only_the_run_knows(before: Folder, now: Folder) -> None:
    """How much a job gets may hang on the size of its files: the commands differ, and nobody can say how."""
    for folder, word in ((before, '"${resources.memory}"'), (now, '"-m${resources.memory}"')):
        counting(folder, word, module=("cpus: 1", 'memory: "${inputs.i.size * 2}"'))
    assert told(before, now) == [("another command", 6)]


def test_a_resource_that_only_the_run_knows(before: Folder, now: Folder) -> None:
    for folder, memory in ((before, "2GB"), (now, '"${inputs.i.size * 2}"')):
        counting(folder, '"${resources.memory}"', module=("cpus: 1", f"memory: {memory}"))
    assert told(before, now) == [("memory 2 GB → ${(inputs.i.size * 2)}, which the command takes", 6)]
    assert told(now, before) == [("memory ${(inputs.i.size * 2)} → 2 GB, which the command takes", 6)]


def test_a_resource_that_comes_and_goes(before: Folder, now: Folder) -> None:
    for folder, resources in ((before, ""), (now, "memory: 2GB")):
        secret = "    env: {KEY: {secret: true}}\n"
        counting(folder, '{option: -m, value: "${resources.memory}"}', secret, module=("cpus: 1", resources))
    assert told(before, now) == [("memory nothing → 2 GB, which the command takes", 6)]
    assert told(now, before) == [("memory 2 GB → nothing, which the command takes", 6)]


@pytest.mark.parametrize(
    "container",
    ['{image: "org/count:1", env: {THREADS: "${resources.cpus}"}}', '"org/count:${resources.cpus}"'],
    ids=["a variable", "an image"],
)
def test_a_resource_that_only_stands_in(container: str, before: Folder, now: Folder) -> None:
    """A job is told of it, though no word of its command is."""
    for folder in (before, now):
        counting(folder, "x", module=("cpus: 1}", f"cpus: 1}}\ncontainer: {container}"))
    now.edit("modules/count.yaml", "cpus: 1", "cpus: 2")
    assert told(before, now) == [("cpus 1 → 2, which the command takes", 6)]


def test_a_variable_by_cells(before: Folder, now: Folder) -> None:
    for folder in (before, now):
        counting(folder, "x", '    env: {AREA: "${fields.area}"}\n')
    now.edit("fields.tsv", "A2_1.tif\t10", "A2_1.tif\t11")
    assert told(before, now) == [("variable `AREA` 10 → 11", 1)]


def test_a_secret(before: Folder, now: Folder) -> None:
    """Of its value nothing is known; that it is one is."""
    counting(before, "x", "    env: {KEY: word}\n")
    counting(now, "x", "    env: {KEY: {secret: true}}\n")
    assert told(before, now) == [("variable `KEY` word → ***", 6)]


def test_a_cell_that_is_looked_up(before: Folder, now: Folder) -> None:
    """Only where the row that is looked up differs, or another column is."""
    for folder in (before, now):
        counting(folder, '{option: -n, value: "${params.n}"}')
        folder.edit(
            "spec.yaml",
            '    with: {i: "${fields.path}"}\n',
            '    with: {i: "${fields.path}", n: "${lookup(fields.area, well=well, site=\'1\')}"}\n',
        )
    assert not compared(before, now).differs
    now.edit("fields.tsv", "A2_1.tif\t10", "A2_1.tif\t11")
    assert told(before, now) == [("parameter `n` 10 → 11", 2)]
    now.edit("spec.yaml", "site='1')", "site='2')")
    assert told(before, now) == [("parameter `n` 10 → 20", 6)]


def test_the_kind_of_a_port(before: Folder, now: Folder) -> None:
    """What kind of files it takes goes into a digest."""
    for folder in (before, now):
        counting(folder, "x")
    now.edit("modules/count.yaml", "i: {type: file}", "i: {type: directory}")
    assert told(before, now) == [("port `input i` file → directory", 6)]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("measure.out", "[results/measure/A1/out.csv] → [results/measure/B1/out.csv]"),
        (
            "segment.labels",
            "2, without results/segment/A1/1/labels.tiff and 1 more, with results/segment/B1/1/labels.tiff and 1 more",
        ),
    ],
)
def test_a_job_that_takes_from_others(source: str, reason: str, before: Folder, now: Folder) -> None:
    """A row says which jobs a job reads from; only where it says others, the job is another."""
    for folder in (before, now):
        folder.put("pairs.tsv", "pair\twell\none\tA1\ntwo\tA2\nthree\tB1\n")
        folder.edit("spec.yaml", "  fields: {", "  pairs: {file: pairs.tsv, key: [pair]}\n  fields: {")
        folder.put(
            "modules/pick.yaml",
            "sncompile: 1\nmodule: pick\ninputs: {i: {type: 'file[]'}}\noutputs: {o: {type: file}}\n"
            'command: [pick, "${inputs.i}", "${outputs.o}"]\n',
        )
        step = f'pick: {{module: mod/pick, by: [pair], with: {{i: "${{{source}}}"}}}}'
        folder.edit("spec.yaml", "  report:\n", f"  {step}\n  report:\n")
    assert not compared(before, now).differs
    now.edit("pairs.tsv", "one\tA1", "one\tB1")
    assert told(before, now, "pick") == [(f"input `i` {reason}", 1)]
