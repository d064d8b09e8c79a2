"""What becomes of jobs and steps: read, new, gone, renamed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sncompile.api import check, graph_of
from sncompile.ir.diff.likeness import same_column
from sncompile.ir.diff.model import Kind, State
from sncompile.ir.jobs.expansion import jobs
from sncompile.views.reason_text import reason_text

from .folder import MODULES, ROWS, Folder, call, compared, states, steps

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


def test_an_input_from_another_step(before: Folder, now: Folder) -> None:
    """Though the port is called the same and ranges over the same keys."""
    for folder in (before, now):
        folder.edit(
            "spec.yaml",
            "  report:\n",
            '  again: {module: mod/measure, by: [well], with: {labels: "${segment.labels}"}}\n  report:\n',
        )
    now.edit("spec.yaml", "${measure.out}", "${again.out}")
    found = compared(before, now)
    assert states(found) == {"report": "changed"}
    [reason] = steps(found)["report"].reasons
    assert reason_text(reason).startswith("input `labels` 3, without results/measure/A1/out.csv and 2 more, with")


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
    assert reason_text(reason) == "input `labels` 2 → 1, without results/segment/B1/2/labels.tiff"


def test_new_jobs_are_told_by_who_gathers_them(before: Folder, now: Folder) -> None:
    """That it gathers more is the gathering job's own reason, and what is below it has changed because of it."""
    now.edit("fields.tsv", "B1\t2\timages/B1_2.tif\t20\n", "B1\t2\timages/B1_2.tif\t20\nC1\t1\timages/A1_1.tif\t10\n")
    for folder in (before, now):
        folder.edit("spec.yaml", '{images: "${fields.path}"}', '{images: ["images/A1_1.tif"]}')
        folder.edit(
            "spec.yaml", "  report:\n", '  last: {module: mod/measure, with: {labels: ["${report.out}"]}}\n  report:\n'
        )
    found = compared(before, now)
    assert {job.id: job.above for job in found.jobs() if job.state is State.NEW} == {
        "segment/C1/1": (),
        "measure/C1": (),
    }
    told = {s.name: (s.counts.new, s.counts.changed, s.because, s.below) for s in found.steps}
    assert told == {
        "segment": (1, 0, (), 0), "measure": (1, 0, (), 0), "report": (0, 1, (), 1), "last": (0, 1, ("report",), 0),
    }  # fmt: skip


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


def test_a_renamed_step_with_other_rows(before: Folder, now: Folder) -> None:
    """What reads its files has another input only where it reads others, whatever they are called."""
    now.edit("spec.yaml", "  segment:", "  outline:")
    now.edit("spec.yaml", "segment.labels", "outline.labels")
    now.edit("fields.tsv", "B1\t2\timages/B1_2.tif\t20\n", "")
    measure = steps(compared(before, now))["measure"]
    assert (measure.counts.changed, measure.above) == (3, 2)
    assert [(reason_text(r), r.jobs, r.example) for r in measure.reasons] == [
        ("input `labels` 2 → 1, without results/segment/B1/2/labels.tiff", 1, "measure/B1")
    ]


def test_a_path_that_goes_with_an_input(before: Folder, now: Folder) -> None:
    """A file that lies beside the file that it is made from goes where that goes: no reason of its own."""
    for folder in (before, now):
        folder.put(
            "modules/index.yaml",
            "sncompile: 1\nmodule: index\ninputs: {i: {type: file}}\n"
            'outputs: {o: {type: file, path: "${inputs.i}.idx"}}\ncommand: [index, "${inputs.i}"]\n',
        )
        step = 'index: {module: mod/index, by: [well, site], with: {i: "${segment.labels}"}}'
        more = 'more: {module: mod/measure, with: {labels: "${index.o}"}}'
        folder.edit("spec.yaml", "  report:\n", f"  {step}\n  {more}\n  report:\n")
    now.edit("spec.yaml", "  segment:", "  outline:")
    now.edit("spec.yaml", "segment.labels", "outline.labels")
    now.edit("fields.tsv", "B1\t2\timages/B1_2.tif\t20\n", "")
    found = steps(compared(before, now))
    assert (found["index"].counts.changed, found["index"].above, found["index"].reasons) == (5, 5, ())
    assert [r.kind for r in found["more"].reasons] == [Kind.INPUT]
    assert reason_text(found["more"].reasons[0]) == "input `labels` 6 → 5, without results/segment/B1/2/labels.tiff.idx"


def test_a_path_beside_that_of_a_step_that_is_not_read(before: Folder, now: Folder) -> None:
    """It goes elsewhere too, and nothing else would say so."""
    for folder in (before, now):
        step = 'beside: {module: mod/measure, with: {labels: ["x"]}, outputs: {out: "${flat.out}.csv"}}'
        folder.edit("spec.yaml", "  report:\n", f"  {step}\n  report:\n")
    now.edit("spec.yaml", "  flat:", "  even:")
    now.edit("spec.yaml", "flat.out", "even.out")
    [reason] = steps(compared(before, now))["beside"].reasons
    assert reason_text(reason) == "output `out` results/flat/out.npy.csv → results/even/out.npy.csv"


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


def test_what_reads_new_jobs_and_changed_ones(before: Folder, now: Folder) -> None:
    """Its own reason is that it reads more; what the others have changed in reaches it all the same."""
    for folder in (before, now):
        folder.edit("spec.yaml", '{images: "${fields.path}"}', '{images: ["images/A1_1.tif"]}')
    row = "B1\t2\timages/B1_2.tif\t20\n"
    now.edit("fields.tsv", row, row + "B1\t3\timages/A1_1.tif\t10\n")
    assert {job.id: job.above for job in compared(before, now).jobs()} == {
        "segment/B1/3": (), "measure/B1": (), "report": ("measure",),
    }  # fmt: skip
    now.edit("spec.yaml", "default: 2", "default: 3")
    above = {job.id: job.above for job in compared(before, now).jobs()}
    assert (above["segment/B1/3"], above["segment/B1/2"]) == ((), ())
    assert above["measure/B1"] == above["measure/A1"] == ("segment",)
    assert above["report"] == ("segment", "measure")


def test_all_that_is_told_of_steps(before: Folder, now: Folder, request: pytest.FixtureRequest) -> None:
    """Of one that is new, of one that is gone, and of others whose jobs come and go, in the form for programs.

    It stands in `told.json`, which `--accept` writes anew.
    """
    for folder, name, word in ((before, "old", "sort"), (now, "young", "uniq")):
        module = MODULES["measure"].replace("sort", word)
        folder.put(f"modules/{name}.yaml", f"sncompile: 1\nmodule: {name}\n{module}")
        step = f'{name}: {{module: mod/{name}, by: [well, site], with: {{labels: ["${{fields.path}}"]}}}}'
        folder.edit("spec.yaml", "  report:\n", f"  {step}\n  report:\n")
    now.edit("spec.yaml", "    by: [well]\n", "    by: [well]\n    retries: 2\n")
    now.edit("fields.tsv", "B1\t2\timages/B1_2.tif\t20\n", "C1\t1\timages/A1_1.tif\t10\n")
    told = json.dumps(compared(before, now).as_object("old", "new"), indent=2) + "\n"
    told = told.replace(str(before.path), "BEFORE").replace(str(now.path), "NOW")
    place = Path(__file__).parent / "told.json"
    if request.config.getoption("--accept"):
        place.write_text(told, "utf-8")
    assert told == place.read_text("utf-8")


def test_a_path_that_is_made_of_an_input(before: Folder, now: Folder) -> None:
    """It goes where the input goes, and nowhere else where nothing moves."""
    for folder in (before, now):
        folder.put(
            "modules/index.yaml",
            "sncompile: 1\nmodule: index\ninputs: {i: {type: file}}\nparams: {ending: {type: string}}\n"
            'outputs: {o: {type: file, path: "${inputs.i}.${params.ending}"}}\n'
            'command: [index, "${inputs.i}", "${outputs.o}"]\n',
        )
        step = 'index: {module: mod/index, by: [well, site], with: {i: "${segment.labels}", ending: idx}}'
        folder.edit("spec.yaml", "  report:\n", f"  {step}\n  report:\n")
    assert not compared(before, now).differs
    now.edit("spec.yaml", "default: 2", "default: 3")
    index = steps(compared(before, now))["index"]
    assert (index.counts.changed, index.above, index.reasons) == (6, 6, ())
    now.edit("spec.yaml", "default: 3", "default: 2")
    now.edit("spec.yaml", "  segment:", "  outline:")
    now.edit("spec.yaml", "segment.labels", "outline.labels")
    index = steps(compared(before, now))["index"]
    assert (index.counts.changed, index.above, index.reasons) == (6, 6, ())
    now.edit("spec.yaml", "ending: idx", "ending: bai")
    assert [reason.kind for reason in steps(compared(before, now))["index"].reasons] == [Kind.PARAMETER, Kind.OUTPUT]


def test_the_order_in_which_things_are_declared(before: Folder, now: Folder) -> None:
    """Of ports, parameters and criteria none is first: no job is another, and none has another digest."""
    ports = [
        ("inputs", "i: {type: file}", "j: {type: 'file[]'}"),
        ("params", "p: {type: string, default: x}", "q: {type: integer, default: 1}"),
        ("outputs", "d: {type: directory, create: true}", "o: {type: file}"),
    ]
    for folder, turn in ((before, 1), (now, -1)):
        declared = "".join(f"{space}: {{{', '.join(both[::turn])}}}\n" for space, *both in ports)
        done = ", ".join(["non_empty: [o]", "min_files: {d: 1}"][::turn])
        folder.put(
            "modules/both.yaml",
            f"sncompile: 1\nmodule: both\n{declared}success: {{{done}}}\ncommand: [both, "
            '"${inputs.i}", "${inputs.j}", "${params.p}", "${params.q}", "${outputs.o}", "${outputs.d}"]\n',
        )
        given = ", ".join(['i: "${flat.out}"', 'j: "${fields.path}"'][::turn])
        folder.edit("spec.yaml", "  report:\n", f"  both: {{module: mod/both, with: {{{given}}}}}\n  report:\n")
    assert not compared(before, now).differs
    digests = [
        {job.id: job.digest for job in jobs(graph_of(check(folder.path / "spec.yaml").require()))}
        for folder in (before, now)
    ]
    assert digests[0] == digests[1]


@pytest.mark.parametrize("kind", [list, tuple])
def test_columns_that_are_the_same(kind: type) -> None:
    """To Python `1`, `1.0` and `true` are equal, and their texts are not; a part of a column is not the column."""
    column = kind([1, "x", None, 0.0])
    assert same_column(column, kind([1, "x", None, 0.0]))
    for other in (
        [1.0, "x", None, 0.0],
        [True, "x", None, 0.0],
        [1, "x", None, -0.0],
        [1, "x", None],
        [1, "y", None, 0.0],
    ):
        assert not same_column(column, kind(other))
        assert not same_column(kind(other), column)
